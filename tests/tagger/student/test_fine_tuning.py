"""Fine-tuning a student, averaging what came of it, and traces teachers are unsure of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tagger.backends.linear import LinearBackend, LinearSettings
from tagger.backends.student.network import compress, decompress
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.segmentation import ParagraphSegmenter, get_segmenter
from tagger.taxonomies.taxonomy import REASONTYPE, StepType, Taxonomy
from tagger.training.distillation import SoftLabelledTrace, with_unsure_again
from tagger.training.student.initial import initial_weights, mean_weights
from tagger.training.student.model import Dropout, StudentModel
from tagger.training.student.train import train_student
from tests.tagger.small_data import rows, write
from tests.tagger.student.small import (
    FITTING,
    RECIPE,
    SHAPE,
    expand,
    random_backend,
    random_weights,
)

STILL = replace(RECIPE, fitting=replace(FITTING, epochs=1, learning_rate=0.0, direct_rate=0.0))
SEGMENTER = ParagraphSegmenter()
SMALL = LinearSettings(bits=8)


def test_decompress_undoes_compress_within_half_a_unit() -> None:
    weights = random_weights()
    arrays = compress(weights)
    found = decompress(arrays)
    assert found.keys() == weights.keys()
    for name, weight in expand(arrays).items():
        assert np.array_equal(found[name], weight)
        assert found[name].dtype == np.float32
    again = compress(found)
    assert all(np.allclose(again[name], arrays[name], atol=1) for name in arrays)


def test_student_model_set_weights_leaves_auxiliary_heads_alone() -> None:
    model = StudentModel(SHAPE, [14, 3], Dropout())
    other = model.outer[1].weight.detach().clone()
    weights = random_weights(seed=3)
    model.set_weights(weights)
    for name, weight in model.weights().items():
        assert np.array_equal(weight, weights[name])
    assert np.array_equal(model.outer[1].weight.detach(), other)


def test_train_student_begins_with_the_weights_it_is_given(tmp_path: Path) -> None:
    path = write(tmp_path / "labelled.jsonl", rows(40))
    init = FrozenTagger(REASONTYPE, SEGMENTER, random_backend(seed=5))
    still = train_student([path], STILL, init=init).tagger  # its learning rates are 0
    assert still.about["init"] == init.fingerprint
    for name, array in init.arrays.items():
        assert np.allclose(still.arrays[name], array, atol=1), name  # tables: rounded once more
        if array.dtype == np.float32:
            assert np.allclose(still.arrays[name], array, atol=1e-5), name


def test_train_student_averages_members_into_one_network(tmp_path: Path) -> None:
    path = write(tmp_path / "labelled.jsonl", rows(40))
    quick = replace(RECIPE, fitting=replace(FITTING, epochs=1))
    init = FrozenTagger(REASONTYPE, SEGMENTER, random_backend())
    apart = train_student([path], replace(quick, members=2), init=init).tagger
    one = train_student([path], replace(quick, members=2, average=True), init=init).tagger
    assert one.backend.name == "student"
    mean = (apart.arrays["0/mix.weight"] + apart.arrays["1/mix.weight"]) / 2
    assert np.allclose(one.arrays["mix.weight"], mean, atol=1e-6)


def test_mean_weights_by_hand() -> None:
    networks = [{"a": np.array([1.0, 4.0], np.float32)}, {"a": np.array([3.0, 0.0], np.float32)}]
    assert mean_weights(networks)["a"].tolist() == [2.0, 2.0]


def test_initial_weights_refuse_what_cannot_be_fine_tuned() -> None:
    init = FrozenTagger(REASONTYPE, SEGMENTER, random_backend())
    assert initial_weights(None, SHAPE, REASONTYPE, SEGMENTER) is None
    with pytest.raises(UserError, match="of the back end linear; only a single student"):
        linear = LinearBackend.from_weights(SMALL, np.ones((2**8, 14)), np.zeros(14))
        other = FrozenTagger(REASONTYPE, SEGMENTER, linear)
        initial_weights(other, SHAPE, REASONTYPE, SEGMENTER)
    with pytest.raises(UserError, match="set hidden=24, layers=2"):
        shape = replace(SHAPE, hidden=32, layers=1)
        initial_weights(init, shape, REASONTYPE, SEGMENTER)
    two = Taxonomy("two", (StepType("A", "A", "other", "a"), StepType("B", "B", "other", "b")))
    with pytest.raises(UserError, match="take a student of the same taxonomy"):
        initial_weights(init, SHAPE, two, SEGMENTER)
    with pytest.raises(UserError, match="take a student of the same segmenter"):
        initial_weights(init, SHAPE, REASONTYPE, get_segmenter("sentence"))
    with pytest.raises(UserError, match="--init, or leave it out"):
        initial_weights(None, SHAPE, REASONTYPE, SEGMENTER, average=True)


def test_with_unsure_again_repeats_the_traces_of_highest_entropy() -> None:
    def soft(question: str, *sure: float) -> SoftLabelledTrace:
        rows = np.array([[p, 1 - p] for p in sure], np.float32)
        return SoftLabelledTrace(question, ["a"] * len(sure), rows)

    traces = [soft("a", 1.0, 0.9), soft("b", 0.5), soft("c", 0.6, 0.6, 1.0), soft("d", 0.9)]
    found = [t.question for t in with_unsure_again(traces, 0.5)]
    assert found == ["a", "b", "c", "d", "b", "c"]  # c: 0.45 a step, d: 0.33, a: 0.16
    assert with_unsure_again(traces, 0.0) == traces
