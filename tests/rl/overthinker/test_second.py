"""The second edition's traces: mistakes that are read and not learned, two styles, guesses.

pytest tests/rl/overthinker/test_second.py
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest

from rl.overthinker import second
from rl.overthinker.build import labelled_rows, tokenized, train_tokenizer, written_traces
from rl.overthinker.second import write_second
from rl.overthinker.traces import Trace
from rl.problems.problem import Problem
from rl.problems.programs import Program, program_for
from tagger.taxonomies.taxonomy import REASONTYPE

CHAIN = program_for("chain_sum", {"expression": "4 - 1 + 7 + 2"})
SEARCH = program_for(
    "which_gives",
    {"candidates": {"A": "3 * 3 - 7 + 1", "B": "9 - 3 + 1 - 2", "C": "4 + 2 - 1 - 1"}, "target": 5},
)


def many(program: Program, band: str, count: int = 150) -> Iterator[Trace]:
    for seed in range(count):
        yield write_second(program, band, random.Random(seed))


def unlearned(trace: Trace) -> list[str]:
    return [trace.completion[start:stop] for start, stop in trace.unlearned]


def test_without_mistakes_every_chain_is_correct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(second.MISTAKE_RATE, "hard", 0.0)
    for trace in many(CHAIN, "hard"):
        assert (trace.first_answer, trace.answer, trace.unlearned) == (12, 12, ())
        assert trace.completion.endswith("\n</think>\n\nThe answer is \\boxed{12}.")


def test_mistakes_are_read_only_and_mended_by_the_first_recomputation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(second.MISTAKE_RATE, "hard", 1.0)
    found = list(many(CHAIN, "hard"))
    assert all(t.first_answer != 12 for t in found)
    assert any(t.answer == 12 for t in found)
    for trace in found:
        (mistake,) = unlearned(trace)
        assert re.fullmatch(r" -?\d+", mistake)
        if any(re.match("Let me|Checking|I will rec", text) for text, _ in trace.steps):
            assert trace.answer == 12


def test_careful_work_has_one_operation_a_step_and_terse_work_two(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(second.MISTAKE_RATE, "hard", 0.0)
    work = {
        tuple(text for text, tag in t.steps if tag == "SUBSTITUTE" and "First" not in text)
        for t in many(CHAIN, "hard")
    }
    assert ("4 - 1 = 3.", "3 + 7 = 10.", "10 + 2 = 12.") in work
    assert ("4 - 1 + 7 = 10.", "10 + 2 = 12.") in work


def test_a_search_states_a_guess_tests_it_and_replaces_it_if_it_fails() -> None:
    found = list(many(SEARCH, "search", 400))
    first = sum(t.first_answer == "B" for t in found) / len(found)
    assert abs(first - 1 / 3) < 0.08
    assert sum(t.answer == "B" for t in found) / len(found) > first + 0.35
    for trace in found:
        believed, failed = None, False
        for text, tag in trace.steps:
            if tag == "CONCLUDE":
                assert failed or believed is None  # only a failed test brings another guess
                assert text != f"So the answer is {believed}."
                believed, failed = text[-2], False
            elif tag == "VERIFY" and ": " in text:
                assert f", {believed}: " in text
                failed = text.endswith("No.")
                assert failed or text.endswith(" - 5 = 0. Yes.")
                assert failed == (believed != "B")
        wrong = [t for t, tag in trace.steps if tag == "CONCLUDE" and not t.endswith(" B.")]
        assert unlearned(trace) == [f" {text[-2]}" for text in wrong]
        assert len(set(wrong)) == len(wrong)  # nothing is tried twice


def test_tokens_of_a_mistake_and_of_the_prompt_have_no_label() -> None:
    problem = Problem("0", "4 - 1 + 7 + 2 =", "12")
    tokenizer = train_tokenizer(iter([t.completion for t in many(CHAIN, "hard", 50)]), 400)
    trace = next(t for t in many(CHAIN, "hard") if t.unlearned)
    row = tokenized(tokenizer, problem, trace)
    ids, labels = row["input_ids"], row["labels"]
    front = labels.index(next(label for label in labels if label != -100))
    assert "assistant" in tokenizer.decode(ids[:front])
    hidden = [i for i in range(front, len(ids)) if labels[i] == -100]
    assert tokenizer.decode([ids[i] for i in hidden]) == "".join(unlearned(trace))
    assert all(a == b for a, b in zip(ids, labels, strict=True) if b != -100)
    assert labels[-1] == tokenizer.eos_token_id


def test_the_corpus_overthinks_on_every_band() -> None:
    pairs = list(written_traces(900, seed=5, edition=2))
    for band in ("easy", "hard", "search", "beyond"):
        of_band = [(p, t) for p, t in pairs if p.band == band]
        first = sum(str(t.first_answer) == p.reference for p, t in of_band) / len(of_band)
        final = sum(str(t.answer) == p.reference for p, t in of_band) / len(of_band)
        assert final > first
        assert sum(t.rounds for _, t in of_band) / len(of_band) > 2
    assert sum(p.band == "search" for p, _ in pairs) == 450


def test_labelled_rows_carry_reasontype_tags() -> None:
    rows = list(labelled_rows(40, seed=1, edition=2))
    for row in rows:
        assert len(row["labels"]) == len(row["steps"])
        assert set(row["labels"].values()) <= set(REASONTYPE.tags)
