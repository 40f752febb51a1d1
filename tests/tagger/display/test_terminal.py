"""The terminal view, the table of types and the records for machines."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from tagger.display.tally import TypeTally, tokens_of_steps
from tagger.display.terminal import (
    as_record,
    colour_of,
    legend,
    strip_line,
    trace_view,
    type_strip,
    type_table,
)
from tagger.steps import Step, TaggedStep
from tagger.taxonomies.taxonomy import REASONTYPE, StepType, Taxonomy

VERIFY, CONCLUDE = "Verification / Sanity Check", "Final Conclusion / Boxed Answer"
STEPS = [
    TaggedStep(Step("Wait, [bold]1+1[/bold]", 0, 22), VERIFY, 0.75, ()),
    TaggedStep(Step("So 2.", 24, 29), CONCLUDE, 0.5, ()),
    TaggedStep(Step("Yes.", 31, 35), VERIFY, 0.25, ()),
]


def printed(what: object, colour: bool = False) -> str:
    file = io.StringIO()
    system = "standard" if colour else None
    Console(file=file, width=120, force_terminal=colour, color_system=system).print(what)
    return file.getvalue()


def tally_of(*traces: list[TaggedStep], tokens: list[int] | None = None) -> TypeTally:
    tally = TypeTally(REASONTYPE)
    for trace in traces:
        tally.add(trace, tokens)
    return tally


def test_terminal_counts_by_hand() -> None:
    counts = {row.tag: row for row in tally_of(STEPS[:2], STEPS[2:]).rows()}
    assert len(counts) == 14
    verify = counts["VERIFY"]
    assert (verify.steps, verify.words, verify.role) == (2, 3, "evaluative")
    assert verify.step_share == pytest.approx(2 / 3)
    assert verify.word_share == pytest.approx(3 / 5)
    assert verify.confidence == pytest.approx(0.5)
    assert (verify.tokens, verify.token_share) == (None, None)
    assert counts["META"].steps == 0 and counts["META"].confidence == 0


def test_terminal_tokens_are_counted_where_every_trace_has_them() -> None:
    tally = tally_of(STEPS, tokens=[5, 3, 2])
    counts = {row.tag: row for row in tally.rows()}
    assert (counts["VERIFY"].tokens, counts["VERIFY"].token_share) == (7, 0.7)
    assert "tokens" in printed(type_table(tally, REASONTYPE))
    tally.add(STEPS)
    assert tally.rows()[0].tokens is None
    assert "tokens" not in printed(type_table(tally, REASONTYPE))


def test_terminal_tokens_between_steps_belong_to_the_step_before() -> None:
    # Steps begin at 0, 24 and 31; one token begins at 22, in the blank line after the first.
    assert tokens_of_steps([0, 4, 22, 24, 27, 31], STEPS) == [3, 2, 1]
    assert tokens_of_steps([0, 1], []) == []
    assert tokens_of_steps([], STEPS) == [0, 0, 0]


def test_terminal_view_shows_every_step_literally_with_its_tag() -> None:
    text = printed(trace_view(STEPS, REASONTYPE, "trace 1", "What is 1+1?"))
    assert "trace 1" in text and "What is 1+1?" in text
    lines = [line.split() for line in text.splitlines() if line.strip()][3:]
    assert lines[0] == ["1", "VERIFY", "75%", "Wait,", "[bold]1+1[/bold]"]
    assert lines[1] == ["2", "CONCLUDE", "50%", "So", "2."]


def test_terminal_types_differ_in_colour() -> None:
    text = printed(trace_view(STEPS, REASONTYPE), colour=True)
    assert "\x1b[33m" in text and "\x1b[32m" in text, "yellow checks, green conclusions"
    other = Taxonomy("own", (StepType("A a", "A", "other", ""), StepType("B b", "B", "other", "")))
    assert colour_of(other, "A") != colour_of(other, "B")


def test_terminal_answer_step_is_marked() -> None:
    text = printed(trace_view(STEPS, REASONTYPE, answer_step=1))
    (line,) = [line for line in text.splitlines() if "states the reference answer" in line]
    assert "So 2." in line
    assert "states the reference" not in printed(trace_view(STEPS, REASONTYPE, answer_step=-1))


def test_terminal_strip_has_a_block_a_step_and_stays_within_its_width() -> None:
    assert type_strip(STEPS, REASONTYPE).plain == "███"
    short = type_strip(STEPS * 100, REASONTYPE, width=40)
    assert short.plain == "█" * 40
    assert type_strip([], REASONTYPE).plain == ""
    text = printed(strip_line(STEPS, REASONTYPE, "a name that is much too long for its place"))
    assert text == "a name that is much too      3 ███\n"
    assert "\x1b[33m" in printed(type_strip(STEPS[:1], REASONTYPE), colour=True)


def test_terminal_block_for_several_steps_has_their_most_frequent_type() -> None:
    strip = type_strip([STEPS[0], STEPS[2], STEPS[1]], REASONTYPE, width=1)
    assert strip.spans[0].style == colour_of(REASONTYPE, VERIFY)


def test_terminal_legend_names_every_type() -> None:
    text = printed(legend(REASONTYPE))
    assert all(tag in text for tag in REASONTYPE.tags)
    assert "Verification" in text


def test_terminal_empty_trace_says_so() -> None:
    assert "(no steps)" in printed(trace_view([], REASONTYPE))
    assert "0 steps in 0 traces" in printed(type_table(tally_of(), REASONTYPE))


def test_terminal_table_of_types() -> None:
    text = printed(type_table(tally_of(STEPS), REASONTYPE))
    assert "3 steps in 1 trace" in text
    assert text.index("VERIFY") < text.index("CONCLUDE"), "most frequent first"
    assert "66.7" in text and "60.0" in text
    assert "META" not in text


@pytest.mark.parametrize("tokens", [None, [100, 100, 100]])
@pytest.mark.parametrize("width", [80, 120])
def test_terminal_figures_of_the_table_are_never_cut(width: int, tokens: list[int] | None) -> None:
    tally = tally_of(*[STEPS] * 40_000, tokens=tokens)
    file = io.StringIO()
    Console(file=file, width=width).print(type_table(tally, REASONTYPE))
    figures = ["80000", "120000", "200000", "66.7", "evaluative", "50%"]
    for figure in [*figures, *(["12000000"] if tokens else [])]:
        assert figure in file.getvalue()
    assert max(map(len, file.getvalue().splitlines())) <= width


def test_terminal_step_can_do_nothing_to_the_terminal() -> None:
    evil = TaggedStep(Step("\x1b[2J\x07gone\x9b1A\r\nnext", 0, 10), VERIFY, 0.5, ())
    text = printed(trace_view([evil], REASONTYPE, "\x1b]0;title\x07"))
    assert not any(ord(c) < 32 and c != "\n" for c in text) and "\x9b" not in text
    assert "␛[2J" in text and "gone" in text and "next" in text


def test_terminal_step_cannot_be_put_in_another_order() -> None:
    turning = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    evil = TaggedStep(Step(f"a{turning}b שלום", 0, 16), VERIFY, 0.5, ())
    text = printed(trace_view([evil], REASONTYPE, turning, turning))
    text += printed(strip_line([evil], REASONTYPE, turning))
    assert not set(turning) & set(text)
    marks = "\ufffd" * len(turning)
    assert f"a{marks}b שלום" in text, "letters written from right to left stay as they are"


def test_terminal_very_long_step_is_cut_in_the_terminal_only() -> None:
    long = TaggedStep(Step("word " * 200_000, 0, 1_000_000), VERIFY, 0.5, ())
    text = printed(trace_view([long], REASONTYPE))
    assert "[998,000 more characters]" in text
    assert len(text) < 10_000
    assert len(as_record("t", [long], REASONTYPE, "f")["steps"][0]["text"]) == 1_000_000


def test_terminal_record_is_json_and_complete() -> None:
    record = json.loads(json.dumps(as_record("t", STEPS, REASONTYPE, "f" * 64)))
    assert (record["id"], record["tagger"]) == ("t", "f" * 64)
    assert record["counts"]["VERIFY"] == 2 and sum(record["counts"].values()) == 3
    assert record["steps"][1] == {
        "type": CONCLUDE, "tag": "CONCLUDE", "confidence": 0.5,
        "start": 24, "end": 29, "text": "So 2.",
    }  # fmt: skip


def test_terminal_record_carries_the_answer_step_where_the_answer_is_known() -> None:
    assert "answer_step" not in as_record("t", STEPS, REASONTYPE, "f")
    assert as_record("t", STEPS, REASONTYPE, "f", -1)["answer_step"] == -1


def test_terminal_record_carries_the_question_where_there_is_one() -> None:
    assert "question" not in as_record("t", STEPS, REASONTYPE, "f")
    assert as_record("t", STEPS, REASONTYPE, "f", question="1+1?")["question"] == "1+1?"
