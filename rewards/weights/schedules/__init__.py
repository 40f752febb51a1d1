"""Weights by step alone."""
