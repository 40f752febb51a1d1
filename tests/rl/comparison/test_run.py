"""Whole comparisons of tiny policies: pairing, resuming, refusing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import rl.evaluation.evaluate
from rl.analysis.schema import load_results
from rl.comparison.config import CompareConfig, compare_config
from rl.comparison.run import run_comparison
from rl.evaluation.samples import read_samples
from tagger.errors import UserError
from tests.world import World

EVERY_TYPE = [
    "RESTATE", "CONTEXT", "RECALL", "SUBSTITUTE", "TRANSFORM", "CASE", "PATTERN", "VERIFY",
    "HEURISTIC", "ALTERNATIVE", "INTERPRET", "META", "CONCLUDE", "OTHER",
]  # fmt: skip


@pytest.fixture(scope="module")
def settings(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A comparison of a policy with itself, monitored or not."""
    calibration = tmp_path_factory.mktemp("calibration") / "calibration.jsonl"
    lines = [{"question": f"{a} + 1 = ?", "answer": a + 1} for a in range(20, 24)]
    calibration.write_text("".join(json.dumps(x) + "\n" for x in lines), encoding="utf-8")
    return {
        "base": str(world.model),
        "trained": str(world.model),
        "tagger": str(world.tagger),
        "problems": {"source": str(world.problems), "size": None},
        "calibration": {"source": str(calibration), "size": None, "samples": 1},
        "samples": 2,
        "max_new_tokens": 40,
        "rules": {
            "count": {"types": EVERY_TYPE, "limit": [1]},
            "token_budget": {"limit": [5, 20]},
        },
    }


