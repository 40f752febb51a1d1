"""``suffice reward-server`` up to the moment it listens, and what it then answers."""

from __future__ import annotations

from typing import Any

import pytest

from launch.cli import main
from tests.world import World


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the command would have served, in place of a server that runs until interrupted."""
    import uvicorn

    found: list[dict[str, Any]] = []
    monkeypatch.setattr(uvicorn, "run", lambda app, **how: found.append({"app": app, **how}))
    return found


def test_reward_server_pays_by_the_config_and_stays_on_the_loopback_address(
    world: World, served: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    from starlette.testclient import TestClient

    words = [f"model={world.model}", f"tagger={world.tagger}", "problems.checker=exact"]
    argv = ["reward-server", *words, "reward.terms={correctness: {weight: 2}}", "--port", "5051"]
    assert main(argv) == 0
    assert capsys.readouterr().out == "Rewards at http://127.0.0.1:5051/get_reward\n"
    (found,) = served
    assert (found["host"], found["port"]) == ("127.0.0.1", 5051)
    prompt = "<user>What is 2 + 2?<assistant><think>\n"
    ends = ["2 + 2 = 4.\n</think>\n\nfour", "2 + 2 = 4.\n</think>\n\nfive"]
    queries = [prompt + end for end in ends]
    asked = {"query": queries, "prompts": [prompt] * 2, "labels": ["four"] * 2}
    answer = TestClient(found["app"]).post("/get_reward", json=asked)
    assert answer.json()["rewards"] == [2.0, 0.0]


def test_reward_server_refuses_a_port_and_a_schedule(
    world: World, served: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    model = f"model={world.model}"
    assert main(["reward-server", model, "--port", "70000"]) == 2
    assert "'70000' is no port from 1 to 65535" in capsys.readouterr().err
    moving = "reward.terms={correctness: {weight: {schedule: linear, steps: 5}}}"
    assert main(["reward-server", model, f"tagger={world.tagger}", moving]) == 2
    assert "'correctness' has a schedule" in capsys.readouterr().err
    assert not served
