"""Which runs a sweep consists of, given what came out so far."""
