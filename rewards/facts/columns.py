"""The columns of a facts table: registered names in a fixed order for each taxonomy."""

from __future__ import annotations

from rewards.facts.published import NGRAM_SIZES, STEP_EDGES
from tagger.errors import unknown_name
from tagger.taxonomies.taxonomy import Taxonomy

ROLLOUT_COLUMNS = (
    "correct",  # 1 if the final answer is correct
    "format_ok",  # 1 if the thinking is closed once, not empty, and followed by an answer; or an
    # answer without delimiters where the prompt did not open the thinking
    "finished",  # 1 if the model closed its thinking (or wrote none) and ended its answer itself
    "tokens",  # all tokens of the completion, end of sequence included
    "thinking_tokens",  # tokens up to the end of the thinking
    "answer_tokens",  # the rest: closing delimiter, answer, end of sequence
    "steps",  # steps of the thinking
    "answer_step",  # first step that states the reference; -1 if none
    "confidence",  # mean probability the tagger gives its types; 0 without steps
    "keywords",  # ARLCP's 13 reflection keywords in the thinking
    "step_length",  # mean tokens a step; 0 without steps
    "steps_per_1k",  # steps per 1,000 tokens of thinking; 0 without steps
    "audit_verification",  # verification steps by the audit tagger; -1 without one
    "ended",  # 1 if the model wrote an end token; 0 if the length limit cut it off
    "thought",  # 1 if thinking that is not blank was found and closed
    "answered",  # 1 if an answer could be read behind the thinking, correct or not
    "completion_steps",  # steps of the whole completion: thinking, answer, later thinking blocks
    "keywords_chinese",  # Chinese verification phrases in the thinking
    "audit_verification_completion",  # as `audit_verification`, of the whole completion
    "keywords_completion",  # ARLCP's 13 reflection keywords in the whole completion
    "reflections",  # REA-RL's places of reflection in the thinking
    "budget",  # tokens the problem announces to the model; -1 if it announces none
    "reference_accuracy",  # share of correct answers before training, if the problem has it; or -1
    "forecast_solve_rate",  # what the completion foretells of itself (BET); -1 if it does not
    "forecast_budget",
    "folded",  # 1 if its answer says that the problem cannot be solved
    "unfamiliar",  # share of the thinking's steps unlike the tagger's training data
    # (`tagger.novelty`); 0 without steps, -1 where the words of that data are not known
    *(f"repeated_{n}grams" for n in NGRAM_SIZES),  # share of the n-grams that occurred before
    *(f"steps_from_{edge}" for edge in (0, *STEP_EDGES)),  # steps by length, up to the next edge
)
MAY_BE_ABSENT = (
    "audit_verification",
    "audit_verification_completion",
    "budget",
    "reference_accuracy",
    "forecast_solve_rate",
    "forecast_budget",
    "unfamiliar",
)
"""Columns that are -1 where there is no such thing."""
TYPE_GROUPS = (
    "count",
    "tokens",
    "count_after",
    "tokens_after",
    "count_completion",
    "tokens_completion",
    "count_after_completion",
    "tokens_after_completion",
)
"""Per type: steps and tokens, in the whole thinking, after the answer step (itself excluded; 0 if
no step states the answer), in the whole completion, where verification may hide behind the
closing delimiter, and after the answer step or outside the thinking."""


_TELL_NOTHING = ("unfamiliar", "count_after_completion", "tokens_after_completion")


def tells_rollouts_apart(column: str) -> bool:
    """Whether a column says of a rollout what no other one does.

    ``unfamiliar`` watches the tagger, and depends on whether the words of its training data are at
    hand; what stands after the answer in the completion follows from other columns.
    """
    return column.partition("/")[0] not in _TELL_NOTHING


def columns(taxonomy: Taxonomy) -> tuple[str, ...]:
    """Names of all columns, in order.

    Args:
        taxonomy: The tagger's taxonomy.

    Returns:
        The rollout columns, then ``<group>/<TAG>`` for each group of `TYPE_GROUPS`, in it for each
        type in the taxonomy's order.
    """
    return ROLLOUT_COLUMNS + tuple(f"{g}/{t}" for g in TYPE_GROUPS for t in taxonomy.tags)


def column_index(names: tuple[str, ...], name: str) -> int:
    """Position of a column.

    Raises:
        UserError: No such column; the nearest one is suggested.
    """
    if name not in names:
        raise unknown_name("fact column", name, names)
    return names.index(name)
