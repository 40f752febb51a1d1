"""Features of a step, for the linear back end and the student."""

FEATURES_VERSION = 1
"""Raised when `step_features` or `lookback` change."""
