"""Terms on limits: budgets, cut-off completions, repetition, no thinking; a module a term."""

NAMES: tuple[str, ...] = (
    "soft_overlong",
    "hard_truncation",
    "cosine",
    "repetition",
    "laser",
    "laser_d",
    "laser_de",
    "budget_value",
    "no_thinking_bonus",
    "length_excess",
)
