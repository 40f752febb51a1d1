"""The memory of scores: by hand, in any batch, learned where words alone do not tell, damaged."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.backends.base import BatchExtractor, FeatureExtractor
from tagger.backends.linear import LinearBackend, LinearSettings
from tagger.backends.score_memory import SCALE, ScoreMemory, inputs, memory_arrays
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.segmentation import ParagraphSegmenter
from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.training.distillation import Distillation
from tagger.training.linear.train import LinearRecipe, train_linear
from tests.tagger.small_data import RECIPE, write

STEPS = ["We need 3 + 4.", "3 + 4 = 7.", "So the answer is 7.", "Wait.", "7", "", "3 + 4 = 7."]


def test_score_memory_weighs_scores_and_the_probabilities_before_them() -> None:
    weights = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 2.0], [0.0, 0.0]])  # two types, one step back
    memory = ScoreMemory(memory_arrays(weights, np.array([0.25, 0.0])))
    log3 = np.log(3.0)  # probabilities 3/4 and 1/4
    scores, after = memory.weigh(np.array([[log3, 0.0], [0.0, log3]]), memory.begin())
    assert scores[0] == pytest.approx([0.25 + log3, 0.0], abs=2e-3), "nothing is before the first"
    assert scores[1] == pytest.approx([0.25, log3 + 2 * 0.75], abs=2e-3)
    assert after.tolist() == [[SCALE / 4, 3 * SCALE / 4]]


def test_score_memory_inputs_put_the_latest_step_first() -> None:
    sure = np.array([[50.0, 0.0], [0.0, 50.0], [50.0, 0.0]])
    seen, after = inputs(sure, np.zeros((2, 2)))
    one, other = [SCALE, 0], [0, SCALE]
    assert seen[:, 2:].tolist() == [[0, 0, 0, 0], [*one, 0, 0], [*other, *one]]
    assert after.tolist() == [other, one]


def _backend(seed: int, steps: int) -> LinearBackend:
    rng = np.random.default_rng(seed)
    shape, types = LinearSettings(bits=8), len(REASONTYPE.types)
    words = LinearBackend.from_weights(
        shape, rng.normal(size=(2**8, types)), rng.normal(size=types)
    )
    weights = rng.normal(size=(types * (1 + steps), types))
    return words.with_memory(memory_arrays(weights, rng.normal(size=types)))


def _read(extractor: FeatureExtractor, texts: list[str]) -> list[Any]:
    assert isinstance(extractor, BatchExtractor)
    return extractor.read_batch(texts)


@given(
    st.lists(st.sampled_from(STEPS), min_size=1, max_size=12),
    st.lists(st.integers(1, 5), min_size=1, max_size=12),
    st.integers(1, 4),
)
def test_score_memory_scores_are_the_same_in_any_batch(
    texts: list[str], sizes: list[int], back: int
) -> None:
    backend = _backend(3, back)
    whole = backend.logits(_read(backend.start("3 + 4?"), texts))
    extractor, parts, at = backend.start("3 + 4?"), [], 0
    while at < len(texts):
        size = sizes[len(parts) % len(sizes)]
        parts.append(backend.logits(_read(extractor, texts[at : at + size])))
        at += size
    assert np.array_equal(np.concatenate(parts), whole)
    alone = backend.start("3 + 4?")
    assert np.array_equal(backend.logits([alone.read(text) for text in texts]), whole)


def test_score_memory_is_kept_in_a_taggers_folder(tmp_path: Path) -> None:
    tagger = FrozenTagger(REASONTYPE, ParagraphSegmenter(), _backend(1, 2))
    tagger.save(tmp_path / "tagger")
    again = FrozenTagger.load(tmp_path / "tagger")
    text = "\n\n".join(filter(None, STEPS))
    assert again.fingerprint == tagger.fingerprint
    assert again.tag_text(text) == tagger.tag_text(text)
    plain = FrozenTagger(REASONTYPE, ParagraphSegmenter(), _backend(1, 1))
    assert [t.probabilities for t in plain.tag_text(text)] != [
        t.probabilities for t in tagger.tag_text(text)
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"memory.rows": np.zeros((15, 14), dtype=np.int16)},
        {"memory.rows": np.zeros((14, 14), dtype=np.int16)},
        {"memory.bias": np.zeros(13)},
        {"memory.unit": None},
    ],
)
def test_score_memory_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    arrays = {k: v for k, v in (_backend(0, 2).arrays | change).items() if v is not None}
    with pytest.raises(UserError, match="do not fit together"):
        LinearBackend(LinearSettings(bits=8), arrays)


def test_linear_backend_keeps_the_buckets_of_the_largest_weights() -> None:
    weights = np.zeros((2**8, 14))
    weights[[3, 7, 200, 201], [2, 2, 5, 5]] = [0.5, 1.5, -2.0, 0.1]
    kept = LinearBackend.from_weights(LinearSettings(bits=8), weights, np.zeros(14), keep=2)
    assert kept.arrays["buckets"].tolist() == [7, 200]


def _traces(count: int, seed: int) -> list[dict[str, Any]]:
    """Steps "it is so" whose type is told by the step before the previous one alone."""
    rng, out = random.Random(seed), []
    for number in range(count):
        steps, tags = [], []
        for _ in range(4):
            recalls = rng.random() < 0.5
            steps += ["blue ones" if recalls else "green ones", "let me think", "it is so"]
            tags += ["RECALL" if recalls else "PATTERN", "META"]
            tags.append("VERIFY" if recalls else "CASE")
        labels = {str(i): tag for i, tag in enumerate(tags)}
        out.append({"id": f"m{number}", "question": f"q{number}", "steps": steps, "labels": labels})
    return out


def test_train_linear_with_memory_learns_what_the_words_of_two_steps_do_not_tell(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "labels.jsonl", _traces(60, 0))
    without = train_linear([path], RECIPE)
    remembering = train_linear([path], replace(RECIPE, memory=2, strength=30.0))
    again = train_linear([path], replace(RECIPE, memory=2, strength=30.0))
    assert without.scores.micro_f1 < 0.9
    assert remembering.scores.micro_f1 > 0.99
    assert remembering.tagger.fingerprint == again.tagger.fingerprint


def test_train_linear_emphasis_lets_labels_outweigh_a_teacher(tmp_path: Path) -> None:
    labels = write(tmp_path / "labels.jsonl", _traces(20, 0))
    swapped = [
        {**row, "labels": {k: {"CASE": "RECALL"}.get(v, v) for k, v in row["labels"].items()}}
        for row in _traces(20, 0)
    ]
    teacher = train_linear([write(tmp_path / "swapped.jsonl", swapped)], RECIPE).tagger
    unlabelled = tmp_path / "unlabelled.jsonl"
    rows = _traces(60, 9)
    unlabelled.write_text(
        "".join(
            json.dumps({"question": f"u{n}", "thinking": "\n\n".join(row["steps"])}) + "\n"
            for n, row in enumerate(rows)
        )
    )
    distillation = Distillation([teacher], [unlabelled], 1.0)

    def share_of_case(recipe: LinearRecipe) -> float:
        tagger = train_linear([labels], recipe, distillation=distillation).tagger
        tagged = [t for row in rows[:9] for t in tagger.tag_text("\n\n".join(row["steps"]))]
        case = REASONTYPE.index("CASE")
        return sum(t.probabilities[case] for t in tagged) / len(tagged)

    assert share_of_case(replace(RECIPE, emphasis=50.0)) > 1.5 * share_of_case(RECIPE)
