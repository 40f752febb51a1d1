"""Label files of other projects, and solutions with known step types."""
