"""The same rollouts as training facts and as comparison samples, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rewards.facts.compute import FactsComputer, Task
from rewards.facts.outcomes import Outcome, count_outcomes, outcomes_of_table
from rl.analysis.outcomes import outcome_of_sample
from rl.evaluation.evaluate import Judge
from rl.evaluation.samples import Sample
from rl.sampling.engine import Completion
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.thinking.end_tokens import end_token_ids
from tagger.thinking.split import PromptEnd, ThinkingDelimiters
from tests.rl.rollouts_made_here import MadeRollout

THINK = ThinkingDelimiters("<think>", "</think>")
CONFIDENCE = 1e-6
"""Samples keep a step's confidence to six digits."""


def columns_of_sample(sample: Sample, taxonomy: Taxonomy) -> dict[str, float]:
    """Every column of the facts table that a sample holds or determines."""
    steps, first = sample.steps, sample.answer_step
    in_steps = sum(step.tokens for step in steps)
    audit, audit_outside = sample.audit_verification, sample.audit_outside_verification
    found: dict[str, float] = {
        "correct": sample.correct,
        "finished": sample.finished,
        "tokens": sample.tokens,
        "thinking_tokens": sample.thinking_tokens,
        "answer_tokens": sample.answer_tokens,
        "steps": len(steps),
        "answer_step": first,
        "confidence": sum(s.confidence for s in steps) / len(steps) if steps else 0.0,
        "keywords": sample.keywords,
        "keywords_chinese": sample.keywords_chinese,
        "step_length": in_steps / len(steps) if steps else 0.0,
        "steps_per_1k": 1000.0 * len(steps) / in_steps if in_steps else 0.0,
        "audit_verification": -1 if audit is None else audit,
        "audit_verification_completion": -1 if audit is None else audit + (audit_outside or 0),
        "count_completion/VERIFY": sample.verification_steps + sample.outside_verification,
    }
    for kind in taxonomy.types:
        mine = [(i, s.tokens) for i, s in enumerate(steps) if s.type == kind.name]
        after = [tokens for i, tokens in mine if 0 <= first < i]
        found[f"count/{kind.tag}"] = len(mine)
        found[f"tokens/{kind.tag}"] = sum(tokens for _, tokens in mine)
        found[f"count_after/{kind.tag}"] = len(after)
        found[f"tokens_after/{kind.tag}"] = sum(after)
    found["count/VERIFY"] = sample.verification_steps
    found["count_after/VERIFY"] = sample.surplus_verification
    return found


def outcome_columns(outcome: Outcome) -> dict[str, float]:
    """What became of a rollout, as the counts of runs and reports say it."""
    counts = count_outcomes([outcome]).to_dict()
    return {f"outcome/{name}": value for name, value in counts.items()}


@dataclass(frozen=True)
class Compared:
    """Rollouts seen by both.

    Attributes:
        columns: The columns compared.
        audit: Verification steps of each rollout's completion by the audit tagger; -1 without one.
        differences: A sentence for each value that differs.
    """

    columns: tuple[str, ...]
    audit: list[int]
    differences: list[str]


def compare_columns(
    made: Sequence[MadeRollout], tokenizer: Any, tagger: Any, audit: Any, after: PromptEnd
) -> Compared:
    """Pass rollouts through training facts and comparison samples."""
    ends = end_token_ids(tokenizer)
    facts = FactsComputer(tagger, tokenizer, THINK, ends, audit, after=after)
    judge = Judge(tagger, tokenizer, THINK, ends, audit, after=after)
    tasks = [Task(m.problem.question, m.problem.reference, m.problem.metadata) for m in made]
    table = facts([m.ids for m in made], tasks)
    completions = [Completion(i, 0, m.ids, "", False) for i, m in enumerate(made)]
    samples = judge.judge(completions, [m.problem for m in made], 0)
    outcomes = outcomes_of_table(table, facts.columns)
    names: tuple[str, ...] = ()
    audits, found = [], []
    for row, outcome, sample, one in zip(table, outcomes, samples, made, strict=True):
        ours = dict(zip(facts.columns, row.tolist(), strict=True)) | outcome_columns(outcome)
        limit = sample.tokens + outcome.ended  # what cut it off, if it was cut off
        theirs = columns_of_sample(sample, tagger.taxonomy)
        theirs |= outcome_columns(outcome_of_sample(sample, limit))
        names = tuple(theirs)
        audits.append(int(ours["audit_verification_completion"]))
        for name, value in theirs.items():
            off = abs(ours[name] - float(np.float32(value)))
            if off > (CONFIDENCE if name == "confidence" else 0):
                found.append(f"{one.kind}: {name} is {ours[name]:g} in facts, {value:g} in samples")
    return Compared(names, audits, found)
