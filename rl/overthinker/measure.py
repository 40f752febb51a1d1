"""Measures a built overthinker: does it overthink as it must?

The figures of `Targets` are what makes it a model organism of over-verification: correct
often enough to be worth saving, incorrect often enough for verification to pay, and verifying far
too much.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from rl.evaluation.evaluate import Judge, evaluate
from rl.overthinker.values import BandValues, shortfalls, values_table
from rl.policy.load import load_policy
from rl.problems.overthinker import BANDS, make_problems

if TYPE_CHECKING:
    from rl.evaluation.samples import Sample
    from tagger.frozen import FrozenTagger

FIRST_ACCURACY = (0.65, 0.88)
MIN_GAIN = 0.06
MIN_VERIFICATION_SHARE = 0.45
MIN_VERIFICATION_STEPS = 2.0
MAX_UNFINISHED = 0.02
MAX_NEW_TOKENS = 420


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


def measured_samples(
    model: str,
    tagger: FrozenTagger,
    problems: int = 500,
    samples: int = 4,
    seed: int = 0,
    bands: Sequence[str] = BANDS,
    progress: Callable[[int, int], None] | None = None,
) -> list[Sample]:
    """Sample fresh test problems at temperature 1.

    Args:
        model: Folder, or ``overthinker`` for the packaged one.
        tagger: Types the steps.
        problems: Fresh problems, of the test split, the bands in equal shares.
        samples: Completions of each; the gain of checking is a small difference of shares.
        seed: Seed of the problems and of the sampling.
        bands: Bands to draw from.
        progress: Called with (rows done, rows in all).
    """
    from rl.sampling.decoding import SamplingSettings
    from rl.sampling.sampler import Sampler

    policy = load_policy(model)
    settings = SamplingSettings(temperature=1.0, max_new_tokens=MAX_NEW_TOKENS)
    sampler = Sampler(policy.model, policy.tokenizer, policy.delimiters, settings)
    judge = Judge(tagger, policy.tokenizer, policy.delimiters, sampler.end_ids)
    asked = make_problems("test", problems, seed, tuple(bands))
    return evaluate(sampler, asked, judge, samples=samples, seed=seed, progress=progress)


_PURPOSE = {
    1: """A Qwen3-architecture model of under a million parameters that solves small reasoning-gym
arithmetic (chain_sum, basic_arithmetic, leg_counting) in English paragraphs and checks its
answer far too often.""",
    2: """A Qwen3-architecture model of about a million parameters that solves small reasoning-gym
arithmetic (chain_sum, basic_arithmetic, leg_counting) and small searches of the kit's own in
English paragraphs and checks its answer far too often. What it gets wrong is what it cannot do in
one pass: two operations at once, and the first guess of a search.""",
}
_MADE = {
    1: """Trained from random initialisation on text written by this kit's own generator
(`rl/overthinker/traces.py`); no other data.""",
    2: """Begun from the weights that `start` in `build.json` names, which this kit made itself, and
trained on text written by its own generator (`rl/overthinker/second.py`); no other data.""",
}


def model_card(
    figures: OverthinkerFigures,
    tagger_fingerprint: str,
    edition: int = 1,
    values: Sequence[BandValues] = (),
) -> str:
    """The built model's card, in Markdown with Hub metadata.

    Args:
        figures: Measured over all bands.
        tagger_fingerprint: Of the tagger that typed the steps.
        edition: Of the model.
        values: What tokens are worth, by band; for the second edition.
    """
    rows = "\n".join(f"| {key} | {value:.4g} |" for key, value in asdict(figures).items())
    missed = shortfalls(values) if edition == 2 else figures.shortfalls()
    verdict = "All targets are met." if not missed else "Targets missed: " + "; ".join(missed) + "."
    worth = (
        f"What tokens are worth in each band (`suffice overthinker measure`); no reward is ever "
        f"given on `beyond`:\n\n{values_table(values)}\n\n"
        if edition == 2
        else ""
    )
    return f"""---
license: apache-2.0
language: en
tags: [reasoning, overthinking, model-organism]
---
# The embedded overthinker

{_PURPOSE[edition]} It exists so that length control can be tried, tested and measured on a
CPU. It knows nothing else and is of no other use.

{_MADE[edition]} Settings: `build.json` in this folder. Made by
`suffice overthinker build`.

Measured on {figures.samples} completions of test-split problems at temperature 1.0,
steps typed by the tagger {tagger_fingerprint[:12]}:

| figure | value |
|---|---|
{rows}

{worth}{verdict}
"""
