"""Terms on the length of a completion, next to others or to a target; a module a term."""

NAMES: tuple[str, ...] = ("length_sigmoid",)
