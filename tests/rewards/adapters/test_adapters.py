"""The reward under the call signatures of other trainers."""

from __future__ import annotations

import asyncio
import inspect
import json
import pickle
from typing import Any

import pytest

from rewards.adapters.server import reward_app
from rewards.adapters.verifiers import rubric_reward
from rewards.adapters.verl import verl_reward
from rewards.function import StepReward
from tagger.errors import UserError
from tests.rewards.test_function import DELIMITERS, RIGHT, TERMS, WRONG
from tests.tagger.tokenizers_made_here import byte_level


def settings() -> dict[str, Any]:
    return {"terms": TERMS, "tokenizer": byte_level(), "delimiters": DELIMITERS}


def test_verl_reward_has_the_signature_verl_calls() -> None:
    compute_score = pickle.loads(pickle.dumps(verl_reward(**settings())))
    assert list(inspect.signature(compute_score).parameters)[:4] == [
        "data_source", "solution_str", "ground_truth", "extra_info",
    ]  # fmt: skip
    got = compute_score(
        data_source="gsm8k",
        solution_str=RIGHT,
        ground_truth="4",
        extra_info={"question": "What is 2 + 2?", "split": "train"},
        sandbox_fusion_url=None,
    )
    assert got == pytest.approx(0.9)
    assert compute_score("gsm8k", WRONG, "4") == 0.0


def test_rubric_reward_takes_text_or_messages_with_reasoning_apart() -> None:
    reward = rubric_reward(**settings())
    assert reward.__name__ == "step_reward"
    assert set(inspect.signature(reward).parameters) == {"prompt", "completion", "answer"}
    prompt = [{"role": "user", "content": "What is 2 + 2?"}]
    thinking, _, answer = RIGHT.partition("</think>")
    for completion in (
        RIGHT,
        [{"role": "assistant", "content": RIGHT}],
        [{"role": "assistant", "reasoning_content": thinking, "content": answer}],
    ):
        assert reward(prompt=prompt, completion=completion, answer="4") == pytest.approx(0.9)
    assert reward(prompt="What is 2 + 2?", completion=[], answer="4") == 0.0


def test_adapters_refuse_a_schedule_that_nobody_moves() -> None:
    terms = {"correctness": {"weight": {"schedule": "linear", "steps": 10}}}
    moving = {**settings(), "terms": terms}
    for name, made in (("verl", verl_reward), ("verifiers", rubric_reward)):
        with pytest.raises(UserError, match=f"has a schedule, but {name} tells no step"):
            made(**moving)
    with pytest.raises(UserError, match="but a request tells no step"):
        reward_app(StepReward(**moving))


async def asked(method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
    """Speak ASGI to the server, without a socket."""
    app, sent = reward_app(StepReward(**settings())), []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(),
        "headers": [], "query_string": b"", "http_version": "1.1", "scheme": "http",
        "client": None, "server": ("127.0.0.1", 5000), "root_path": "", "asgi": {"version": "3.0"},
    }  # fmt: skip
    await app(scope, receive, send)
    text = b"".join(m.get("body", b"") for m in sent[1:])
    return sent[0]["status"], json.loads(text)


def post(content: Any) -> tuple[int, Any]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return asyncio.run(asked("POST", "/get_reward", body))


def test_reward_server_answers_openrlhf_requests() -> None:
    prompts = ["<user>What is 2 + 2?<assistant>"] * 2
    queries = [prompts[0] + RIGHT, prompts[1] + WRONG]
    status, body = post({"query": queries, "prompts": prompts, "labels": ["4", "4"]})
    assert status == 200
    assert body["rewards"] == body["scores"] == pytest.approx([0.9, 0.0])
    assert body["extra_logs"] == {}
    status, body = asyncio.run(asked("GET", "/health"))
    assert (status, body["status"], len(body["tagger"])) == (200, "ok", 64)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "must be JSON"),
        ([1], "must be an object"),
        ({"query": ["a"], "prompts": ["a"]}, "'labels' must be a list of texts"),
        ({"query": ["a"], "prompts": ["a"], "labels": [4]}, "'labels' must be a list of texts"),
        ({"query": ["a", "b"], "prompts": ["a"], "labels": ["4"]}, "2 queries, 1 prompts and 1"),
        ({"query": ["ab"], "prompts": ["b"], "labels": ["4"]}, "Query 0 does not begin"),
    ],
)
def test_reward_server_refuses_malformed_requests(content: Any, sentence: str) -> None:
    status, body = post(content)
    assert status == 400
    assert sentence in body["error"]
