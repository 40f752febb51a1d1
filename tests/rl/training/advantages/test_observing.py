"""What a batch is shown to, what is logged of it, and which settings contradict a controller."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from rewards.stack import build_stack
from rl.training.advantages.choice import reward_stack
from rl.training.advantages.observing import show_batch
from rl.training.config import config_from_dict
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.rewards.terms.rollouts import rollout, table

FLOOR = {"schedule": "accuracy_floor", "control": 0.9}


def batch(stack: Any) -> Any:
    """Two groups of eight in which the longer rollouts are the correct ones."""
    facts = table([rollout(float(n % 8 > 3), 50.0 + 10 * (n % 8)) for n in range(16)])
    groups = torch.arange(16) // 8
    return SimpleNamespace(table=facts, groups=groups, terms=stack.table(facts, groups))


def test_a_batch_moves_weights_and_the_turn_is_told_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terms = {"correctness": {}, "step_count": {"weight": FLOOR}}
    stack = build_stack(terms, REASONTYPE)
    found = [show_batch(stack, batch(stack), step, main=True) for step in range(60)]
    assert found[0] == {"constraint/step_count": 0.5, "slack/step_count": pytest.approx(-0.39)}
    assert found[1]["facts/length_correct_correlation"] > 0.8
    assert float(stack.weights(60)[1]) < 0.01
    told = capsys.readouterr().err
    assert told.count("stop compressing") == 1 and told.startswith("[suffice] step 1: stop comp")
    quiet = build_stack(terms, REASONTYPE)
    for step in range(3):
        show_batch(quiet, batch(quiet), step, main=False)
    assert capsys.readouterr().err == ""


def reward(weight: dict[str, Any], evaluates: bool = False, **more: Any) -> Any:
    terms = {"correctness": {}, "step_count": {"weight": weight}}
    config = config_from_dict({"reward": {"terms": terms, **more}})
    return reward_stack(config.reward, config.grpo, REASONTYPE, evaluates)


def test_evaluation_as_source_needs_eval_problems() -> None:
    with pytest.raises(UserError, match="has no eval_problems"):
        reward({**FLOOR, "source": "evaluation"})
    assert reward({**FLOOR, "source": "evaluation"}, evaluates=True).names[1] == "step_count"


def test_a_control_run_is_written_into_the_config(tmp_path: Path) -> None:
    """What `make_plan` does before it builds the reward; a resumed run needs the folder no more."""
    from rewards.weights.control.control_run import with_control_curves
    from rl.training.config import load_config, write_config

    one = {"step": 0, "accuracy": 1 / 3, "tokens": 9.0, "completions": 10}
    (tmp_path / "result.json").write_text(json.dumps({"evaluations": [one]}))
    terms = {"correctness": {}, "step_count": {"weight": {**FLOOR, "control": str(tmp_path)}}}
    config = config_from_dict({"reward": {"terms": terms}})
    config.reward.terms = with_control_curves(config.reward.terms, True)
    write_config(config, tmp_path / "config.yaml")
    again = load_config(tmp_path / "config.yaml")
    first = build_stack(config.reward.terms, REASONTYPE, evaluates=True)
    (tmp_path / "result.json").unlink()
    resumed = build_stack(again.reward.terms, REASONTYPE, evaluates=True)
    resumed.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert again.reward.terms["step_count"]["weight"]["control"] == [[0.0, 1 / 3]]
