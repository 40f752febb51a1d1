"""One rollout, read once: text, thinking, answer, steps, tokens of each step."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tagger.steps import Segmenter, Step
from tagger.thinking.end_tokens import cut_at_end
from tagger.thinking.split import PromptEnd, Thinking, ThinkingDelimiters, split_thinking
from tagger.thinking.token_text import char_end_array


@dataclass(frozen=True, slots=True)
class ParsedRollout:
    """A completion cut into thinking, steps and answer.

    Attributes:
        ids: Its token ids, end of sequence included.
        text: The completion, end token left out.
        thinking: Its parts.
        steps: The steps of the thinking.
        outside: The steps of all that is neither thinking nor delimiter: text before the thinking,
            the answer, later thinking blocks. Offsets are counted from the thinking's start too,
            so they go on where those of `steps` end (and are negative before it).
        tokens: All tokens, end of sequence included.
        thinking_tokens: Tokens up to the end of the thinking.
        step_tokens: Tokens of each step; white space before the first step counts as its own,
            white space after a step counts as that step's. Sums to `thinking_tokens`.
        outside_tokens: Tokens of each step outside. Delimiters and the end token belong to none,
            and none is counted twice: those before the thinking are in its first step.
        ended: Whether the end token was written.
        format_ok: The thinking is closed exactly once, not opened again, not blank, and
            something follows it; or, where the prompt did not open it, the text is an answer
            without any delimiter.
    """

    ids: tuple[int, ...]
    text: str
    thinking: Thinking
    steps: tuple[Step, ...]
    outside: tuple[Step, ...]
    tokens: int
    thinking_tokens: int
    step_tokens: tuple[int, ...]
    outside_tokens: tuple[int, ...]
    ended: bool
    format_ok: bool

    @property
    def finished(self) -> bool:
        """The model closed its thinking (or wrote none) and ended its answer itself."""
        return self.thinking.finished and self.ended


def parse_rollout(
    ids: Sequence[int],
    tokenizer: Any,
    delimiters: ThinkingDelimiters,
    segmenter: Segmenter,
    end_ids: Collection[int],
    after: PromptEnd = PromptEnd.INSIDE,
) -> ParsedRollout:
    """Cut one completion.

    Args:
        ids: Token ids, end token included, padding left out.
        tokenizer: The policy's tokenizer.
        delimiters: The thinking delimiters.
        segmenter: Cuts the thinking into steps.
        end_ids: Token ids that end a completion.
        after: Where the prompt left off.

    Returns:
        The parts with their tokens.
    """
    body, ended = cut_at_end(ids, end_ids)
    text, ends = char_end_array(tokenizer, body)
    if ended:  # it carries no text, whichever end token it is, and nothing behind it counts
        ids, ends = ids[: len(body) + 1], np.append(ends, len(text))
    thinking = split_thinking(text, delimiters, after, ended)
    steps = tuple(segmenter.split(thinking.text))
    outside = tuple(_outside(text, thinking, delimiters, segmenter))
    thinking_tokens = 0  # a first token without a whole character is not thinking where none is
    if thinking.end:
        thinking_tokens = int(np.searchsorted(ends, thinking.end, side="right"))
    if not thinking.finished and ended:
        thinking_tokens = min(thinking_tokens, len(ids) - 1)
    return ParsedRollout(
        ids=tuple(ids),
        text=text,
        thinking=thinking,
        steps=steps,
        outside=outside,
        tokens=len(ids),
        thinking_tokens=thinking_tokens,
        step_tokens=_tokens_of_steps(ends[:thinking_tokens], thinking.start, steps),
        outside_tokens=_tokens_within(
            ends, thinking_tokens if steps else 0, thinking.start, outside
        ),
        ended=ended,
        format_ok=_format_ok(text, thinking, delimiters, after),
    )


def _outside(
    text: str, thinking: Thinking, delimiters: ThinkingDelimiters, segmenter: Segmenter
) -> Iterator[Step]:
    """Cut what stands around the thinking; no step reaches across a delimiter."""
    marks = () if delimiters.plain else (delimiters.open, *delimiters.closes)
    cut = re.compile("|".join(map(re.escape, sorted(marks, key=len, reverse=True))) or r"(?!)")
    for begin, end in ((0, thinking.start), (thinking.end, len(text))):
        edges = [edge for mark in cut.finditer(text, begin, end) for edge in mark.span()]
        for start, stop in zip([begin, *edges[1::2]], [*edges[::2], end], strict=True):
            shift = start - thinking.start
            for step in segmenter.split(text[start:stop]):
                yield Step(step.text, step.start + shift, step.end + shift)


def _tokens_within(
    ends: np.ndarray, taken: int, offset: int, steps: tuple[Step, ...]
) -> tuple[int, ...]:
    """Tokens whose last character stands in a step; the first `taken` have a step already."""
    free = ends[taken:]
    spans = [(step.start + offset, step.end + offset) for step in steps]
    return tuple(int(((free > start) & (free <= end)).sum()) for start, end in spans)


def _tokens_of_steps(ends: np.ndarray, offset: int, steps: tuple[Step, ...]) -> tuple[int, ...]:
    """Give each thinking token to the step that its last character falls into."""
    if not steps:
        return ()
    begins = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
    last = np.maximum(ends - 1, begins) - offset  # a token without a whole character: the next
    owner = np.searchsorted([s.start for s in steps[1:]], last, side="right")
    return tuple(int(n) for n in np.bincount(owner, minlength=len(steps)))


def _format_ok(
    text: str, thinking: Thinking, delimiters: ThinkingDelimiters, after: PromptEnd
) -> bool:
    opened = text.count(delimiters.open) if delimiters.open else 0
    if after is not PromptEnd.INSIDE and not thinking.end and not opened:
        direct = delimiters.direct and text.lstrip().startswith(delimiters.direct)
        closed = sum(text.count(close) for close in delimiters.closes)
        return thinking.finished and closed == bool(direct) and bool(thinking.answer.strip())
    return (
        thinking.finished
        and text.count(delimiters.close) == 1
        and opened <= 1
        and (opened == 0 or text.lstrip().startswith(delimiters.open))
        and bool(thinking.text.strip())
        and bool(thinking.answer.strip())
    )
