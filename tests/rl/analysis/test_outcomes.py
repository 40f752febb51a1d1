"""What became of samples, and the warnings that follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rewards.facts.outcomes import Outcomes
from rl.analysis.arms import ArmRun
from rl.analysis.outcomes import count_samples, warnings_of
from rl.analysis.results import build_results
from rl.evaluation.samples import Sample
from tagger.novelty import KnownWords
from tests.rl.making import sample, step
from tests.rl.synthetic import PROVENANCE

CUT: dict[str, Any] = {"finished": False, "correct": False, "answer": "", "tokens": 200}


def samples(count: int, **changes: Any) -> list[Sample]:
    return [sample(f"p{i}", **changes) for i in range(count)]


def test_samples_are_counted_by_cause() -> None:
    rows = [
        sample("a", **CUT),
        sample("b", **{**CUT, "tokens": 90}),
        sample("c", correct=False, answer="I do not know."),
        sample("d", correct=False, answer="5"),
        sample("e"),
        sample("f", thinking=""),
    ]
    assert count_samples(rows, 200) == Outcomes(
        rollouts=6, cut_off=1, no_thinking=2, no_answer=1, unmatched=1, correct=2
    )


def test_without_a_known_limit_the_unfinished_count_as_cut_off() -> None:
    assert count_samples([sample("b", **{**CUT, "tokens": 90})], None).cut_off == 1


def test_everything_cut_off_is_no_signal() -> None:
    (warning,) = warnings_of({"base": samples(6, **CUT)}, 200)
    assert (warning["name"], warning["arm"]) == ("no_signal", "base")
    assert warning["text"] == (
        "base: no signal, none of 6 completions is correct. 6 of 6 completions (100 %) were cut"
        " off at 200 tokens before they ended; raise max_new_tokens."
    )


def test_references_that_nothing_matches_are_shown_with_an_example() -> None:
    wrong = samples(6, correct=False, answer="\\boxed{5}", reference="72 clips")
    (warning,) = warnings_of({"base": wrong}, 200)
    assert "(e.g. the answer '5' against the reference '72 clips')" in warning["text"]


def test_half_of_the_samples_cut_off_is_a_weak_signal() -> None:
    rows = samples(3, **CUT) + samples(3)
    (warning,) = warnings_of({"base": rows}, 200)
    assert warning["name"] == "weak_signal"
    assert "3 of 6 completions (50 %) were cut off" in warning["text"]


def test_ordinary_samples_are_not_warned_of() -> None:
    assert warnings_of({"base": samples(6), "trained": samples(6)}, 200) == []


def test_an_arm_whose_thinking_is_off_is_not_warned_of_for_having_none() -> None:
    rows = [sample(f"p{i}", thinking="") for i in range(4)]
    (said,) = warnings_of({"base": rows, "no_thinking": rows}, 200, silent=["no_thinking"])
    assert said["arm"] == "base" and "hold no closed thinking" in said["text"]


def _outside(steps: Mapping[str, int], baselines: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The warnings of verification outside the thinking, which half of the answers hold."""

    def arm(name: str) -> ArmRun:
        rows = [sample(f"p{i}", outside_verification=steps[name] * (i % 2)) for i in range(10)]
        return ArmRun(name, name, "free", name, rows)

    results = build_results(
        [arm(name) for name in steps],
        seed=0,
        selection=None,
        training=None,
        provenance=PROVENANCE,
        baselines=baselines,
    )
    return [row for row in results["warnings"] if row["name"] == "outside"]


def test_policy_that_moved_verification_out_of_its_thinking_is_warned_of() -> None:
    (warning,) = _outside({"base": 0, "control": 0, "same": 0, "trained": 1})
    assert warning["arm"] == "trained"
    assert (
        "0.50 verification steps an answer stand outside the thinking (control: 0.00)"
        in (warning["text"])
    )


def test_policies_without_a_reward_are_not_said_to_have_moved_verification() -> None:
    steps = {"base": 1, "control": 0, "no_thinking": 1, "trained": 0}
    assert _outside(steps, ["no_thinking"]) == []


def _unfamiliar(strange: Mapping[str, int], *, known: bool = True) -> list[dict[str, Any]]:
    """The warnings where so many of an arm's ten steps are in a language its tagger never saw."""
    steps = ("Let me check.", "Moment, ich rechne das nach.")

    def arm(name: str) -> ArmRun:
        rows = [sample(f"p{i}", steps=(step(steps[i < strange[name]]),)) for i in range(10)]
        if name == "monitored":
            return ArmRun("monitored_count_3", "base", "grid", "count, 3", rows)
        return ArmRun(name, name, "free", name, rows)

    results = build_results(
        [arm(name) for name in strange],
        seed=0,
        selection={"overall": "monitored_count_3"} if "monitored" in strange else None,
        training=None,
        provenance=PROVENANCE,
        known_words=KnownWords.of_texts([steps[0]] * 3) if known else None,
    )
    return [row for row in results["warnings"] if row["name"] == "unfamiliar"]


def test_unfamiliar_steps_are_warned_of_though_every_arm_has_as_many() -> None:
    (warning,) = _unfamiliar({"base": 6, "trained": 6})
    assert warning["arm"] == "base" and warning["text"] == (
        "Steps unlike the tagger's training data: 60 % of base, 60 % of trained. Their types may be"
        " wrong, and with them the counts of verification."
    )


def test_unfamiliar_steps_of_a_monitored_arm_are_warned_of_for_its_stops() -> None:
    (warning,) = _unfamiliar({"base": 0, "monitored": 1})
    assert warning["arm"] == "monitored"
    assert "training data: 10 % of base + monitored. Their types" in warning["text"]
    assert warning["text"].endswith("verification and the stops that rest on them.")


def test_unfamiliar_steps_are_not_warned_of_where_few_or_not_known() -> None:
    assert _unfamiliar({"base": 0, "trained": 0}) == []
    assert _unfamiliar({"base": 9}, known=False) == []
