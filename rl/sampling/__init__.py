"""Engines that generate completions; the same noise for the same row, which pairs the arms."""
