"""Label files of other projects: reading, duplicates, cutting anew, and mapping to ReasonType."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tagger.errors import UserError
from tagger.labels.conversion import Conversion, convert, spans_that_check, without_duplicates
from tagger.labels.sources import SOURCES, Span, label_source, read_spans
from tagger.taxonomies.files import load_taxonomy
from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.traces.labelled import read_labelled
from tests.tagger.small_data import write


def rows(*texts_and_labels: tuple[str, Any], trace: str = "t", **more: Any) -> list[dict[str, Any]]:
    return [
        {"trace": trace, "i": i, "text": text, "label": label, **more}
        for i, (text, label) in enumerate(texts_and_labels)
    ]


def converted(path: Path, content: list[dict[str, Any]], name: str, **how: Any) -> Any:
    source = label_source(name)
    traces = read_spans(write(path / "spans.jsonl", content), source)
    return convert(traces, source, Conversion(**how))


def test_convert_labels_sentences_become_steps_of_one_row(tmp_path: Path) -> None:
    content = rows(
        ("First, the task.", "initializing"), (" So 2. ", "deduction"), model="m", qid="7"
    )
    content += rows(("Hmm.", "uncertainty-estimation"), trace="u", model="m", qid="8")
    found = converted(tmp_path, content[::-1], "venhoff")  # the order of rows does not matter
    assert [row["id"] for row in found.rows] == ["u", "t"]
    assert found.rows[1] == {
        "id": "t",
        "question": "",
        "steps": ["First, the task.", "So 2."],
        "labels": {"0": "INITIALIZE", "1": "DEDUCE"},
        "model": "m",
        "dataset": "",
        "source": "venhoff",
        "taxonomy": "venhoff",
        "qid": "7",
    }
    assert found.counts == {"INITIALIZE": 1, "DEDUCE": 1, "UNCERTAIN": 1}
    assert (found.steps, found.unlabelled, found.duplicates) == (3, 0, 0)


@pytest.mark.parametrize("name", list(SOURCES))
def test_convert_labels_what_is_written_is_read_again(tmp_path: Path, name: str) -> None:
    source = SOURCES[name]
    taxonomy = load_taxonomy(source.taxonomy)
    content = rows(*((f"Step {i}.\n\n", word) for i, word in enumerate(taxonomy.aliases)))
    if source.key != "label":
        content = [row | {source.key: [row["label"]]} for row in content]
    for how in ({}, {"to_reasontype": True}):
        found = converted(tmp_path, content, name, **how)
        file = write(tmp_path / "rows.jsonl", found.rows)
        (trace,) = read_labelled(file, REASONTYPE if how else taxonomy)
        assert len(trace.steps) == len(taxonomy.types)
        assert len(trace.labels) == sum(found.counts.values())
        assert found.unlabelled == len(trace.steps) - len(trace.labels)
    (plain,) = converted(tmp_path, content, name).rows
    assert list(plain["labels"].values()) == list(taxonomy.tags)


def test_labels_without_a_counterpart_are_left_out(tmp_path: Path) -> None:
    content = rows(("It follows.", "deduction"), ("I know that.", "adding-knowledge"))
    found = converted(tmp_path, content, "venhoff", to_reasontype=True)
    assert found.rows[0]["labels"] == {"1": "RECALL"}
    assert found.rows[0]["taxonomy"] == "reasontype"
    assert (found.unlabelled, found.counts) == (1, {"RECALL": 1})


def test_convert_labels_what_has_no_label_stays_a_step(tmp_path: Path) -> None:
    content = rows(("a", "unknown"), ("b", ["self_checking"]), ("c", []), ("  ", ["unknown"]))
    content = [row | {"labels": row["label"]} for row in content]
    found = converted(tmp_path, content, "thought-anchors")
    assert found.rows[0]["steps"] == ["a", "b", "c"]
    assert found.rows[0]["labels"] == {"1": "CHECK"}


def test_convert_labels_rows_after_the_thinking_are_skipped(tmp_path: Path) -> None:
    content = rows(("a", "Deduction"), ("b", "Final Answer"))
    content[1]["after_think"] = True
    found = converted(tmp_path, content, "thought-anchors-claude")
    assert found.rows[0]["steps"] == ["a"]


LONG = "the first of many words that a model wrote when it was asked how far the moon is away"


def test_convert_labels_one_annotation_of_a_response_stays(tmp_path: Path) -> None:
    whole, cut = f"{LONG} and then some more of it.", LONG.replace("many", "the many")
    other = "quite another answer to the same question, with hardly a word that the others have"
    content = rows((cut, "deduction"), trace="a", qid="1")
    first, rest = whole.split(" when", 1)
    content += rows((first, "deduction"), (f"when{rest}", "backtracking"), trace="b", qid="1")
    content += rows((other, "deduction"), trace="c", qid="1")
    content += rows((whole, "deduction"), trace="d", qid="2")
    content += rows((whole, "deduction"), trace="e") + rows((whole, "deduction"), trace="f")
    found = converted(tmp_path, content, "venhoff")
    assert [row["id"] for row in found.rows] == ["b", "c", "d", "e"]
    assert found.duplicates == 2
    kept = converted(tmp_path, content, "venhoff", keep_duplicates=True)
    assert [row["id"] for row in kept.rows] == ["a", "b", "c", "d", "e", "f"]
    traces = read_spans(tmp_path / "spans.jsonl", label_source("venhoff"))
    once = without_duplicates(traces)
    assert without_duplicates(once) == once


def test_convert_labels_paragraphs_take_the_label_with_most_characters(tmp_path: Path) -> None:
    content = rows(
        ("<think>\n", "reflection"),
        ("First I plan this. ", "planning"),
        ("It has three parts and a longer text.\n\n", "restatement"),
        ("Short. ", "reasoning"),
        ("But this supposition goes on, over the blank line\n\nand into the next. ", "assumption"),
        ("Then the end, which is now longer than that.\n", "reasoning"),
        ("</think>\n\n", None),
        ("The answer is 4.", "conclusion"),
        model="m", domain="d", trace="p1_m",
    )  # fmt: skip
    found = converted(tmp_path, content, "reasoningflow", segmenter="paragraph")
    (row,) = found.rows
    assert row["steps"] == [
        "First I plan this. It has three parts and a longer text.",
        "Short. But this supposition goes on, over the blank line",
        "and into the next. Then the end, which is now longer than that.",
    ]
    assert row["labels"] == {"0": "RESTATEMENT", "1": "ASSUMPTION", "2": "REASONING"}
    assert (row["qid"], row["dataset"]) == ("p1", "d")
    spans = converted(tmp_path, content, "reasoningflow").rows[0]
    assert "".join(spans["steps"]).startswith("First I plan this.It has")
    assert len(spans["steps"]) == 5


def span(label: str, *edges: str) -> Span:
    return Span("x", label, frozenset(edges))


def test_convert_labels_edges_mark_checks() -> None:
    spans = [
        span("Reasoning"),
        span("Planning", "plan:verify"),  # announced
        span("Reasoning", "reason:execute"),
        span("Reasoning", "validate:support"),  # carried out, and over
        span("Reasoning"),
        span("Conclusion", "validate:support"),  # repeats the answer
        span("Reflection", "reflect:positive"),
        span("Reflection", "reflect:uncertain"),
        span("Planning", "plan:verify"),
        span("Planning", "plan:proceed"),  # another plan instead
        span("Reasoning"),
    ]
    expected = [0, 1, 1, 1, 0, 0, 1, 0, 1, 0, 0]
    assert spans_that_check(spans) == [bool(n) for n in expected]
    endless = [span("Planning", "plan:verify")] + [span("Reasoning")] * 20
    assert sum(spans_that_check(endless)) == 12


def test_convert_labels_checks_become_verification(tmp_path: Path) -> None:
    content = rows(("Let me check that.\n\n", "planning"), ("It is 4 again.\n\n", "reasoning"),
                   ("So.\n\n", "reasoning"))  # fmt: skip
    content[0]["in_edges"], content[1]["in_edges"] = ["plan:verify"], ["validate:support"]
    found = converted(tmp_path, content, "reasoningflow", to_reasontype=True, check_edges=True)
    assert found.rows[0]["labels"] == {"0": "VERIFY", "1": "VERIFY"}
    plain = converted(tmp_path, content, "reasoningflow", to_reasontype=True)
    assert plain.rows[0]["labels"] == {"0": "HEURISTIC"}


def test_convert_labels_any_other_file_of_spans(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", [{"trace": "t", "i": 0, "text": "a", "og": "Deduction"}])
    source = label_source("spans", "venhoff", "og")
    assert convert(read_spans(path, source), source, Conversion()).counts == {"DEDUCE": 1}
    with pytest.raises(UserError, match="name --taxonomy too"):
        label_source("spans")
    with pytest.raises(UserError, match="Unknown label format 'venhof'; did you mean 'venhoff'"):
        label_source("venhof")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"label": "deductoin"}, "line 2: Unknown .*did you mean 'deduction'"),
        ({"i": "1"}, 'line 2: "i" must be the place of the span'),
        ({"i": True}, 'line 2: "i" must be the place of the span'),
        ({"i": 0}, "line 2: place 0 of trace 't' is taken already"),
        ({"text": 5}, 'line 2: "text" must be a string'),
    ],
)
def test_convert_labels_bad_rows_name_their_line(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    content = rows(("a", "deduction"), ("b", "deduction"))
    with pytest.raises(UserError, match=says):
        converted(tmp_path, [content[0], content[1] | change], "venhoff")


def test_convert_labels_files_and_options_that_do_not_fit(tmp_path: Path) -> None:
    content = rows(("a", "deduction"))
    with pytest.raises(UserError, match='line 1: a row of format .* needs "labels"'):
        converted(tmp_path, content, "thought-anchors")
    with pytest.raises(UserError, match="leave --segmenter out"):
        converted(tmp_path, content, "venhoff", segmenter="paragraph")
    with pytest.raises(UserError, match="--format reasoningflow --to-reasontype"):
        converted(tmp_path, content, "venhoff", to_reasontype=True, check_edges=True)
    with pytest.raises(UserError, match="holds no rows"):
        converted(tmp_path, [], "venhoff")
    assert json.loads((tmp_path / "spans.jsonl").read_text() or "null") is None
