"""The numpy network: the same numbers as the torch model, and the laws of tagging."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.segmentation import ParagraphSegmenter
from tagger.student.backend import StudentBackend
from tagger.student.examples import read_trace
from tagger.student.model import Dropout, StudentModel, pack
from tagger.student.network import TABLES, compress
from tagger.student.settings import StudentSettings
from tagger.taxonomy import REASONTYPE
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


@pytest.mark.parametrize("layers", [1, 2])
def test_numpy_and_torch_compute_the_same(layers: int) -> None:
    import torch

    shape = StudentSettings(**{**asdict(SHAPE), "layers": layers})
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
        reader = backend.start("What is 12 + 7?")
        given_.append(backend.logits([reader.read(text) for text in steps]))
    np.testing.assert_allclose(np.concatenate(given_), wanted, atol=1e-4, rtol=1e-4)


@given(STEPS, STEPS)
@settings(max_examples=100, deadline=None)
def test_streaming_and_batches_give_the_very_same_probabilities(
    steps: list[str], other: list[str]
) -> None:
    frozen = tagger()
    split = frozen.segmenter.split
    first, second = split("\n\n".join(steps)), split("\n\n".join(other))
    session = frozen.session("12 + 7")
    streamed = [session.tag_next(step) for step in first]
    for batch in ([first, second], [second, first], [first]):
        tagged = frozen.tag_batch(batch, ["12 + 7"] * len(batch))
        assert tagged[batch.index(first)] == streamed


def test_compressed_tables_are_whole_numbers_and_stay_close() -> None:
    weights = random_weights()
    arrays = compress(weights)
    assert {arrays[n].dtype.name for n in TABLES} == {"int8"}
    back = expand(arrays)
    for name, weight in weights.items():
        limit = float(arrays[f"{name}.unit"][0]) / 2 if f"{name}.unit" in arrays else 0.0
        assert np.abs(back[name] - weight).max() <= limit * 1.001


def test_saved_and_loaded_it_is_the_same_and_a_changed_table_is_refused(tmp_path: Path) -> None:
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
def test_settings_out_of_range_are_refused(change: dict[str, int], message: str) -> None:
    with pytest.raises(UserError, match=message):
        StudentSettings.from_dict({**asdict(SHAPE), **change})


def test_arrays_that_do_not_fit_the_settings_are_named() -> None:
    arrays = compress(random_weights())
    del arrays["mix.bias"]
    arrays["outer.weight"] = arrays["outer.weight"][:, :3]
    with pytest.raises(UserError, match=r"mix\.bias, outer\.weight do not fit"):
        StudentBackend(SHAPE, arrays)
