"""Sources of problems: one file each."""
