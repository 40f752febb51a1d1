"""Bare samples for tests with hand-computed numbers."""

from __future__ import annotations

from typing import Any

from rl.evaluation.samples import Sample, SampleStep
from tagger.taxonomies.taxonomy import REASONTYPE

VERIFY = REASONTYPE.get("VERIFY").name


def sample(problem: str, number: int = 0, **changes: Any) -> Sample:
    """A sample of 100 tokens that is right at once and checks twice."""
    fields: dict[str, Any] = {
        "problem_id": problem,
        "question": f"Question {problem}?",
        "reference": "4",
        "band": "easy",
        "family": "sum",
        "sample": number,
        "seed": 0,
        "text": "t",
        "thinking": "t",
        "answer": "4",
        "finished": True,
        "correct": True,
        "tokens": 100,
        "thinking_tokens": 90,
        "answer_tokens": 10,
        "forced_tokens": 0,
        "steps": (),
        "answer_step": 0,
        "first_answer_correct": True,
        "verification_steps": 2,
        "surplus_verification": 2,
        "keywords": 1,
    }
    return Sample(**{**fields, **changes})


def step(text: str = "Check.", kind: str = VERIFY, tokens: int = 10) -> SampleStep:
    """A step, by default a check of ten tokens."""
    return SampleStep(text, kind, 0.9, tokens)
