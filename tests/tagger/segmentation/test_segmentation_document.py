"""The examples of docs/segmentation.md are true."""

from __future__ import annotations

import doctest
from pathlib import Path

from tagger.segmentation import SEGMENTERS

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "segmentation.md"


def test_segmentation_document_examples_run() -> None:
    result = doctest.testfile(str(DOCUMENT), module_relative=False)
    assert result.attempted >= 9 and result.failed == 0


def test_segmentation_document_every_segmenter_has_a_section() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert all(f"\n## `{name}`\n" in text for name in SEGMENTERS)
