"""The terminal view, the table of types and the records for machines."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from tagger.steps import Step, TaggedStep
from tagger.taxonomy import REASONTYPE, StepType, Taxonomy
from tagger.view import as_record, colour_of, count_types, trace_view, type_table

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


def test_counts_by_hand() -> None:
    counts = {row.tag: row for row in count_types([STEPS[:2], STEPS[2:]], REASONTYPE)}
    assert len(counts) == 14
    verify = counts["VERIFY"]
    assert (verify.steps, verify.role) == (2, "evaluative")
    assert verify.step_share == pytest.approx(2 / 3)
    assert verify.character_share == pytest.approx(26 / 31)
    assert verify.confidence == pytest.approx(0.5)
    assert counts["META"].steps == 0 and counts["META"].confidence == 0


def test_the_view_shows_every_step_literally_with_its_tag() -> None:
    text = printed(trace_view(STEPS, REASONTYPE, "trace 1", "What is 1+1?"))
    assert "trace 1" in text and "What is 1+1?" in text
    lines = [line.split() for line in text.splitlines() if line.strip()][2:]
    assert lines[0] == ["1", "VERIFY", "75%", "Wait,", "[bold]1+1[/bold]"]
    assert lines[1] == ["2", "CONCLUDE", "50%", "So", "2."]


def test_types_differ_in_colour() -> None:
    text = printed(trace_view(STEPS, REASONTYPE), colour=True)
    assert "\x1b[33m" in text and "\x1b[32m" in text, "yellow checks, green conclusions"
    other = Taxonomy("own", (StepType("A a", "A", "other", ""), StepType("B b", "B", "other", "")))
    assert colour_of(other, "A") != colour_of(other, "B")


def test_an_empty_trace_says_so() -> None:
    assert "(no steps)" in printed(trace_view([], REASONTYPE))
    assert "0 steps in 0 traces" in printed(type_table([], REASONTYPE))


def test_the_table_of_types() -> None:
    text = printed(type_table([STEPS], REASONTYPE))
    assert "3 steps in 1 trace" in text
    assert text.index(VERIFY) < text.index(CONCLUDE), "most frequent first"
    assert "66.7%" in text and "83.9%" in text
    assert "Self-Talk" not in text


def test_a_record_is_json_and_complete() -> None:
    record = json.loads(json.dumps(as_record("t", STEPS, REASONTYPE, "f" * 64)))
    assert (record["id"], record["tagger"]) == ("t", "f" * 64)
    assert record["counts"]["VERIFY"] == 2 and sum(record["counts"].values()) == 3
    assert record["steps"][1] == {
        "type": CONCLUDE, "tag": "CONCLUDE", "confidence": 0.5,
        "start": 24, "end": 29, "text": "So 2.",
    }  # fmt: skip
