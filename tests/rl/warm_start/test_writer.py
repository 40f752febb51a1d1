"""The traces of the warm start: sound arithmetic, mended slips, too much verification.

pytest tests/rl/warm_start/test_writer.py
"""

from __future__ import annotations

import random
import re

import pytest

from rl.overthinker.traces import Trace
from rl.problems.programs import Program, apply, program_for
from rl.warm_start import writer
from rl.warm_start.writer import write_warm_start
from tagger.frozen import FrozenTagger
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.end_to_end.warm_start_types import types_given

SUM = program_for("chain_sum", {"expression": "4 - 1 + 7 + 2"})
MIXED = program_for("basic_arithmetic", {"expression": "8 - 2 * 3"})
LEGS = program_for("leg_counting", {"animals": {"spider": 2, "cat": 1}})
ANSWERS = ((SUM, 12), (MIXED, 2), (LEGS, 20))


def many(program: Program, count: int = 200) -> list[Trace]:
    return [write_warm_start(program, random.Random(seed)) for seed in range(count)]


def equations(text: str) -> list[tuple[int, str, int, int]]:
    found = re.findall(r"(-?\d+) ([-+*]) (-?\d+) = (-?\d+)", text)
    return [(int(a), symbol, int(b), int(c)) for a, symbol, b, c in found]


@pytest.mark.parametrize(("program", "answer"), ANSWERS)
def test_writer_without_slips_is_correct_in_every_equation(
    program: Program, answer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "SLIP_RATE", 0.0)
    for trace in many(program):
        assert (trace.first_answer, trace.answer, trace.unlearned) == (answer, answer, ())
        assert trace.completion.endswith(f"\n</think>\n\nThe answer is \\boxed{{{answer}}}.")
        worked = equations(trace.thinking)
        assert len(worked) >= len(program.ops)
        assert all(apply(symbol, a, b) == c for a, symbol, b, c in worked)


@pytest.mark.parametrize(("program", "answer"), ANSWERS)
def test_writer_leaves_a_slip_out_of_the_loss_and_mends_it(
    program: Program, answer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "SLIP_RATE", 1.0)
    found = many(program)
    assert any(t.first_answer != answer for t in found)
    for trace in found:
        (span,) = trace.unlearned
        assert re.fullmatch(r" -?\d+", trace.completion[slice(*span)])
        if any("mistake" in text and "no mistake" not in text for text, _ in trace.steps):
            assert trace.answer == answer
    assert any(t.answer == answer for t in found) and any(t.answer != answer for t in found)


def test_writer_verifies_about_2_3_rounds_whatever_the_problem() -> None:
    # 0.94 + 0.94 * 0.8 + 0.94 * 0.8 * 0.6 + 0.94 * 0.8 * 0.6 * 0.4 = 2.324
    for program, _ in ANSWERS:
        rounds = [trace.rounds for trace in many(program, 2000)]
        assert sum(rounds) / len(rounds) == pytest.approx(2.324, abs=0.12)


def test_writer_types_its_steps_and_verifies_at_least_once_a_round() -> None:
    for program, _ in ANSWERS:
        for trace in many(program, 50):
            assert {tag for _, tag in trace.steps} <= {t.tag for t in REASONTYPE.types}
            assert sum(tag == "VERIFY" for _, tag in trace.steps) == trace.rounds


def test_writer_goes_backwards_only_through_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SLIP_RATE", 0.0)
    monkeypatch.setattr(writer, "ROUNDS", {"backward": 1.0})
    assert any("12 - 2 = 10, 10 - 7 = 3, 3 + 1 = 4" in t.thinking for t in many(SUM, 5))
    assert not any("backward" in t.thinking for p in (MIXED, LEGS) for t in many(p, 20))


def test_packaged_tagger_knows_verification_in_what_the_warm_start_writes() -> None:
    found = types_given(FrozenTagger.load(), 60)
    verify = sum(steps for (written, _), steps in found.items() if written == "VERIFY")
    called = sum(steps for (_, given), steps in found.items() if given == "VERIFY")
    assert found["VERIFY", "VERIFY"] == verify > 100
    assert called - verify <= 2
