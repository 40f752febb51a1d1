"""The table of settings on a page and on the terminal, and the marks of many arms."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from rl.sweep.execution.tasks import tasks_of
from rl.sweep.folder import begin
from rl.sweep.planned import planned_runs
from rl.sweep.report.front import front_plot
from rl.sweep.report.page import page
from rl.sweep.report.style import COLOURS, arm_colours, arm_marks, tip
from rl.sweep.report.tables import settings_table
from rl.sweep.sweep import finish
from rl.sweep.table import print_sweep
from tagger.display.cells import Cell, Row
from tests.rl.sweep.making import make_sweep, stand_in


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Results of control and two weights with two seeds."""
    folder: Path = tmp_path_factory.mktemp("sweep") / "s"
    sweep = begin(folder, make_sweep(seeds=[0, 1]), 64, None)
    for task in tasks_of(sweep, planned_runs(sweep)):
        stand_in(sweep.root, task.key)
    return finish(sweep, planned_runs(sweep))


def _column(results: dict[str, Any], name: str) -> dict[str, Cell]:
    """The cells of a column by what the setting is called."""
    table, found = settings_table(results), {}
    for row in table.rows:
        assert isinstance(row, Row) and isinstance(row.cells[0], Cell)
        cell = row.cells[list(table.head).index(name)]
        assert isinstance(cell, Cell)
        found[row.cells[0].text] = cell
    return found


def test_seeds_are_counted_and_named_unless_there_is_the_one_seed_0(made: dict[str, Any]) -> None:
    results = copy.deepcopy(made)
    control, first, last = results["settings"]
    control["seeds"], first["seeds"], last["seeds"] = [0], [7], list(range(10))
    shown = _column(results, "seeds")
    assert (shown["base"].text, shown["control"].text, shown["control"].note) == ("", "1", "")
    assert (shown[first["label"]].text, shown[first["label"]].note) == ("1", "7")
    many = shown[last["label"]]
    assert (many.text, many.note, many.more) == ("10", "", ["0, 1, 2, 3, 4, 5, 6, 7, 8, 9"])
    assert tip(results["references"]["base"]).endswith("verification steps")
    assert tip(first).endswith(", seed 7") and tip(made["settings"][1]).endswith(", seeds 0, 1")


def test_verification_outside_the_thinking_is_shown_from_where_it_is_warned_of(
    made: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    results = copy.deepcopy(made)
    control, little, much = results["settings"]
    for one, steps in ((control, 0.05), (little, 0.14), (much, 0.75)):
        one["outside_verification"]["mean"] = steps
    shown = _column(results, "verification steps")
    assert shown["control"].more == shown[little["label"]].more == []
    assert shown[much["label"]].more == ["0.75 more outside the thinking"]
    assert '<small class="more">0.75 more outside the thinking</small>' in page(results)
    print_sweep(results)
    told = capsys.readouterr().out
    assert " + 0.75 " in told and " + 0.14" not in told and " + 0.05" not in told
    assert "outside the thinking, shown where at least 0.1 more than under control (0.05)" in told
    print_sweep(made)
    assert "outside the thinking" not in capsys.readouterr().out


def test_a_long_name_leaves_room_for_the_other_columns(made: dict[str, Any]) -> None:
    results = copy.deepcopy(made)
    results["settings"][1]["label"] = "step_count_completion_after_answer, weight 0.15"
    text = page(results)
    name = "step_<wbr>count_<wbr>completion_<wbr>after_<wbr>answer"
    assert f"{name}, weight 0.15" in text
    results["recommendation"] |= {"setting": results["settings"][1]["name"]}
    assert f'<b class="long">{name}</b>' in page(results)


def test_arms_of_one_colour_have_different_marks(made: dict[str, Any]) -> None:
    results = copy.deepcopy(made)
    control, first, _ = results["settings"]
    arms = [f"arm{i}" for i in range(2 * len(COLOURS) + 3)]
    others = [copy.deepcopy(first) | {"arm": arm, "name": arm, "label": arm} for arm in arms]
    results |= {"settings": [control, *others], "front": [arms[0]]}
    colours, marks = arm_colours(results), arm_marks(results)
    assert len({(colours[arm], marks[arm]) for arm in ("control", *arms)}) == len(arms) + 1
    assert marks["control"] == "square" and marks[arms[0]] == "circle"
    text = front_plot(results)
    assert set(arms) <= {re.split(":", title)[0] for title in re.findall("<title>(.*?)<", text)}
