"""What a claim needs, and what becomes of one that lacks it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from rl.analysis.arms import ArmRun
from rl.analysis.claims import make_claims
from rl.analysis.claims.evidence import never_correct, no_spread, shortfall, too_few, unfinished
from rl.analysis.results import build_results
from rl.report.words import headline
from tests.rl.making import sample
from tests.rl.synthetic import PROVENANCE, make_runs


def results_of(problems: int, **changes: Any) -> dict[str, Any]:
    """Base and trained with one and the same sample for every problem."""
    arms = [
        ArmRun(name, name, "free", name, [sample(f"p{i}", **changes) for i in range(problems)])
        for name in ("base", "trained")
    ]
    return build_results(arms, seed=0, selection=None, training=None, provenance=PROVENANCE)


@pytest.fixture(scope="module")
def ample() -> dict[str, Any]:
    """Results with spread, on 60 problems."""
    runs = [r for r in make_runs(60, 3) if r.kind in ("free", "grid")]
    return build_results(runs, seed=0, selection=None, training=None, provenance=PROVENANCE)


def holds(results: dict[str, Any]) -> dict[str, bool | None]:
    return {c["name"]: c["holds"] for c in make_claims(results)}


def test_six_problems_without_a_correct_answer_settle_nothing() -> None:
    results = results_of(6, correct=False, answer="5", first_answer_correct=False)
    assert set(holds(results).values()) == {None}
    kept = next(c for c in results["claims"] if c["name"] == "accuracy_kept")
    assert kept["reason"] == "6 problems, a claim needs at least 20"
    assert kept["text"].endswith("Not settled: 6 problems, a claim needs at least 20.")
    assert "cannot be compared: 6 problems" in headline(results)


def test_accuracy_of_two_arms_that_are_never_correct_is_not_settled() -> None:
    results = results_of(40, correct=False, answer="5", first_answer_correct=False)
    kept = next(c for c in results["claims"] if c["name"] == "accuracy_kept")
    assert (kept["holds"], kept["reason"]) == (None, "no answer of base or trained is correct")
    assert "cannot be compared: no answer" in headline(results)


def test_equal_differences_on_every_problem_are_not_settled() -> None:
    results = results_of(40)
    reasons = {c["name"]: c["reason"] for c in results["claims"]}
    assert (
        reasons["tokens_halved"]
        == reasons["accuracy_kept"]
        == ("all problems say the same, so no interval can be given")
    )


def test_unfinished_answers_settle_nothing() -> None:
    results = results_of(40, finished=False)
    assert set(holds(results).values()) == {None}
    assert "only 0 % of the answers of base are finished" in results["claims"][0]["reason"]


def test_ample_evidence_leaves_the_verdict_to_the_interval(ample: dict[str, Any]) -> None:
    names = ("tokens_halved", "accuracy_kept", "easy_verification", "above_monitored")
    reasons = {c["name"]: c["reason"] for c in make_claims(ample)}
    assert [reasons[name] for name in names] == [None] * len(names)


def test_monitored_arms_that_are_not_finished_settle_nothing(ample: dict[str, Any]) -> None:
    results = copy.deepcopy(ample)
    cheap = [
        n for n, row in results["frontier"]["base"]["trained"]["points"].items() if row["as_cheap"]
    ]
    results["arms"][cheap[0]]["finished"]["mean"] = 0.4
    claim = next(c for c in make_claims(results) if c["name"] == "above_monitored")
    assert claim["holds"] is None and f"answers of {cheap[0]}" in claim["reason"]


def test_too_few_counts_problems() -> None:
    assert too_few(20) is None
    assert too_few(9, 10, "easy problems") == "9 easy problems, a claim needs at least 10"


def test_unfinished_and_never_correct_name_the_arms(ample: dict[str, Any]) -> None:
    arms = ample["arms"]
    assert unfinished(arms, ["base", "trained"]) is None
    assert never_correct(arms, ["base"]) is None
    assert shortfall(ample, ["base"]) is None


def test_no_spread_needs_one_interval_with_width() -> None:
    flat = {"mean": 0.0, "low": 0.0, "high": 0.0}
    none = {"mean": None, "low": None, "high": None}
    assert no_spread([flat, none]) is not None
    assert no_spread([flat, {"mean": 0.0, "low": -0.1, "high": 0.1}]) is None