@pytest.fixture(scope="module")
def done(settings: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished comparison."""
    folder = tmp_path_factory.mktemp("compare") / "run"
    run_comparison(compare_config(settings), folder, command="suffice compare …")
    return folder


def test_leaves_results_report_and_samples(done: Path) -> None:
    results = load_results(done)
    assert (done / "report.html").stat().st_size > 20_000
    assert set(results["arms"]) == {
        "base", "monitored", "monitored_count_1", "monitored_token_budget_5",
        "monitored_token_budget_20", "trained", "trained_monitored", "oracle",
    }  # fmt: skip
    assert results["problems"]["samples"] == 12
    assert results["provenance"]["command"] == "suffice compare …"
    assert len(results["provenance"]["tagger_fingerprint"]) == 64
    assert results["provenance"]["model"]["base_sha256"]
    assert json.loads((done / "compare.json").read_text())["samples"] == 2


def test_same_policy_same_seed_same_samples(done: Path) -> None:
    base = read_samples(done / "samples/test/base.jsonl.gz")
    trained = read_samples(done / "samples/test/trained.jsonl.gz")
    assert [s.ids for s in base] == [s.ids for s in trained]
    pair = load_results(done)["paired"]["trained_vs_base"]
    assert pair["accuracy"] == pair["tokens"] == {"mean": 0.0, "low": 0.0, "high": 0.0}


def test_monitored_arm_is_the_base_until_it_stops(done: Path) -> None:
    base = read_samples(done / "samples/test/base.jsonl.gz")
    stopped = read_samples(done / "samples/test/monitored_token_budget_5.jsonl.gz")
    assert any(s.stop_reason for s in stopped)
    for one, two in zip(base, stopped, strict=True):
        assert one.problem_id == two.problem_id and one.sample == two.sample
        if two.stop_reason is None:
            assert one.ids == two.ids
        else:
            assert one.ids[:5] == two.ids[:5]
            assert two.forced_tokens > 0 and two.monitor_seconds > 0
            assert "5" in two.stop_reason


def test_resuming_reads_back_what_is_done(
    done: Path, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = load_results(done)
    again = done / "samples" / "test" / "trained.key"
    again.unlink()
    sampled: list[int] = []
    real = rl.evaluation.evaluate.evaluate

    def counting(*args: Any, **kwargs: Any) -> Any:
        sampled.append(1)
        return real(*args, **kwargs)

    monkeypatch.setattr(rl.evaluation.evaluate, "evaluate", counting)
    config = compare_config({**settings, "workers": 2})  # how many work is no other comparison
    after = run_comparison(config, done, resume=True, command="suffice compare --resume …")
    assert sampled == [1]
    assert after["provenance"]["command"] == "suffice compare …"
    assert "suffice compare …" in (done / "report.html").read_text(encoding="utf-8")
    for results in (before, after):
        results.pop("provenance")
        for part in (*results["arms"].values(), *results["paired"].values()):
            _drop_times(part)
    assert after == before


def _drop_times(part: Any) -> None:
    for key in list(part):
        if "seconds" in key:
            del part[key]
        elif isinstance(part[key], dict):
            _drop_times(part[key])


@pytest.mark.slow
def test_several_workers_give_the_same_samples(
    done: Path, settings: dict[str, Any], tmp_path: Path
) -> None:
    told: list[str] = []
    fewer = {"count": settings["rules"]["count"]}  # arms differ in nothing that workers share
    config = compare_config({**settings, "rules": fewer, "workers": 2})
    run_comparison(config, tmp_path / "run", progress=lambda what, *_: told.append(what))
    files = sorted((tmp_path / "run" / "samples").rglob("*.jsonl.gz"))
    assert len(files) > 5
    for file in files:
        one = read_samples(done / file.relative_to(tmp_path / "run"))
        two = read_samples(file)
        assert [s.ids for s in one] == [s.ids for s in two], file.name
    assert {"test: base", "test: oracle", "calibration: monitored_count_1"} <= set(told)


def test_other_settings_do_not_mix(done: Path, settings: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="exists; name a new one"):
        run_comparison(compare_config(settings), done)
    other = compare_config({**settings, "samples": 1})
    with pytest.raises(UserError, match="another comparison's settings"):
        run_comparison(other, done, resume=True)
    text = (done / "compare.json").read_text()
    (done / "compare.json").write_text(json.dumps(other.to_dict()), encoding="utf-8")
    try:
        with pytest.raises(UserError, match="other settings, policies or problems"):
            run_comparison(other, done, resume=True)
    finally:
        (done / "compare.json").write_text(text, encoding="utf-8")


def test_a_foreign_folder_is_left_alone(settings: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="holds something else"):
        run_comparison(compare_config(settings), tmp_path, resume=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"base": "nowhere/at/all"}, "nowhere/at/all"),
        ({"tagger": "no-tagger"}, "no-tagger"),
        ({"audit_tagger": "no-audit"}, "no-audit"),
        ({"training_metrics": "no.jsonl"}, "no.jsonl"),
        ({"rules": {"cuont": {"limit": [1]}}}, "did you mean 'count'"),
        ({"rules": {"count": {"types": ["VERIFI"], "limit": [1]}}}, "VERIFI"),
        ({"problems": {"source": "no-problems.jsonl", "size": None}}, "no-problems.jsonl"),
    ],
)
def test_bad_input_leaves_no_folder(
    settings: dict[str, Any], tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        run_comparison(compare_config({**settings, **changes}), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_trained_policy_without_delimiters_is_refused_at_once(
    settings: dict[str, Any], world: World, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(world.model, model)
    for file in (*model.glob("*.json"), *model.glob("*.jinja")):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("think>", "thonk>"), encoding="utf-8")
    config = compare_config({**settings, "trained": str(model)})
    with pytest.raises(UserError, match="no thinking delimiters"):
        run_comparison(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_options_the_chat_template_does_not_know_are_refused(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    config = compare_config({**settings, "chat_template_kwargs": {"enable_thinkng": False}})
    with pytest.raises(UserError, match="chat_template_kwargs.enable_thinkng is unknown"):
        run_comparison(config, tmp_path / "run")


def test_a_full_disk_is_refused_at_once(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type(shutil.disk_usage(tmp_path))(10**9, 10**9 - 10**6, 10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(UserError, match="Too little disk at .*: 1 MB free, 20 MB needed"):
        run_comparison(compare_config(settings), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_problem_cannot_choose_and_judge(
    settings: dict[str, Any], world: World, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.jsonl"
    copy.write_text(world.problems.read_text(), encoding="utf-8")
    calibration = {"source": str(copy), "size": 2}
    config = compare_config({**settings, "calibration": calibration})
    with pytest.raises(UserError, match="2 of the test problems are calibration problems"):
        run_comparison(config, tmp_path / "run")


def test_base_alone_with_its_baselines(settings: dict[str, Any], tmp_path: Path) -> None:
    plain = {**settings, "trained": None, "rules": {}, "oracle": False, "samples": 1}
    baselines, prices = ["prompt_guided", "no_thinking"], {"input": 1.0, "output": 2.0}
    config: CompareConfig = compare_config({**plain, "baselines": baselines, "prices": prices})
    told: list[tuple[str, int, int]] = []
    results = run_comparison(config, tmp_path / "run", progress=lambda *x: told.append(x))
    assert list(results["arms"]) == ["base", *baselines] and results["baselines"] == baselines
    assert results["selection"] is None
    assert results["claim_pairs"] == [["prompt_guided", "base"], ["no_thinking", "base"]]
    assert told[-1] == ("test: no_thinking", 6, 6)
    policies = results["provenance"]["config"]["policies"]
    assert policies["prompt_guided"]["prompt_template"] == "{question}\n\nBe concise."
    assert policies["no_thinking"]["thinking"] is False
    base, guided, silent = results["arms"].values()
    for other in (guided, silent):
        assert other["prompt_tokens"]["mean"] > base["prompt_tokens"]["mean"]
    assert silent["thinking_tokens"]["mean"] == 0 < base["thinking_tokens"]["mean"]
    paid = (base["prompt_tokens"]["mean"] + 2 * base["tokens"]["mean"]) / 1000
    assert base["money"]["mean"] == pytest.approx(paid, abs=1e-5)


@pytest.mark.slow
def test_a_further_policy_samples_only_its_own_arms(
    done: Path, settings: dict[str, Any], tmp_path: Path
) -> None:
    """Three policies of the same weights, whose arms differ in name alone, then another seed."""
    three = {
        key: value for key, value in settings.items() if key not in ("base", "trained", "rules")
    } | {
        "policies": dict.fromkeys(("base", "control", "trained"), settings["base"]),
        "rules": {"token_budget": {"limit": [5, 20]}},
        "grid_policies": ["base", "control"],
    }
    cache = tmp_path / "cache"
    first = run_comparison(compare_config(three), tmp_path / "three", cache=cache)
    assert set(first["arms"]) == {
        "base", "monitored", "monitored_token_budget_5", "monitored_token_budget_20", "oracle",
        "control", "control_monitored", "control_monitored_token_budget_5",
        "control_monitored_token_budget_20", "control_oracle", "trained", "trained_monitored",
    }  # fmt: skip
    assert [p["name"] for p in first["policies"]] == ["base", "control", "trained"]
    assert first["claim_pairs"] == [["trained", "control"], ["control", "base"]]
    assert {"trained_vs_control", "trained_monitored_vs_control_monitored"} <= set(first["paired"])
    flips = first["paired"]["trained_vs_control"]["flips"]
    assert flips["samples"] == 12 and flips["harmful"]["count"] == flips["helpful"]["count"] == 0
    # The arms of control are those of base under another name: found in the cache or sampled once.
    found = first["provenance"]["arms"]
    assert {"test/base", "test/monitored_token_budget_5", "test/oracle"} <= set(found["sampled"])
    assert "test/trained_monitored" in found["cache"]
    for name in ("control", "control_monitored_token_budget_5"):
        one = read_samples(tmp_path / "three/samples/test" / f"{name}.jsonl.gz")
        same = name.removeprefix("control_").replace("control", "base")
        two = read_samples(done / "samples/test" / f"{same}.jsonl.gz")
        assert [s.ids for s in one] == [s.ids for s in two]

    other = tmp_path / "model"
    shutil.copytree(settings["base"], other)
    (other / "note.json").write_text("{}", encoding="utf-8")  # another policy, as far as files go
    four = {
        **three,
        "policies": {**three["policies"], "fourth": str(other)},
        "pooled": {"control": ["fourth"]},
    }
    second = run_comparison(compare_config(four), tmp_path / "four", cache=cache)
    sampled = second["provenance"]["arms"]["sampled"]
    assert sampled and all("/fourth" in key for key in sampled)
    assert (
        load_results(tmp_path / "four")["arms"]["base"]["tokens"] == first["arms"]["base"]["tokens"]
    )
    # The fourth policy is a further run of the control: its samples are part of those arms.
    assert set(second["arms"]) == set(first["arms"])
    assert [run["name"] for run in second["pooled"]["control"]] == ["control", "fourth"]
    assert second["arms"]["control_monitored"]["outcomes"]["rollouts"] == 24
    assert "fourth" in (tmp_path / "four" / "report.html").read_text(encoding="utf-8")
