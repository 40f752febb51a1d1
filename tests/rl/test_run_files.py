"""Names of a run's files are written once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from rl import run_files

ROOT = Path(__file__).parents[2]
NAMES = {value for key, value in vars(run_files).items() if key.isupper()}
ELSEWHERE = {
    ("launch/commands/tagger/bench.py", run_files.RESULT),
    ("launch/commands/tagger/evaluate.py", run_files.REPORT),
    ("launch/commands/tagger/learning_curve.py", run_files.REPORT),
    ("launch/commands/tagger/transfer.py", run_files.REPORT),
}
"""Files of the same name that are no run's."""


def written(file: Path) -> Iterator[str]:
    """Names of run files in a module's code; of those that are plain words, parts of paths."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            found, known = node.right, NAMES
        else:
            found, known = node, {name for name in NAMES if not name.isalpha()}
        if isinstance(found, ast.Constant) and found.value in known:
            yield str(found.value)


def test_names_of_run_files_are_written_in_one_module() -> None:
    files = [*(ROOT / "rl").rglob("*.py"), *(ROOT / "launch").rglob("*.py")]
    found = {(f.relative_to(ROOT).as_posix(), name) for f in files for name in written(f)}
    here = {(file, name) for file, name in found if file == "rl/run_files.py"}
    assert here and found - here == ELSEWHERE


def test_packages_below_have_the_same_names() -> None:
    control, traces = (
        set(written(ROOT / file))
        for file in ("rewards/weights/control/control_run.py", "tagger/traces/files.py")
    )
    assert control == {run_files.METRICS, run_files.RESULT, run_files.CONFIG}
    assert traces == {run_files.METRICS, run_files.CONFIG, run_files.ROLLOUTS}
