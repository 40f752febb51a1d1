"""The check of the law finds nothing where it holds, and everything where it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tagger.evaluation.stream_check import KINDS, check_stream, differences_between
from tagger.frozen import FrozenTagger
from tagger.steps import Step
from tagger.thinking.split import ThinkingDelimiters
from tagger.traces.labelled import Trace
from tests.tagger.small_data import trained
from tests.tagger.tokenizers_made_here import byte_fallback, byte_level

THINK = ThinkingDelimiters("<think>", "</think>")
TRACES = [
    Trace("plain", "3 + 4?", "3 + 4 = 7.\n\nSo the answer is 7.\n\n3 + 4 = 7.", None),
    Trace("many bytes a character", "", "數學🙂\n\nWait, теорема.\r\n\r\nÜber 7 = 3 + 4", None),
    Trace("ends in a delimiter's beginning", "", "Hmm.\n\nSo </thin", None),
    Trace("closes early", "", "Hmm.\n\nSo 7.</think>\n\nThe answer is 7.", None),
    Trace("nothing", "", " \n\n ", None),
    Trace("an end token inside", "", "Hmm.<|im_end|>\n\nSo 7.", None),
]


@pytest.mark.parametrize("tokenizer", [byte_level, byte_fallback], ids=lambda f: f.__name__)
@pytest.mark.parametrize("batch", [1, 4])
def test_check_stream_finds_no_difference_at_real_token_boundaries(
    tokenizer: Any, batch: int
) -> None:
    done: list[int] = []
    found = check_stream(
        trained().tagger, TRACES, tokenizer(), THINK, "made here", batch, done.append
    )
    assert (found.differing, found.examples) == (0, [])
    assert (found.traces, found.altered) == (len(TRACES), 1)
    assert found.steps == 3 + 3 + 2 + 2 + 0 + 2
    assert found.tokens > 60
    assert done[-1] == len(TRACES) and done == sorted(done)


class ForgetfulSession(FrozenTagger):
    """Breaks the law: a session does not remember the steps before."""

    def session(self, question: str = "") -> Any:
        fresh = super().session

        class Session:
            def tag_next(self, step: Step) -> Any:
                return fresh(question).tag_next(step)

        return Session()


def test_check_stream_finds_a_tagger_that_forgets_while_streaming() -> None:
    tagger = trained().tagger
    broken = ForgetfulSession(
        tagger.taxonomy, tagger.segmenter, tagger._backend, tagger.temperature
    )
    found = check_stream(broken, TRACES[:1], byte_level(), THINK)
    assert found.differences["type"] + found.differences["probabilities"] >= 2
    assert {d.against for d in found.examples} == {"tag_batch", "tag_text"}
    assert {d.trace for d in found.examples} == {"plain"}
    assert all(d.step > 0 for d in found.examples), "the first step has nothing before it"
    assert found.as_dict()["differing"] == found.differing > 0


def test_check_stream_names_each_kind_of_difference() -> None:
    tagged = trained().tagger.tag_text("3 + 4 = 7.\n\nHmm.")
    first = tagged[0]
    other_type = next(n for n in trained().tagger.taxonomy.names if n != first.type)
    cases = {
        KINDS[0]: tagged[:1],
        KINDS[1]: [replace(first, step=Step("3", 0, 1)), tagged[1]],
        KINDS[2]: [replace(first, type=other_type), tagged[1]],
        KINDS[3]: [replace(first, probabilities=first.probabilities[::-1]), tagged[1]],
    }
    for kind, changed in cases.items():
        (difference,) = differences_between("t", "tag_text", changed, tagged)
        assert (difference.kind, difference.trace) == (kind, "t")
        assert difference.streamed != difference.expected
    assert list(differences_between("t", "tag_text", tagged, tagged)) == []
