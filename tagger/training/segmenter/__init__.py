"""Calibrating the segmenter by confidence."""
