"""Problems of reasoning-gym: the scorer of the data set decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rewards.answers.checkers.equivalent import check_equivalent
from rewards.answers.extract import extract_answer
from rewards.answers.gym import full_marks
from rewards.answers.quantities import read_quantity


def check_reasoning_gym(answer: str, reference: str, metadata: Mapping[str, Any]) -> bool:
    """Correct if the scorer of the problem's reasoning-gym data set gives full marks.

    Its partial marks (for an answer that only contains the reference, say) count as incorrect.
    Where it cannot be asked, the answer is compared as `check_equivalent` does.
    """
    numeric = read_quantity(reference, variables=True) is not None
    extracted = extract_answer(answer, numeric)
    if not extracted:
        return False
    spellings = dict.fromkeys((extracted, _bare_number(extracted) if numeric else extracted))
    marks = [full_marks(text, reference, metadata) for text in spellings]
    return True in marks or (None in marks and check_equivalent(answer, reference, metadata))


def _bare_number(text: str) -> str:
    """A whole number without unit and marks (``1,024 legs``), which many scorers need."""
    quantity = read_quantity(text)
    if quantity is None or quantity.value.denominator != 1:
        return text
    return str(quantity.value.numerator)
