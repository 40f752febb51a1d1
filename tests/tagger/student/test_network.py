"""The numpy network: the same numbers as the torch model, and the laws of tagging."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.backends.student.backend import StudentBackend
from tagger.backends.student.network import TABLES, compress
from tagger.backends.student.settings import StudentSettings
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.segmentation import ParagraphSegmenter
from tagger.steps import Step, TagContext
from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.training.student.examples import read_trace
from tagger.training.student.model import Dropout, StudentModel, pack
from tests.tagger.student.small import SHAPE, expand, random_backend, random_weights

TRACE = [
    "Let me see what 12 + 7 is.",
    "12 + 7 = 19.",
    "x " * 300,
    "…",
    "Wait, 12 + 7 = 19. Checking: 19 - 7 = 12.",
]
WORDS = st.sampled_from(["So", "12", "+", "7", "= 19", "wait", "check", "é", "日本", "\\frac"])
STEPS = st.lists(st.lists(WORDS, min_size=1, max_size=9).map(" ".join), min_size=1, max_size=12)


def tagger(seed: int = 0) -> FrozenTagger:
    return FrozenTagger(REASONTYPE, ParagraphSegmenter(), random_backend(seed))


@pytest.mark.parametrize(("layers", "width"), [(1, 16), (2, 16), (3, 24)])
def test_student_in_numpy_equals_torch(layers: int, width: int) -> None:
    import torch

    shape = StudentSettings(**{**asdict(SHAPE), "layers": layers, "width": width})
    model = StudentModel(shape, [14, 5], Dropout()).eval()
    with torch.no_grad():
        model.wide[0].weight.normal_()
    arrays = compress(model.weights())
    with torch.no_grad():  # the tables as rounded for the disk
        rounded = {n: torch.from_numpy(w) for n, w in expand(arrays).items()}
        for name in ("words", "statuses", "flags"):
            getattr(model, name).weight.copy_(rounded[name])
        model.wide[0].weight.copy_(rounded["wide"])
    backend = StudentBackend(shape, arrays)
    traces = [TRACE, TRACE[::-1], ["One."]]
    readings = [read_trace("What is 12 + 7?", steps, shape) for steps in traces]
    with torch.no_grad():
        wanted = model(pack(readings, model.gap, model.wide_bits)).numpy()
    given_ = []
    for steps in traces:
        extractor = backend.start("What is 12 + 7?")
        given_.append(backend.logits([extractor.read(text) for text in steps]))
    np.testing.assert_allclose(np.concatenate(given_), wanted, atol=1e-4, rtol=1e-4)


@given(STEPS, STEPS)
@settings(max_examples=100, deadline=None)
def test_student_streaming_equals_batches_exactly(steps: list[str], other: list[str]) -> None:
    frozen = tagger()
    split = frozen.segmenter.split
    first, second = split("\n\n".join(steps)), split("\n\n".join(other))
    session = frozen.session("12 + 7")
    streamed = [session.tag_next(step) for step in first]
    for batch in ([first, second], [second, first], [first]):
        tagged = frozen.tag_batch(batch, ["12 + 7"] * len(batch))
        assert tagged[batch.index(first)] == streamed


@given(STEPS, st.data())
@settings(max_examples=50, deadline=None)
def test_student_read_batch_equals_read(steps: list[str], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(steps)))
    backend = random_backend()
    alone, together = backend.start("12 + 7"), backend.start("12 + 7")
    single = [alone.read(text) for text in steps]
    cut_once = [*together.read_batch(steps[:cut]), *together.read_batch(steps[cut:])]
    for (seen, wide), (same, same_wide) in zip(single, cut_once, strict=True):
        np.testing.assert_array_equal(seen, same)
        assert wide == same_wide
    whole = [Step(text, 0, len(text)) for text in steps]
    context = TagContext("12 + 7", tuple(whole[:cut]))
    assert tagger().tag(whole[cut:], context) == tagger().tag(whole, TagContext("12 + 7"))[cut:]


def test_student_is_thread_safe() -> None:
    frozen = tagger()
    texts = [
        "\n\n".join(f"{i} + {n} = {i + n}. " * (3 * n) for n in range(1, 12)) for i in range(8)
    ]
    wanted = [frozen.tag_text(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(frozen.tag_text, texts * 5)) == wanted * 5


def test_student_tags_a_step_without_words() -> None:
    frozen = tagger()
    tagged = frozen.tag_text("__\n\n12 + 7 = 19.\n\n__")
    assert len(tagged) == 3
    assert all(sum(t.probabilities) == pytest.approx(1) for t in tagged)
    session = frozen.session()
    assert [session.tag_next(t.step) for t in tagged] == tagged


def test_student_compress_rounds_tables_to_int8() -> None:
    weights = random_weights()
    arrays = compress(weights)
    assert {arrays[n].dtype.name for n in TABLES} == {"int8"}
    back = expand(arrays)
    for name, weight in weights.items():
        limit = float(arrays[f"{name}.unit"][0]) / 2 if f"{name}.unit" in arrays else 0.0
        assert np.abs(back[name] - weight).max() <= limit * 1.001


def test_student_loads_what_was_saved_and_refuses_changes(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    saved = tagger().save(tmp_path / "student")
    loaded = FrozenTagger.load(saved)
    assert loaded.fingerprint == tagger().fingerprint
    text = "\n\n".join(TRACE)
    assert loaded.tag_text(text) == tagger().tag_text(text)
    file = saved / "weights.safetensors"
    arrays = load_file(str(file))
    arrays["words"][0, 0] += 1
    save_file(arrays, str(file))
    with pytest.raises(UserError, match="fingerprint"):
        FrozenTagger.load(saved)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kernel": 4}, "must be odd"),
        ({"width": 0}, "whole number from 4"),
        ({"version": 99}, "train it again"),
        ({"widht": 8}, "did you mean 'width'"),
    ],
)
def test_student_refuses_settings_out_of_range(change: dict[str, int], message: str) -> None:
    with pytest.raises(UserError, match=message):
        StudentSettings.from_dict({**asdict(SHAPE), **change})


def test_student_names_arrays_that_do_not_fit() -> None:
    arrays = compress(random_weights())
    del arrays["mix.bias"]
    arrays["outer.weight"] = arrays["outer.weight"][:, :3]
    with pytest.raises(UserError, match=r"mix\.bias, outer\.weight do not fit"):
        StudentBackend(SHAPE, arrays)


@pytest.mark.parametrize(("name", "kind"), [("wide", "float32"), ("mix.bias", "float64")])
def test_student_refuses_arrays_of_another_dtype(name: str, kind: str) -> None:
    arrays = compress(random_weights())
    arrays[name] = arrays[name].astype(kind)
    with pytest.raises(UserError, match="int8"):
        StudentBackend(SHAPE, arrays)
