"""Tagging a stream of traces in batches: bounded memory, whatever the corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagger.errors import UserError

if TYPE_CHECKING:
    from tagger.mapped import TextTagger
    from tagger.steps import TaggedStep
    from tagger.traces.rows import SourceTrace

BATCH_CHARACTERS = 2_000_000
"""A batch is tagged once its traces have this many characters, however few they are."""
LONGEST_REFERENCE = 200
"""A longer reference is a worked solution, which no step can be expected to state."""


@dataclass(frozen=True, slots=True)
class TaggedTrace:
    """A trace and its tagged steps.

    Attributes:
        source: Where it comes from.
        steps: Its tagged steps, in order.
    """

    source: SourceTrace
    steps: list[TaggedStep]

    def answer_step(self) -> int | None:
        """Index of the first step that states the reference, -1 if none does.

        None if there is no reference, or only a worked solution.
        """
        reference = self.source.reference
        if not 0 < len(reference) <= LONGEST_REFERENCE:
            return None
        from rewards.answers.stated import find_answer_step

        return find_answer_step([tagged.step for tagged in self.steps], reference)


def batches_of(traces: Iterable[SourceTrace], batch: int) -> Iterator[list[SourceTrace]]:
    """Group traces as they are read, `batch` at most and no more text than is good to hold."""
    held: list[SourceTrace] = []
    characters = 0
    for trace in traces:
        held.append(trace)
        characters += len(trace.thinking)
        if len(held) >= batch or characters >= BATCH_CHARACTERS:
            yield held
            held, characters = [], 0
    if held:
        yield held


def tag_traces(tagger: TextTagger, traces: Sequence[SourceTrace]) -> list[TaggedTrace]:
    """Tag some traces together.

    Args:
        tagger: Gives the types; its segmenter cuts the traces that did not come as steps.
        traces: The traces.

    Returns:
        The tagged traces, in order.
    """
    steps = [tagger.segmenter.split(t.thinking) if t.steps is None else t.steps for t in traces]
    tagged = tagger.tag_batch(steps, [trace.question for trace in traces])
    return [TaggedTrace(trace, of_trace) for trace, of_trace in zip(traces, tagged, strict=True)]


def token_starts(name: str) -> Callable[[str], list[int]]:
    """Load a tokenizer that says where the tokens of a text begin.

    Args:
        name: Folder with a ``tokenizer.json``, such a file, or a name on the Hub.

    Returns:
        From a text to the character at which each of its tokens begins.

    Raises:
        UserError: There is no such tokenizer.
    """
    from tokenizers import Tokenizer

    path = Path(name)
    file = path / "tokenizer.json" if path.is_dir() else path
    try:
        loaded: Any = (
            Tokenizer.from_file(str(file)) if file.is_file() else Tokenizer.from_pretrained(name)
        )
    except Exception as error:  # a Rust library that raises bare exceptions
        raise UserError(
            f"Tokenizer {name} cannot be loaded ({str(error).splitlines()[0].rstrip('.')}); give a "
            "folder with a tokenizer.json, or a name on the Hub and a network."
        ) from error
    loaded.no_truncation()

    def starts(text: str) -> list[int]:
        return [start for start, _ in loaded.encode(text, add_special_tokens=False).offsets]

    return starts
