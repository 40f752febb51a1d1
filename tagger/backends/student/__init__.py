"""The student back end: a small network in plain numpy."""
