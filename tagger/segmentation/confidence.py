"""Steps begin where the model was unsure (AdaptiveStep, arXiv 2502.13943).

A step begins at each token whose probability, when it was sampled, fell below `tau`: the quantile
of the pooled token probabilities of a model that makes two percent of its tokens break points
(``suffice tagger calibrate-segmenter`` finds it). So this segmenter needs the tokens and their
log-probabilities in addition to the text; it implements `tagger.steps.ScoredSegmenter`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from annotated_types import Ge

from tagger.config.settings import Settings
from tagger.errors import UserError
from tagger.segmentation.cutting import Cut, CutStream
from tagger.steps import ScoredToken, Step

_MISSING = (
    "Segmenter 'confidence' needs the log-probability of every token next to the text, and "
    "characters from {at} on have none; give them as `tokens` (under Hugging Face generate the "
    "monitor takes them itself), or use a segmenter that reads text alone, such as 'paragraph'."
)


class _BreakPoints:
    """A scanner that cuts at given positions."""

    def __init__(self) -> None:
        self._waiting: deque[int] = deque()
        self._offset = 0

    def add(self, position: int) -> None:
        self._waiting.append(position)

    def next_cut(self, text: str, final: bool) -> Cut | None:
        if not self._waiting or self._waiting[0] > self._offset + len(text):
            return None
        at = self._waiting.popleft() - self._offset
        return Cut(at, at)

    def drop(self, count: int) -> None:
        self._offset += count


class ConfidenceStream:
    """Cuts one trace at its improbable tokens while it is being written.

    Args:
        tau: A token with a probability below this begins a step.
        min_chars: Pieces shorter than this join the next one.
    """

    def __init__(self, tau: float, min_chars: int) -> None:
        self._tau = tau
        self._points = _BreakPoints()
        self._pieces = CutStream(self._points, min_chars)
        self._chars = 0  # fed
        self._start = 0  # of the last token
        self._covered = 0  # by tokens

    def feed(self, delta: str, tokens: Sequence[ScoredToken] = ()) -> list[Step]:
        """Take the next characters and the tokens that begin among them.

        Args:
            delta: The characters, perhaps none.
            tokens: The next tokens in order, each at the latest with its first character. A
                token may end behind `delta`.

        Returns:
            The steps that ended.

        Raises:
            UserError: Characters without a token, tokens out of order, or a value that is no
                log-probability.
        """
        for token in tokens:
            if not self._start <= token.start <= self._covered or token.end < token.start:
                raise UserError(
                    f"Token span {token.start}-{token.end} does not continue where the tokens "
                    f"before it ended ({self._covered}); give all tokens, in order."
                )
            if not token.logprob <= 1e-3:  # rounding of half-precision scores; also catches NaN
                raise UserError(
                    f"The token at character {token.start} has log-probability {token.logprob}; "
                    "give natural logarithms of probabilities, 0 or less."
                )
            if math.exp(token.logprob) < self._tau:
                self._points.add(token.start)
            self._start, self._covered = token.start, max(self._covered, token.end)
        self._chars += len(delta)
        if self._chars > self._covered:
            raise UserError(_MISSING.format(at=self._covered))
        return self._pieces.feed(delta)

    def close(self) -> list[Step]:
        """End the text; return the step that was still open, if any."""
        return self._pieces.close()


@dataclass(frozen=True)
class ConfidenceSegmenter(Settings):
    """Steps begin at tokens the model gave a probability below `tau`.

    Attributes:
        tau: The threshold, above 0 and at most 1; a matter of the model, so there is no default.
        min_chars: Pieces shorter than this many characters join the next one.

    Raises:
        UserError: `tau` is missing or out of range, or `min_chars` below 1.
    """

    KEY: ClassVar[str] = "setting"
    OWNER: ClassVar[str] = "segmenter 'confidence'"

    tau: float | None = None
    min_chars: Annotated[int, Ge(1)] = 1
    name: ClassVar[str] = "confidence"
    version: ClassVar[int] = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tau is None or not 0 < self.tau <= 1:
            raise UserError(
                f"tau of {self.OWNER} is {self.tau!r}; it must be a probability above 0 and "
                "at most 1, found for your model with 'suffice tagger calibrate-segmenter'."
            )

    @property
    def settings(self) -> dict[str, Any]:
        """Settings by name, as `get_segmenter` takes them."""
        return {"tau": self.tau, "min_chars": self.min_chars}

    def split(self, text: str, tokens: Sequence[ScoredToken] = ()) -> list[Step]:
        """Cut a finished text.

        Args:
            text: The thinking.
            tokens: All its tokens with their log-probabilities.

        Returns:
            The steps.

        Raises:
            UserError: As `ConfidenceStream.feed`.
        """
        stream = self.stream()
        return stream.feed(text, tokens) + stream.close()

    def stream(self) -> ConfidenceStream:
        """Start cutting a text that is still being written."""
        assert self.tau is not None
        return ConfidenceStream(float(self.tau), self.min_chars)
