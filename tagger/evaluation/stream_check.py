"""Streaming check: traces replayed at token boundaries must give the labels of the finished text.

Each trace is cut where a real tokenizer cuts it and fed token by token to a `StepMonitor`, as an
engine would. Its steps, spans, types and probabilities must equal those of `tag_batch` on a batch
of finished traces, and of `tag_text` on the trace alone. Equal means equal: no tolerance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tagger.frozen import FrozenTagger
from tagger.steps import TaggedStep
from tagger.stopping.monitor import StepMonitor
from tagger.thinking.split import ThinkingDelimiters, split_thinking
from tagger.traces.labelled import Trace

KINDS = ("number of steps", "span", "type", "probabilities")
"""What may differ, the most severe first; a step counts under the first that does."""
_EXAMPLES = 20


@dataclass(frozen=True)
class Difference:
    """A step that streaming and batch do not agree on.

    Attributes:
        trace: Id of the trace.
        against: ``"tag_batch"`` or ``"tag_text"``.
        kind: One of `KINDS`.
        step: Index of the step; the smaller number of steps where that differs.
        streamed: Result of streaming.
        expected: Result on the finished text.
    """

    trace: str
    against: str
    kind: str
    step: int
    streamed: str
    expected: str


@dataclass
class StreamCheck:
    """Result of a streaming check, for one tagger and one tokenizer.

    Attributes:
        tokenizer: Name of the tokenizer.
        traces: Traces replayed.
        steps: Steps of them.
        tokens: Tokens fed.
        altered: Traces whose text the tokenizer does not give back as it was; they are compared
            on the text it gives back.
        differences: Number of differences by kind; all zero if the law holds.
        examples: The first differences, at most 20.
    """

    tokenizer: str
    traces: int = 0
    steps: int = 0
    tokens: int = 0
    altered: int = 0
    differences: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    examples: list[Difference] = field(default_factory=list)

    @property
    def differing(self) -> int:
        """Differences of all kinds."""
        return sum(self.differences.values())

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return asdict(self) | {"differing": self.differing}

    def note(self, difference: Difference) -> None:
        """Count a difference and keep it if there are few yet."""
        self.differences[difference.kind] += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append(difference)


def differences_between(
    trace: str, against: str, streamed: Sequence[TaggedStep], expected: Sequence[TaggedStep]
) -> Iterator[Difference]:
    """Compare two readings of one trace.

    Args:
        trace: Id of the trace.
        against: Name of the second reading.
        streamed: The first one.
        expected: The second one.

    Yields:
        One difference a step, and one more if there are more steps in one of them.
    """
    if len(streamed) != len(expected):
        counts = (str(len(streamed)), str(len(expected)))
        yield Difference(trace, against, KINDS[0], min(len(streamed), len(expected)), *counts)
    for index, (one, other) in enumerate(zip(streamed, expected, strict=False)):
        if one == other:
            continue
        pairs = (
            (f"{one.step}", f"{other.step}"),
            (one.type, other.type),
            (f"{one.probabilities}", f"{other.probabilities}"),
        )
        for kind, (first, second) in zip(KINDS[1:], pairs, strict=True):
            if first != second:
                yield Difference(trace, against, kind, index, first[:300], second[:300])
                break


def check_stream(
    tagger: FrozenTagger,
    traces: Sequence[Trace],
    tokenizer: Any,
    delimiters: ThinkingDelimiters,
    name: str = "",
    batch: int = 64,
    progress: Callable[[int], None] = lambda done: None,
) -> StreamCheck:
    """Replay traces at a tokenizer's token boundaries and compare.

    Every second trace is ended by the closing delimiter, the others are left unfinished, so that
    both ends of the monitor are checked.

    Args:
        tagger: The tagger; its own segmenter cuts the steps.
        traces: Finished traces.
        tokenizer: A transformers tokenizer.
        delimiters: The strings around the thinking.
        name: Name of the tokenizer for the result.
        batch: Traces tagged at once by `tag_batch`.
        progress: Called with the number of traces done.

    Returns:
        What was found.
    """
    found = StreamCheck(name)
    silent = {tokenizer.eos_token_id, tokenizer.pad_token_id}
    for begin in range(0, len(traces), batch):
        part = traces[begin : begin + batch]
        texts, streamed = [], []
        for number, trace in enumerate(part):
            completion = trace.thinking + (delimiters.close if number % 2 else "")
            encoded = tokenizer.encode(completion, add_special_tokens=False)
            ids = [i for i in encoded if i not in silent]
            text = tokenizer.decode(
                ids, skip_special_tokens=False, clean_up_tokenization_spaces=False
            )
            monitor = StepMonitor(tagger, None, trace.question, delimiters, tokenizer)
            for token_id in ids:
                monitor.feed_token(token_id)
            streamed.append(monitor.close())
            texts.append(split_thinking(text, delimiters).text)
            found.tokens += len(ids)
            found.altered += text != completion
        questions = [trace.question for trace in part]
        batched = tagger.tag_batch([tagger.segmenter.split(t) for t in texts], questions)
        for trace, text, one, other in zip(part, texts, streamed, batched, strict=True):
            alone = tagger.tag_text(text, trace.question)
            for against, expected in (("tag_batch", other), ("tag_text", alone)):
                for difference in differences_between(trace.id, against, one, expected):
                    found.note(difference)
            found.traces += 1
            found.steps += len(one)
        progress(found.traces)
    return found
