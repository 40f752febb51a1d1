"""What a sweep's page and tables say of its recommendation and of the code of its runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import rl.provenance
from rl.sweep.execution.tasks import tasks_of
from rl.sweep.folder import SweepFolder, begin
from rl.sweep.planned import planned_runs
from rl.sweep.report.front import front_plot
from rl.sweep.report.page import page
from rl.sweep.stops import monitored_points
from rl.sweep.sweep import finish
from rl.sweep.table import print_sweep, settings_csv
from tagger.files import write_json
from tagger.frozen import FrozenTagger
from tests.rl.sweep.making import make_sweep, stand_in, values


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> SweepFolder:
    """A sweep of control and two weights that is done."""
    folder: Path = tmp_path_factory.mktemp("sweep") / "s"
    made = begin(folder, make_sweep(), 64, None)
    for task in tasks_of(made, planned_runs(made)):
        stand_in(made.root, task.key)
    return made


def _with(results: dict[str, Any], kept: bool) -> dict[str, Any]:
    """The results as if the recommended setting kept the accuracy of control, or lost it."""
    chosen = results["recommendation"] | {"kept_accuracy": kept, "text": "The sentence."}
    return results | {"recommendation": chosen}


def test_nothing_is_recommended_where_no_setting_keeps_the_accuracy(sweep: SweepFolder) -> None:
    results = finish(sweep, planned_runs(sweep))
    kept, lost = _with(results, True), _with(results, False)
    text = page(kept)
    for part in ("recommended setting", "star: recommended", ">chosen<", "the recommended one was"):
        assert part in text
    assert settings_csv(kept).count("True\n") == 1
    text = page(lost)
    assert "most accurate (none keeps accuracy)" in text and "The sentence." in text
    for part in ("recommended setting", "star: recommended", ">chosen<", "the recommended one"):
        assert part not in text
    assert settings_csv(lost).count("True\n") == 0
    assert "not confirmed by the test problems" not in page(kept)
    doubtful = kept | {"recommendation": kept["recommendation"] | {"confirmed": False}}
    assert "not confirmed by the test problems" in page(doubtful)
    dear = kept | {"recommendation": kept["recommendation"] | {"saves_tokens": False}}
    text = page(dear)
    assert "cheapest (none saves tokens)" in text and "star: recommended" not in text
    assert settings_csv(dear).count("True\n") == 0


def test_the_star_of_the_recommended_setting_lies_above_the_others(sweep: SweepFolder) -> None:
    results = _with(finish(sweep, planned_runs(sweep)), True)
    for one in results["settings"]:
        chosen = results["recommendation"] | {"setting": one["name"]}
        titles = re.findall(
            r"<title>(.*?)</title>", front_plot(results | {"recommendation": chosen})
        )
        assert titles[-1].startswith(one["label"])


def test_settings_without_their_control_are_held_against_base_and_not_recommended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = begin(tmp_path / "s", make_sweep(), 64, None)
    plan = planned_runs(made)
    control, first, last = plan.runs
    for key in ("references/base", f"runs/{first.name}"):
        stand_in(made.root, key)
    results = finish(made, plan)
    text = "The control, control, is not done yet: settings are held against base, and none is"
    assert results["control"] == "base" and results["recommendation"] is None
    assert text in page(results) and "No setting is recommended without a control." in page(results)
    print_sweep(results)
    shown = capsys.readouterr().out
    assert text in shown and "1 of 3 runs done, not complete" in shown
    made.run(control.name).fail("no rollout had a reward.", 2)
    stand_in(made.root, f"runs/{last.name}")
    results = finish(made, plan)
    assert results["no_control"].startswith("The control, control, failed: ")
    print_sweep(results)
    assert "2 of 3 runs done, 1 failed, complete" in capsys.readouterr().out
    stand_in(made.root, f"runs/{control.name}")  # tried again
    results = finish(made, plan)
    assert results["no_control"] is None and results["recommendation"] is not None
    print_sweep(results)
    assert "runs done" not in capsys.readouterr().out


def _meta(text: str) -> str:
    return text.partition('class="meta">')[2].partition("</p>")[0]


def test_page_names_the_commits_of_the_runs_and_its_own_where_that_is_another(
    sweep: SweepFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, made = planned_runs(sweep), ["a" * 40, "a" * 40, "a" * 40 + "+changes"]
    for run, commit in zip(plan.runs, made, strict=True):
        write_json(sweep.run(run.name).training / "provenance.json", {"commit": commit})
    monkeypatch.setattr(rl.provenance, "commit", lambda: "b" * 40)
    results = finish(sweep, plan)
    assert results["commits"] == {"aaaaaaaa": 2, "aaaaaaaa+changes": 1}
    assert results["mixed"][0]["what"] == "commit"
    said = " · runs of commit aaaaaaaa (2), aaaaaaaa+changes (1) · page of commit bbbbbbbb · 3 of 3"
    assert said in _meta(page(results))
    same = page(results | {"commits": {"aaaaaaaa": 3}})
    assert " · runs of commit aaaaaaaa · page of commit bbbbbbbb · " in _meta(same)
    assert " · commit bbbbbbbb · " in _meta(page(results | {"commits": {"bbbbbbbb": 3}}))
    assert " · page of commit bbbbbbbb · " in _meta(page(results | {"commits": {}}))


def test_page_names_the_taggers_of_the_runs(sweep: SweepFolder) -> None:
    plan = planned_runs(sweep)
    results = finish(sweep, plan)
    assert results["taggers"] == [], "the stand-in notes none"
    packaged = FrozenTagger.load().fingerprint
    assert results["provenance"]["tagger_fingerprint"] == packaged
    assert _meta(page(results)).endswith(f"tagger <code>{packaged[:12]}</code>")
    made = [("b" * 64, None), ("a" * 64, "c" * 64), ("a" * 64, None)]
    for run, (tagger, audit) in zip(plan.runs, made, strict=True):
        origin = {"tagger_fingerprint": tagger, "audit_fingerprint": audit}
        write_json(sweep.run(run.name).training / "provenance.json", origin)
    results = finish(sweep, plan)
    rows = [(row["tagger"], row["audit"], row["runs"]) for row in results["taggers"]]
    assert sorted(rows, key=str) == sorted(((*one, 1) for one in made), key=str)
    shown = _meta(page(results))
    assert shown.count("<code>") == 2 and packaged[:12] not in shown
    origin = {"tagger_fingerprint": "a" * 64, "audit_fingerprint": None}
    write_json(sweep.run(plan.runs[0].name).training / "provenance.json", origin)
    found = finish(sweep, plan)["provenance"]
    assert (found["tagger_fingerprint"], found["audit_fingerprint"]) == ("a" * 64, None)


def test_results_name_the_command_that_began_the_sweep(tmp_path: Path) -> None:
    made = begin(tmp_path / "s", make_sweep(), 64, None, command="suffice sweep a.yaml")
    plan = planned_runs(made)
    for task in tasks_of(made, plan):
        stand_in(made.root, task.key)
    assert (made.root / "command.txt").read_text() == "suffice sweep a.yaml\n"
    resumed = begin(tmp_path / "s", make_sweep(), 64, None, command="suffice sweep --resume s")
    assert finish(resumed, plan)["provenance"]["command"] == "suffice sweep a.yaml"
    shown = finish(resumed, plan, "suffice sweep report s title=T")["provenance"]["command"]
    assert shown == "suffice sweep a.yaml\nsuffice sweep report s title=T"
    assert "suffice sweep report s title=T" in page(
        finish(resumed, plan, "suffice sweep report s title=T")
    )


def test_control_under_its_rule_is_drawn_with_base_under_all_of_them(tmp_path: Path) -> None:
    made = begin(tmp_path / "s", make_sweep(), 64, None)
    plain = {"tokens": {"mean": 9.0}, "accuracy": {"mean": 0.9}, "label": "count, limit 1"}
    arms = {
        "base": {"policy": "base", "kind": "free"},
        "control": {"policy": "control", "kind": "free"},
        "monitored_count_1": {"policy": "base", "kind": "grid"},
        "control_monitored": {"policy": "control", "kind": "monitored"},
        "monitored": {"policy": "base", "kind": "monitored", "point": "monitored_count_1"},
        "oracle": {"policy": "base", "kind": "oracle"},
    }
    compared = made.comparison.root / "compared"
    compared.mkdir(parents=True)
    write_json(compared / "results.json", {"arms": {n: plain | a for n, a in arms.items()}})
    write_json(made.comparison.done, {})
    found = [point["name"] for point in monitored_points(made)]
    assert found == ["monitored_count_1", "control_monitored"]


def test_page_and_table_hold_the_arm_of_a_contrast_against_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weight = "reward.terms.step_count.weight"
    arms = {**values()["arms"], "other": {"vary": {weight: [0.06]}}}
    chosen = {"arm": "step_count", "equal_on": ["easy", "medium"]}
    made = begin(tmp_path / "s", make_sweep(arms=arms, contrast=chosen), 64, None)
    plan = planned_runs(made)
    for task in tasks_of(made, plan):
        if "other" not in task.key:
            stand_in(made.root, task.key)
    assert finish(made, plan)["contrast"]["rows"] == []  # nothing of the other arm is done
    for task in tasks_of(made, plan):
        stand_in(made.root, task.key)
    results = finish(made, plan)
    rows = {results_label(results, row): row for row in results["contrast"]["rows"]}
    # With 3 % fewer tokens than control between control and the other, with 10 % below both.
    mixed, cheaper = rows["step_count, weight 0.03"], rows["step_count, weight 0.1"]
    assert sum(mixed["mixture"].values()) == pytest.approx(1, abs=1e-5)
    assert set(mixed["bands"]) == {"easy", "medium", "hard"} and cheaper["mixture"] == {}
    text = page(results)
    assert "At equal tokens" in text and "all its settings cost more" in text
    assert "costs as many tokens on easy, medium" in text.replace("\n", " ")
    print_sweep(results)
    assert "above the best mixture of" in capsys.readouterr().out


def results_label(results: dict[str, Any], row: dict[str, Any]) -> str:
    """Label of the setting of a row of a contrast."""
    labels = {one["name"]: one["label"] for one in results["settings"]}
    return str(labels[row["setting"]])
