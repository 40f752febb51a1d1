"""Steps that are looked up have the tags that the tagger would give them."""

from __future__ import annotations

import pytest

from rl.evaluation.known_tags import KnownTags
from rl.evaluation.samples import SampleStep
from tagger.steps import Step, TagContext, TaggedStep, steps_from_texts
from tagger.units import load_taggers
from tests.rl.making import sample

FIRST = ["Add 3 and 4.", "3 + 4 = 7.", "Check: 7 - 4 = 3.", "So the answer is 7."]
SECOND = ["Add 3 and 4.", "3 + 4 = 8.", "Wait, that is wrong.", "3 + 4 = 7."]
TAGGER = load_taggers(None, None, None)[0]


class Counting:
    """The packaged tagger; counts the steps it tags one by one."""

    segmenter = TAGGER.segmenter

    def __init__(self) -> None:
        self.tagged: list[str] = []

    def session(self, question: str = "") -> Counting:
        self._session = TAGGER.session(question)
        return self

    def tag_next(self, step: Step) -> TaggedStep:
        self.tagged.append(step.text)
        return self._session.tag_next(step)


def tagged(texts: list[str]) -> tuple[SampleStep, ...]:
    """Steps as in a sample."""
    found = TAGGER.tag(steps_from_texts(texts)[1], TagContext("Question a?"))
    return tuple(SampleStep(t.step.text, t.type, round(t.confidence, 6), 5) for t in found)


@pytest.mark.parametrize(
    ("question", "texts", "own"),
    [
        ("Question a?", FIRST, 0),
        ("Question a?", SECOND, 0),
        ("Question a?", FIRST[:2], 0),
        ("Question a?", [*FIRST[:3], "Hmm.", "So the answer is 7."], 5),
        ("Question a?", [*SECOND, "Again."], 5),
        ("Question b?", FIRST, 4),
    ],
)
def test_a_step_is_tagged_as_in_a_session_and_only_if_it_is_new(
    question: str, texts: list[str], own: int
) -> None:
    free = [sample("a", 0, steps=tagged(FIRST)), sample("a", 1, steps=tagged(SECOND))]
    counting = Counting()
    session = KnownTags(counting, free).session(question)
    steps = steps_from_texts(texts)[1]
    found = [session.tag_next(one) for one in steps]
    wanted = TAGGER.tag(steps, TagContext(question))
    assert [(t.step, t.type, round(t.confidence, 6)) for t in found] == [
        (t.step, t.type, round(t.confidence, 6)) for t in wanted
    ]
    assert len(counting.tagged) == own
