"""Segmenters: from thinking text to steps. A new one is a file here and a line in the registry."""

from tagger.segmentation.paragraph import ParagraphSegmenter
from tagger.segmentation.registry import SEGMENTERS, get_segmenter

__all__ = ["SEGMENTERS", "ParagraphSegmenter", "get_segmenter"]
