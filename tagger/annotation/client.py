"""The interface of an endpoint, and the OpenAI-compatible one."""

from __future__ import annotations

import asyncio
import math
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

from tagger.annotation.prompt import Message
from tagger.annotation.settings import AnnotateSettings
from tagger.errors import UserError

_SHORTEST_SECRET = 8
"""A shorter "key" is a placeholder of a local server; blotting it out would mangle answers."""

_RETRYABLE = (408, 409, 425, 429)
_FATAL = (401, 402, 403, 404, 405, 410)
_NO_ANSWER_TO = ("insufficient_quota", "billing_hard_limit_reached")
"""Codes of a 429 that no waiting mends."""


class EndpointFailure(Exception):
    """A request that brought no answer.

    Attributes:
        status: HTTP status; None if there was none.
        retry_after: Seconds the endpoint asks to wait; None if it does not say.
        retryable: Whether the same request may succeed later.
        fatal: Whether no other request will succeed either.
        timed_out: Whether an answer may have been made, and billed, all the same.
    """

    def __init__(
        self,
        message: str,
        status: int | None = None,
        retry_after: float | None = None,
        timed_out: bool = False,
    ) -> None:
        super().__init__(message)
        self.status, self.retry_after, self.timed_out = status, retry_after, timed_out
        hopeless = status == 429 and any(code in message for code in _NO_ANSWER_TO)
        self.fatal = status in _FATAL or hopeless
        self.retryable = not self.fatal and (
            status is None or status in _RETRYABLE or status >= 500
        )


@dataclass(frozen=True)
class RequestForm:
    """Which optional parts of a request this endpoint takes.

    Attributes:
        structured: ``response_format`` with a JSON schema.
        temperature: ``temperature``.
        limit: Name of the field for the most tokens of an answer.
    """

    structured: bool
    temperature: bool
    limit: str = "max_tokens"

    def without(self, failure: EndpointFailure) -> RequestForm | None:
        """The form to try after a 400 or 422 that complains of an optional part, else None."""
        if failure.status not in (400, 422):
            return None
        told = str(failure)
        if self.limit == "max_tokens" and "max_completion_tokens" in told:
            return replace(self, limit="max_completion_tokens")
        if self.temperature and "temperature" in told:
            return replace(self, temperature=False)
        words = ("response_format", "json_schema", "schema", "structured", "grammar")
        if self.structured and any(word in told.casefold() for word in words):
            return replace(self, structured=False)
        return None


class Endpoint(Protocol):
    """Something that answers chat messages."""

    async def ask(self, messages: Sequence[Message], form: RequestForm) -> str:
        """Send one request, once.

        Returns:
            The body of the answer, as it came.

        Raises:
            EndpointFailure: There was none.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


def wait_before(retry: int, settings: AnnotateSettings, rng: random.Random) -> float:
    """Seconds to wait before the n-th retry (from 0): doubling, capped, half of it by chance."""
    longest = min(settings.max_wait, settings.first_wait * 2.0 ** min(retry, 60))
    return longest * rng.uniform(0.5, 1.0)


def retry_after_of(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds a ``Retry-After`` header asks for, given as seconds or as a date.

    Returns:
        Seconds, 0 or more; None if the header is missing or unreadable.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    if value is None or seconds is not None:
        return seconds
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - (now or datetime.now(UTC))).total_seconds())


def plain_url(url: str) -> str:
    """A URL without user name, password and query: fit for messages and files."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def api_key(settings: AnnotateSettings) -> str:
    """The key from the environment; a placeholder for a server on this machine.

    Raises:
        UserError: The variable is not set, and the endpoint is elsewhere.
    """
    key = os.environ.get(settings.key_env, "").strip()
    if key:
        return key
    if urlsplit(settings.base_url).hostname in ("localhost", "127.0.0.1", "::1"):
        return "none"
    raise UserError(
        f"The environment variable {settings.key_env} is not set; put the API key of "
        f"{plain_url(settings.base_url)} into it (any word if it needs none), or name another "
        "variable with key_env=NAME."
    )


class Blotter:
    """Takes a secret out of texts, so that no file or message ever holds it."""

    def __init__(self, secret: str) -> None:
        self._secret = secret if len(secret) >= _SHORTEST_SECRET else ""

    def __call__(self, text: str) -> str:
        """The text with the secret replaced."""
        return text.replace(self._secret, "[API key]") if self._secret else text


class OpenAIEndpoint:
    """An OpenAI-compatible endpoint.

    Retries are not its business: the caller logs and counts every request.

    Raises:
        UserError: The ``openai`` package is not installed.
    """

    def __init__(self, settings: AnnotateSettings, key: str, schema: Mapping[str, Any]) -> None:
        self.check()
        from openai import AsyncOpenAI

        self._settings = settings
        self._blot = Blotter(key)
        self._schema = dict(schema)
        self._client = AsyncOpenAI(
            api_key=key, base_url=settings.base_url, timeout=settings.timeout, max_retries=0
        )

    @staticmethod
    def check() -> None:
        """Check that the client is installed.

        Raises:
            UserError: The ``openai`` package is missing.
        """
        try:
            import openai  # noqa: F401
        except ImportError as error:
            raise UserError(
                "Labelling with an endpoint needs the package openai; install it with "
                "pip install 'suffice[annotate]'."
            ) from error

    async def ask(self, messages: Sequence[Message], form: RequestForm) -> str:
        """Send one request; see `Endpoint.ask`."""
        import openai

        seconds = self._settings.timeout
        sent = self._arguments(messages, form)
        try:
            # The client's own limit is one of silence; an endpoint that trickles would hold on.
            async with asyncio.timeout(seconds):
                answer = await self._client.chat.completions.with_raw_response.create(**sent)
                return self._blot(answer.text)
        except (openai.APITimeoutError, TimeoutError) as error:
            raise EndpointFailure(
                f"gave no whole answer in {seconds:g} s", timed_out=True
            ) from error
        except openai.APIStatusError as error:
            told = " ".join(self._blot(error.response.text).split())[:300]
            raise EndpointFailure(
                f"answered {error.status_code} ({told or 'no text'})",
                error.status_code,
                retry_after_of(error.response.headers),
            ) from error
        except openai.APIConnectionError as error:
            reason = self._blot(str(error.__cause__ or error))
            raise EndpointFailure(f"could not be reached ({reason})") from error

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    def _arguments(self, messages: Sequence[Message], form: RequestForm) -> dict[str, Any]:
        settings = self._settings
        sent: dict[str, Any] = {
            "model": settings.model,
            "messages": list(messages),
            form.limit: settings.answer_tokens,
        }
        if form.temperature and settings.temperature is not None:
            sent["temperature"] = settings.temperature
        if form.structured:
            schema = {"name": "step_labels", "strict": True, "schema": self._schema}
            sent["response_format"] = {"type": "json_schema", "json_schema": schema}
        return sent


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None
