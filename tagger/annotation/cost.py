"""What a run costs: the estimate before it, the ledger during it, the budget that ends it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tagger.annotation.prompt import Message
from tagger.annotation.settings import AnnotateSettings

CHARS_PER_TOKEN = 3
TOKENS_PER_MESSAGE = 8
ANSWER_TOKENS_PER_STEP = 25
ANSWER_TOKENS_AROUND = 10
RULE = (
    f"a token for {CHARS_PER_TOKEN} ASCII characters and for every other character, "
    f"{TOKENS_PER_MESSAGE} a message; {ANSWER_TOKENS_PER_STEP} answer tokens a step"
)
"""How tokens are estimated, in words. Plain English has 4 characters a token, mathematics fewer."""


@dataclass(frozen=True)
class Estimate:
    """What the requests still to be sent would take if each were answered at the first try.

    Attributes:
        requests: Their number.
        prompt_tokens: By `RULE`.
        answer_tokens: By `RULE`.
        cost: In the currency of the prices; None without prices.
    """

    requests: int
    prompt_tokens: int
    answer_tokens: int
    cost: float | None


def tokens_of(text: str) -> int:
    """Estimated tokens of a text, by `RULE`."""
    ascii_characters = sum(1 for c in text if c.isascii()) if not text.isascii() else len(text)
    return math.ceil(ascii_characters / CHARS_PER_TOKEN) + len(text) - ascii_characters


def prompt_tokens_of(messages: Sequence[Message]) -> int:
    """Estimated tokens of messages, by `RULE`."""
    return sum(TOKENS_PER_MESSAGE + tokens_of(m["content"]) for m in messages)


def cost_of(prompt_tokens: int, answer_tokens: int, settings: AnnotateSettings) -> float | None:
    """Cost of tokens at the settings' prices; None without prices."""
    if settings.prompt_price is None or settings.answer_price is None:
        return None
    prompt, answer = prompt_tokens * settings.prompt_price, answer_tokens * settings.answer_price
    return (prompt + answer) / 1e6


def estimate(
    requests: Sequence[tuple[int, int]], settings: AnnotateSettings, factor: float = 1.0
) -> Estimate:
    """Estimate requests.

    Args:
        requests: (prompt tokens by `RULE`, steps asked about) of each.
        settings: Prices, and the limit of an answer.
        factor: `Ledger.factor` of earlier runs.
    """
    prompt = math.ceil(factor * sum(tokens for tokens, _ in requests))
    answer = sum(
        min(settings.answer_tokens, ANSWER_TOKENS_AROUND + ANSWER_TOKENS_PER_STEP * steps)
        for _, steps in requests
    )
    return Estimate(len(requests), prompt, answer, cost_of(prompt, answer, settings))


@dataclass
class Ledger:
    """What has been spent, earlier runs on the same raw log included, and what is under way.

    Attributes:
        requests: Sent, answered or not.
        prompt_tokens: As counted by the endpoint, estimated where it did not count.
        answer_tokens: Likewise.
        estimated: Prompt tokens, by `RULE`, of the requests that `prompt_tokens` counts.
        under_way: Requests sent and not yet booked.
        reserved_prompt: Their prompt tokens, by `RULE`.
        reserved_answer: Tokens of their answers if each grew to its limit.
    """

    settings: AnnotateSettings
    requests: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    estimated: int = 0
    under_way: int = 0
    reserved_prompt: int = 0
    reserved_answer: int = 0

    @property
    def cost(self) -> float | None:
        """Spent so far; None without prices."""
        return cost_of(self.prompt_tokens, self.answer_tokens, self.settings)

    @property
    def factor(self) -> float:
        """Prompt tokens as counted over those estimated; 1 at least.

        An endpoint with another tokenizer or a system prompt of its own takes more than the rule
        says; the budget has to know after the first answer, not when it is passed.
        """
        return max(1.0, self.prompt_tokens / self.estimated) if self.estimated else 1.0

    def over(self, prompt_tokens: int, answer_tokens: int, requests: int = 1) -> str | None:
        """Which limit would be passed by spending this on top of all that is spent and reserved.

        Args:
            prompt_tokens: By `RULE`; `factor` is applied here.
            answer_tokens: Most that is expected.
            requests: Their number.

        Returns:
            The limit in words, e.g. ``"max_requests=10"``; None if all hold.
        """
        settings = self.settings
        ahead = math.ceil(self.factor * (self.reserved_prompt + prompt_tokens))
        prompt = self.prompt_tokens + ahead
        answer = self.answer_tokens + self.reserved_answer + answer_tokens
        cost = cost_of(prompt, answer, settings)
        sent = self.requests + self.under_way + requests
        if settings.max_requests is not None and sent > settings.max_requests:
            return f"max_requests={settings.max_requests}"
        if settings.max_tokens is not None and prompt + answer > settings.max_tokens:
            return f"max_tokens={settings.max_tokens}"
        if settings.max_cost is not None and cost is not None and cost > settings.max_cost:
            return f"max_cost={settings.max_cost:g}"
        return None

    def reserve(self, prompt_tokens: int) -> None:
        """Note a request as sent; its answer may grow to the limit."""
        self.under_way += 1
        self.reserved_prompt += prompt_tokens
        self.reserved_answer += self.settings.answer_tokens

    def release(self, prompt_tokens: int) -> None:
        """Undo `reserve`; the caller books what it really took."""
        self.under_way -= 1
        self.reserved_prompt -= prompt_tokens
        self.reserved_answer -= self.settings.answer_tokens

    def book(self, prompt_tokens: int, answer_tokens: int, estimated: int) -> None:
        """Note what one request took, and what its prompt was estimated at (0 if it took none)."""
        self.requests += 1
        self.estimated += estimated
        self.prompt_tokens += prompt_tokens
        self.answer_tokens += answer_tokens
