"""Sweeps: one training a setting and seed, all sampled on the same problems, in one table."""
