"""Back ends of a frozen tagger, for inference; `registry` has them by name."""
