"""Terms on the length of a completion, next to others or to a target; a module a term."""

NAMES: tuple[str, ...] = (
    "length_sigmoid",
    "length_minmax",
    "length_exp",
    "length_ratio",
    "shortest_correct",
    "target_ratio",
    "length_target",
    "length_window",
    "length_budget",
    "truncation_bonus",
    "accuracy_aware",
)
