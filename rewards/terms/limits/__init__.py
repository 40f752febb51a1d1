"""Terms on limits: budgets, cut-off completions, repetition, no thinking; a module a term."""

NAMES: tuple[str, ...] = ()
