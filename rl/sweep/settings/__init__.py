"""The settings of a sweep: what is varied, around what, and how."""
