"""Holding questions out of labelled files: at least one on each side, or a sentence why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.training.splits import read_and_hold_out
from tests.tagger.small_data import rows, write


@pytest.mark.parametrize(
    ("questions", "share", "says"),
    [
        (3, 0.9, "a held-out share of 0.9 leaves none of the 3 questions to train on; lower it"),
        (1, 0.5, "1 labelled traces are too few to train and hold some out; at least two"),
    ],
)
def test_a_split_that_leaves_a_side_empty_is_refused(
    tmp_path: Path, questions: int, share: float, says: str
) -> None:
    file = write(tmp_path / "labels.jsonl", rows(questions))
    with pytest.raises(UserError, match=f"labels.jsonl: {says}"):
        read_and_hold_out([file], REASONTYPE, 0, share)


def test_a_split_holds_the_share_of_questions_out(tmp_path: Path) -> None:
    file = write(tmp_path / "labels.jsonl", rows(10))
    found = read_and_hold_out([file], REASONTYPE, 0, 0.3)
    assert (len(found.aside), len(found.kept)) == (3, 7)
    assert not {t.question for t in found.aside} & {t.question for t in found.kept}
