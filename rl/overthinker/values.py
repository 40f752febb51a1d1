"""What each kind of token is worth to a policy, by band: verification, and careful work.

A verification step is worth the accuracy it buys: answers mended less answers spoiled, a step. It
is worth its price where that is more than the weight of a charge. Careful work, an operation a
step, is worth how much more often its first answer is correct than that of terse work, two
operations at once; the writer chooses the style without a look at the problem, so for the
warm-started model the comparison is that of a random draw.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rl.evaluation.samples import Sample

FIRST_OF_SEARCH = (0.40, 0.70)
"""Accuracy of first answers on ``search``: guesses, neither hopeless nor sure."""
MIN_FINAL_OF_SEARCH = 0.85
MIN_STEP_VALUE = 0.05
"""Accuracy that a verification step on ``search`` gains, at least."""
MIN_GAIN_OF_CARE = 0.10
"""By how much careful work on ``hard`` is more often correct than terse work."""
MIN_STEPS = 1.0
"""Verification steps a trace on every band: surplus for a reward to remove."""

_TERSE = re.compile(r"(?:First, )?-?\d+ [-+*] \d+ [-+] \d+ = ")
_CAREFUL = re.compile(r"(?:First, )?-?\d+ [-+*] \d+ = ")


@dataclass(frozen=True)
class Style:
    """Rollouts whose work is of one style.

    Attributes:
        rollouts: How many.
        first_accuracy: Share whose first stated answer is correct; NaN without any.
        tokens: Mean tokens up to the first verification step; NaN without any.
    """

    rollouts: int
    first_accuracy: float
    tokens: float


@dataclass(frozen=True)
class BandValues:
    """What tokens are worth in one band.

    Attributes:
        band: Its name.
        rollouts: Samples of it.
        first_accuracy: Share whose first stated answer is correct.
        accuracy: Share whose final answer is.
        tokens: Mean tokens of a completion.
        verification_steps: Mean verification steps.
        mended: Share of incorrect first answers that end correct; NaN without any.
        spoiled: Share of correct first answers that end incorrect; NaN without any.
        step_value: Accuracy gained a verification step; NaN without any.
        careful: Rollouts of several operations that are worked out one by one.
        terse: And of those with two at once.
    """

    band: str
    rollouts: int
    first_accuracy: float
    accuracy: float
    tokens: float
    verification_steps: float
    mended: float
    spoiled: float
    step_value: float
    careful: Style
    terse: Style

    def to_dict(self) -> dict[str, Any]:
        """The values as plain data; None for NaN, which JSON does not have."""
        return _without_nan(asdict(self))


def _without_nan(values: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _without_nan(value)
        if isinstance(value, dict)
        else None
        if isinstance(value, float) and isnan(value)
        else value
        for key, value in values.items()
    }


def band_values(samples: Iterable[Sample]) -> list[BandValues]:
    """Values of every band, in the order in which bands first appear."""
    bands: dict[str, list[Sample]] = {}
    for sample in samples:
        bands.setdefault(sample.band, []).append(sample)
    return [_values(band, members) for band, members in bands.items()]


def _values(band: str, samples: Sequence[Sample]) -> BandValues:
    wrong = [s for s in samples if not s.first_answer_correct]
    right = [s for s in samples if s.first_answer_correct]
    first, final = len(right) / len(samples), _mean([s.correct for s in samples])
    steps = _mean([s.verification_steps for s in samples])
    styles = [(style_of(s), s) for s in samples]
    return BandValues(
        band=band,
        rollouts=len(samples),
        first_accuracy=first,
        accuracy=final,
        tokens=_mean([s.tokens for s in samples]),
        verification_steps=steps,
        mended=_mean([s.correct for s in wrong]),
        spoiled=_mean([not s.correct for s in right]),
        step_value=(final - first) / steps if steps else float("nan"),
        careful=_style([s for style, s in styles if style == "careful"]),
        terse=_style([s for style, s in styles if style == "terse"]),
    )


def style_of(sample: Sample) -> str | None:
    """``careful`` or ``terse`` work; None where there is one operation, or none, before checks."""
    work = []
    for step in sample.steps:
        if step.type.startswith("Verification") or "answer" in step.text:
            break
        work.append(step.text)
    if any(_TERSE.match(text) for text in work):
        return "terse"
    return "careful" if sum(bool(_CAREFUL.match(text)) for text in work) > 1 else None


def _style(samples: Sequence[Sample]) -> Style:
    tokens = []
    for sample in samples:
        count = 0
        for step in sample.steps:
            if step.type.startswith("Verification"):
                break
            count += step.tokens
        tokens.append(count)
    return Style(
        rollouts=len(samples),
        first_accuracy=_mean([bool(s.first_answer_correct) for s in samples]),
        tokens=_mean(tokens),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else float("nan")


def values_table(rows: Sequence[BandValues]) -> str:
    """The values as a Markdown table, a row a band."""
    lines = [
        "| band | first answer | final | tokens | verification steps | mended | spoiled | "
        "value of a step | careful: first answer, tokens | terse |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append(
            f"| {row.band} | {row.first_accuracy:.1%} | {row.accuracy:.1%} | {row.tokens:.0f} | "
            f"{row.verification_steps:.2f} | {row.mended:.1%} | {row.spoiled:.1%} | "
            f"{row.step_value:+.3f} | {_cell(row.careful)} | {_cell(row.terse)} |"
        )
    return "\n".join(lines).replace("nan%", "–").replace("+nan", "–")


def _cell(style: Style) -> str:
    if not style.rollouts:
        return "–"
    return f"{style.first_accuracy:.1%}, {style.tokens:.0f} ({style.rollouts})"


def shortfalls(rows: Sequence[BandValues]) -> list[str]:
    """The targets of a second edition that these values miss, in words.

    Args:
        rows: Of the warm-started model, or of one trained on correctness alone: what verification
            and careful work are worth must survive that training.
    """
    bands = {row.band: row for row in rows}
    search, hard = bands["search"], bands["hard"]
    low, high = FIRST_OF_SEARCH
    care = hard.careful.first_accuracy - hard.terse.first_accuracy
    checks = {
        f"first answers on search are correct in {search.first_accuracy:.3f}, not {low}-{high}": (
            low <= search.first_accuracy <= high
        ),
        f"accuracy on search is {search.accuracy:.3f}, under {MIN_FINAL_OF_SEARCH}": (
            search.accuracy >= MIN_FINAL_OF_SEARCH
        ),
        f"a verification step on search is worth {search.step_value:.3f}, under {MIN_STEP_VALUE}": (
            search.step_value >= MIN_STEP_VALUE
        ),
        f"careful work on hard gains {care:.3f}, under {MIN_GAIN_OF_CARE}": (
            care >= MIN_GAIN_OF_CARE or isnan(hard.terse.first_accuracy)
        ),
        **{
            f"{row.verification_steps:.2f} verification steps on {row.band}, under {MIN_STEPS}": (
                row.verification_steps >= MIN_STEPS
            )
            for row in rows
        },
    }
    return [text for text, met in checks.items() if not met]
