"""The frozen tagger: streaming equals batch, nothing can change it, nothing changed loads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from tagger.backends.linear import LinearBackend, LinearSettings
from tagger.errors import UserError
from tagger.frozen import PACKAGED, FrozenTagger, packaged_taggers, tagger_folder
from tagger.segmentation import ParagraphSegmenter
from tagger.steps import Step, StepTagger, TagContext, TaggedStep, steps_from_texts
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.tagger.small_data import rows, trained

PIECES = st.sampled_from(
    [
        "\n",
        "\n\n",
        "\n \n",
        " ",
        "3 + 4 = 7.",
        "Wait, let me check:",
        "So the answer is 7.",
        "數é🙂",
    ]
    + ["Hmm, I am not sure.", "\\boxed{7}", "12", "4 + 3 = 7", "\u2028", "?"]
)
TEXTS = st.lists(PIECES, max_size=30).map("".join)


@pytest.fixture(scope="module")
def tagger() -> FrozenTagger:
    return trained().tagger


def stream_tags(tagger: FrozenTagger, deltas: list[str], question: str) -> list[TaggedStep]:
    stream, session = tagger.segmenter.stream(), tagger.session(question)
    out = [session.tag_next(step) for delta in deltas for step in stream.feed(delta)]
    return out + [session.tag_next(step) for step in stream.close()]


@settings(max_examples=120, deadline=None)
@given(TEXTS, st.lists(st.integers(0, 10_000), max_size=20), st.sampled_from(["", "3 + 4?"]))
def test_frozen_tagger_streaming_any_deltas_equals_tagging_the_text(
    text: str, cuts: list[int], question: str
) -> None:
    tagger = trained().tagger
    places = sorted({c % (len(text) + 1) for c in cuts})
    deltas = [text[i:j] for i, j in zip([0, *places], [*places, len(text)], strict=True)]
    assert stream_tags(tagger, deltas, question) == tagger.tag_text(text, question)


@settings(max_examples=100, deadline=None)
@given(st.lists(TEXTS, max_size=6), st.randoms())
def test_frozen_tagger_labels_do_not_depend_on_the_batch(texts: list[str], rng: Any) -> None:
    tagger = trained().tagger
    traces = [tagger.segmenter.split(text) for text in texts]
    questions = ["3 + 4" if i % 2 else "" for i in range(len(texts))]
    alone = [tagger.tag(t, TagContext(q)) for t, q in zip(traces, questions, strict=True)]
    assert tagger.tag_batch(traces, questions) == alone
    order = list(range(len(texts)))
    rng.shuffle(order)
    shuffled = tagger.tag_batch([traces[i] for i in order], [questions[i] for i in order])
    assert shuffled == [alone[i] for i in order]


def test_frozen_tagger_batches_larger_than_a_chunk_change_nothing(tagger: FrozenTagger) -> None:
    traces = [steps_from_texts(row["steps"])[1] for row in rows(400, seed=3)]
    assert sum(map(len, traces)) > 2000
    together = tagger.tag_batch(traces, [""] * len(traces))
    assert together == [tagger.tag(steps) for steps in traces]


def test_frozen_tagger_uses_earlier_steps_as_context(tagger: FrozenTagger) -> None:
    steps = tagger.segmenter.split("3 + 4 = 7.\n\nSo the answer is 7.\n\n3 + 4 = 7.\n\nHmm.")
    whole = tagger.tag(steps, TagContext("3 + 4"))
    rest = tagger.tag(steps[2:], TagContext("3 + 4", tuple(steps[:2])))
    assert rest == whole[2:]
    assert tagger.tag(steps[2:])[0].type != whole[2].type, "without context it is no repetition"


def test_frozen_tagger_fields_of_a_tagged_step(tagger: FrozenTagger) -> None:
    text = "3 + 4 = 7.\n\nWait, let me check: 3 + 4 = 7."
    for tagged, step in zip(tagger.tag_text(text), tagger.segmenter.split(text), strict=True):
        assert tagged.step == step
        assert len(tagged.probabilities) == len(REASONTYPE.types)
        assert sum(tagged.probabilities) == pytest.approx(1)
        assert tagged.confidence == max(tagged.probabilities)
        assert tagged.type == REASONTYPE.names[tagged.probabilities.index(tagged.confidence)]


def test_frozen_tagger_of_no_steps(tagger: FrozenTagger) -> None:
    assert tagger.tag([]) == []
    assert tagger.tag_text(" \n\n ") == []
    assert tagger.tag_batch([], []) == []
    assert tagger.tag_batch([[], []], ["", "q"]) == [[], []]


def test_frozen_tagger_tags_empty_and_very_long_steps(tagger: FrozenTagger) -> None:
    endless = "3 + 4 = 7, " * 20_000
    tagged = tagger.tag([Step("___", 0, 3), Step(endless, 5, 5 + len(endless))])
    assert len(tagged) == 2 and all(np.isfinite(t.probabilities).all() for t in tagged)


def test_frozen_tagger_is_a_step_tagger_and_read_only(tagger: FrozenTagger) -> None:
    assert isinstance(tagger, StepTagger)
    for array in tagger.arrays.values():
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    for name in ("fingerprint", "taxonomy", "segmenter", "temperature", "arrays"):
        with pytest.raises(AttributeError):
            setattr(tagger, name, None)
    assert tagger.recompute_fingerprint() == tagger.fingerprint


def test_frozen_tagger_loads_what_was_saved(tagger: FrozenTagger, tmp_path: Path) -> None:
    folder = tagger.save(tmp_path / "new" / "tagger", card="# A card\n")
    loaded = FrozenTagger.load(folder)
    assert loaded.fingerprint == tagger.fingerprint
    assert (loaded.taxonomy, loaded.temperature) == (tagger.taxonomy, tagger.temperature)
    assert loaded.about == tagger.about
    text = "3 + 4 = 7.\n\nWait, let me check: 3 + 4 = 7."
    assert loaded.tag_text(text) == tagger.tag_text(text)
    assert sorted(p.name for p in folder.iterdir()) == [
        "README.md", "tagger.json", "weights.safetensors",
    ]  # fmt: skip
    assert [p.name for p in folder.parent.iterdir()] == ["tagger"], "no draft is left"


def test_frozen_tagger_save_overwrites_nothing(tagger: FrozenTagger, tmp_path: Path) -> None:
    folder = tagger.save(tmp_path / "tagger")
    before = (folder / "tagger.json").read_bytes()
    with pytest.raises(UserError, match="exists; name a new folder"):
        tagger.save(folder)
    assert (folder / "tagger.json").read_bytes() == before


def edit_config(folder: Path, **changes: Any) -> None:
    config = json.loads((folder / "tagger.json").read_text())
    (folder / "tagger.json").write_text(json.dumps(config | changes))


def one_weight_off(folder: Path) -> None:
    arrays = load_file(str(folder / "weights.safetensors"))
    arrays["rows"][0, 0] += 1
    save_file(arrays, str(folder / "weights.safetensors"))


def a_bucket_out_of_range(folder: Path) -> None:
    arrays = load_file(str(folder / "weights.safetensors"))
    arrays["buckets"][-1] = 2**30
    save_file(arrays, str(folder / "weights.safetensors"))


def a_definition_changed(folder: Path) -> None:
    config = json.loads((folder / "tagger.json").read_text())
    config["taxonomy"]["types"][0]["role"] = "evaluative"
    edit_config(folder, taxonomy=config["taxonomy"])


LINEAR = {"name": "linear", "settings": {"bits": 12}}
SPOILED = [
    (one_weight_off, r"its files were changed or mixed up"),
    (a_definition_changed, r"its files were changed or mixed up"),
    (lambda f: edit_config(f, temperature=9.0), r"its files were changed or mixed up"),
    (lambda f: edit_config(f, fingerprint="0" * 64), r"tagger\.json says 000000000000"),
    (lambda f: edit_config(f, segmenter={"name": "paragraf", "settings": {}}), r"'paragraph'"),
    (lambda f: edit_config(f, backend={"name": "linar", "settings": {}}), r"mean 'linear'"),
    (lambda f: edit_config(f, backend=LINEAR | {"settings": {"bit": 9}}), r"mean 'bits'"),
    (lambda f: edit_config(f, backend=LINEAR | {"settings": {"bits": 99}}), r"from 8 to 24"),
    (lambda f: edit_config(f, backend=LINEAR | {"settings": {"version": 0}}), r"version 0"),
    (lambda f: edit_config(f, taxonomy={"name": "x"}), r"malformed \(KeyError"),
    (lambda f: edit_config(f, temperature="warm"), r"malformed \(ValueError"),
    (lambda f: edit_config(f, temperature=0), r"does not fit taxonomy"),
    (lambda f: edit_config(f, format=2), r"no tagger of format 1"),
    (lambda f: (f / "tagger.json").write_text("{"), r"not valid JSON"),
    (lambda f: (f / "tagger.json").unlink(), r"tagger\.json is missing"),
    (lambda f: (f / "weights.safetensors").unlink(), r"weights\.safetensors is missing"),
    (lambda f: (f / "weights.safetensors").write_bytes(b"no"), r"no safetensors file"),
    (lambda f: save_file({"a": np.zeros(1)}, str(f / "weights.safetensors")), r"do not fit"),
    (a_bucket_out_of_range, r"do not fit together"),
]


@pytest.mark.parametrize(("spoil", "says"), SPOILED)
def test_frozen_tagger_refuses_a_damaged_folder_in_one_sentence(
    tagger: FrozenTagger, tmp_path: Path, spoil: Any, says: str
) -> None:
    folder = tagger.save(tmp_path / "tagger")
    spoil(folder)
    with pytest.raises(UserError, match=says) as caught:
        FrozenTagger.load(folder)
    assert "\n" not in str(caught.value) and str(folder) in str(caught.value)


def test_frozen_tagger_refuses_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No tagger in .*nowhere"):
        FrozenTagger.load(tmp_path / "nowhere")


def test_frozen_tagger_loads_packaged_taggers_by_name(
    tagger: FrozenTagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert packaged_taggers()[0] == "default"
    assert FrozenTagger.load("default").fingerprint == FrozenTagger.load().fingerprint
    for name in packaged_taggers():
        assert tagger_folder(name).parent == PACKAGED.parent
    monkeypatch.chdir(tmp_path)
    tagger.save(tmp_path / "default")
    assert FrozenTagger.load("default").fingerprint == tagger.fingerprint, "a folder wins"


def test_frozen_tagger_lists_the_packaged_taggers_for_an_unknown_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="No tagger 'liner': .* packaged taggers are default") as e:
        FrozenTagger.load("liner")
    assert "\n" not in str(e.value)


def test_frozen_tagger_rounds_weights_and_drops_zero_rows() -> None:
    weights = np.zeros((2**8, 14))
    weights[3, 2], weights[200, 5] = 1.5, -0.75
    backend = LinearBackend.from_weights(LinearSettings(bits=8), weights, np.zeros(14))
    arrays = backend.arrays
    assert arrays["buckets"].tolist() == [3, 200]
    rebuilt = arrays["rows"] * arrays["unit"][0]
    assert abs(rebuilt[0, 2] - 1.5) < 1e-4 and abs(rebuilt[1, 5] + 0.75) < 1e-4
    empty = LinearBackend.from_weights(LinearSettings(bits=8), 0 * weights, np.arange(14.0))
    tagged = FrozenTagger(REASONTYPE, ParagraphSegmenter(), empty).tag_text("anything")
    assert tagged[0].type == "Other", "with no weight the bias decides"


def test_frozen_tagger_needs_no_heavy_imports() -> None:
    code = (
        "import sys; from tagger.frozen import FrozenTagger; FrozenTagger.load().tag_text('a');"
        "print(sorted({m.split('.')[0] for m in sys.modules} & "
        "{'torch', 'sklearn', 'scipy', 'pandas', 'transformers', 'tokenizers', 'matplotlib'}))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
