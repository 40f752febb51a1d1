"""The settings of a sweep: what contradicts itself is refused in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from rewards.terms.registry import MODULES
from rl.sweep.planning.runs import make_runs
from rl.sweep.settings.config import load_sweep, sweep_config
from rl.sweep.settings.overrides import short_names
from rl.sweep.settings.space import grid, read_space
from rl.sweep.settings.tiny import tiny_sweep
from tagger.config.dotted import with_keys
from tagger.errors import UserError
from tests.rl.sweep.making import WEIGHT, make_sweep, values

CONFIGS = Path(__file__).resolve().parents[3] / "configs"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"vari": {}}, "did you mean 'vary'"),
        ({"train": {}}, "no run to vary"),
        ({"compare": {}}, "no section compare"),
        ({"arms": {}}, "arms is empty"),
        ({"arms": {"a b": {}}}, "needs a name of letters"),
        ({"seeds": [1, 1]}, "lists 1 twice"),
        ({"seeds": []}, "empty list"),
        ({"seeds": [-1]}, "seeds lists -1"),
        ({"vary": {"seed": [0, 1]}}, "list seeds in seeds"),
        ({"vary": {"output": ["a"]}}, "output is varied"),
        ({"vary": {WEIGHT: [1], "reward.terms": [{}]}}, "both given"),
        ({"arms": {"a": {WEIGHT: 0.5}}}, "is varied, and the arm 'a' sets"),
        ({"arms": None, "vary": {}}, "nothing varies"),
        ({"control": "nobody"}, "nobody"),
        ({"arms": {"control": {}, "a": {}}}, "varies in the arm 'control', the control that"),
        ({"control": "step_count"}, "varies in the arm 'step_count'"),
        (
            {
                "method": "random",
                "trials": 2,
                "arms": {"control": {"vary": {WEIGHT: {"uniform": [0, 1]}}}, "a": {}},
            },
            "give that arm vary: {}",
        ),
        ({"trials": 3}, "only with method: random or tpe"),
        ({"method": "random"}, "needs trials"),
        ({"method": "random", "trials": 3, "vary": {}}, "needs vary"),
        ({"method": "random", "trials": 3, "objective": {}}, "only with method: tpe"),
        ({"method": "tpe", "trials": 3, "vary": {"a": [[1]]}}, "tpe takes texts"),
        ({"more_seeds_within": 0.1}, "two seeds or more"),
        ({"tolerance": float("nan")}, "tolerance"),
        ({"workers": 0}, "workers"),
        ({"contrast": {}}, "arm"),
        ({"contrast": {"arm": "stepcount"}}, "contrast.arm' 'stepcount'; did you mean"),
        ({"contrast": {"arm": "control"}}, "names 'control', the control"),
        ({"contrast": {"arm": "step_count"}}, "no other arm than control"),
        ({"contrast": {"arm": "step_count", "against": ["step_count"]}}, "its own arm"),
        ({"contrast": {"arm": "step_count", "against": []}}, "against is an empty list"),
    ],
)
def test_sweep_refuses(changes: dict[str, Any], sentence: str) -> None:
    given = {key: value for key, value in values(**changes).items() if value is not None}
    with pytest.raises(UserError, match=sentence):
        sweep_config(given, "sweep.yaml")


def test_base_file_is_merged_below_the_sweep(tmp_path: Path) -> None:
    base = tmp_path / "base.yaml"
    base.write_text(yaml.safe_dump({
        "train": {"model": "overthinker", "grpo": {"max_steps": 9, "num_generations": 4}},
        "compare": {"samples": 7, "seed": 3}, "arms": {"control": None, "low": {"grpo.beta": 0.1}},
    }))  # fmt: skip
    file = tmp_path / "sweep.yaml"
    file.write_text(yaml.safe_dump({
        "base": "base.yaml", "train": {"grpo": {"max_steps": 5}}, "compare": {"samples": 1},
        "seeds": [0, 1],
    }))  # fmt: skip
    config = load_sweep(file, ["workers=2"])
    assert config.train == {"model": "overthinker", "grpo": {"max_steps": 5, "num_generations": 4}}
    assert config.compare == {"samples": 1, "seed": 3}
    assert config.workers == 2
    assert config.arms == {"control": {}, "low": {"grpo.beta": 0.1}}


def test_base_file_gives_its_problems_but_not_the_base_of_another_model(tmp_path: Path) -> None:
    base = tmp_path / "base.yaml"
    base.write_text(yaml.safe_dump({
        "train": {"model": "overthinker", "grpo": {"max_steps": 9}},
        "compare": {
            "base": "overthinker", "problems": {"source": "a.jsonl", "size": 9, "seed": 3},
            "rules": {"count": {"limit": [1]}}, "calibration": {"source": "b.jsonl", "size": 9},
        },
    }))  # fmt: skip
    own = {"problems": {"size": 5}, "calibration": {"source": "c.jsonl"}, "rules": {}}
    given = {"base": str(base), "compare": own, "seeds": [0, 1]}
    changed = {
        "problems": {"source": "a.jsonl", "size": 5, "seed": 3}, "rules": {},
        "calibration": {"source": "c.jsonl"},
    }  # fmt: skip
    assert sweep_config(given).compare == {**changed, "base": "overthinker"}
    assert sweep_config({**given, "train": {"model": "mine"}}).compare == changed
    with pytest.raises(UserError, match=r"s.yaml: base is none.yaml, and there is no such file"):
        sweep_config({**given, "base": "none.yaml"}, "s.yaml")


def test_keys_set_sections_before_keys_within() -> None:
    data = {"a": {"b": 1, "c": 2}}
    assert with_keys(data, {"a.d": 4, "a": {"e": 5}}) == {"a": {"e": 5, "d": 4}}
    assert data == {"a": {"b": 1, "c": 2}}
    with pytest.raises(UserError, match="a plain value"):
        with_keys(data, {"a.b.x": 1})


def test_short_names_tell_keys_apart() -> None:
    assert short_names(["x.a.weight", "x.b.weight", "x.b.cap"]) == {
        "x.a.weight": "a.weight", "x.b.weight": "b.weight", "x.b.cap": "cap",
    }  # fmt: skip


def test_tiny_sweep_keeps_control_and_one_arm_at_one_point() -> None:
    config = make_sweep(
        seeds=[4, 5], more_seeds_within=0.1, method="random", trials=9,
        vary={WEIGHT: {"log": [0.01, 1]}, "grpo.max_steps": [50, 100]},
        arms={"other": {}, "third": {}, "control": {"grpo": {"max_steps": 70}, "vary": {}}},
    )  # fmt: skip
    tiny = tiny_sweep(config, {"problems": 6, "calibration": 100})
    assert tiny.arm_names == ["control", "other"]
    assert tiny.method == "grid" and tiny.seeds == [4] and tiny.trials is None
    assert tiny.varied("other") == {WEIGHT: [0.01]} and not tiny.varied("control")
    assert tiny.train["grpo"] == {"max_steps": 2, "max_completion_length": 64}
    assert tiny.fixed("control") == {"grpo": {"max_steps": 2}}
    assert tiny.compare["problems"] == {"source": "overthinker", "size": 6, "samples": 1}
    assert tiny.compare["calibration"]["size"] == 8


def test_tiny_sweep_is_short_though_a_whole_section_is_varied() -> None:
    config = make_sweep(vary={"grpo": [{"max_steps": 50}, {"max_steps": 100, "beta": 0.1}]})
    tiny = tiny_sweep(config, {"problems": 6})
    assert tiny.varied("step_count") == {"grpo": [{"max_steps": 2}]}


def test_tiny_sweep_of_seeds_alone_has_one_run() -> None:
    config = make_sweep(arms=None, vary={}, seeds=[0, 1])
    assert tiny_sweep(config, {"problems": 6}).arm_names == ["run"]


def test_the_packaged_sweep_of_a_controller_has_starts_apart_by_100() -> None:
    config = load_sweep(CONFIGS / "sweeps" / "accuracy_floor.yaml")
    ((key, starts),) = config.varied("accuracy_floor").items()
    assert key == "reward.terms.step_count.weight.start" and max(starts) == 100 * min(starts)
    points: dict[str, list[dict[str, Any]]] = {
        "control": [{}], "accuracy_floor": [{key: start} for start in starts],
    }  # fmt: skip
    assert len(make_runs(config, points, config.seeds or [])) == 12


def test_the_packaged_sweep_has_an_arm_for_every_term() -> None:
    config = load_sweep(CONFIGS / "sweeps" / "overthinker.yaml")
    points = {arm: grid(read_space(config.varied(arm))) for arm in config.arm_names}
    runs = make_runs(config, points, [0])
    used = {term for run in runs for term in run.config["reward"]["terms"]}
    assert set(MODULES) - used == {"format", "no_thinking_bonus"}


@pytest.mark.parametrize("path", sorted((CONFIGS / "sweeps").glob("*.yaml")), ids=lambda p: p.stem)
def test_every_packaged_sweep_has_runs_of_each_arm(path: Path) -> None:
    config = load_sweep(path)
    points = {arm: grid(read_space(config.varied(arm))) for arm in config.arm_names}
    runs = make_runs(config, points, config.seeds or [0])
    assert {run.arm for run in runs} == set(config.arm_names)
