"""From YAML and ``key=value`` words to typed settings."""
