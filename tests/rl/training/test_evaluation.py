"""Evaluation during training: when, what is logged, which step is the best, what is kept."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rl.training.config import config_from_dict
from tagger.errors import UserError
from tests.world import GRPO, World

Rows = list[tuple[bool, int, int]]


def evaluated(results: list[Rows], every: int = 1, saves: bool = True) -> tuple[Any, list[Any]]:
    """Run the callback over as many steps as there are results after the first."""
    from rl.training.callbacks import Evaluation

    left, logged = list(results), []
    evaluation = Evaluation(lambda model: left.pop(0), every, logged.append, main=False)
    control = SimpleNamespace(should_save=saves, should_training_stop=False)
    last = (len(results) - 1) * every
    state = SimpleNamespace(global_step=0, max_steps=last)
    evaluation.on_train_begin(None, state, control, model=None)
    for step in range(1, last + 1):
        state.global_step = step
        evaluation.on_step_end(None, state, control, model=None)
    return evaluation, logged


GOOD: Rows = [(True, 10, 2), (True, 20, 0)]
SHORT: Rows = [(True, 5, 1), (True, 5, 0)]
POOR: Rows = [(True, 1, 0), (False, 1, 0)]


def test_figures_are_means_over_completions() -> None:
    evaluation, logged = evaluated([POOR, GOOD])
    assert logged == [{"eval/accuracy": 1.0, "eval/tokens": 15.0, "eval/verification_steps": 1.0}]
    assert [(e.step, e.accuracy, e.completions) for e in evaluation.done] == [
        (0, 0.5, 2),
        (1, 1, 2),
    ]


@pytest.mark.parametrize(
    ("results", "best"),
    [
        ([POOR, GOOD, POOR], 1),
        ([GOOD, SHORT, GOOD], 1),  # of equal accuracy the one with fewer tokens
        ([SHORT, SHORT, GOOD], 0),  # of equal ones the first
        ([POOR, POOR, SHORT], 2),
    ],
)
def test_the_best_has_most_correct_then_fewest_tokens(results: list[Rows], best: int) -> None:
    assert evaluated(results)[0].best_step == best


def test_each_evaluation_is_shown_to_whom_it_concerns() -> None:
    from rl.training.callbacks import Evaluation

    shown: list[Any] = []
    evaluation = Evaluation(lambda model: GOOD, 1, lambda found: None, False, shown.append)
    state = SimpleNamespace(global_step=0, max_steps=1)
    control = SimpleNamespace(should_save=True, should_training_stop=False)
    evaluation.on_train_begin(None, state, None, model=None)
    state.global_step = 1
    evaluation.on_step_end(None, state, control, model=None)
    assert shown == evaluation.done and [one.step for one in shown] == [0, 1]


def test_a_step_without_checkpoint_cannot_be_the_best() -> None:
    assert evaluated([POOR, GOOD], saves=False)[0].best_step == 0


def test_it_evaluates_every_so_many_steps() -> None:
    evaluation, _ = evaluated([POOR, POOR, GOOD], every=3)
    assert [one.step for one in evaluation.done] == [0, 3, 6]


@pytest.mark.parametrize("interrupted", [False, True])
def test_it_evaluates_the_last_step_of_a_run_that_stops_itself(interrupted: bool) -> None:
    from rl.training.callbacks import Evaluation

    evaluation = Evaluation(
        lambda model: GOOD, 5, lambda found: None, False, interrupted=lambda: interrupted
    )
    control = SimpleNamespace(should_save=False, should_training_stop=True)
    state = SimpleNamespace(global_step=3, max_steps=9)
    evaluation.on_step_end(None, state, control, model=None)
    assert [one.step for one in evaluation.done] == ([] if interrupted else [3])


def test_the_state_survives_a_checkpoint() -> None:
    from rl.training.callbacks import Evaluation

    before, _ = evaluated([POOR, GOOD])
    after = Evaluation(lambda model: [], 1, lambda found: None)
    after.load_state_dict(json.loads(json.dumps(before.state_dict())))
    assert (after.done, after.best_step) == (before.done, 1)


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("evaluation") / "eval.jsonl"
    lines = [{"question": f"{a} + 7 = ?", "answer": a + 7} for a in (11, 12, 13)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(file)


def test_a_run_evaluates_and_keeps_the_best(world: World, tmp_path: Path, problems: str) -> None:
    from rl.policy.config import PolicyConfig
    from rl.policy.load import load_policy
    from rl.training.callbacks.evaluation import PolicySampler
    from rl.training.run import run_training

    calls = iter([GOOD, POOR, SHORT, POOR])
    real = PolicySampler.__call__
    counts = []

    def sampled(self: Any, model: Any) -> Rows:
        rows = real(self, model)
        counts.append((len(rows), all(tokens > 0 for _, tokens, _ in rows), model.training))
        return next(calls)

    grpo = GRPO | {"max_steps": 3, "save_steps": 1, "save_total_limit": 1}
    config = config_from_dict(
        world.config(
            tmp_path / "run",
            grpo=grpo,
            eval_problems={"source": problems},
            eval_every=1,
            eval_samples=2,
        )
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PolicySampler, "__call__", sampled)
        result = run_training(config)
    assert [count[:2] for count in counts] == [(6, True)] * 4  # three problems, two samples
    assert result.best_step == 2 and [e["step"] for e in result.evaluations] == [0, 1, 2, 3]
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").open()]
    assert [row["eval/accuracy"] for row in rows] == [0.5, 1.0, 0.5]
    assert [row["eval/tokens"] for row in rows] == [1.0, 5.0, 1.0]
    kept = {p.name for p in (tmp_path / "run" / "checkpoints").glob("checkpoint-*")}
    assert kept == {"checkpoint-2", "checkpoint-3"}  # the best survives the rotation
    run = tmp_path / "run"
    best, of_step = weights(run / "policy-best"), weights(run / "checkpoints" / "checkpoint-2")
    assert best.keys() == of_step.keys() and all((best[k] == of_step[k]).all() for k in best)
    assert any((best[k] != v).any() for k, v in weights(run / "policy").items())
    card = (run / "policy-best" / "README.md").read_text()
    assert (
        "those of step 2, the best by evaluation; those of the last step lie in `policy/`" in card
    )
    assert load_policy(PolicyConfig(model=str(run / "policy-best"))).delimiters.close == "</think>"


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"eval_every": 3}, "acts only with eval_problems"),
        ({"eval_samples": 9}, "acts only with eval_problems"),
        ({"eval_problems": {"size": 0}}, "eval_problems.size"),
    ],
)
def test_settings_that_would_do_nothing_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        config_from_dict(changes)


def test_evaluations_fall_on_checkpoints_and_not_on_training_problems(
    world: World, tmp_path: Path, problems: str
) -> None:
    from rl.training.run import run_training

    odd = {"grpo": GRPO | {"save_steps": 2}, "eval_problems": {"source": problems}}
    with pytest.raises(UserError, match=r"eval_every \(3\) must be a multiple of grpo.save_steps"):
        run_training(config_from_dict(world.config(tmp_path / "a", **odd, eval_every=3)))
    same = {"eval_problems": {"source": str(world.problems)}}
    with pytest.raises(UserError, match="6 of 6 problems of eval_problems are training problems"):
        run_training(config_from_dict(world.config(tmp_path / "b", **same)))
    assert not list(tmp_path.iterdir())
