"""Terms on typed steps, keywords and what follows the answer; a module a term."""

NAMES: tuple[str, ...] = (
    "step_count",
    "keyword_reflection",
    "reflection_floor",
    "segment_count",
    "step_count_tanh",
    "after_answer_share",
    "redundancy_share",
    "shuffled_tags",
)
