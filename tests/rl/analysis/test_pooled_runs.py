"""Several training runs as one arm: intervals over problems and runs."""

from __future__ import annotations

import numpy as np
import pytest

from rl.analysis.arms import ArmRun
from rl.analysis.estimates import measure, paired
from rl.analysis.panels import Panel, Weights, bootstrap_weights, make_panel, pool, spread
from rl.analysis.results import build_results
from rl.evaluation.samples import Sample
from rl.report.page import page
from tagger.errors import UserError
from tests.rl.making import sample
from tests.rl.synthetic import PROVENANCE


def run_of(tokens: int, problems: str = "abc") -> list[Sample]:
    """One training run, whose answers all have as many tokens."""
    return [sample(p, i, tokens=tokens) for p in problems for i in range(2)]


def pooled(*tokens: int) -> Panel:
    return make_panel(pool([run_of(one) for one in tokens]), runs=len(tokens))


def test_weights_of_several_runs_are_products_that_sum_to_one() -> None:
    weights = bootstrap_weights(6, 0, 500, runs=2)
    each = np.stack([weights @ row for row in np.eye(6)], axis=1).reshape(500, 2, 3)
    assert weights.runs is not None
    assert each == pytest.approx(weights.runs[:, :, None] * weights.problems[:, None, :])
    assert each.sum(axis=(1, 2)) == pytest.approx(np.ones(500))
    assert (each.sum(axis=1) * 3).round(6) == pytest.approx((each.sum(axis=1) * 3).round())


def test_weights_of_some_problems_of_pooled_runs_sum_to_one_and_leave_the_others_out() -> None:
    panel, inside = pooled(100, 140), np.array([True, False, True, True, False, True])
    weights, every = panel.weights_inside(inside, 0), panel.weights(0)
    some = every.problems[:, [0, 2]].sum(axis=1) > 0
    assert (weights @ np.ones(4))[some] == pytest.approx(np.ones(some.sum()))
    values = np.array([1.0, 2.0, 3.0, 4.0])
    spread_out = np.array([1.0, 0.0, 2.0, 3.0, 0.0, 4.0])
    ratio = (every @ spread_out)[some] / (every @ inside.astype(float))[some]
    assert (weights @ values)[some] == pytest.approx(ratio)


def test_weights_of_runs_act_on_the_numerator_where_runs_have_other_problems_inside() -> None:
    # Of the first run all four problems are inside, of the second one; their values are 1 and 3.
    inside = np.array([True] * 4 + [True, False, False, False])
    runs = np.array([[0.5, 0.5], [-1.0, 2.0], [2.0, -1.0]])
    weights = Weights(np.full((3, 4), 0.25), runs, inside)
    # The ratio of all is 1.75 / 1.25 = 1.4; the runs lie 1 - 1.4 and 0.75 - 1.4 / 4 off it, which
    # is divided by the mean share inside, 0.625. Divided by its own weights, -1 + 2 / 4, the second
    # draw would be -1, on the wrong side.
    drawn = weights @ np.array([1.0, 1.0, 1.0, 1.0, 3.0])
    assert drawn == pytest.approx([1.4, 1.4 + 1.2 / 0.625, 1.4 - 1.2 / 0.625])


@pytest.mark.parametrize(("values", "t"), [((-1.0, 5.0), 12.706), ((1.0, 2.0, 6.0), 4.303)])
def test_interval_of_runs_alike_on_all_problems_is_students(
    values: tuple[float, ...], t: float
) -> None:
    half = t * np.std(values, ddof=1) / np.sqrt(len(values))
    by_problem = np.repeat(values, 4)
    weights = bootstrap_weights(by_problem.size, 0, 200_000, runs=len(values))
    low, high = np.quantile(weights @ by_problem, (0.025, 0.975))
    assert (low, high) == pytest.approx((np.mean(values) - half, np.mean(values) + half), rel=0.03)


