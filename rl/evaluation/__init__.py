"""Samples of one policy, scored and tagged, and the oracle."""
