"""Weights that follow what the run shows."""