def test_interval_of_pooled_runs_spans_what_differs_from_run_to_run() -> None:
    tokens = measure(pooled(100, 140), 0)["tokens"]
    # 120 less or more 12.7 times 20; no completion has fewer than 0 tokens.
    assert (tokens["mean"], tokens["low"]) == (120.0, 0.0)
    assert tokens["high"] == pytest.approx(120 + 12.706 * 20, rel=0.1)
    assert measure(make_panel(run_of(100)), 0)["tokens"] == {
        "mean": 100.0, "low": 100.0, "high": 100.0
    }  # fmt: skip


def test_pooled_runs_are_paired_with_a_single_one_and_run_by_run_with_others() -> None:
    against_one = paired(pooled(100, 140), make_panel(run_of(100)), 0)
    assert against_one["tokens"]["mean"] == 20.0
    assert against_one["tokens"]["low"] == pytest.approx(20 - 12.706 * 20, rel=0.1)
    by_run = paired(pooled(90, 130), pooled(100, 140), 0)
    assert by_run["tokens"] == {"mean": -10.0, "low": -10.0, "high": -10.0}
    assert by_run["problems"] == {"better": 0, "worse": 0, "equal": 3}


def test_bands_of_pooled_runs_keep_their_runs() -> None:
    samples = pool([[sample("a", band="easy", tokens=n), sample("b", band="hard")] for n in (1, 3)])
    part = make_panel(samples, runs=2).only("easy")
    assert (part.runs, part.problem_ids) == (2, ("a", "a (run 2)"))
    tokens = measure(part, 0)["tokens"]
    assert (tokens["mean"], tokens["low"]) == (2.0, 0.0)
    assert tokens["high"] == pytest.approx(2 + 12.706, rel=0.1)


def test_arms_of_different_numbers_of_runs_are_refused() -> None:
    with pytest.raises(UserError, match="2 training runs cannot be compared with one of 3"):
        spread(pooled(1, 2), 3)


def test_results_and_report_of_pooled_runs() -> None:
    problems = [f"p{i}" for i in range(20)]
    base = [sample(p, tokens=100 + i) for i, p in enumerate(problems)]
    runs = [[sample(p, tokens=n + i) for i, p in enumerate(problems)] for n in (40, 60)]
    names = ("trained", "trained_1")
    same = {"count": 1, "problems": [{"test": "p3", "training": "train-9"}]}
    shared = {"text": "Some were seen.", "same": same}
    results = build_results(
        [
            ArmRun("base", "base", "free", "base", base),
            ArmRun("trained", "trained", "free", "trained", pool(runs), runs=names),
            ArmRun("brief", "brief", "free", "brief", base),
        ],
        seed=0, selection=None, training=None, provenance=PROVENANCE,
        overlaps=dict.fromkeys(("control", "trained"), shared),
    )  # fmt: skip
    assert [w["text"] for w in results["warnings"]] == ["control, trained: Some were seen."]
    assert results["pooled"] == {
        "trained": [
            {"name": "trained", "accuracy": 1.0, "first_answer_accuracy": 1.0, "tokens": 49.5,
             "verification_steps": 2.0},
            {"name": "trained_1", "accuracy": 1.0, "first_answer_accuracy": 1.0, "tokens": 69.5,
             "verification_steps": 2.0},
        ]
    }  # fmt: skip
    assert results["problems"] | {"bands": 0, "overlaps": 0} == {
        "count": 20, "samples": 20, "samples_per_problem": 1.0, "bands": 0, "overlaps": 0
    }  # fmt: skip
    assert results["bootstrap"]["over"] == "problems and training runs"
    change = results["paired"]["trained_vs_base"]["tokens"]
    assert change["mean"] == -50.0
    assert change["low"] == pytest.approx(-50 - 12.706 * 10, rel=0.1)
    html = page(results)
    assert "<td>p3</td><td>train-9</td><td>word for word</td>" in html.replace("\n", "")
    assert "Training run by training run" in html and "are pooled of trained. Their" in html
    assert "Each of brief is one training run" in html
