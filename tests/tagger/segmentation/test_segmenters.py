"""The segmenters by sentence and by marker: the law, and what each calls a step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.errors import UserError
from tagger.segmentation import SEGMENTERS, get_segmenter
from tagger.segmentation.marker import DEFAULT_MARKERS
from tagger.steps import Segmenter
from tests.tagger.segmentation.test_segmentation import cut_at, stream_all

PIECES = st.sampled_from(
    ["\n", "\n\n", "\n \n", "\r\n", " ", "  ", ".", "...", "…", "?", "!", ":", ",", '"', "”", ")"]
    + ["$", "$$", "\\(", "\\)", "\\[", "\\]", "\\", "`", "```", "*", "**", "-", "- ", "1. ", "(2) "]
    + ["a", "x", "I", "I'm", "B", "5", "3.5", "n!", "$5 each", "$x=2.$", "e.g.", "Dr.", "eq. 3"]
    + ["Wait", "wait, ", "Waiting", "So", "Let me check", "Let me", "However", "Step 2. ", "= 4"]
    + ["```\n", "\n~~~", "~", "\\begin{align}", "\\end{align}", "\\begin{", "\\\\[2mm]", ".\\end{"]
    + ["|", "| ", "\n|", "\n| 1. A | b! C |", "\n|x|. Y ", " |\n"]
    + ["é", "数", "。", "！", "🙂", "\u2028", "\u00a0", "e\u0301", "Σ", "İ", "ſo", "x" * 30]
)
TEXTS = st.lists(PIECES, max_size=40).map("".join)
CUTS = st.lists(st.integers(0, 10_000), max_size=30)
BY_TEXT = ["sentence_paragraph", "sentence", "marker"]


def texts_of(name: str, text: str, **given: object) -> list[str]:
    return [step.text for step in get_segmenter(name, **given).split(text)]


@pytest.mark.parametrize("name", BY_TEXT)
@settings(max_examples=120, deadline=None)
@given(TEXTS, CUTS, st.integers(1, 12))
def test_segmenters_feeding_any_cutting_equals_splitting(
    name: str, text: str, cuts: list[int], min_chars: int
) -> None:
    segmenter = get_segmenter(name, min_chars=min_chars)
    assert stream_all(segmenter, cut_at(text, cuts)) == segmenter.split(text)


@pytest.mark.parametrize("name", BY_TEXT)
@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_segmenters_feeding_single_characters_equals_splitting(name: str, text: str) -> None:
    segmenter = get_segmenter(name)
    assert stream_all(segmenter, list(text)) == segmenter.split(text)


TRICKY = [
    "Say $x. Y$5 more. So $x. Y$ it. B",
    "We get $12.50 each. Then $12. 5$ or $1,000. He",
    "It holds \\[\nx.\n \\] Then \\[x. \\]\nThen \\(a. B\\) so.\\] Now \\\\[a. B\\] c",
    "Run ``` a. B `` c. D ``` then `x. Y` or `a. B\nC. D` so",
    "Is it (so.)\"' Yes... no... I do... Wait. e. g. a. n. x. Is it? he",
    "A\n | b. C | d! E|\n| f. G\n|x|. Y |z| is.\n~~~ a\nb. C\n~~~. D",
    "To \\begin{align}\na. B \\begin{align}c.\\end{align}\nd.\n\\end{align}\nSo. \\begin{a}",
    "One\n- two\n -3\n2) d\n(4) e\n\n- f.\n \nG",
]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sentence", "marker"])
@pytest.mark.parametrize("text", TRICKY)
def test_segmenters_every_pair_of_cuts_of_what_needs_look_ahead(name: str, text: str) -> None:
    segmenter = get_segmenter(name)
    whole = segmenter.split(text)
    for i in range(len(text)):
        for j in range(i, len(text)):
            assert stream_all(segmenter, [text[:i], text[i:j], text[j:]]) == whole


@settings(max_examples=100, deadline=None)
@given(TEXTS, CUTS)
def test_segmenters_markers_of_paragraphs_keep_the_law(text: str, cuts: list[int]) -> None:
    segmenter = get_segmenter("marker", unit="paragraph", markers=["so", "数", "wait", "σ"])
    assert stream_all(segmenter, cut_at(text, cuts)) == segmenter.split(text)


@pytest.mark.parametrize("name", BY_TEXT)
@settings(max_examples=80, deadline=None)
@given(TEXTS, st.integers(1, 12))
def test_segmenters_spans_reproduce_the_thinking(name: str, text: str, min_chars: int) -> None:
    steps = get_segmenter(name, min_chars=min_chars).split(text)
    at = 0
    for step in steps:
        assert not text[at : step.start].strip(), "only white space lies between steps"
        assert step.text == text[step.start : step.end] == step.text.strip() != ""
        at = step.end
    assert not text[at:].strip()
    assert all(len(s.text) >= min_chars for s in steps[:-1])


@pytest.mark.parametrize("name", BY_TEXT)
@settings(max_examples=100, deadline=None)
@given(TEXTS, CUTS)
def test_segmenters_bytes_of_any_cutting_decoded_on_the_way_give_the_same_steps(
    name: str, text: str, cuts: list[int]
) -> None:
    import codecs

    data = text.encode()
    places = sorted({c % (len(data) + 1) for c in cuts})
    decoder = codecs.getincrementaldecoder("utf-8")()
    pairs = zip([0, *places], [*places, len(data)], strict=True)
    segmenter = get_segmenter(name)
    deltas = [decoder.decode(data[i:j]) for i, j in pairs]
    assert stream_all(segmenter, deltas) == segmenter.split(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One.\n\nTwo", ["One.", "Two"]),
        ("Get\n\n\\[x = 5\\]\n\nor so.\n\nSo", ["Get\n\n\\[x = 5\\]\n\nor so.", "So"]),
        ("Is it?\n\nYes!\n\nThen:\n\nEnd", ["Is it?", "Yes!", "Then:", "End"]),
        ('A "no."\n\n(It is.)\n\n**B.**\n\nx', ['A "no."', "(It is.)", "**B.**", "x"]),
        ("so $x = 5.$ \n \nThen \\(y.\\)\n\nz", ["so $x = 5.$", "Then \\(y.\\)", "z"]),
        ("Heading\n\nText. More.\nLine", ["Heading\n\nText. More.\nLine"]),
        ("完了。\n\n次", ["完了。", "次"]),
    ],
)
def test_segmenters_sentence_paragraphs(text: str, expected: list[str]) -> None:
    assert texts_of("sentence_paragraph", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We get 3.5. Then 4,000.25 more.", ["We get 3.5.", "Then 4,000.25 more."]),
        ("Use e.g. 4, i.e. two, vs. Five.", ["Use e.g. 4, i.e. two, vs. Five."]),
        ("By Dr. Who. See Fig. 2. Eq. (3) too.", ["By Dr. Who.", "See Fig. 2.", "Eq. (3) too."]),
        ("Hmm... let me see. So... I do.", ["Hmm... let me see.", "So... I do."]),
        ("Hmm... Wait. 1 + … + n is it.", ["Hmm...", "Wait.", "1 + … + n is it."]),
        ("1. First, a. 2. Then b.\n(3) c", ["1. First, a.", "2. Then b.", "(3) c"]),
        ("**Step 1.** Do. Case b. x = 1.", ["**Step 1.** Do.", "Case b. x = 1."]),
        ("5! = 120. n! / k! is 6! Great! Yes", ["5! = 120.", "n! / k! is 6!", "Great!", "Yes"]),
        ("$x = 5. So$ and \\(a. B\\) or $$p. Q$$.", ["$x = 5. So$ and \\(a. B\\) or $$p. Q$$."]),
        ("Then $y = 2.$ Then \\[z.\\] Now", ["Then $y = 2.$", "Then \\[z.\\]", "Now"]),
        # A backslash that breaks a line (Markdown) does not hide the blank line behind it.
        ("So x\\\n\nThen y\\\n- z", ["So x\\", "Then y\\", "- z"]),
        # The full stop may end the line before the bracket; without one the sentence continues.
        ("Get\n\\[\nx = 5.\n\\]\nThen y.", ["Get\n\\[\nx = 5.\n\\]", "Then y."]),
        (
            "Get $$\nx = 5.\n$$ Is \\(1 > 2? \\) No",
            ["Get $$\nx = 5.\n$$", "Is \\(1 > 2? \\)", "No"],
        ),
        ("Get\n\\[\nx = 5\n\\]\nwith y.", ["Get\n\\[\nx = 5\n\\]\nwith y."]),
        ("Of \\( 10! \\) it is \\[ \\] so", ["Of \\( 10! \\) it is \\[ \\] so"]),
        ("It is $5. He pays $3 each. Is it?", ["It is $5.", "He pays $3 each.", "Is it?"]),
        ("A stray $ sign. Here $a. There", ["A stray $ sign.", "Here $a.", "There"]),
        ("Call `x. Y` or f.g(). Then", ["Call `x. Y` or f.g().", "Then"]),
        ("```py\na. B\n\nc. D\n```\nIt ran. Ok", ["```py\na. B\n\nc. D\n```\nIt ran.", "Ok"]),
        ("```\nnever. Closed\n\nA", ["```\nnever. Closed\n\nA"]),
        ('"Is it?" he asks. "Yes." (Ok.) So', ['"Is it?" he asks.', '"Yes."', "(Ok.)", "So"]),
        ("It is B. Then x = 5. n is odd. a b", ["It is B.", "Then x = 5.", "n is odd. a b"]),
        ("Items:\n- a b\n- c\n2) d\nplain", ["Items:", "- a b", "- c", "2) d\nplain"]),
        ("No stop\n\nhere. Or\nthere", ["No stop", "here.", "Or\nthere"]),
        ("数学。定理！“好。”完", ["数学。", "定理！", "“好。”", "完"]),
        ("What?! Really?? ok. No.\nthen", ["What?!", "Really??", "ok.", "No.", "then"]),
        ("See www.a.com/b. Then v1.2.3 runs.", ["See www.a.com/b.", "Then v1.2.3 runs."]),
    ],
)
def test_segmenters_sentences(text: str, expected: list[str]) -> None:
    assert texts_of("sentence", text) == expected


def test_segmenters_sentence_comes_out_as_soon_as_it_is_certain() -> None:
    stream = get_segmenter("sentence").stream()
    assert stream.feed("It is 4. ") == []  # "4. th" would go on
    assert [s.text for s in stream.feed("Th")] == ["It is 4."]
    assert [s.text for s in stream.feed("en.\n\n")] == ["Then."]
    assert [s.text for s in stream.close()] == []


def test_segmenters_short_sentences_join_the_next_one() -> None:
    assert texts_of("sentence", "Hmm. Wait. Is it 4? Yes.", min_chars=10) == [
        "Hmm. Wait.",
        "Is it 4? Yes.",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Let x be 5. Odd. Wait, is it? Yes.", ["Let x be 5. Odd.", "Wait, is it? Yes."]),
        ("Some say so. Sometimes. So it is.", ["Some say so. Sometimes.", "So it is."]),
        ("A.\n\n**Alternatively**, b. 'But no.", ["A.", "**Alternatively**, b.", "'But no."]),
        ("It is 7. Fine. LET ME CHECK that", ["It is 7. Fine.", "LET ME CHECK that"]),
        ("It is 7. That’s correct, but slow. Hm", ["It is 7.", "That’s correct, but slow. Hm"]),
    ],
)
def test_segmenters_steps_begin_with_markers(text: str, expected: list[str]) -> None:
    assert texts_of("marker", text) == expected


def test_segmenters_markers_of_paragraphs_and_of_ones_own() -> None:
    text = "So a. So b.\n\nc.\n\nSo d.\n\nAber e."
    assert texts_of("marker", text, unit="paragraph") == ["So a. So b.\n\nc.", "So d.\n\nAber e."]
    own = {"unit": "paragraph", "markers": ["ABER "]}
    assert texts_of("marker", text, **own) == ["So a. So b.\n\nc.\n\nSo d.", "Aber e."]


def test_segmenters_marker_step_does_not_wait_for_its_sentence_to_end() -> None:
    stream = get_segmenter("marker").stream()
    assert stream.feed("It is 4. Wai") == []
    assert stream.feed("t") == []  # "Waiting" would be none
    assert [s.text for s in stream.feed(",")] == ["It is 4."]


def test_segmenters_default_markers_hold_the_lists_they_are_made_of() -> None:
    assert {"wait", "alternatively", "hmm", "so", "now", "first", "let me check"} <= set(
        DEFAULT_MARKERS
    )
    assert all(m == m.lower().strip() for m in DEFAULT_MARKERS)


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_TEXT)
@pytest.mark.parametrize(
    "text",
    ["A stray $a and `b and \\(c. " * 40_000, "no end " * 150_000, "```\n" + "x. Y\n\n" * 100_000],
    ids=["openers", "one step", "code"],
)
def test_segmenters_megabyte_takes_linear_time(name: str, text: str) -> None:
    steps = get_segmenter(name).split(text)  # about a second; were it quadratic, hours
    assert steps[-1].end == len(text.rstrip())


@pytest.mark.parametrize("name", BY_TEXT)
def test_segmenters_white_space_has_no_steps(name: str) -> None:
    for text in ("", "\n", " \n\n\t\n ", "\u2028"):
        assert texts_of(name, text) == []


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("sentence", {"min_chars": 0}, "min_chars of segmenter 'sentence' is 0"),
        ("sentence_paragraph", {"min_chars": 1.5}, "whole number"),
        ("marker", {"unit": "sentance"}, "did you mean 'sentence'"),
        ("marker", {"markers": []}, "list of words"),
        ("marker", {"markers": "wait"}, "is 'wait'; it must be of type list"),
        ("marker", {"markers": ["wait", " "]}, "list of words"),
        ("confidence", {}, "tau of segmenter 'confidence' is None.*calibrate-segmenter"),
        ("confidence", {"tau": 1.2}, "at most 1"),
        ("marker", {"marker": ["a"]}, "did you mean 'markers'"),
    ],
)
def test_segmenters_bad_settings_are_reported(
    name: str, given: dict[str, object], told: str
) -> None:
    with pytest.raises(UserError, match=told):
        get_segmenter(name, **given)


GIVEN = {"confidence": {"tau": 0.25}, "marker": {"markers": ["so"], "unit": "paragraph"}}


@pytest.mark.parametrize("name", sorted(SEGMENTERS))
def test_segmenters_settings_build_the_same_segmenter_again(name: str, tmp_path: Path) -> None:
    built: Segmenter = get_segmenter(name, **GIVEN.get(name, {"min_chars": 7}))
    assert get_segmenter(built.name, **json.loads(json.dumps(built.settings))) == built
    file = tmp_path / "segmenter.json"
    file.write_text(json.dumps({"segmenter": name, **built.settings, "about": {"a": 1}}))
    assert get_segmenter(str(file)) == built
    assert get_segmenter(str(file), min_chars=9).settings["min_chars"] == 9


def test_segmenters_by_name_and_by_file(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("segmenter: confidence\ntau: 0.3\n")
    assert get_segmenter(str(file)) == get_segmenter("confidence", tau=0.3)
    for content, told in [
        ("segmenter: confidence\ntua: 0.3\n", "s.yaml.*did you mean 'tau'"),
        ("tau: 0.3\n", "must hold a .segmenter"),
        ("segmenter: a.yaml", "names another file"),
        ("[1, 2]", "must hold a .segmenter"),
        ("a: b: c", "neither YAML"),
    ]:
        file.write_text(content)
        with pytest.raises(UserError, match=told):
            get_segmenter(str(file))
    with pytest.raises(UserError, match="Cannot read the segmenter file"):
        get_segmenter(str(tmp_path / "none.yaml"))
    with pytest.raises(UserError, match="did you mean 'sentence'"):
        get_segmenter("sentense")


def test_segmenters_tiny_threshold_in_a_json_file_is_a_number(tmp_path: Path) -> None:
    file = tmp_path / "segmenter.json"
    file.write_text(json.dumps({"segmenter": "confidence", "tau": 0.00005}))
    assert "5e-05" in file.read_text(), "which plain YAML 1.1 takes for a word"
    assert get_segmenter(str(file)).settings["tau"] == 0.00005
