"""The monitor inside inference engines."""
