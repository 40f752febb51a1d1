"""The tagging path under text that nobody expects: it neither crashes, nor slows down, nor parts.

Growth is measured in CPU time of this thread on two sizes, the least of several tries: eight times
the text may cost about eight times the time; quadratic work would cost up to sixty-four times.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

import pytest

from tagger.backends.features.step_features import words_of
from tagger.frozen import FrozenTagger
from tagger.segmentation import ParagraphSegmenter, get_segmenter
from tagger.steps import Segmenter, TaggedStep
from tests.tagger.small_data import trained

# What work costs is measured without a tracer, which makes it several times as much.
pytestmark = pytest.mark.no_cover

MILLION = 1_000_000
SENTENCES = ["3 + 4 = 7.", "Wait, let me check: 3 + 4 = 7.", "So the answer is 7.", "Hmm."]

TEXTS: dict[str, str] = {
    "one long paragraph": "so 3 + 4 = 7, and " * (MILLION // 18),
    "one long word": "a" * MILLION,
    "one long number": "1" * MILLION,
    "lines without a blank one": "3 + 4 = 7\n" * (MILLION // 10),
    "a line break and endless blanks": "\n" + " " * MILLION,
    "equals signs": "= " * (MILLION // 2),
    "a sum without end": "1 + " * (MILLION // 4) + "= 3",
    "nothing but white space": " \t\u2028\u00a0" * (MILLION // 4),
    "line breaks": "\n" * (MILLION // 4),
    "tiny steps": "a\n\n" * 1000,
    "NUL and control characters": "\0\x01\x1b[31m\x7f\x85\n\n\0\b\n\n" * 50,
    "half surrogates": "\ud800 3 + 4 = 7\n\nWait \udfff\ud83d check\n\n" * 50,
    "broken UTF-8": (b"\xff\xfe 3 + 4 = 7\n\n\xc3(\xf0\x9f\x99 so\n\n" * 50).decode(
        errors="replace"
    ),
    "right to left": "התשובה היא 7\n\nانتظر، دعني أتحقق: ٣ + ٤ = ٧\n\n\u202eabc\u202c\n\n" * 50,
    "emoji": "🙂👩\u200d👩\u200d👧🏽 3 + 4 = 7 ✅\n\n🇩🇪\ufe0f\n\n" * 50,
    "CRLF": "3 + 4 = 7.\r\n\r\nWait, let me check.\r\n \r\nSo the answer is 7.\r\n" * 50,
    "lone carriage returns": "one\r\rtwo\r\n\rthree\n\r\nfour\r" * 50,
}


@cache
def tagger() -> FrozenTagger:
    return trained().tagger


def streamed(text: str, size: int, question: str = "") -> list[TaggedStep]:
    stream, session = tagger().segmenter.stream(), tagger().session(question)
    out = []
    for at in range(0, len(text), size):
        out += [session.tag_next(step) for step in stream.feed(text[at : at + size])]
    return out + [session.tag_next(step) for step in stream.close()]


def least_seconds(work: Callable[[], object], tries: int = 2) -> float:
    times = []
    for _ in range(tries):
        started = time.thread_time()
        work()
        times.append(time.thread_time() - started)
    return min(times)


def assert_linear(work_on: Callable[[int], Callable[[], object]], size: int) -> None:
    """Eight times the size costs less than twenty times as much, in one of three attempts."""
    for tries in (1, 2, 2):
        small = least_seconds(work_on(size))
        large = least_seconds(work_on(8 * size), tries)
        if large < 20 * small:
            return
    raise AssertionError(f"{large:.3f} s for eight times the size that took {small:.3f} s")


@pytest.mark.parametrize("name", TEXTS)
def test_segmenters_strange_text_is_tagged_alike_streaming_and_in_a_batch(name: str) -> None:
    text = TEXTS[name]
    started = time.thread_time()
    size = 5 if len(text) < 50_000 else 997
    alone = tagger().tag_text(text, "3 + 4?")
    neighbours = [tagger().segmenter.split(t) for t in (text, "3 + 4 = 7.\n\nHmm.", text)]
    batch = tagger().tag_batch(neighbours, ["3 + 4?", "", "3 + 4?"])
    assert batch[0] == batch[2] == alone == streamed(text, size, "3 + 4?")
    assert all(text[t.step.start : t.step.end] == t.step.text for t in alone)
    assert bool(alone) == bool(text.strip())
    assert time.thread_time() - started < 30, "about one second on a quiet core"


def test_segmenters_crlf_text_has_the_steps_of_the_same_text_with_lf() -> None:
    text = "\n\n".join(SENTENCES)
    crlf = tagger().tag_text(text.replace("\n", "\r\n"))
    plain = tagger().tag_text(text)
    assert [t.step.text for t in crlf] == SENTENCES
    assert [t.probabilities for t in crlf] == [t.probabilities for t in plain]


def test_segmenters_question_of_a_megabyte_costs_no_more_than_its_first_words() -> None:
    question = "what is 3 + 4? " * (MILLION // 15)
    short = question[: tagger().segmenter.split(question)[0].end // 10]
    one, other = streamed(SENTENCES[0], 5, question), streamed(SENTENCES[0], 5, short)
    assert one == other, "both hold more words than are read"
    assert least_seconds(lambda: tagger().session(question)) < 0.5


def test_segmenters_hundred_thousand_tiny_steps_stream_in_linear_time() -> None:
    text = "a\n\n" * 100_000
    assert len(ParagraphSegmenter().split(text)) == 100_000

    def cut(count: int) -> Callable[[], object]:
        part = text[: 3 * count]

        def work() -> None:
            stream = ParagraphSegmenter().stream()
            for at in range(0, len(part), 2):
                stream.feed(part[at : at + 2])

        return work

    assert_linear(cut, 12_500)


ENDLESS = {
    "words": "the number ", "full stops": ".", "closed sentence": '."' + ")" * MILLION,
    "indent": "a\n" + " " * MILLION, "blanks behind a sentence": "a." + " " * MILLION,
    "line breaks": "\n", "Chinese full stops": "。", "open formula": "$" + "x " * MILLION,
    "open code": "```" + "x " * MILLION, "open code in tildes": "~~~\n" + "x\n" * MILLION,
    "open environment": "\\begin{align}" + "x " * MILLION, "open row": "| x " * MILLION,
}  # fmt: skip


@pytest.mark.parametrize("kind", ENDLESS)
@pytest.mark.parametrize("name", ["paragraph", "sentence_paragraph", "sentence", "marker"])
def test_segmenters_endless_step_streams_in_linear_time(name: str, kind: str) -> None:
    def cut(count: int) -> Callable[[], object]:
        piece = ENDLESS[kind]
        text = (piece * (count // len(piece) + 1))[:count]

        def work() -> None:
            stream = get_segmenter(name).stream()
            for at in range(0, count, 4):
                stream.feed(text[at : at + 4])

        return work

    assert_linear(cut, 8_000)


@pytest.mark.parametrize(
    "piece",
    ["abc ", "abcd", "    ", "a\n b", "\n", "\n \t"],
    ids=["words", "one word", "blanks", "lines", "breaks", "breaks and blanks"],
)
@pytest.mark.parametrize(
    "segmenter",
    [
        ParagraphSegmenter(),
        ParagraphSegmenter(min_chars=10**9),
        get_segmenter("sentence_paragraph"),
    ],
    ids=["paragraph", "long paragraphs", "sentence_paragraph"],
)
def test_segmenters_cutting_grows_with_the_text_and_no_faster(
    piece: str, segmenter: Segmenter
) -> None:
    def work_on(count: int) -> Callable[[], object]:
        def work() -> None:
            stream = segmenter.stream()
            stream.feed("\n")
            for _ in range(count):
                stream.feed(piece)
            stream.close()

        return work

    # The open step is copied with each delta, which a large one shows beside other work; here it
    # stays small enough for the copy to be cheap, and what is looked for is reading it again.
    assert_linear(work_on, 8_000)


def test_segmenters_looking_back_costs_no_more_after_many_stated_answers() -> None:
    from tagger.backends.features.lookback import LookBack, StepFacts

    def work_on(count: int) -> Callable[[], object]:
        def work() -> None:
            look_back = LookBack([])
            for i in range(count):
                tokens = ["answer", "is", str(i)]
                look_back.flags(StepFacts("answer is 7", tokens, [1, 5, 6, 7]))

        return work

    assert_linear(work_on, 4000)


def test_segmenters_only_the_beginning_of_a_long_text_is_read_for_its_words() -> None:
    text = "wait 3.5 + 4 = don't \\frac \x00 \ud800 " * 3000
    for part in (text, text + "é"):
        assert words_of(part, 2000) == words_of(part, 10**9)[:2000]
        assert len(words_of(part, 2000)) == 2000
