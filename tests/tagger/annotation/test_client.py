"""The endpoint's small parts: waits, failures, secrets."""

from __future__ import annotations

import random
import sys
from datetime import UTC, datetime

import pytest

from tagger.annotation.client import (
    Blotter,
    EndpointFailure,
    OpenAIEndpoint,
    RequestForm,
    api_key,
    plain_url,
    retry_after_of,
    wait_before,
)
from tagger.annotation.settings import AnnotateSettings
from tagger.errors import UserError

SETTINGS = AnnotateSettings("m", "https://api.example.org/v1", first_wait=1.0, max_wait=10.0)


def test_waits_double_up_to_the_limit_with_jitter() -> None:
    rng = random.Random(0)
    for retry, longest in enumerate([1, 2, 4, 8, 10, 10]):
        waits = [wait_before(retry, SETTINGS, rng) for _ in range(200)]
        assert longest / 2 <= min(waits) < max(waits) <= longest
        assert max(waits) - min(waits) > longest / 4
    assert wait_before(10_000, SETTINGS, rng) <= 10


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:30 GMT"}, 30),
        ({"retry-after": "Sat, 21 Nov 2026 09:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    now = datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC)
    assert retry_after_of(headers, now) == seconds


@pytest.mark.parametrize(
    ("status", "told", "retryable", "fatal"),
    [
        (None, "no connection", True, False),
        (429, "slow down", True, False),
        (429, '{"code": "insufficient_quota"}', False, True),
        (500, "", True, False),
        (529, "", True, False),
        (400, "too long", False, False),
        (401, "", False, True),
        (404, "no such model", False, True),
    ],
)
def test_what_is_tried_again(status: int | None, told: str, retryable: bool, fatal: bool) -> None:
    failure = EndpointFailure(told, status)
    assert (failure.retryable, failure.fatal) == (retryable, fatal)


def test_a_form_gives_up_what_the_endpoint_does_not_take() -> None:
    form: RequestForm | None = RequestForm(structured=True, temperature=True)
    for told, field, value in [
        ("Unsupported: use 'max_completion_tokens' instead", "limit", "max_completion_tokens"),
        ("'temperature' does not support 0.0", "temperature", False),
        ("Invalid response_format", "structured", False),
    ]:
        assert form is not None
        assert form.without(EndpointFailure(told, 500)) is None
        form = form.without(EndpointFailure(told, 400))
        assert getattr(form, field) == value
        assert form is not None and form.without(EndpointFailure(told, 400)) is None


def test_the_key_comes_from_the_named_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(UserError, match="variable OPENAI_API_KEY is not set; put the API key of"):
        api_key(SETTINGS)
    assert api_key(AnnotateSettings("m", "http://localhost:1/v1")) == "none"
    monkeypatch.setenv("MY_KEY", " secret \n")
    assert api_key(AnnotateSettings("m", "https://x/v1", key_env="MY_KEY")) == "secret"


def test_secrets_are_blotted_out() -> None:
    assert Blotter("sk-12345678")("Bad key sk-12345678!") == "Bad key [API key]!"
    assert Blotter("none")("none of it") == "none of it"
    assert plain_url("https://me:pw@host:8/v1?key=1#x") == "https://host:8/v1"


def test_a_missing_client_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(UserError, match=r"package openai; install it with pip install 'suffice\["):
        OpenAIEndpoint.check()
