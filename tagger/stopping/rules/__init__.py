"""Stopping rules; `registry` has them by name."""
