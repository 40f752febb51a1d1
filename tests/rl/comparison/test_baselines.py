"""Baselines and checkpoints as policies of a comparison."""

from __future__ import annotations

from pathlib import Path

import pytest

from rl import run_files
from rl.analysis.arms import default_claims
from rl.comparison.config import CompareConfig, compare_config, config_keys
from rl.comparison.jobs import arms_at_most, independent_jobs
from rl.comparison.policies import apply_words
from tagger.errors import UserError

BOTH = ["prompt_guided", "no_thinking"]


def words(*given: str) -> CompareConfig:
    return compare_config(apply_words({}, given, config_keys()))


def test_baselines_are_base_with_other_prompts_right_behind_it() -> None:
    values = {
        "base": {"model": "b/b", "chat_template_kwargs": {"enable_thinking": True, "x": 1}},
        "trained": "t/t",
        "prompt_template": "{question} Box it.",
        "baselines": BOTH,
        "guidance": "Use few words.",
    }
    config = compare_config(values)
    assert list(config.policies) == ["base", *BOTH, "trained"]
    guided, silent = (config.policies[name] for name in BOTH)
    assert isinstance(guided, dict) and isinstance(silent, dict)
    assert guided["prompt_template"] == "{question} Box it.\n\nUse few words."
    assert guided["chat_template_kwargs"] == {"enable_thinking": True, "x": 1}
    assert silent == {"model": "b/b", "chat_template_kwargs": {"x": 1}, "thinking": False}
    assert compare_config(config.to_dict()) == config  # as a resumed comparison reads it


def test_baselines_run_free_and_are_compared_with_what_was_trained() -> None:
    config = compare_config({"base": "b/b", "trained": "t/t", "baselines": BOTH, "oracle": False})
    jobs = independent_jobs(config)
    of = {name: [job.key for job in jobs if job.policy == name] for name in BOTH}
    assert of == {name: [f"test/{name}"] for name in BOTH}
    points = len(config.grid())
    assert arms_at_most(config) == (4 + points + 1, 2 * (1 + points))
    assert default_claims(["base", *BOTH, "trained"], BOTH) == [
        ("trained", "base"),
        ("trained", "prompt_guided"),
        ("trained", "no_thinking"),
    ]
    assert default_claims(["base", *BOTH], BOTH) == [(name, "base") for name in BOTH]


def test_token_budget_is_a_rule_unless_the_rules_name_it() -> None:
    rules = {"count": {"types": ["VERIFY"], "limit": [1]}}
    added = compare_config({"rules": rules, "baselines": ["token_budget"]})
    assert added.rules["token_budget"] == {"share": [0.1, 0.25, 0.5, 0.75]}
    own = rules | {"token_budget": {"limit": [64]}}
    assert compare_config({"rules": own, "baselines": ["token_budget"]}).rules == own


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"baselines": ["prompt"]}, "baselines"),
        (
            {"policies": {"base": "b/b", "no_thinking": "c/c"}, "baselines": ["no_thinking"]},
            "'no_thinking' has the name of a baseline",
        ),
    ],
)
def test_baselines_that_are_none_are_refused(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        compare_config(values)


def checkpoint(run: Path, step: int, whole: bool = True) -> Path:
    """A checkpoint of a run, or what a kill left of one."""
    folder = run / "checkpoints" / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    if whole:
        (folder / run_files.STATE).write_text("{}")
    return folder


def test_checkpoints_of_a_run_are_policies(tmp_path: Path) -> None:
    run = tmp_path / "first"
    early, late = checkpoint(run, 50), checkpoint(run, 100)
    checkpoint(run, 120, whole=False)
    named = f"trained=[{run}@checkpoint-50, {run}@checkpoint-100, {run}/policy]"
    config = words("base=o/b", "control=o/c", named)
    assert config.policies == {
        "base": "o/b",
        "control": "o/c",
        "trained_50": str(early),
        "trained_100": str(late),
        "trained": f"{run}/policy",
    }
    assert words("base=o/b", f"late={run}@checkpoint-100").policies["late"] == str(late)
    assert compare_config(config.to_dict()) == config
    with pytest.raises(UserError, match=r"'checkpoint-120' \(it has checkpoint-50, checkpoint-1"):
        words("base=o/b", f"trained={run}@checkpoint-120")
    with pytest.raises(UserError, match="The policy 'trained_50' is named twice"):
        words("base=o/b", f"trained=[{run}@checkpoint-50, {run}@checkpoint-50, o/t]")
    with pytest.raises(UserError, match="'trained' is an empty list"):
        words("base=o/b", "trained=[]")


def test_a_checkpoint_finds_the_config_of_its_run(tmp_path: Path) -> None:
    from rl.analysis.training_curves import find_metrics
    from rl.comparison.training_problems import training_config

    folder = checkpoint(tmp_path, 50)
    for name in ("config.yaml", "metrics.jsonl"):
        (tmp_path / name).write_text("")
    assert training_config(str(folder)) == tmp_path / "config.yaml"
    assert find_metrics(str(folder), None) == tmp_path / "metrics.jsonl"
