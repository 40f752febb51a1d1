"""Files of run folders that somebody damaged: one sentence with the file and the remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from launch.quickstart import stage_seconds
from rl.analysis.training_curves import read_curves
from rl.comparison.folder import resumed_config
from rl.export.files import check_exported
from rl.sweep.analysis.speed import read_tokens
from rl.training.run_folder import RunFolder, existing_run, logged_rows
from rl.warm_start.run import begun
from tagger.errors import UserError


def _config(root: Path) -> None:
    (root / "config.yaml").write_text("model: x\n")


def _curves(root: Path) -> Any:
    (root / "metrics.jsonl").write_text('{"step": 1}\n')
    return read_curves(root / "metrics.jsonl")


def _run(root: Path) -> Any:
    _config(root)
    return existing_run(root)


def _exported(root: Path) -> Any:
    (root / "config.json").write_text("{}")
    return check_exported(root)


READERS: dict[str, tuple[str, Callable[[Path], Any], str]] = {
    "a run that is resumed": ("result.json", _run, "delete it to resume the run"),
    "provenance": ("provenance.json", lambda f: RunFolder(f).read_provenance(), "delete it and"),
    "a comparison": ("compare.json", resumed_config, "begin a new comparison without --resume"),
    "curves": ("result.json", _curves, "or train again"),
    "an exported policy": ("model.safetensors.index.json", _exported, "export the policy anew"),
    "a warm start": ("warm_start.json", begun, "in another folder"),
}


@pytest.mark.parametrize(("name", "read", "remedy"), READERS.values(), ids=list(READERS))
@pytest.mark.parametrize("content", ["{", "[]", "\x00"])
def test_damaged_file_is_named_with_the_remedy(
    name: str, read: Callable[[Path], Any], remedy: str, content: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=rf"{name} (?:is not valid|holds no) JSON.*{remedy}"):
        read(tmp_path)


def test_lines_of_metrics_that_are_damaged_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "metrics.jsonl"
    assert logged_rows(file) == []
    file.write_bytes(b'{"step": 1, "facts/tokens": 5}\n{"step"}\n[1]\n{"loss": 2}\n\xff\n{"st')
    assert logged_rows(file) == [{"step": 1, "facts/tokens": 5}]
    assert read_tokens(file) == {1: 5}


def test_seconds_of_stages_that_are_damaged_are_forgotten(tmp_path: Path) -> None:
    (tmp_path / "seconds.json").write_text("5")
    assert stage_seconds(tmp_path) == {}
