"""Segmenters by their config name."""

from __future__ import annotations

from typing import Any

from tagger.errors import UserError, unknown_name
from tagger.segmentation.confidence import ConfidenceSegmenter
from tagger.segmentation.cutting import CutSegmenter
from tagger.segmentation.files import is_segmenter_file, read_segmenter_file
from tagger.segmentation.marker import MarkerSegmenter
from tagger.segmentation.paragraph import ParagraphSegmenter
from tagger.segmentation.sentence import SentenceSegmenter
from tagger.segmentation.sentence_paragraph import SentenceParagraphSegmenter
from tagger.steps import Segmenter

SEGMENTERS: dict[str, type[CutSegmenter] | type[MarkerSegmenter] | type[ConfidenceSegmenter]] = {
    ParagraphSegmenter.name: ParagraphSegmenter,
    SentenceParagraphSegmenter.name: SentenceParagraphSegmenter,
    SentenceSegmenter.name: SentenceSegmenter,
    MarkerSegmenter.name: MarkerSegmenter,
    ConfidenceSegmenter.name: ConfidenceSegmenter,
}


def get_segmenter(name: str, **settings: Any) -> Segmenter:
    """Build a segmenter.

    Args:
        name: Its name in `SEGMENTERS`, or a YAML or JSON file with its name and settings, such
            as ``suffice tagger calibrate-segmenter`` writes.
        settings: Its settings; those of the file, or else defaults, where left out.

    Returns:
        The segmenter.

    Raises:
        UserError: Unknown name or setting (the nearest valid one is suggested), a bad value, or
            a file that is missing or malformed.
    """
    if is_segmenter_file(name):
        kind, stored = read_segmenter_file(name)
        if is_segmenter_file(kind):
            raise UserError(f"{name} names another file, {kind}; name a segmenter there.")
        try:
            return get_segmenter(kind, **(stored | settings))
        except UserError as error:
            raise UserError(f"{name}: {error}") from error
    if name not in SEGMENTERS:
        raise unknown_name("segmenter", name, SEGMENTERS)
    return SEGMENTERS[name].from_dict(settings)
