"""From counts of outcomes to causes: which is named, in which order, with which remedy."""

from __future__ import annotations

import pytest

from rewards.facts.outcomes import Outcomes
from rl.analysis.signal import Mismatch, Setting, diagnose, equal_rewards

TRAINING = Setting(
    limit=20,
    limit_key="grpo.max_completion_length",
    opening="<reason>",
    closing="</reason>",
    delimiters_key="delimiters.open and delimiters.close",
)


def test_diagnose_names_the_commonest_cause_first() -> None:
    found = diagnose(Outcomes(rollouts=10, cut_off=4, no_thinking=6), TRAINING, least=0.3)
    assert [(cause.name, cause.share) for cause in found] == [
        ("no_thinking", 0.6),
        ("cut_off", 0.4),
    ]
    assert found[0].text == (
        "6 of 10 completions (60 %) hold no closed thinking between '<reason>' and '</reason>';"
        " name the policy's own in delimiters.open and delimiters.close."
    )
    assert found[1].text == (
        "4 of 10 completions (40 %) were cut off at 20 tokens before they ended; raise"
        " grpo.max_completion_length."
    )


def test_diagnose_passes_over_what_is_rare() -> None:
    assert diagnose(Outcomes(rollouts=10, cut_off=4, correct=6), TRAINING) == []
    assert diagnose(Outcomes(), TRAINING) == []


def test_diagnose_blames_references_only_if_none_was_ever_matched() -> None:
    assert diagnose(Outcomes(rollouts=10, unmatched=9, correct=1), TRAINING) == []
    setting = Setting(mismatch=Mismatch("7", "see the\nmanual"))
    (cause,) = diagnose(Outcomes(rollouts=10, unmatched=10), setting)
    assert cause.name == "unmatched"
    assert "(e.g. the answer '7' against the reference 'see the manual')" in cause.text


def test_diagnose_shortens_a_long_example() -> None:
    setting = Setting(mismatch=Mismatch("7", "x" * 100))
    (cause,) = diagnose(Outcomes(rollouts=1, unmatched=1), setting)
    assert f"'{'x' * 59}…'" in cause.text


def test_diagnose_without_known_limits_names_none() -> None:
    texts = [c.text for c in diagnose(Outcomes(rollouts=2, cut_off=1, no_thinking=1), Setting())]
    assert "were cut off by the length limit before they ended; raise max_new_tokens" in texts[0]
    assert "hold no closed thinking; check that the policy thinks" in texts[1]


@pytest.mark.parametrize(
    ("correct", "remedy"),
    [(8, "take harder problems"), (0, "take easier problems"), (4, "raise grpo.num_generations")],
)
def test_equal_rewards_remedy_follows_the_share_correct(correct: int, remedy: str) -> None:
    cause = equal_rewards(Outcomes(rollouts=8, correct=correct), groups=2, flat=2)
    assert cause.text.startswith("2 of 2 groups had equal advantages")
    assert remedy in cause.text and cause.share == 1
