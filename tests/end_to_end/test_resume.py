"""A run that was killed and resumed ends as the one that was not: same metrics, same weights."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.end_to_end.programs import run_module


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("resume")
    done = run_module("kill_and_resume", folder)
    assert done.returncode == 0, done.stderr[-3000:]
    loaded: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return loaded


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits(report: dict[str, Any]) -> None:
    assert report["again"] == report["first"]
    assert [row["step"] for row in report["first"]["metrics"]] == [1, 2, 3, 4, 5, 6]


@pytest.mark.slow
def test_another_seed_gives_other_bits(report: dict[str, Any]) -> None:
    assert report["other_seed"]["weights"] != report["first"]["weights"]
    assert report["other_seed"]["metrics"] != report["first"]["metrics"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "killed", ["before_first_checkpoint", "first_epoch", "second_epoch", "in_the_save"]
)
def test_killed_and_resumed_equals_never_killed(report: dict[str, Any], killed: str) -> None:
    assert report[killed]["metrics"] == report["first"]["metrics"]
    assert report[killed]["weights"] == report["first"]["weights"]


@pytest.mark.slow
def test_lora_resumes_exactly_too(report: dict[str, Any]) -> None:
    assert report["lora_killed"] == report["lora"]
    assert report["lora"]["weights"] != report["first"]["weights"]
