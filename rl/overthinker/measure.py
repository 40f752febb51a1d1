"""Measures a built overthinker: does it overthink as it must?

The figures of `Targets` are what makes it a model organism of over-verification: correct
often enough to be worth saving, incorrect often enough for verification to pay, and verifying far
too much.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from rl.evaluation.evaluate import Judge, evaluate
from rl.policy.load import load_policy
from rl.problems.registry import load_problems

if TYPE_CHECKING:
    from rl.evaluation.samples import Sample
    from tagger.frozen import FrozenTagger

FIRST_ACCURACY = (0.65, 0.88)
MIN_GAIN = 0.06
MIN_VERIFICATION_SHARE = 0.45
MIN_VERIFICATION_STEPS = 2.0
MAX_UNFINISHED = 0.02


@dataclass(frozen=True)
class OverthinkerFigures:
    """What a built overthinker does, sampling at temperature 1.

    Attributes:
        samples: Completions measured.
        first_accuracy: Share whose first stated answer is correct.
        accuracy: Share whose final answer is correct.
        verification_share: Share of thinking tokens in verification steps.
        verification_steps: Mean verification steps a trace.
        unfinished: Share that did not end with an end token.
        tokens: Mean tokens of a completion.
    """

    samples: int
    first_accuracy: float
    accuracy: float
    verification_share: float
    verification_steps: float
    unfinished: float
    tokens: float

    def shortfalls(self, slack: float = 0.0) -> list[str]:
        """The targets it misses, in words.

        Args:
            slack: Tolerance on shares, for small samples.
        """
        low, high = FIRST_ACCURACY
        checks = {
            f"first accuracy {self.first_accuracy:.3f} not in {low}-{high}": not (
                low - slack <= self.first_accuracy <= high + slack
            ),
            f"checking gains {self.accuracy - self.first_accuracy:.3f}, under {MIN_GAIN}": (
                self.accuracy - self.first_accuracy < MIN_GAIN - slack
            ),
            f"verification share {self.verification_share:.3f} under {MIN_VERIFICATION_SHARE}": (
                self.verification_share < MIN_VERIFICATION_SHARE - slack
            ),
            f"{self.verification_steps:.2f} verification steps, under {MIN_VERIFICATION_STEPS}": (
                self.verification_steps < MIN_VERIFICATION_STEPS - slack
            ),
            f"unfinished share {self.unfinished:.3f} over {MAX_UNFINISHED}": (
                self.unfinished > MAX_UNFINISHED + slack
            ),
        }
        return [text for text, missed in checks.items() if missed]


def figures_of(samples: list[Sample]) -> OverthinkerFigures:
    """Sum up samples of an overthinker."""
    n = len(samples)
    thinking = sum(s.thinking_tokens for s in samples)
    verification = sum(
        step.tokens for s in samples for step in s.steps if step.type.startswith("Verification")
    )
    return OverthinkerFigures(
        samples=n,
        first_accuracy=sum(bool(s.first_answer_correct) for s in samples) / n,
        accuracy=sum(s.correct for s in samples) / n,
        verification_share=verification / max(1, thinking),
        verification_steps=sum(s.verification_steps for s in samples) / n,
        unfinished=sum(not s.finished for s in samples) / n,
        tokens=sum(s.tokens for s in samples) / n,
    )


def measure_overthinker(
    model: str,
    tagger: FrozenTagger,
    problems: int = 500,
    samples: int = 4,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> OverthinkerFigures:
    """Sample fresh test problems and sum the completions up.

    Args:
        model: Folder, or ``overthinker`` for the packaged one.
        tagger: Types the steps.
        problems: Fresh problems, of the test split.
        samples: Completions of each; the gain of checking is a small difference of shares.
        seed: Seed of the problems and of the sampling.
        progress: Called with (rows done, rows in all).
    """
    from rl.sampling.decoding import SamplingSettings
    from rl.sampling.sampler import Sampler

    policy = load_policy(model)
    settings = SamplingSettings(temperature=1.0, max_new_tokens=420)
    sampler = Sampler(policy.model, policy.tokenizer, policy.delimiters, settings)
    judge = Judge(tagger, policy.tokenizer, policy.delimiters, sampler.end_ids)
    asked = load_problems("overthinker", "test", problems, seed)
    return figures_of(
        evaluate(sampler, asked, judge, samples=samples, seed=seed, progress=progress)
    )


def model_card(figures: OverthinkerFigures, tagger_fingerprint: str) -> str:
    """The built model's card, in Markdown with Hub metadata."""
    rows = "\n".join(f"| {key} | {value:.4g} |" for key, value in asdict(figures).items())
    missed = figures.shortfalls()
    verdict = "All targets are met." if not missed else "Targets missed: " + "; ".join(missed) + "."
    return f"""---
license: apache-2.0
language: en
tags: [reasoning, overthinking, model-organism]
---
# The embedded overthinker

A Qwen3-architecture model of under a million parameters that solves small reasoning-gym
arithmetic (chain_sum, basic_arithmetic, leg_counting) in English paragraphs and checks its
answer far too often. It exists so that length control can be tried, tested and measured on a
CPU. It knows nothing else and is of no other use.

Trained from random initialisation on text written by this kit's own generator
(`rl/overthinker/traces.py`); no other data. Settings: `build.json` in this folder. Made by
`suffice overthinker build`.

Measured on {figures.samples} completions of test-split problems at temperature 1.0,
steps typed by the tagger {tagger_fingerprint[:12]}:

| figure | value |
|---|---|
{rows}

{verdict}
"""
