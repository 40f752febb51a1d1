"""How wide the range of good values of a key is: of those tried, between them, seed by seed."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl.sweep.analysis.ranges import Tried, good_ranges, interpolated
from rl.sweep.execution.tasks import tasks_of
from rl.sweep.folder import begin
from rl.sweep.planned import planned_runs
from rl.sweep.range_text import between_text, seeds_text, width_text
from rl.sweep.report.page import page
from rl.sweep.sweep import finish
from rl.sweep.table import print_sweep
from tests.rl.sweep.making import make_sweep, stand_in


def _row(value: float, gap: float, change: float | None) -> dict[str, object]:
    pair = {"accuracy": {"mean": gap}, "tokens_change": {"mean": change}}
    return {"arm": "a", "value": value, "against": pair, "by_seed": {}}


def test_good_range_is_the_longest_row_of_neighbours() -> None:
    rows = [
        _row(0.01, 0, -0.4), _row(0.03, 0, -0.39), _row(0.1, -0.01, -0.5), _row(0.3, 0.05, -0.6),
        _row(1.0, -0.02, -0.7),
    ]  # fmt: skip
    (found,) = good_ranges({"w": rows}, 0.4, 0.01)
    assert (found["low"], found["high"]) == (0.1, 0.3) and found["ratio"] == pytest.approx(3)
    assert found["tried"] == [0.01, 0.03, 0.1, 0.3, 1.0]
    (none,) = good_ranges({"w": rows}, 0.8, 0.01)
    assert none["low"] is None and none["ratio"] is None
    assert good_ranges({"w": rows[:1]}, 0.4, 0.01) == []
    assert good_ranges({"w": [_row(True, 0, -0.9), _row(False, 0, -0.9)]}, 0.4, 0.01) == []
    (unknown,) = good_ranges({"w": [_row(1, 0, None), _row(2, 0, -0.5)]}, 0.4, 0.01)
    assert (unknown["low"], unknown["high"]) == (2, 2)


def test_between_values_all_is_linear_in_the_logarithm() -> None:
    # Saves 40 % half of the way from 1 to 4, has lost a point a quarter of the way from 4 to 16.
    points = [Tried(1, 0.3, 0.0), Tried(4, 0.5, 0.0), Tried(16, 0.5, -0.04)]
    found = interpolated(points, 0.4, 0.01)
    assert found is not None
    assert found["low"] == pytest.approx(2.0)
    assert found["high"] == pytest.approx(4 * math.sqrt(2))
    assert found["ratio"] == pytest.approx(2 * math.sqrt(2))
    assert not found["open_low"] and not found["open_high"]


def test_a_value_of_zero_makes_it_linear_in_the_value() -> None:
    found = interpolated([Tried(0, 0.0, 0.0), Tried(1, 0.8, 0.0)], 0.4, 0.01)
    assert found == {"low": 0.5, "high": 1, "ratio": 2.0, "open_low": False, "open_high": True}


def test_a_good_part_between_two_bad_values_is_found() -> None:
    # Neither value is good: one saves too little, the other costs too much.
    found = interpolated([Tried(1, 0.3, 0.01), Tried(math.e, 0.6, -0.02)], 0.4, 0.01)
    assert found is not None
    assert (found["low"], found["high"]) == (
        pytest.approx(math.exp(1 / 3)), pytest.approx(math.exp(2 / 3))
    )  # fmt: skip


def test_a_dip_parts_ranges_and_the_wider_counts() -> None:
    points = [
        Tried(1, 0.5, 0), Tried(2, 0.5, 0), Tried(4, 0.2, 0), Tried(8, 0.5, 0), Tried(64, 0.5, 0),
    ]  # fmt: skip
    found = interpolated(points, 0.4, 0.01)
    assert found is not None and found["low"] > 4 and found["high"] == 64
    assert found["open_high"] and not found["open_low"]


def test_nothing_is_said_where_nothing_is_good_or_one_value_was_tried() -> None:
    assert interpolated([Tried(1, 0.1, 0), Tried(2, 0.5, -0.5)], 0.4, 0.01) is None
    assert interpolated([Tried(1, 0.9, 0)], 0.4, 0.01) is None
    assert interpolated([], 0.4, 0.01) is None


def test_ranges_seed_by_seed() -> None:
    rows = [
        _row(1, 0, -0.2)
        | {"by_seed": {"0": _own(0, -0.2), "1": _own(0, -0.5), "2": _own(-0.1, -0.5)}},
        _row(10, 0, -0.6) | {"by_seed": {"0": _own(0, -0.6), "1": _own(0, -0.5)}},
    ]
    (found,) = good_ranges({"w": rows}, 0.4, 0.01)
    by_seed = found["by_seed"]
    assert by_seed["0"]["low"] == pytest.approx(math.sqrt(10)) and by_seed["0"]["high"] == 10
    assert (by_seed["1"]["low"], by_seed["1"]["high"]) == (1, 10)
    assert by_seed["2"] is None  # tried at one value only
    assert seeds_text(by_seed) == "3.2+ ×, 10.0+ ×, –"
    assert seeds_text({"0": None}) == ""


def test_words_of_a_range() -> None:
    found = interpolated([Tried(1, 0.3, 0.0), Tried(4, 0.5, 0.0), Tried(16, 0.5, -0.04)], 0.4, 0.01)
    assert between_text(found) == "2 to 5.66" and width_text(found) == "2.8 ×"
    assert between_text(None) == "–" and width_text(None) == "–"
    negative = interpolated([Tried(-1, 0.5, 0), Tried(1, 0.5, 0)], 0.4, 0.01)
    assert negative is not None and negative["ratio"] is None and width_text(negative) == "–"


shares = st.floats(-1, 1, allow_nan=False)


@given(
    st.lists(st.tuples(shares, shares), min_size=2, max_size=6),
    st.floats(0.05, 0.9),
    st.floats(0, 0.2),
)
def test_what_is_called_good_is_good_by_its_own_lines(
    measured: list[tuple[float, float]], saving: float, tolerance: float
) -> None:
    points = [Tried(2.0**i, saved, gap) for i, (saved, gap) in enumerate(measured)]
    found = interpolated(points, saving, tolerance)
    if found is None:
        neighbours = zip(points, points[1:], strict=False)
        assert not any(
            one.saved >= saving and one.gap >= -tolerance for pair in neighbours for one in pair
        )
        return
    assert points[0].value <= found["low"] <= found["high"] <= points[-1].value
    for place in (found["low"], math.sqrt(found["low"] * found["high"]), found["high"]):
        at = min(max(math.log2(place), 0), len(points) - 1)
        i = min(int(at), len(points) - 2)
        share = at - i
        saved = points[i].saved + share * (points[i + 1].saved - points[i].saved)
        gap = points[i].gap + share * (points[i + 1].gap - points[i].gap)
        assert saved >= saving - 1e-6 and gap >= -tolerance - 1e-6


def _own(gap: float, change: float) -> dict[str, float]:
    return {"accuracy": gap, "tokens_change": change}


def test_table_and_page_of_a_sweep_show_them_seed_by_seed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = begin(tmp_path / "s", make_sweep(seeds=[0, 1], saving=0.05, tolerance=0.9), 64, None)
    plan = planned_runs(made)
    for task in tasks_of(made, plan):
        stand_in(made.root, task.key)
    results = finish(made, plan)
    (row,) = results["ranges"]
    # The stand-in saves the weight's share of the tokens: 5 % lies between the two of 3 and 10 %.
    assert row["low"] == row["high"] == 0.1
    assert 0.03 < row["between"]["low"] < 0.1 and row["between"]["high"] == 0.1
    assert list(row["by_seed"]) == ["0", "1"] and all(row["by_seed"].values())
    assert all(row["by_seed"][seed]["open_high"] for seed in "01")
    text = page(results)
    assert "width of each seed" in text
    assert "no more than 90 points under its accuracy" in text.replace("\n", " ")
    print_sweep(results)
    shown = capsys.readouterr().out
    assert "where 5 % of control's tokens are saved at 90 points or less" in shown
    assert f"{width_text(row['between'])}" in shown and "of each seed" in shown
