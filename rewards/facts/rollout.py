"""One rollout, read once: text, thinking, steps, types, tokens of each step."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tagger.steps import Segmenter, Step, StepTagger, TaggedStep
from tagger.thinking.end_tokens import cut_at_end
from tagger.thinking.split import Thinking, ThinkingDelimiters, split_thinking
from tagger.thinking.token_text import char_ends


@dataclass(frozen=True, slots=True)
class ParsedRollout:
    """A completion cut into thinking, steps and answer.

    Attributes:
        text: The completion, end token left out.
        thinking: Its parts.
        steps: The steps of the thinking.
        tokens: All tokens, end of sequence included.
        thinking_tokens: Tokens up to the end of the thinking.
        step_tokens: Tokens of each step; white space before the first step counts as its own,
            white space after a step counts as that step's. Sums to `thinking_tokens`.
        ended: Whether the end token was written.
        format_ok: The thinking is closed exactly once, not opened again, not blank, and
            something follows it.
    """

    text: str
    thinking: Thinking
    steps: tuple[Step, ...]
    tokens: int
    thinking_tokens: int
    step_tokens: tuple[int, ...]
    ended: bool
    format_ok: bool

    @property
    def finished(self) -> bool:
        """The model closed its thinking and ended its answer by itself."""
        return self.thinking.finished and self.ended


def parse_rollout(
    ids: Sequence[int],
    tokenizer: Any,
    delimiters: ThinkingDelimiters,
    segmenter: Segmenter,
    end_ids: Collection[int],
) -> ParsedRollout:
    """Cut one completion.

    Args:
        ids: Token ids, end token included, padding left out.
        tokenizer: The policy's tokenizer.
        delimiters: The thinking delimiters.
        segmenter: Cuts the thinking into steps.
        end_ids: Token ids that end a completion.

    Returns:
        The parts with their tokens.
    """
    body, ended = cut_at_end(ids, end_ids)
    text, ends = char_ends(tokenizer, body)
    if ended:  # it carries no text, whichever end token it is, and nothing behind it counts
        ids, ends = ids[: len(body) + 1], [*ends, len(text)]
    thinking = split_thinking(text, delimiters)
    steps = tuple(segmenter.split(thinking.text))
    ends_array = np.asarray(ends, dtype=np.int64)
    thinking_tokens = int(np.searchsorted(ends_array, thinking.end, side="right"))
    if not thinking.finished and ended:
        thinking_tokens = min(thinking_tokens, len(ids) - 1)
    return ParsedRollout(
        text=text,
        thinking=thinking,
        steps=steps,
        tokens=len(ids),
        thinking_tokens=thinking_tokens,
        step_tokens=_tokens_of_steps(ends_array[:thinking_tokens], thinking.start, steps),
        ended=ended,
        format_ok=_format_ok(text, thinking, delimiters),
    )


def _tokens_of_steps(ends: np.ndarray, offset: int, steps: tuple[Step, ...]) -> tuple[int, ...]:
    """Give each thinking token to the step that its last character falls into."""
    if not steps:
        return ()
    begins = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
    last = np.maximum(ends - 1, begins) - offset  # a token without a whole character: the next
    owner = np.searchsorted([s.start for s in steps[1:]], last, side="right")
    return tuple(int(n) for n in np.bincount(owner, minlength=len(steps)))


def _format_ok(text: str, thinking: Thinking, delimiters: ThinkingDelimiters) -> bool:
    opened = text.count(delimiters.open) if delimiters.open else 0
    return (
        thinking.finished
        and text.count(delimiters.close) == 1
        and opened <= 1
        and (opened == 0 or text.lstrip().startswith(delimiters.open))
        and bool(thinking.text.strip())
        and bool(thinking.answer.strip())
    )


def tag_rollouts(
    rollouts: Sequence[ParsedRollout], questions: Sequence[str], tagger: StepTagger
) -> list[list[TaggedStep]]:
    """Type the steps of many rollouts at once.

    Args:
        rollouts: Parsed rollouts.
        questions: The problem text of each.
        tagger: The frozen tagger.

    Returns:
        The typed steps of each rollout.
    """
    return tagger.tag_batch([r.steps for r in rollouts], list(questions))
