"""The kit's own sampler, which pairs the arms: same noise for the same row."""
