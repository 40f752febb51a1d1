"""docs/one-step.md does what it prints."""

from __future__ import annotations

import doctest
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "one-step.md"


def test_one_step_document_prints_what_its_code_prints() -> None:
    found = doctest.testfile(str(DOCUMENT), module_relative=False, optionflags=doctest.FAIL_FAST)
    assert found.attempted > 15
    assert found.failed == 0
