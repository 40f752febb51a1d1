"""Settings against control: bands, and runs whose seeds cannot be paired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from rl.analysis.panels import Panel, make_panel
from rl.sweep.analysis.groups import Measured
from rl.sweep.analysis.pooled import against
from rl.sweep.planning.runs import Run
from rl.sweep.report.tables import bands_table
from rl.sweep.results import _setting
from tests.rl.synthetic import make_sample

PROBLEMS = 6


def _panel(tokens: int, correct: bool = True) -> Panel:
    rows = [make_sample("base", i, 0, None) for i in range(PROBLEMS)]
    return make_panel([replace(row, tokens=tokens, correct=correct) for row in rows])


def _measured(setting: str, tokens: int) -> Measured:
    run = Run(f"{setting}-seed0", setting, setting, setting, {}, 0, "", {})
    return Measured(run, _panel(tokens), {"accuracy": 1.0, "tokens": float(tokens)})


def _changes(setting: dict[str, Any]) -> set[float | None]:
    """The relative change of tokens against control on each band."""
    return {
        of["against"]["tokens_change"]["mean"] if "against" in of else None
        for of in setting["bands"].values()
    }


def test_bands_are_compared_with_control_and_those_of_control_with_nothing() -> None:
    references = {"base": _panel(200)}
    control, short = [_measured("control", 100)], [_measured("short", 50)]
    one = _setting(short, references, control, 0)
    own = _setting(control, references, control, 0)
    assert _changes(one) == {-0.5} and _changes(own) == {None}
    assert own["against"]["base"]["tokens_change"]["mean"] == -0.5
    bands = dict.fromkeys(own["bands"], 2)
    results = {"references": {}, "settings": [one, own], "problems": {"bands": bands}}
    results["control"] = own["name"]
    short_row, own_row = (str(row.cells) for row in bands_table(results).rows)
    assert "against control" in short_row and "against control" not in own_row


def test_bands_are_compared_with_a_control_that_was_there_before_else_with_base() -> None:
    references, short = {"base": _panel(200), "control": _panel(100)}, [_measured("short", 50)]
    assert _changes(_setting(short, references, None, 0)) == {-0.5}
    assert _changes(_setting(short, {"base": _panel(200)}, None, 0)) == {-0.75}


def _against(own: Sequence[Panel], other: Sequence[Panel]) -> Any:
    return against(own, [0, 2], other, [0, 1], 0)


def test_seeds_that_cannot_be_paired_leave_the_variance_of_the_control_in() -> None:
    own = [_panel(100)] * 3
    found = against(own, [0, 1, 3], [_panel(n) for n in (190, 200, 210)], [0, 1, 2], 0)
    # Control has 200 tokens, less or more 4.3 times 10 / sqrt(3).
    half = 4.303 * 10 / 3**0.5
    assert found["tokens_change"]["mean"] == -0.5
    assert found["tokens_change"]["low"] == pytest.approx(-0.5 - 0.5 * half / 200, rel=0.01)
    assert found["tokens_change"]["high"] == pytest.approx(-0.5 + 0.5 * half / 200, rel=0.01)


def test_seeds_that_cannot_be_paired_are_drawn_independently() -> None:
    apart = [_panel(1, correct=False), _panel(1)]
    found = _against(apart, apart)["accuracy"]
    # The difference of two t of one degree of freedom, times 1/2: that of a t spread by two.
    assert found["mean"] == 0
    assert (found["low"], found["high"]) == pytest.approx((-12.706, 12.706), rel=0.15)


def test_a_rival_of_one_run_is_exact() -> None:
    found = against([_panel(100)] * 2, [0, 1], [_panel(200)], [], 0)["tokens_change"]
    assert found == {"mean": -0.5, "low": -0.5, "high": -0.5}
