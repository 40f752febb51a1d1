"""`suffice tagger calibrate`: labels in, a tagger out that other commands use for such steps."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from launch.cli import main
from tagger.frozen import FrozenTagger
from tagger.segmentation.sentence import SentenceSegmenter
from tagger.steps import steps_from_texts
from tagger.units import for_segmenter, in_taxonomy
from tests.tagger.small_data import trained


@pytest.fixture
def sentences(tmp_path: Path) -> Path:
    """Traces of sentences, every second of which is labelled a check, the others computation."""
    rows = [
        {
            "id": str(i),
            "question": f"question {i}",
            "steps": ["Wait, let me check that again.", "3 + 4 = 7."] * 3,
            "labels": {str(j): ("CHECK", "COMPUTE")[j % 2] for j in range(6)},
        }
        for i in range(24)
    ]
    path = tmp_path / "sentences.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A small tagger's folder."""
    return trained().tagger.save(tmp_path / "small", "# Small\n")


def test_calibrated_tagger_maps_the_types_of_such_steps(
    tmp_path: Path, sentences: Path, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, unit = tmp_path / "made", ["--taxonomy", "thought-anchors", "--segmenter", "sentence"]
    words = ["tagger", "calibrate", str(sentences), *unit, "--tagger", str(small)]
    assert main([*words, "--output", str(made)]) == 0
    out, err = capsys.readouterr()
    assert "144 labelled steps" in out and "CHECK" in out and "hardly" not in err
    own, loaded = FrozenTagger.load(small), FrozenTagger.load(made)
    assert loaded.fingerprint == own.fingerprint and own.fingerprint[:12] in out
    (found,) = loaded.extras.calibrations
    assert found.about["labelled"][0]["file"] == "sentences.jsonl" and found.about["steps"] == 144
    assert found.version == SentenceSegmenter.version
    assert (made / "README.md").read_text() == "# Small\n", "the card comes along"

    text = tmp_path / "thinking.txt"
    text.write_text("We add. 3 + 4 = 7. Wait, is it 7?")
    mapped = ["--taxonomy", "thought-anchors", "--tagger", str(made)]
    assert main(["tag", str(text), "--json", "segmenter=sentence", *mapped]) == 0
    out, err = capsys.readouterr()
    record = json.loads(out)
    assert (record["calibrated"], len(record["steps"])) == (True, 3) and "calibrated" not in err

    words = ["tagger", "evaluate", str(sentences), "--json", "--resamples", "2", *mapped]
    assert main([*words, "--segmenter", "sentence"]) == 0
    out, err = capsys.readouterr()
    record = json.loads(out)
    assert "trained on a file named sentences.jsonl, or calibrated by it" in err
    tagger = in_taxonomy(for_segmenter(loaded, SentenceSegmenter()), "thought-anchors")
    steps = steps_from_texts(json.loads(sentences.read_text().splitlines()[0])["steps"])[1]
    predicted = Counter(t.type for t in tagger.tag(steps))
    assert record["provenance"]["tagger_fingerprint"] == tagger.fingerprint
    for name, counts in record["types"].items():
        assert counts["predicted"] == 24 * predicted[name], "its question changes nothing here"


def test_tagger_calibrated_for_its_own_types(
    tmp_path: Path, sentences: Path, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["tagger", "calibrate", str(sentences), "--taxonomy", "thought-anchors"]
    unit, own, made = (tmp_path / name for name in ("unit", "own.jsonl", "made"))
    span = ["--segmenter", "span", "--tagger", str(small), "--output", str(unit)]
    assert main([*words, *span]) == 0
    rows = sentences.read_text().replace("CHECK", "META").replace("COMPUTE", "VERIFY")
    own.write_text(rows)
    words = ["tagger", "calibrate", str(own), "--tagger", str(unit)]
    assert main([*words, "--types", "META", "--output", str(made)]) == 0
    assert "144 labelled steps" in capsys.readouterr().out
    before, after = FrozenTagger.load(unit), FrozenTagger.load(made)
    assert after.fingerprint != before.fingerprint and after.temperature == before.temperature
    others = {tag: bias for tag, bias in after.logit_bias.items() if tag != "META"}
    assert others == {tag: bias for tag, bias in before.logit_bias.items() if tag != "META"}
    (kept,) = after.extras.calibrations
    assert kept.segmenter == "span" and kept.tagger == after.fingerprint
    assert [one["labelled"][0]["file"] for one in after.about["calibrated_by"]] == ["own.jsonl"]
    assert "held_out_scores" in before.about and "held_out_scores" not in after.about
    card = (made / "README.md").read_text()
    assert "## Calibrated again" in card and card.index(before.fingerprint) < card.index(
        after.fingerprint
    )
    steps = steps_from_texts(json.loads(rows.splitlines()[0])["steps"])[1]
    counts = Counter(after.taxonomy.get(t.type).tag for t in after.tag(steps))
    assert counts["META"] == 3, "as often as it is labelled"
    again = [*words[:-1], str(made), "--output", str(tmp_path / "all")]
    assert main(again) == 0
    twice = FrozenTagger.load(tmp_path / "all")
    assert twice.logit_bias != after.logit_bias
    assert twice.about["calibrated_on"] == ["own.jsonl"] and len(twice.about["calibrated_by"]) == 2
    capsys.readouterr()
    assert main(["tagger", "evaluate", str(own), "--tagger", str(made), "--resamples", "2"]) == 0
    assert "or calibrated by it" in capsys.readouterr().err


def test_steps_that_a_segmenter_would_cut_further_are_told(
    tmp_path: Path, sentences: Path, small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sentences.write_text(sentences.read_text().replace("3 + 4 = 7.", "We add. 3 + 4 = 7."))
    words = ["tagger", "calibrate", str(sentences), "--taxonomy", "thought-anchors"]
    words += ["--segmenter", "sentence", "--tagger", str(small)]
    assert main([*words, "--output", str(tmp_path / "made")]) == 0
    said = "'sentence' would cut 50% of these steps further, so they are hardly its own"
    assert said in capsys.readouterr().err


def test_calibration_again_takes_the_place_of_the_one_before(
    tmp_path: Path, sentences: Path, small: Path
) -> None:
    names = [str(small), str(tmp_path / "once"), str(tmp_path / "twice")]
    for tagger, output in zip(names, names[1:], strict=False):
        words = ["tagger", "calibrate", str(sentences), "--taxonomy", "thought-anchors"]
        assert main([*words, "--segmenter", "span", "--tagger", tagger, "--output", output]) == 0
    assert [c.segmenter for c in FrozenTagger.load(names[2]).extras.calibrations] == ["span"]


def test_known_words_are_those_of_the_traces(
    tmp_path: Path, sentences: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["tagger", "calibrate", "--known-words", str(sentences), "--tagger", "linear"]
    assert main([*words, "--output", str(tmp_path / "made")]) == 0
    # wait let me check that again, and the word of the questions
    assert "7 known words" in capsys.readouterr().out
    known = FrozenTagger.load(tmp_path / "made").extras.known_words
    assert known is not None and known.share("Let me check again.") == 1.0
    assert known.share("So the answer is 7.") == 0.0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "Name labelled traces, or --known-words"),
        (["--known-words", "{file}", "--segmenter", "span"], "are of labelled traces; name some"),
        (["{file}", "--segmenter", "sentense"], "did you mean 'sentence'"),
        (["--known-words", "{once}"], "once.jsonl: no word occurs 3 times, so every step would"),
        (["{file}"], "with --taxonomy thought-anchors"),
        (["--known-words", "{file}", "--types", "META"], "are of labelled traces; name some"),
        (["{file}", "--segmenter", "span", "--types", "META"], "--types is of the tagger's own"),
        (["{own}", "--types", "META"], "0 and 0 labels of META in the two halves of the questions"),
        (["{one}"], "The labels name a single type, by which no probability"),
        (["{one}", "--types", "VERIFY"], "The labels name a single type, by which no probability"),
        (["{own}", "--types", "METTA"], "did you mean 'META'"),
        (["{file}", "--taxonomy", "thought-anchors", "--tagger", "none"], "No tagger 'none'"),
    ],
)
def test_bad_words(
    refused: Callable[..., str], tmp_path: Path, sentences: Path, words: list[str], says: str
) -> None:
    once = tmp_path / "once.jsonl"
    once.write_text('{"thinking": "We add twice."}\n')
    own = tmp_path / "own.jsonl"
    own.write_text(sentences.read_text().replace("CHECK", "VERIFY").replace("COMPUTE", "CASE"))
    one = tmp_path / "one.jsonl"
    one.write_text(own.read_text().replace("CASE", "VERIFY"))
    given = [word.format(file=sentences, once=once, own=own, one=one) for word in words]
    assert says in refused("tagger", "calibrate", *given, "--output", tmp_path / "made")
    assert not (tmp_path / "made").exists()
