"""The words that a tagger is trained on, of its files, so that it can tell what is unlike them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tagger.frozen import FrozenTagger
    from tagger.novelty import KnownWords

FEWEST_WORDS = 500
"""With fewer known words nearly every step of real thinking would be called unfamiliar."""


def words_of_files(paths: Iterable[Path]) -> KnownWords:
    """The words of the questions and steps of labelled or unlabelled traces.

    Raises:
        UserError: As `tagger.traces.files.read_files`.
    """
    from tagger.novelty import KnownWords
    from tagger.traces.files import find_inputs, read_files

    names = find_inputs([str(path) for path in paths])
    return KnownWords.of_texts(
        text for trace in read_files(names) for text in (trace.question, trace.thinking)
    )


def words_of_training(labelled: Iterable[Path], traces: Iterable[Path]) -> KnownWords:
    """The words of labelled and unlabelled traces, read as a training reads them.

    Raises:
        UserError: As `tagger.traces.labelled.read_labelled` and `read_traces`.
    """
    from tagger.novelty import KnownWords
    from tagger.traces.labelled import read_labelled, read_traces

    def texts() -> Iterator[str]:
        for path in labelled:
            for row in read_labelled(path):
                yield from (row.question, *row.steps)
        for path in traces:
            for trace in read_traces(path):
                yield from (trace.question, trace.thinking)

    return KnownWords.of_texts(texts())


def with_words(tagger: FrozenTagger, words: KnownWords, begun_with: str | None) -> FrozenTagger:
    """A trained tagger with the words of its training data, if there are enough of them.

    Args:
        tagger: The tagger.
        words: Of its files.
        begun_with: The tagger whose weights it began with, whose words it knows, too.
    """
    from dataclasses import replace

    from tagger.frozen import FrozenTagger
    from tagger.novelty import KnownWords
    from tagger.variants import with_parts

    first = FrozenTagger.load(begun_with).extras.known_words if begun_with else None
    known = words if first is None else KnownWords.of_all([first, words])
    if len(known) < FEWEST_WORDS:
        return tagger
    return with_parts(tagger, extras=replace(tagger.extras, known_words=known))
