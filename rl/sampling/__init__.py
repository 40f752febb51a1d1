"""The kit's own sampler, which pairs the arms: the same uniforms for the same row."""
