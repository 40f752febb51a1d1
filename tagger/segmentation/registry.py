"""Segmenters by their config name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from tagger.errors import unknown_name
from tagger.segmentation.confidence import ConfidenceSegmenter
from tagger.segmentation.marker import MarkerSegmenter
from tagger.segmentation.paragraph import ParagraphSegmenter
from tagger.segmentation.sentence import SentenceSegmenter
from tagger.segmentation.sentence_paragraph import SentenceParagraphSegmenter
from tagger.steps import Segmenter

SEGMENTERS: dict[str, Callable[..., Segmenter]] = {
    ParagraphSegmenter.name: ParagraphSegmenter,
    SentenceParagraphSegmenter.name: SentenceParagraphSegmenter,
    SentenceSegmenter.name: SentenceSegmenter,
    MarkerSegmenter.name: MarkerSegmenter,
    ConfidenceSegmenter.name: ConfidenceSegmenter,
}


def get_segmenter(name: str, **settings: Any) -> Segmenter:
    """Build a segmenter.

    Args:
        name: Its name in `SEGMENTERS`.
        settings: Its settings; defaults where left out.

    Returns:
        The segmenter.

    Raises:
        UserError: Unknown name or setting (the nearest valid one is suggested), or a bad value.
    """
    if name not in SEGMENTERS:
        raise unknown_name("segmenter", name, SEGMENTERS)
    known = inspect.signature(SEGMENTERS[name]).parameters
    for key in settings:
        if key not in known:
            raise unknown_name(f"setting of segmenter {name!r}", key, known)
    return SEGMENTERS[name](**settings)
