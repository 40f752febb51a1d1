"""The context of a step: windows of question and steps, laid out at once or step by step."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from tagger.backends.causal.settings import CausalSettings


@dataclass(frozen=True, slots=True)
class Span:
    """Where a scored step stands in its window.

    Attributes:
        step: Index in the trace.
        start: First of its tokens.
        end: One past the last.
    """

    step: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Window:
    """Tokens read in one go, and the steps that are scored in them."""

    ids: list[int]
    spans: list[Span]


@dataclass(frozen=True, slots=True)
class Piece:
    """What is read for one more step.

    Attributes:
        fresh: Whether a new window begins: what was read before is forgotten.
        ids: Tokens to read, the step's own last.
        own: Where the step's own begin.
    """

    fresh: bool
    ids: list[int]
    own: int


def windows_of(
    front: Sequence[int],
    steps: Sequence[Sequence[int]],
    wanted: Sequence[int],
    settings: CausalSettings,
) -> list[Window]:
    """Lay the steps of a trace out in windows.

    Each window begins with the question and the last few steps before the first one it scores;
    unscored steps between two scored ones are read too.

    Args:
        front: Tokens of the question.
        steps: Tokens of each step, up to the last wanted one at least.
        wanted: Indices of the steps to score, ascending.
        settings: Sizes.

    Returns:
        The windows; every wanted step is scored in exactly one of them.
    """
    windows, at = [], 0
    while at < len(wanted):
        place = max(0, wanted[at] - settings.earlier)
        window = Window(list(front), [])
        while at < len(wanted):
            full = len(window.ids) + len(steps[place]) > settings.window_tokens
            far = wanted[at] - place > settings.earlier
            if window.spans and (full or far):
                break
            start = len(window.ids)
            window.ids.extend(steps[place])
            if place == wanted[at]:
                window.spans.append(Span(place, start, len(window.ids)))
                at += 1
            place += 1
        windows.append(window)
    return windows


class WindowBuilder:
    """Lays steps out as they come; the windows of `windows_of` where every step is wanted.

    Args:
        front: Tokens of the question.
        settings: Sizes.
    """

    def __init__(self, front: Sequence[int], settings: CausalSettings) -> None:
        self._front = list(front)
        self._most = settings.window_tokens
        self._earlier: deque[list[int]] = deque(maxlen=settings.earlier)
        self._used = 0

    def read(self, ids: Sequence[int]) -> Piece:
        """Take the next step's tokens."""
        own = list(ids)
        fresh = not self._used or self._used + len(own) > self._most
        before = [*self._front, *(t for step in self._earlier for t in step)] if fresh else []
        self._used = (0 if fresh else self._used) + len(before) + len(own)
        self._earlier.append(own)
        return Piece(fresh, before + own, len(before))
