"""Files of a sweep's folder that were edited by hand or damaged, each named with the remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rl.sweep.execution.slurm import array_script
from rl.sweep.folder import SweepFolder, begin, open_sweep
from rl.sweep.stored import StoredSweep, read_stored
from tagger.errors import UserError
from tests.rl.sweep.making import make_sweep


@pytest.fixture
def sweep(tmp_path: Path) -> SweepFolder:
    return begin(tmp_path / "s", make_sweep(), 64, None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sweep": ...}, "the key sweep is missing; take it from a copy"),
        ({"cache": ...}, "the key cache is missing"),
        ({"max_new_tokens": ...}, "the key max_new_tokens is missing"),
        ({"sweep": None}, "sweep is None; it must be of type dict; take it"),
        ({"sweep": [1]}, r"sweep is \[1\]"),
        ({"cache": 3}, "cache is 3; it must be of type str or nothing"),
        ({"max_new_tokens": "x"}, "max_new_tokens is 'x'"),
        ({"training_overlap": [1]}, "training_overlap is"),
        ({"directory": 5}, "directory is 5"),
        ({"schema_version": 7}, "schema version 7, this version of Suffice reads 1"),
    ],
)
def test_a_sweep_file_that_was_edited_is_refused(
    sweep: SweepFolder, changes: dict[str, Any], words: str
) -> None:
    file = sweep.root / "sweep.json"
    content = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({k: v for k, v in content.items() if v is not ...}))
    with pytest.raises(UserError, match=rf"sweep\.json .*{words}"):
        open_sweep(sweep.root)


def test_a_sweep_file_of_an_earlier_version_is_read(sweep: SweepFolder) -> None:
    """It has neither overlap nor directory, and keys of its own."""
    file = sweep.root / "sweep.json"
    content = json.loads(file.read_text()) | {"former": 1}
    file.write_text(json.dumps({k: content[k] for k in content if k not in ("directory",)}))
    assert read_stored(file) == StoredSweep(content["sweep"], 64, None)


def test_what_came_out_is_refused_without_its_figures(sweep: SweepFolder) -> None:
    base = sweep.reference("base")
    base.root.mkdir(parents=True)
    base.done.write_text("{}")
    with pytest.raises(UserError, match=r"done\.json lacks 'calibration'; delete it and resume"):
        base.calibrated()
    base.done.write_text('{"calibration": 3}')
    with pytest.raises(UserError, match=r"done\.json was changed or damaged; delete it"):
        base.calibrated()
    base.failed.write_text('{"reason": "lost"}')
    with pytest.raises(UserError, match=r"failed\.json lacks 'exit_code'; delete it"):
        base.failure()


def test_options_of_slurm_are_checked_in_a_folder_that_was_begun() -> None:
    """A sweep that was begun is not checked again, and these may have changed."""
    with pytest.raises(UserError, match=r"slurm\.partition is \['a'\]"):
        array_script(Path("/s"), 1, 1, {"partition": ["a"]}, ["x"])
