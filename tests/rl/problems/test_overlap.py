"""Test problems among training problems: word for word, in other words, and neither."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl.comparison.training_problems import sentences, training_overlap
from rl.problems.overlap import find_overlap, listed, meanings
from rl.problems.problem import Problem


def problem(question: str, reference: str = "7", name: str = "p") -> Problem:
    return Problem(name, question, reference)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is 3 + 4?", "Calculate 4 + 3."),
        ("What is 3 + 4?", "State the final answer to the following problem: 3+4 ="),
        ("Compute 2 × 5 − 3.", "Calculate -3 + 5 * 2"),
        ("Find x if x + 2 = 9, please.", "find  x, please: if 9 = 2 + x"),
        (
            "Natalia has 12 clips and sells 5 of them. How many are left?",
            "Maria has 12 clips and sells 5 of them; How many are left?",
        ),
    ],
)
def test_problems_that_are_the_same_in_other_words(one: str, other: str) -> None:
    overlap = find_overlap([problem(one, name="a")], [problem(other, name="b")])
    assert (overlap.same, overlap.reworded) == ((), (("a", "b"),))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is 3 - 4?", "What is 4 - 3?"),
        ("What is 3 + 4?", "What is 3 * 4?"),
        ("What is 2 + 3 * 4?", "What is 3 + 2 * 4?"),
        ("What is (2 + 3) * 4?", "What is 2 + 3 * 4?"),
        ("What is 8 / 4?", "What is 4 / 8?"),
        ("Solve x + 1 = 3.", "Solve x - 1 = 3."),
        ("Who wrote Faust?", "Who wrote Egmont?"),
        ("Anna has 12 clips and sells 5.", "Anna has 12 clips and sells 6."),
    ],
)
def test_problems_that_are_not_the_same(one: str, other: str) -> None:
    overlap = find_overlap([problem(one)], [problem(other)])
    assert (overlap.same, overlap.reworded, overlap.text) == ((), (), "")


def test_the_same_words_with_another_reference_are_another_problem() -> None:
    overlap = find_overlap([problem("Who beat whom in the final?", "A")], [
        problem("Whom beat who in the final?", "B")])  # fmt: skip
    assert overlap.reworded == ()


def test_leg_counting_is_the_same_with_other_animals_of_as_many_legs() -> None:
    def legs(name: str, **animals: int) -> Problem:
        return Problem(name, f"Legs of {animals}?", "10", "", "leg_counting", {"animals": animals})

    overlap = find_overlap(
        [legs("a", cow=2, bird=1), legs("b", cow=1, bird=3)], [legs("t", human=1, dog=2)]
    )
    assert overlap.reworded == (("a", "t"),)


def test_the_sentence_counts_both_kinds() -> None:
    training = [problem("What is 3 + 4?", name="t1"), problem("What is 5 + 4?", "9", "t2")]
    test = [
        problem("What is  3 + 4?", name="a"),
        problem("Calculate 4 + 5.", "9", "b"),
        problem("What is 1 + 1?", "2", "c"),
    ]
    overlap = find_overlap(test, training)
    assert overlap.text == (
        "2 of 3 test problems were training problems too: 1 word for word, 1 in other words."
    )
    alone = find_overlap(test[1:], training).text
    assert alone == "1 of 2 test problems were training problems too: 1 in other words."
    stored = overlap.to_dict()
    assert stored["same"] == {"count": 1, "problems": [{"test": "a", "training": "t1"}]}
    assert stored["reworded"]["problems"] == [{"test": "b", "training": "t2"}]


@given(st.lists(st.integers(0, 9), min_size=2, max_size=5))
def test_a_sum_means_the_same_in_any_order(numbers: list[int]) -> None:
    shuffled = sorted(numbers)
    sums = ["What is " + " + ".join(map(str, part)) + "?" for part in (numbers, shuffled)]
    assert meanings(problem(sums[0])) == meanings(problem(sums[1]))


def test_no_problem_of_a_set_is_lost_against_itself() -> None:
    problems = [
        problem(f"What is {a} + {b}?", str(a + b), f"{a}{b}") for a in (1, 2) for b in (3, 4)
    ]
    overlap = find_overlap(problems, problems)
    assert overlap.same == tuple((p.id, p.id) for p in problems) and not overlap.reworded


def test_training_problems_are_found_by_the_config_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "policy").mkdir()
    problems = tmp_path / "train.jsonl"
    problems.write_text('{"question": "What is 3 + 4?", "reference": "7"}\n')
    (tmp_path / "config.yaml").write_text(f"problems: {{source: {problems}}}\n")
    policy = str(tmp_path / "policy")
    found = training_overlap(policy, [problem("What is 3 + 4?"), problem("Calculate 4 + 3.")])
    assert found is not None
    assert (found["same"]["count"], found["reworded"]["count"]) == (1, 1)
    assert found["source"] == str(tmp_path / "config.yaml")
    problems.unlink()
    found = training_overlap(policy, [problem("What is 3 + 4?")])
    assert found is not None and "is unknown" in found["text"]
    assert str(problems) in found["text"]


def test_test_problems_that_a_checkpoint_was_chosen_on_are_told(tmp_path: Path) -> None:
    files = {"train": "What is 1 + 2?", "chosen": "What is 3 + 4?"}
    for name, question in files.items():
        row = json.dumps({"question": question, "reference": "7"})
        (tmp_path / f"{name}.jsonl").write_text(f"{row}\n")
    train, chosen = ({"source": str(tmp_path / f"{name}.jsonl")} for name in files)
    (tmp_path / "config.yaml").write_text(json.dumps({"problems": train, "eval_problems": chosen}))
    found = training_overlap(str(tmp_path), [problem("What is 3 + 4?"), problem("What is 5 + 6?")])
    assert found is not None and found["same"]["count"] == 0
    text = (
        "1 of 2 test problems, or the same in other words, were eval_problems of the training, by"
        " which its best checkpoint is chosen."
    )
    assert found["text"] == text
    (tmp_path / "config.yaml").write_text(json.dumps({"problems": train}))
    found = training_overlap(str(tmp_path), [problem("What is 3 + 4?")])
    assert found is not None and found["text"] == ""


def test_without_the_config_of_a_run_nothing_is_known(tmp_path: Path) -> None:
    assert training_overlap("overthinker", []) is None
    assert training_overlap(str(tmp_path), []) is None


def test_shared_problems_are_listed_with_those_that_saw_them() -> None:
    pairs = [(f"t{i}", f"p{i}") for i in range(7)]
    assert listed(pairs[:2]) == "'t0' is 'p0', 't1' is 'p1'"
    assert listed(pairs).endswith("'t4' is 'p4', and 2 more")
    test = [problem("What is 3 + 4?", name="t0"), problem("What is 5 + 4?", "9", name="t1")]
    found = find_overlap(test, [problem("Calculate 4 + 3.", name="p0")]).to_dict()
    assert sentences({"base": None, "control": found, "trained": found, "other": {"text": ""}}) == {
        f"{found['text']} 't0' is 'p0'; results.json lists all.": ["control", "trained"]
    }
