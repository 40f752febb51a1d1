"""Traces in: files, rows, datasets, labelled steps."""
