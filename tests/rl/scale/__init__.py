"""Tests of `rl.scale`."""
