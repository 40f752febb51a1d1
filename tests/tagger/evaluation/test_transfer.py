"""Transfers and learning curves with a fit that remembers what it was given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tagger.errors import UserError
from tagger.evaluation.label_files import (
    labelled_steps,
    read_with_taxonomies,
    split_taxonomy,
)
from tagger.evaluation.learning_curve import learning_curve, subsample, without_questions_of
from tagger.evaluation.transfer import OTHERS, Group, group_traces, transfer
from tagger.steps import Step, TagContext, TaggedStep
from tagger.taxonomies.files import TypeMap, load_type_map
from tagger.taxonomies.taxonomy import REASONTYPE, Taxonomy
from tagger.traces.labelled import LabelledTrace
from tagger.training.splits import question_of
from tests.tagger.evaluation.scripted import Scripted, trace
from tests.tagger.small_data import write

VERIFY, RESTATE = REASONTYPE.get("VERIFY").name, REASONTYPE.get("RESTATE").name
OWN = load_type_map("reasontype")
ANCHORS = load_type_map("thought-anchors")


class Memory(Scripted):
    """Gives each step the label its text had most often in training, else the first type.

    Refuses questions it was trained on.
    """

    def __init__(self, traces: Sequence[LabelledTrace], taxonomy: Taxonomy) -> None:
        self.trained_on = {question_of(t) for t in traces}
        counts: dict[str, Counter[str]] = {}
        for t in traces:
            for i, label in t.labels.items():
                counts.setdefault(t.steps[i], Counter())[label] += 1
        best = {text: c.most_common(1)[0][0] for text, c in counts.items()}
        rows = {text: [float(n == name) for n in taxonomy.names] for text, name in best.items()}
        first = [1.0] + [0.0] * (len(taxonomy.types) - 1)
        super().__init__(rows, taxonomy, first)

    def tag(self, steps: Sequence[Step], context: TagContext = TagContext()) -> list[TaggedStep]:
        assert context.question not in self.trained_on, "a question stands on both sides"
        return super().tag(steps, context)


class Fits:
    """A fit that keeps what it was called with."""

    def __init__(self) -> None:
        self.calls: list[tuple[list[str], str, int]] = []

    def __call__(self, traces: Sequence[LabelledTrace], taxonomy: Taxonomy, seed: int) -> Memory:
        self.calls.append(([t.id for t in traces], taxonomy.name, seed))
        return Memory(traces, taxonomy)


def group(name: str, word: str, count: int, type_map: TypeMap = OWN, tag: str = "") -> Group:
    """Traces whose checks are the word and whose restatements are "r"."""
    check = type_map.taxonomy.get(tag).name if tag else VERIFY
    first = type_map.taxonomy.names[0]
    made = tuple(
        trace(f"{name}{i}", ("r", first), (word, check), (word, check), question=f"question {i}")
        for i in range(count)
    )
    return Group(name, made, type_map)


def test_transfer_each_trace_is_tested_once_by_taggers_that_did_not_see_its_question() -> None:
    """Both groups ask the same questions; `Memory` fails if it meets one again."""
    fits = Fits()
    cells = transfer([group("a", "x", 12), group("b", "y", 12)], fits, folds=3, resamples=20)
    assert [(c.trained, c.tested, c.steps) for c in cells] == [
        ("a", "a", 36), ("a", "b", 36), ("b", "a", 36), ("b", "b", 36),
    ]  # fmt: skip
    assert [c.training_steps for c in cells] == [24] * 4
    trained = [ids for ids, _, _ in fits.calls]
    assert len(trained) == 6 and all(0 < len(ids) < 12 for ids in trained)
    assert sorted(i for ids in trained[:3] for i in ids) == sorted([f"a{i}" for i in range(12)] * 2)


def test_transfer_what_is_learned_carries_over_or_does_not() -> None:
    """A tagger that knows x as a check finds none of the checks called y, and all restatements."""
    cells = transfer([group("a", "x", 12), group("b", "y", 12)], Fits(), resamples=20)
    own, other = cells[0], cells[1]
    assert own.verification_f1 is not None and other.verification_f1 is not None
    assert (own.micro_f1.mean, own.verification_f1.mean) == (1.0, 1.0)
    assert other.micro_f1.mean == pytest.approx(1 / 3, abs=1e-6)
    assert other.verification_f1.mean == 0.0


def test_transfer_all_others_without_the_questions_of_the_tested_group() -> None:
    small = Group("c", group("c", "x", 4).traces, OWN)
    fits = Fits()
    groups = [group("a", "x", 12), group("b", "y", 12), small]
    cells = transfer(groups, fits, others=True, resamples=20)
    beside = {c.tested: c for c in cells if c.trained == OTHERS}
    assert list(beside) == ["c"], "a and b leave nothing of each other: their questions are one's"
    assert beside["c"].training_steps == 2 * 8 * 3
    assert beside["c"].micro_f1.mean == 1.0


def test_transfer_groups_of_other_taxonomies_meet_in_the_coarser_one() -> None:
    fits = Fits()
    groups = [group("a", "x", 10), group("b", "x", 10, ANCHORS, "CHECK")]
    cells = {(c.trained, c.tested): c for c in transfer(groups, fits, resamples=20)}
    assert {name for _, name, _ in fits.calls} == {"reasontype", "thought-anchors"}
    assert cells["a", "a"].taxonomy == "reasontype"
    for pair in (("a", "b"), ("b", "a"), ("b", "b")):
        assert cells[pair].taxonomy == "thought-anchors"
        assert cells[pair].micro_f1.mean == 1.0
        f1 = cells[pair].verification_f1
        assert f1 is not None and f1.mean == 1.0


def rows(count: int, **fields: str) -> list[dict[str, object]]:
    labels = {"0": "RESTATE", "1": "VERIFY"}
    base = {"question": "q", "steps": ["r", "x"], "labels": labels}
    return [base | {"id": f"{fields}{i}"} | fields for i in range(count)]


def test_transfer_grouping_by_a_field(tmp_path: Path) -> None:
    content = rows(5, source="s") + rows(7, source="t") + rows(1, source="u")
    files = read_with_taxonomies([str(write(tmp_path / "l.jsonl", content))])
    groups, small = group_traces(files, "source", 4)
    assert [(g.name, len(g.traces)) for g in groups] == [("t", 7), ("s", 5)]
    assert small == {"u": 2}
    with pytest.raises(UserError, match='names no "model"; add the field'):
        group_traces(files, "model", 4)
    with pytest.raises(UserError, match="gives 1 groups of at least 11 labelled steps"):
        group_traces(files, "source", 11)


def test_transfer_files_name_their_taxonomy(tmp_path: Path) -> None:
    own = write(tmp_path / "own.jsonl", rows(3, source="s"))
    odd = write(tmp_path / "a:b.jsonl", rows(4, source="s"))
    other = write(
        tmp_path / "other.jsonl",
        [{"id": "1", "question": "q", "steps": ["x"], "labels": {"0": "CHECK"}, "source": "s"}],
    )
    assert split_taxonomy(str(odd)) == (odd, "reasontype")
    files = read_with_taxonomies([str(own), str(odd), f"{other}:thought-anchors"])
    assert [file.taxonomy for file, _ in files] == ["reasontype", "reasontype", "thought-anchors"]
    groups, _ = group_traces(files, "source", 1)
    assert [g.name for g in groups] == ["s (reasontype)", "s (thought-anchors)"]
    with pytest.raises(UserError, match="thought-anchors"):
        read_with_taxonomies([f"{other}:thought-anchor"])


TRAIN = [trace(f"t{i}", ("r", RESTATE), ("x", VERIFY)) for i in range(20)]


def test_transfer_samples_are_whole_traces_and_nested() -> None:
    small, large = subsample(TRAIN, 7, 3), subsample(TRAIN, 15, 3)
    assert labelled_steps(small) == 8 and labelled_steps(large) == 16
    assert [t.id for t in large[:4]] == [t.id for t in small]
    assert [t.id for t in subsample(TRAIN, 7, 4)] != [t.id for t in small]
    assert len(subsample(TRAIN, 10_000, 0)) == 20


def test_transfer_curve_by_hand() -> None:
    """Questions of the test are taken out; the sample of every trace is trained once."""
    test = [*TRAIN[:3], trace("new", ("r", RESTATE), ("unheard", VERIFY))]
    assert labelled_steps(without_questions_of(TRAIN, test)) == 34
    fits = Fits()
    points = learning_curve(TRAIN, test, [34, 6], fits, OWN, OWN, seeds=3, seed=5, resamples=30)
    assert [(p.size, len(p.runs)) for p in points] == [(6, 3), (34, 1)]
    assert [seed for _, _, seed in fits.calls] == [5, 6, 7, 5]
    assert all(run.steps == 6 and run.traces == 3 for run in points[0].runs)
    assert points[1].micro_f1.mean == pytest.approx(7 / 8)
    f1 = points[1].verification_f1
    assert f1 is not None and f1.mean == pytest.approx(6 / 7, abs=1e-6)
    assert f1.low is not None and f1.low < f1.mean


@pytest.mark.parametrize("size", [0, 41])
def test_transfer_sizes_beyond_what_there_is_are_refused(size: int) -> None:
    test = [trace("new", ("x", VERIFY))]
    with pytest.raises(UserError, match=f"{size} is not between 1 and 40"):
        learning_curve(TRAIN, test, [10, size], Fits(), OWN, OWN)
