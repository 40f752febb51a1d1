"""The table of answers, every line of it through the checker that training uses."""

from __future__ import annotations

import pytest

from rewards.answers.checkers import checker_for
from tests.rewards.answers.table import NUMBERS
from tests.rewards.answers.table_denials import DENIALS
from tests.rewards.answers.table_forms import FORMS
from tests.rewards.answers.table_spellings import SPELLINGS
from tests.rewards.answers.table_texts import TEXTS

TABLE = {**NUMBERS, **FORMS, **TEXTS, **DENIALS, **SPELLINGS}
LINES = [
    pytest.param(answer, reference, verdict, id=f"{kind}-{answer[:30]}-{reference[:20]}")
    for kind, lines in TABLE.items()
    for answer, reference, verdict in lines
]


@pytest.mark.parametrize(("answer", "reference", "verdict"), LINES)
def test_checker_gives_the_verdict_of_the_table(answer: str, reference: str, verdict: bool) -> None:
    assert checker_for({})(answer, reference, {}) is verdict


def test_table_has_right_and_wrong_answers_of_every_kind() -> None:
    assert len(LINES) >= 300
    for kind, lines in TABLE.items():
        assert {verdict for *_, verdict in lines} == {True, False}, kind
