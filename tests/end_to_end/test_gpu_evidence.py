"""The evidence prepared for a GPU, at toy size: each stage runs and shows what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.gpu_evidence import main

pytestmark = pytest.mark.slow


def test_every_stage_shows_its_figures(tmp_path: Path) -> None:
    main([str(tmp_path / "out"), "--toy"])
    found = json.loads((tmp_path / "out" / "evidence.json").read_text())
    assert list(found)[:5] == ["machine", "build", "control", "trained", "engine transformers"]
    for arm in ("control", "trained"):
        assert found[arm]["steps"] == 2 and 0 < found[arm]["timing/tagging_share"] < 1
        # In a worker of the suite the process is larger by what other tests left in it.
        assert found[arm]["memory/process"] > 0.5 * found[arm]["memory planned"] > 0
    assert found["engine transformers"]["kit"] > 0
    assert set(found["comparison"]) >= {"base", "control", "trained"}
    assert not any("failed" in shown or "left out" in shown for shown in found.values())


def test_stages_after_the_time_are_recorded_as_left_out(tmp_path: Path) -> None:
    labels = tmp_path / "labels.jsonl"
    labels.write_text("no labels\n")
    words = [str(tmp_path / "out"), "--toy", "--smollm2", str(tmp_path), "--labels", str(labels)]
    main([*words, "--minutes", "0"])
    found = json.loads((tmp_path / "out" / "evidence.json").read_text())
    assert {name for name, shown in found.items() if "left out" in shown} == {
        "machine", "build", "control", "trained", "engine transformers", "teacher",
    }  # fmt: skip
