"""A mapped tagger: sums of probabilities, and the laws of every step tagger."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.errors import UserError
from tagger.mapped import MappedTagger, tagger_in_taxonomy
from tagger.steps import StepTagger, TagContext, steps_from_texts
from tagger.taxonomies.files import load_type_map, taxonomy_names
from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.variants import with_parts
from tests.tagger.small_data import rows, trained
from tests.tagger.taxonomies.test_files import mine

OTHERS = [name for name in taxonomy_names() if name != "reasontype"]
TEXTS = [row["steps"] for row in rows(12, seed=5)]


@pytest.mark.parametrize("name", OTHERS)
def test_mapped_tagger_sums_probabilities(name: str) -> None:
    tagger, type_map = trained().tagger, load_type_map(name)
    mapped = MappedTagger(tagger, type_map)
    assert isinstance(mapped, StepTagger)
    _, steps = steps_from_texts(TEXTS[0])
    for plain, other in zip(tagger.tag(steps), mapped.tag(steps), strict=True):
        by_name = dict(zip(tagger.taxonomy.names, plain.probabilities, strict=True))
        assert other.step == plain.step
        for target, p in zip(type_map.taxonomy.names, other.probabilities, strict=True):
            parts = [v for k, v in by_name.items() if type_map.from_reasontype[k] == target]
            assert math.isclose(p, sum(parts), abs_tol=1e-12)
        assert other.confidence == max(other.probabilities)
        assert other.type == type_map.taxonomy.names[other.probabilities.index(other.confidence)]


@settings(max_examples=60, deadline=None)
@given(
    bias=st.dictionaries(st.sampled_from(REASONTYPE.tags), st.floats(-4, 4), min_size=1),
    name=st.sampled_from(OTHERS),
)
def test_a_type_is_predicted_with_the_biases_of_those_mapped_to_it(
    bias: dict[str, float], name: str
) -> None:
    tagger, type_map = with_parts(trained().tagger, logit_bias=bias), load_type_map(name)
    mapped, plain = MappedTagger(tagger, type_map), MappedTagger(trained().tagger, type_map)
    _, steps = steps_from_texts(TEXTS[0])
    for own, other, without in zip(
        tagger.tag(steps), mapped.tag(steps), plain.tag(steps), strict=True
    ):
        sums = dict.fromkeys(type_map.taxonomy.names, 0.0)
        for kind, tag, p in zip(
            tagger.taxonomy.names, tagger.taxonomy.tags, own.probabilities, strict=True
        ):
            sums[type_map.from_reasontype[kind]] += p * math.exp(bias.get(tag, 0.0))
        assert sums[other.type] == pytest.approx(max(sums.values()))
        assert other.probabilities == pytest.approx(without.probabilities)
    assert mapped.fingerprint != plain.fingerprint


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(len(TEXTS))), name=st.sampled_from(OTHERS))
def test_mapped_tagger_stream_equals_batch_equals_one_by_one(order: list[int], name: str) -> None:
    mapped = MappedTagger(trained().tagger, load_type_map(name))
    traces = [steps_from_texts(TEXTS[i])[1] for i in order]
    batch = mapped.tag_batch(traces, ["q"] * len(traces))
    for steps, tagged in zip(traces, batch, strict=True):
        session = mapped.session("q")
        assert [session.tag_next(step) for step in steps] == tagged
        assert mapped.tag(steps, TagContext("q")) == tagged
        assert mapped.tag(steps[1:], TagContext("q", steps[:1])) == tagged[1:]


def test_mapped_tagger_uses_the_taggers_own_segmenter() -> None:
    tagger = trained().tagger
    mapped = MappedTagger(tagger, load_type_map("schoenfeld"))
    text = "\n\n".join(TEXTS[0])
    assert mapped.segmenter is tagger.segmenter
    assert [t.step for t in mapped.tag_text(text)] == [t.step for t in tagger.tag_text(text)]


def test_mapped_tagger_fingerprint_depends_on_tagger_and_mapping(tmp_path: Path) -> None:
    one, two = trained(0).tagger, trained(3).tagger
    assert one.fingerprint != two.fingerprint
    plain = load_type_map(mine(tmp_path))
    changed = load_type_map(mine(tmp_path, lambda c: c["from_reasontype"].update(META="CHECK")))
    assert MappedTagger(one, plain).fingerprint == MappedTagger(one, plain).fingerprint
    prints = {
        one.fingerprint,
        MappedTagger(one, plain).fingerprint,
        MappedTagger(two, plain).fingerprint,
        MappedTagger(one, changed).fingerprint,
        *(MappedTagger(one, load_type_map(name)).fingerprint for name in OTHERS),
    }
    assert len(prints) == 4 + len(OTHERS)


def test_mapped_tagger_is_made_only_if_needed_and_only_from_reasontype() -> None:
    tagger = trained().tagger
    assert tagger_in_taxonomy(tagger, "reasontype") is tagger
    mapped = tagger_in_taxonomy(tagger, "venhoff")
    assert tagger_in_taxonomy(mapped, "venhoff") is mapped
    with pytest.raises(UserError, match="taxonomy is 'venhoff', .* starts from ReasonType"):
        tagger_in_taxonomy(mapped, "schoenfeld")
