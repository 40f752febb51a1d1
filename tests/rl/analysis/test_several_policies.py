"""Results, claims and report of three policies, and results of schema version 1."""

from __future__ import annotations

import copy
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rl.analysis.arms import ArmRun
from rl.analysis.claims import make_claims
from rl.analysis.results import build_results, write_results
from rl.analysis.schema import load_results, validate_results
from rl.report.page import page
from rl.report.write import print_report
from tests.rl.synthetic import PROVENANCE, make_runs, make_selection


def named(run: ArmRun, policy: str) -> ArmRun:
    """The same arm as another policy's."""
    name = run.name.replace(run.policy, policy)
    return replace(run, name=name, policy=policy, label=run.label.replace(run.policy, policy))


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    """Base, control (the very answers of base, monitored as trained) and trained."""
    runs = make_runs(30, 2)
    by_name = {run.name: run for run in runs}
    control = [named(by_name["base"], "control"), named(by_name["trained_monitored"], "control")]
    return build_results(
        [*runs[:-3], *control, *runs[-3:]],
        seed=1,
        selection=make_selection(runs),
        training=None,
        provenance=PROVENANCE,
    )


def test_policies_are_measured_by_the_control(results: dict[str, Any]) -> None:
    assert [p["name"] for p in results["policies"]] == ["base", "control", "trained"]
    names = {(*c["policies"], c["name"]) for c in results["claims"]}
    assert {
        ("control", "base", "fewer_tokens"),
        ("control", "base", "as_accurate"),
        ("trained", "control", "tokens_saved"),
        ("trained", "control", "accuracy_kept"),
        ("trained", "control", "fewer_tokens_monitored"),
        ("trained", "control", "displacement"),
    } <= names
    assert not any(pair == ("trained", "base") for *pair, _ in names)
    assert results["claims"][0]["policies"] == ["trained", "control"]


def test_claims_follow_the_paired_interval(results: dict[str, Any]) -> None:
    claims = {(*c["policies"], c["name"]): c for c in results["claims"]}
    fewer = claims["trained", "control", "tokens_saved"]
    change = results["paired"]["trained_vs_control"]["tokens_change"]
    assert change["high"] < 0 and fewer["holds"] is (
        True if change["high"] <= -0.4 else False if change["low"] > -0.4 else None
    )
    assert fewer["figures"]["tokens_change"] == change
    same = claims["trained", "control", "fewer_tokens_monitored"]  # the very same answers
    assert same["holds"] is None and "all problems say the same" in same["reason"]


def test_gain_at_equal_tokens_needs_the_whole_interval(results: dict[str, Any]) -> None:
    for low, high, holds in ((0.02, 0.06, True), (0.01, 0.06, None), (-0.01, 0.019, False)):
        r = copy.deepcopy(results)
        equal = {"mean": (low + high) / 2, "low": low, "high": high}
        stops = r["frontier"]["base"]["trained"]
        r["frontier"]["control"] = {"trained": stops | {"at_equal_tokens": equal}}
        found = {(*c["policies"], c["name"]): c for c in make_claims(r)}
        claim = found["trained", "control", "gain_at_equal_tokens"]
        assert claim["holds"] is holds
        assert "target: at least 2 points less, by the whole interval" in claim["text"]


def test_only_the_named_pairs_are_claimed() -> None:
    runs = make_runs(30, 2)
    out = build_results(
        runs, seed=1, selection=None, training=None, provenance=PROVENANCE, claims=[]
    )
    assert out["claims"] == [] and out["claim_pairs"] == []


def test_report_shows_every_policy(results: dict[str, Any]) -> None:
    from rich.console import Console

    html = page(results)
    for part in ("control + monitored", "Length by correctness", "than the control", "harmful"):
        assert part in html
    text = io.StringIO()
    print_report(results, Console(file=text, width=160))
    lines = text.getvalue().splitlines()
    assert any(line.startswith("control ") for line in lines)
    assert any(line.startswith("trained ") for line in lines)


def version_1(results: dict[str, Any]) -> dict[str, Any]:
    """What an earlier version wrote of base and trained."""
    old = copy.deepcopy(results)
    old["schema_version"] = 1
    old["frontier"] = old["frontier"]["base"]
    del old["policies"], old["claim_pairs"]
    old["problems"]["overlap"] = old["problems"].pop("overlaps").get("trained")
    old["selection"]["trained_monitored"] = old["selection"].pop("policies")["trained"]
    for arm in old["arms"].values():
        kind, policy = arm["kind"], arm.pop("policy")
        kinds = {"free": policy, "grid": "monitored", "oracle": "oracle"}
        own = "monitored" if policy == "base" else "trained_monitored"
        arm["kind"] = kinds.get(kind, own)
        del arm["lengths"], arm["rule_name"]
        for band in arm["bands"].values():
            band.pop("lengths", None)  # a chosen arm shares the bands of its grid point
    for pair in old["paired"].values():
        del pair["flips"]
    for claim in old["claims"]:
        del claim["policies"]
    return old


@pytest.mark.slow
def test_results_of_version_1_open(tmp_path: Path) -> None:
    from rich.console import Console

    runs = make_runs(30, 2)
    new = build_results(
        runs, seed=1, selection=make_selection(runs), training=None, provenance=PROVENANCE
    )
    old = version_1(new)
    validate_results(old)
    write_results(tmp_path / "results.json", old)
    read = load_results(tmp_path)
    assert read["schema_version"] == 3
    assert read["frontier"] == new["frontier"]
    assert read["policies"] == new["policies"] and read["claims"] == new["claims"]
    assert {n: (a["policy"], a["kind"]) for n, a in read["arms"].items()} == {
        n: (a["policy"], a["kind"]) for n, a in new["arms"].items()
    }
    html = page(read)
    assert "trained + monitored" in html and "Length by correctness" not in html
    print_report(read, Console(file=io.StringIO(), width=140))
