"""Terms on typed steps, keywords and what follows the answer; a module a term."""

NAMES: tuple[str, ...] = ("step_count",)
