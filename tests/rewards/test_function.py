"""The reward as a plain reward function."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from math import inf
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from rewards.facts.columns import ROLLOUT_COLUMNS
from rewards.function import StepReward
from rewards.stack import RewardStack, WeightedTerm
from rewards.terms.base import TermBounds
from rewards.weights import ConstantWeight
from tagger.errors import UserError
from tests.tagger.tokenizers_made_here import byte_level

TERMS = {"correctness": {}, "step_count": {"weight": 0.1}}
DELIMITERS = ("<think>", "</think>")
RIGHT = "2 + 2 is 4.\n\nWait, let me check: 4 - 2 is 2. Yes.\n</think>\n\n\\boxed{4}"
WRONG = "2 + 2 is 5.\n\nWait, let me check: 4 - 2 is 2. Yes.\n</think>\n\n\\boxed{5}"
PROMPT = [{"role": "user", "content": "What is 2 + 2?"}]


class CorrectSoFar:
    """Pays the number of correct rollouts it has been shown."""

    def __init__(self) -> None:
        self.correct = 0.0
        self.groups: list[list[int]] = []

    def __call__(self, facts: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
        return torch.full((len(facts),), self.correct)

    def observe(self, facts: torch.Tensor, groups: torch.Tensor) -> None:
        self.correct += float(facts[:, ROLLOUT_COLUMNS.index("correct")].sum())
        self.groups.append(groups.tolist())

    def state_dict(self) -> dict[str, Any]:
        return {"correct": self.correct, "groups": self.groups}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.correct = float(state["correct"])


def ids(text: str) -> list[int]:
    tokenizer = byte_level()
    return [*tokenizer.encode(text), tokenizer.eos_token_id]


def reward(terms: Any = TERMS, **settings: Any) -> StepReward:
    return StepReward(terms, byte_level(), delimiters=DELIMITERS, **settings)


def call(function: StepReward, *texts: str, **columns: Any) -> list[float | None]:
    rows = {"answer": ["4"] * len(texts), **columns}
    return function([PROMPT] * len(texts), [None] * len(texts), [ids(t) for t in texts], **rows)


def test_step_reward_charges_verification_on_correct_completions_only() -> None:
    assert call(reward(), RIGHT, WRONG) == pytest.approx([0.9, 0.0])


def test_step_reward_takes_delimiters_as_a_config_has_them() -> None:
    named = StepReward(TERMS, byte_level(), delimiters={"open": "<think>", "close": "</think>"})
    assert named.thinking_delimiters == reward().thinking_delimiters
    for wrong in ({"open": "<think>"}, "<think>", ("<think>",)):
        with pytest.raises(UserError, match="give the opening and the closing one"):
            StepReward(TERMS, byte_level(), delimiters=wrong)  # type: ignore[arg-type]


def test_step_reward_survives_pickling_and_reports_each_term() -> None:
    logged: dict[str, float] = {}
    function = pickle.loads(pickle.dumps(reward()))
    assert call(function, RIGHT, WRONG, log_metric=logged.__setitem__) == pytest.approx([0.9, 0])
    assert logged == pytest.approx({"step_reward/correctness": 0.5, "step_reward/step_count": -0.5})


def test_step_reward_follows_a_schedule_of_the_trainer_state() -> None:
    terms = {
        "correctness": {},
        "step_count": {"weight": {"schedule": "linear", "start": 0.0, "end": 0.1, "steps": 10}},
    }
    at = {step: SimpleNamespace(global_step=step) for step in (0, 5)}
    assert call(reward(terms), RIGHT, trainer_state=at[0]) == pytest.approx([1.0])
    assert call(reward(terms), RIGHT, trainer_state=at[5]) == pytest.approx([0.95])


def test_step_reward_refuses_a_schedule_where_no_step_is_known() -> None:
    terms = {"correctness": {"weight": {"schedule": "linear", "steps": 10}}}
    with pytest.raises(UserError, match="'correctness' has a schedule, but a trainer that passes"):
        call(reward(terms), RIGHT)
    with pytest.raises(UserError, match="has a schedule, but a call without a step"):
        reward(terms).score([RIGHT], ["4"])
    assert reward(terms).score([RIGHT], ["4"], step=5) == pytest.approx([0.5])


def test_step_reward_refuses_a_weight_that_follows_the_run() -> None:
    weight = {"schedule": "length_dual", "share": 0.5}
    with pytest.raises(UserError, match="'correctness' follows the rollouts of the whole batch"):
        reward({"correctness": {"weight": weight}})


def test_step_reward_sees_groups_as_runs_of_one_prompt() -> None:
    gated = {"correctness": {}, "step_count": {"weight": 0.1, "gate": "group_solved"}}
    assert call(reward(gated), RIGHT, WRONG) == pytest.approx([1.0, 0.0])
    assert call(reward(gated, group_size=1), RIGHT, WRONG) == pytest.approx([0.9, 0.0])


def test_step_reward_scores_no_text_alone_where_a_term_compares_a_group() -> None:
    relative = {"correctness": {}, "length_sigmoid": {"weight": 0.1}}
    with pytest.raises(UserError, match="'length_sigmoid' compares the completions of a prompt"):
        reward(relative).score([RIGHT], ["4"])
    relative["length_sigmoid"]["weight"] = 0
    assert reward(relative).score([RIGHT], ["4"]) == [1.0]


def test_step_reward_refuses_a_group_in_parts() -> None:
    with pytest.raises(UserError, match="3 completions in this process, not 2.*in parts"):
        call(reward(group_size=2), RIGHT, WRONG, RIGHT)


def test_step_reward_names_the_missing_reference_column() -> None:
    function = reward(reference="ground_truth")
    with pytest.raises(UserError, match="no column 'ground_truth'.*reference=…; it has answer"):
        call(function, RIGHT)
    assert call(function, RIGHT, ground_truth=["4"]) == pytest.approx([0.9])


def test_step_reward_refuses_bad_settings_at_once() -> None:
    with pytest.raises(UserError, match="did you mean 'correctness'"):
        reward({"corectness": {}})


def test_step_reward_shows_batches_to_terms_with_state_after_their_rewards() -> None:
    """Each batch pays what the batches before it were like."""
    function = reward()
    computer, _ = function._load()
    seen = CorrectSoFar()
    weighted = WeightedTerm("seen", seen, ConstantWeight(), TermBounds((0, inf), (0, inf)))
    function._loaded = (computer, RewardStack([weighted]))
    assert call(function, RIGHT, WRONG) == [0.0, 0.0]
    assert call(function, RIGHT) == [1.0]
    assert function.score([WRONG], ["4"]) == [2.0]
    assert seen.state_dict() == {"correct": 2.0, "groups": [[0, 0], [0], [0]]}


def test_step_reward_judges_by_the_checker_it_is_given() -> None:
    terms = {"correctness": {}}
    near = RIGHT.replace("\\boxed{4}", "\\boxed{4.02}")
    plain = reward(terms)
    tolerant = pickle.loads(
        pickle.dumps(reward(terms, checker={"name": "number", "relative": 0.01}))
    )
    assert call(plain, RIGHT, near) == [1.0, 0.0]
    assert call(tolerant, RIGHT, near) == [1.0, 1.0]
    assert tolerant.score([near], ["4"]) == [1.0]
    lettered = RIGHT.replace("\\boxed{4}", "The answer is (B).")
    assert call(reward(terms, checker="choice"), lettered, answer=["B"]) == [1.0]
    assert call(reward(terms, checker="choice"), lettered, answer=["C"]) == [0.0]
    with pytest.raises(UserError, match="did you mean 'number'"):
        reward(terms, checker="nubmer")


def test_step_reward_cuts_steps_by_the_segmenter_it_is_given() -> None:
    own, sentences = reward(), reward(segmenter="sentence")
    assert pickle.loads(pickle.dumps(sentences)).segmenter == "sentence"
    assert own.step_segmenter == "paragraph"
    assert sentences.step_segmenter == "sentence"
    assert sentences.tagger_fingerprint != own.tagger_fingerprint
    with pytest.raises(UserError, match="sentense"):
        reward(segmenter="sentense")
