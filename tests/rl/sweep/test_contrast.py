"""An arm against others at equal tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from rl.analysis.panels import RESAMPLES, Panel, bootstrap_weights, make_panel
from rl.sweep.analysis.contrast import check_bands, contrast
from rl.sweep.analysis.groups import Measured
from rl.sweep.planning.runs import Run
from tagger.errors import UserError
from tests.rl.synthetic import make_sample


def _panel(tokens: Sequence[int], correct: Sequence[bool], bands: Sequence[str]) -> Panel:
    rows = [make_sample("base", i, 0, None) for i in range(len(tokens))]
    changed = zip(rows, tokens, correct, bands, strict=True)
    return make_panel([replace(r, tokens=t, correct=c, band=b) for r, t, c, b in changed])


def _run(setting: str, panel: Panel, seed: int = 0) -> Measured:
    run = Run(f"{setting}-seed{seed}", setting, setting, setting, {}, seed, "", {})
    return Measured(run, panel, {"accuracy": 1.0, "tokens": 1.0})


BANDS = ("seen", "seen", "unseen", "unseen")
CONTROL = _panel([100] * 4, [True, True, True, False], BANDS)
CHEAP = _panel([40] * 4, [True, False, False, False], BANDS)


def test_a_setting_stands_against_the_mixture_that_costs_as_many_tokens_where_they_are_equal() -> (
    None
):
    own = _panel([60, 80, 50, 70], [True, True, True, False], BANDS)
    others = {"length": {"control": [_run("control", CONTROL)], "cheap": [_run("cheap", CHEAP)]}}
    (row,) = contrast({"own": [_run("own", own)]}, others, ["seen"], 0)
    assert (row["setting"], row["arm"], row["tokens"]) == ("own", "length", 70)
    assert row["mixture"] == {"control": 0.5, "cheap": 0.5} and row["seeds"] == [0]
    assert row["accuracy"]["mean"] == 0.25  # 1 against (1 + 1/2) / 2
    assert row["bands"]["seen"]["tokens"]["mean"] == 0
    assert row["bands"]["unseen"]["accuracy"]["mean"] == 0.25  # 1/2 against (1/2 + 0) / 2
    assert row["bands"]["unseen"]["tokens"]["mean"] == -10  # 60 against 70


def test_an_arm_whose_settings_all_cost_more_has_no_mixture() -> None:
    own = _panel([30] * 4, [True] * 4, BANDS)
    (row,) = contrast({"own": [_run("own", own)]}, {"a": {"x": [_run("x", CHEAP)]}}, ["seen"], 0)
    assert row["mixture"] == {} and row["accuracy"] is None and row["bands"] == {}


def test_the_mixture_is_one_of_all_settings_that_have_the_common_seeds() -> None:
    def panel(tokens: int, correct: int) -> Panel:
        return _panel([tokens] * 4, [i < correct for i in range(4)], BANDS)

    own = [_run("own", panel(60, 4), 0), _run("own", panel(100, 4), 1)]  # 80 in the mean
    others = {
        "low": [_run("low", panel(50, 1), seed) for seed in (0, 1)],
        "mid": [_run("mid", panel(70, 2), 0)],
        "high": [_run("high", panel(120, 4), 0)],
    }
    (row,) = contrast({"own": own}, {"a": others}, ["seen", "unseen"], 0)
    # By the means 80 tokens lie between mid and high, which have seed 0 alone, where own costs 60.
    assert row["seeds"] == [0] and row["tokens"] == 60
    assert row["mixture"] == {"low": 0.5, "mid": 0.5}
    assert row["accuracy"]["mean"] == pytest.approx(1 - 0.375)


def test_a_setting_that_costs_more_than_the_most_accurate_one_stands_against_that() -> None:
    own = _panel([120] * 4, [True] * 4, BANDS)
    others = {"a": {"x": [_run("x", CHEAP)], "control": [_run("control", CONTROL)]}}
    (row,) = contrast({"own": [_run("own", own)]}, others, ["seen", "unseen"], 0)
    assert row["mixture"] == {"control": 1.0}
    assert row["accuracy"]["mean"] == 0.25 and row["bands"]["unseen"]["tokens"]["mean"] == 20


def test_figures_are_of_the_seeds_that_both_have() -> None:
    own = [_run("own", CONTROL, 0), _run("own", CHEAP, 1)]
    both = [_run("x", CHEAP, 0), _run("x", CHEAP, 1)]
    (row,) = contrast({"own": own}, {"a": {"x": both[:1]}}, ["seen"], 0)
    assert row["seeds"] == [0] and row["accuracy"]["mean"] == 0.5
    (row,) = contrast({"own": own}, {"a": {"x": both}}, ["seen"], 0)
    assert row["seeds"] == [0, 1] and row["accuracy"]["mean"] == 0.25
    (row,) = contrast({"own": own}, {"a": {"x": [_run("x", CHEAP, 2)]}}, ["seen"], 0)
    assert row["seeds"] == [] and row["mixture"] == {}


def test_the_interval_is_that_of_mixtures_chosen_anew_in_every_draw() -> None:
    rng = np.random.default_rng(1)
    bands = ["seen"] * 120 + ["unseen"] * 60
    shares = {"own": (60, 0.8), "control": (100, 0.9), "cheap": (40, 0.5)}
    panels = {
        name: _panel(
            [int(n) for n in rng.normal(tokens, 15, len(bands))],
            [bool(b) for b in rng.random(len(bands)) < accuracy],
            bands,
        )
        for name, (tokens, accuracy) in shares.items()
    }
    runs = {name: [_run(name, panel)] for name, panel in panels.items()}
    own = {"own": runs.pop("own")}
    (row,) = contrast(own, {"a": runs}, ["seen"], 0)
    weights = bootstrap_weights(len(bands), 0).problems
    seen, unseen = (np.array([b == band for b in bands]) for band in ("seen", "unseen"))

    def drawn(name: str, measure: str, inside: np.ndarray) -> np.ndarray:
        values = np.array([float(getattr(s, measure)) for s in panels[name].samples])
        found: np.ndarray = weights[:, inside] @ values[inside] / weights[:, inside].sum(1)
        return found

    tokens = {name: drawn(name, "tokens", seen) for name in panels}
    share = (tokens["own"] - tokens["cheap"]) / (tokens["control"] - tokens["cheap"])
    for inside, found in ((seen, row["accuracy"]), (unseen, row["bands"]["unseen"]["accuracy"])):
        of = {name: drawn(name, "correct", inside) for name in panels}
        gap = of["own"] - share * of["control"] - (1 - share) * of["cheap"]
        assert len(gap) == RESAMPLES
        assert (found["low"], found["high"]) == pytest.approx(
            tuple(np.quantile(gap, (0.025, 0.975))), abs=0.006
        )


def test_bands_that_no_test_problem_has_are_refused() -> None:
    assert check_bands(None, BANDS) == ["seen", "unseen"] and check_bands(["seen"], BANDS) == [
        "seen"
    ]
    with pytest.raises(UserError, match="contrast.equal_on 'unsen'; did you mean 'unseen'"):
        check_bands(["unsen"], BANDS)
