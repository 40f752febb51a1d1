"""Agreement of two labellings: figures computed by hand, matching, and what it refuses."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.errors import UserError
from tagger.evaluation.agreement import Pair, agreement, disagreements, pair_files, pair_second_pass
from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.traces.labelled import LabelledTrace

VERIFY, META, RECALL = (REASONTYPE.get(tag).name for tag in ("VERIFY", "META", "RECALL"))


def trace(name: str, labels: dict[int, str], second: dict[int, str] | None = None,
          text: str = "step {}") -> LabelledTrace:  # fmt: skip
    steps = tuple(text.format(i) for i in range(4))
    return LabelledTrace(name, "q", steps, labels, second_pass=second or {})


def pairs_of(*types: tuple[str, str], a_trace: int = 2) -> list[Pair]:
    return [Pair(f"t{i // a_trace}", i % a_trace, "x", a, b) for i, (a, b) in enumerate(types)]


def test_agreement_by_hand() -> None:
    # A: V V V M R M   B: V V M M R V; agree 4 of 6; chance (3*3 + 2*2 + 1*1) / 36 = 14/36
    pairs = pairs_of((VERIFY, VERIFY), (VERIFY, VERIFY), (VERIFY, META), (META, META),
                     (RECALL, RECALL), (META, VERIFY))  # fmt: skip
    found = agreement(pairs, REASONTYPE, [VERIFY])
    assert (found.steps, found.traces) == (6, 3)
    assert found.accuracy.mean == pytest.approx(4 / 6, abs=1e-6)
    assert found.kappa.mean == pytest.approx((4 / 6 - 14 / 36) / (1 - 14 / 36), abs=1e-6)
    check = found.verification
    assert check is not None
    assert check.accuracy.mean == pytest.approx(4 / 6, abs=1e-6)
    assert check.kappa.mean == pytest.approx((4 / 6 - 1 / 2) / (1 / 2), abs=1e-6)
    assert check.f1.mean == pytest.approx(4 / 6, abs=1e-6)
    one = found.types[META]
    assert (one.first, one.second, one.both) == (2, 2, 1)
    assert one.f1.mean == pytest.approx(1 / 2)
    assert one.kappa.mean == pytest.approx((4 / 6 - 5 / 9) / (4 / 9), abs=1e-6)
    assert list(found.types) == [RECALL, VERIFY, META]  # in the taxonomy's order
    order = REASONTYPE.index
    assert found.confusion[order(VERIFY)][order(META)] == 1
    assert found.confusion[order(META)][order(VERIFY)] == 1
    assert sum(map(sum, found.confusion)) == 6
    # roles: META is other, RECALL constructive, VERIFY evaluative: as the types here
    assert found.roles == found.kappa
    assert [(p.trace, p.step) for p in disagreements(pairs)] == [("t1", 0), ("t2", 1)]


NAMES = st.sampled_from([VERIFY, META, RECALL])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(NAMES, NAMES), min_size=2, max_size=30))
def test_agreement_laws(types: list[tuple[str, str]]) -> None:
    found = agreement(pairs_of(*types), REASONTYPE, [VERIFY])
    back = agreement(pairs_of(*((b, a) for a, b in types)), REASONTYPE, [VERIFY])
    assert found.kappa == back.kappa  # neither labelling is the truth
    assert found.verification == back.verification
    assert found.accuracy.mean is not None
    for value in (found.accuracy, found.kappa):
        if value.mean is not None:
            assert value.mean <= 1
        if value.low is not None and value.high is not None:
            assert value.low <= value.high
    same = agreement(pairs_of(*((a, a) for a, _ in types)), REASONTYPE, [VERIFY])
    assert same.accuracy.mean == 1
    assert same.kappa.mean == (1 if len({a for a, _ in types}) > 1 else None)


def test_agreement_kappa_of_independent_labels_is_near_zero() -> None:
    types = [(a, b) for a in (VERIFY, META) for b in (VERIFY, META)] * 50
    found = agreement(pairs_of(*types), REASONTYPE, [VERIFY])
    assert found.kappa.mean == pytest.approx(0, abs=1e-9)
    assert found.kappa.low is not None and found.kappa.high is not None
    assert found.kappa.low < 0 < found.kappa.high or math.isclose(found.kappa.low, 0, abs_tol=1e-9)


def test_agreement_without_verification_has_no_such_row() -> None:
    assert agreement(pairs_of((META, META)), REASONTYPE, []).verification is None


def test_agreement_pair_files_matches_by_id_and_step() -> None:
    first = [trace("a", {0: VERIFY, 2: META}), trace("b", {1: RECALL}), trace("c", {0: META})]
    second = [trace("b", {1: META, 3: META}), trace("a", {2: META, 3: VERIFY})]
    found = pair_files(first, second)
    assert [(p.trace, p.step, p.first, p.second) for p in found.pairs] == [
        ("a", 2, META, META),
        ("b", 1, RECALL, META),
    ]
    assert (found.only_first, found.only_second) == (2, 2)


def test_agreement_pair_files_refuses_files_that_do_not_fit() -> None:
    one = [trace("a", {0: VERIFY})]
    with pytest.raises(UserError, match="no labelled step in common"):
        pair_files(one, [trace("b", {0: VERIFY})])
    with pytest.raises(UserError, match="Step 0 of trace 'a' has another text in each file"):
        pair_files(one, [trace("a", {0: VERIFY}, text="other {}")])
    with pytest.raises(UserError, match='No step of the file has a "second_pass"'):
        pair_second_pass(one)


def test_agreement_of_a_file_and_its_second_pass() -> None:
    found = pair_second_pass([trace("a", {0: VERIFY, 1: META}, {0: META, 3: META})])
    assert [(p.step, p.first, p.second) for p in found.pairs] == [(0, VERIFY, META)]
    assert (found.only_first, found.only_second) == (1, 1)
