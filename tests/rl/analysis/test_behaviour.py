"""Flips, selectivity, audit columns: hand-computed."""

from __future__ import annotations

import pytest

from rl.analysis.behaviour import audit, by_type, flips, risk_groups, selectivity
from rl.analysis.panels import make_panel
from tagger.novelty import KnownWords
from tests.rl.making import VERIFY, sample, step


def test_flips_count_first_stated_against_final() -> None:
    rows = [
        sample("a", 0, first_answer_correct=False, correct=True),
        sample("a", 1, first_answer_correct=False, correct=False),
        sample("b", 0, first_answer_correct=True, correct=False),
        sample("b", 1, first_answer_correct=True, correct=True),
        sample("b", 2, first_answer_correct=True, correct=True),
        sample("b", 3, first_answer_correct=None, correct=False),
    ]
    out = flips(make_panel(rows), 0)
    assert (out["stated"], out["samples"]) == (5, 6)
    assert out["wrong_to_right"]["count"] == 1
    assert out["wrong_to_right"]["rate"]["mean"] == 0.5
    assert out["right_to_wrong"]["count"] == 1
    assert out["right_to_wrong"]["rate"]["mean"] == pytest.approx(1 / 3, abs=1e-6)
    assert out["right_to_wrong"]["share"]["mean"] == pytest.approx(1 / 6, abs=1e-6)


def test_risk_groups_follow_the_base() -> None:
    rows = [sample("never", j) for j in range(4)]
    rows += [sample("half", j, first_answer_correct=j < 2) for j in range(4)]
    rows += [sample("mostly", j, first_answer_correct=j < 1) for j in range(4)]
    rows += [sample("cut off", j, first_answer_correct=None, correct=False) for j in range(4)]
    groups = risk_groups(make_panel(rows))
    assert groups == ("never wrong", "wrong in up to half", "wrong in more than half", "")


def test_selectivity_separates_difficulty_from_the_answer_at_hand() -> None:
    base = [
        sample(p, j, first_answer_correct=p == "safe") for p in ("safe", "risky") for j in (0, 1)
    ]
    new = [
        sample("safe", 0, verification_steps=0),
        sample("safe", 1, verification_steps=1, first_answer_correct=False),
        sample("risky", 0, verification_steps=3, first_answer_correct=False),
        sample("risky", 1, verification_steps=2),
    ]
    out = selectivity(make_panel(new), make_panel(base), 0)
    assert out["steps_if_first_wrong"]["mean"] == 2.0  # (1 + 3) / 2
    assert out["steps_if_first_right"]["mean"] == 1.0  # (0 + 2) / 2
    assert out["verified_if_first_right"]["mean"] == 0.5
    assert out["within_problem"]["problems"] == 2
    assert out["within_problem"]["difference"]["mean"] == 1.0  # both differ by one
    risk = out["by_base_risk"]
    assert risk["never wrong"]["verification_steps"]["mean"] == 0.5
    assert risk["wrong in more than half"]["verification_steps"]["mean"] == 2.5
    assert "wrong in up to half" not in risk


def test_within_problem_needs_both_kinds() -> None:
    panel = make_panel([sample("a"), sample("b", first_answer_correct=False)])
    out = selectivity(panel, panel, 0)["within_problem"]
    assert out == {"problems": 0, "difference": {"mean": None, "low": None, "high": None}}


def test_types_and_audit_columns() -> None:
    rows = [
        sample("a", steps=(step(tokens=10), step("x", "Other", 30)), keywords=3),
        sample("b", steps=(step(tokens=20),), keywords=1),
    ]
    assert by_type(rows) == {
        "Other": {"steps": 0.5, "tokens": 15.0},
        VERIFY: {"steps": 1.0, "tokens": 15.0},
    }
    out = audit(make_panel(rows), 0)
    assert out["steps_per_1k"]["mean"] == 50.0  # 3 steps in 60 tokens
    assert out["step_tokens"]["mean"] == 20.0
    assert out["keywords"]["mean"] == 2.0
    assert out["confidence"]["mean"] == pytest.approx(0.9)
    assert out["audit_verification"]["mean"] is None
    assert out["outside_verification"]["mean"] == 0.0
    assert out["unfamiliar"]["mean"] is None, "no words are known"
    text = rows[0].steps[0].text
    known = KnownWords.of_texts([text] * 3)
    strange = [sample("a", steps=(step("Moment, ich rechne das nach."), step(text), step(text)))]
    assert audit(make_panel(strange), 0, known)["unfamiliar"]["mean"] == pytest.approx(1 / 3)
    hidden = [sample("a", outside_verification=3), sample("b", outside_verification=0)]
    assert audit(make_panel(hidden), 0)["outside_verification"]["mean"] == 1.5
    audited = [sample("a", audit_verification=1), sample("b", audit_verification=0)]
    assert audit(make_panel(audited), 0)["audit_verification"]["mean"] == 0.5
