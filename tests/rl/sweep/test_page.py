"""What the page and the tables of a sweep say of its recommendation and of the code it was made by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rl.sweep.execution.tasks import tasks_of
from rl.sweep.folder import SweepFolder, begin
from rl.sweep.planned import planned_runs
from rl.sweep.report.page import page
from rl.sweep.sweep import finish
from rl.sweep.table import settings_csv
from tests.rl.sweep.making import make_sweep, stand_in


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
