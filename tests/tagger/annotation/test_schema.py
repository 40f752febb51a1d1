"""Answers: what can be used, what cannot, and why."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.annotation.schema import (
    BadAnswer,
    answer_schema,
    parse_labels,
    read_completion,
)
from tagger.taxonomies.taxonomy import REASONTYPE

GOOD = (
    '{"labels": [{"step": 4, "tag": "VERIFY", "alternative": "META"}, {"step": 5, "tag": "CASE"}]}'
)


def entry(step: object, tag: object, alternative: object = None) -> dict[str, object]:
    return {"step": step, "tag": tag, "alternative": alternative}


def answer(*entries: object) -> str:
    return json.dumps({"labels": list(entries)})


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"Sure {{here}}: {GOOD} I hope that helps {{}}",
        f"<think>Perhaps {answer(entry(4, 'META'))}?</think>\n{GOOD}",
        GOOD.replace('"VERIFY"', '"verification / sanity check"').replace('"CASE"', '" case "'),
        GOOD.replace(": 4", ': "4"'),
    ],
)
def test_answers_that_can_be_used(content: str) -> None:
    found = parse_labels(content, REASONTYPE, [4, 5])
    assert found.tags == {4: "VERIFY", 5: "CASE"}
    assert found.alternatives == {4: "META"}


@pytest.mark.parametrize("alternative", [None, "", "none", "VERIFY"])
def test_an_alternative_that_says_nothing_is_none(alternative: object) -> None:
    found = parse_labels(answer(entry(0, "VERIFY", alternative)), REASONTYPE, [0])
    assert found.alternatives == {}


@pytest.mark.parametrize(
    ("content", "finish", "says"),
    [
        ("", "stop", "it is empty$"),
        ("<think>" + GOOD, "length", r"it is empty \(it was cut"),
        ("VERIFY, I think.", "stop", 'no JSON object with a list "labels"$'),
        (GOOD[:-30], "length", r"no JSON object .* \(it was cut at the token limit\)"),
        ('{"labels": {"4": "VERIFY", "5": "CASE"}}', "stop", "no JSON object"),
        ("{" * 100_000, "stop", "no JSON object"),
        ("[" * 100_000 + "{" + '{"a":' * 100_000, "stop", "no JSON object"),
        (answer(entry(4, "VERIFY")), "stop", "no label for step 5$"),
        (answer(), "stop", "no label for steps 4, 5$"),
        (answer(entry(4, "VERIFY"), entry(6, "CASE")), "stop", "step 6 was not asked for"),
        (answer(entry(True, "VERIFY")), "stop", "step True was not asked for"),
        (answer(entry(4.0, "VERIFY")), "stop", "step 4.0 was not asked for"),
        (answer(entry("9" * 9999, "VERIFY")), "stop", "was not asked for"),
        (answer(entry(4, "CASE"), entry(4, "CASE")), "stop", "step 4 is labelled twice"),
        (answer(entry(4, "CHECK")), "stop", "step 4 has the unknown tag 'CHECK'"),
        (answer(entry(4, ["CASE"])), "stop", "step 4 has the unknown tag"),
        (answer(entry(4, "CASE", "CHECK")), "stop", "step 4 has the unknown alternative 'CHECK'"),
        (answer("CASE", "CASE"), "stop", "not an object"),
    ],
)
def test_answers_that_cannot(content: str, finish: str, says: str) -> None:
    with pytest.raises(BadAnswer, match=says):
        parse_labels(content, REASONTYPE, [4, 5], finish)


@settings(deadline=None, max_examples=50)
@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_no_text_breaks_the_reader(content: str) -> None:
    with pytest.raises(BadAnswer):
        parse_labels(content, REASONTYPE, [0])
    assert read_completion(content).content == ""


@settings(deadline=None, max_examples=50)
@given(
    st.dictionaries(
        st.integers(0, 500),
        st.tuples(st.sampled_from(REASONTYPE.tags), st.sampled_from([None, *REASONTYPE.tags])),
        min_size=1,
    ),
    st.randoms(),
)
def test_what_the_schema_allows_is_read_back(given_tags, random) -> None:  # type: ignore[no-untyped-def]
    entries = [entry(i, tag, other) for i, (tag, other) in given_tags.items()]
    random.shuffle(entries)
    found = parse_labels(answer(*entries), REASONTYPE, sorted(given_tags))
    assert found.tags == {i: tag for i, (tag, _) in given_tags.items()}
    assert found.alternatives == {i: o for i, (t, o) in given_tags.items() if o and o != t}


def test_the_schema_is_one_that_strict_endpoints_take() -> None:
    schema = answer_schema(REASONTYPE)
    item = schema["properties"]["labels"]["items"]
    for part in (schema, item):
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])
    assert item["properties"]["tag"]["enum"] == list(REASONTYPE.tags)


@pytest.mark.parametrize(
    "body",
    ["", "<html>", "[]", "{}", '{"choices": []}', '{"choices": [1]}', '{"choices": [{}]}']
    + ['{"choices": [{"message": {"content": null}}], "usage": {"prompt_tokens": -1}}'],
)
def test_bodies_that_are_no_completion_are_empty(body: str) -> None:
    found = read_completion(body)
    assert (found.content, found.prompt_tokens, found.answer_tokens) == ("", None, None)
