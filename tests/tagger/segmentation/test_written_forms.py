"""Thinking as it is really written: other scripts, code, lists, tables, displays, very long."""

from __future__ import annotations

from itertools import cycle

import pytest

from tagger.frozen import FrozenTagger, packaged_taggers
from tagger.segmentation import get_segmenter
from tagger.steps import TaggedStep

FENCED = "```python\ndef f(n):\n    x = n. real\n\n    return x\n```"
CHINESE = (
    "好的，小明有3个苹果！",
    "一共是多少？",
    "所以是3+4=7。",
    "等等，让我再检查一下：7-4=3。",
    "答案是7。",
)
LIST = (
    "We need:", "1. Add 3 and 4.", "This is 7.", "2. Check.", "- by counting", "3. Done.",
    "(a) one", "(b) two",
)  # fmt: skip
DISPLAY = "We get\n\\[\nx = 3 + y\n\n= 7\n\\]\nso 7. Then $$a = b.$$ Done."
ALIGNED = "\\begin{align*}\nx &= 1. \\\\[2mm]\ny &= 2. Or \\\\\nz &= 3.\n\\end{align*}"

CUT: dict[str, tuple[str, list[str], list[str]]] = {
    "Chinese": (
        "{}{}\n\n{}{}\n\u3000\n{}".format(*CHINESE),
        [CHINESE[0] + CHINESE[1], CHINESE[2] + CHINESE[3], CHINESE[4]],
        list(CHINESE),
    ),
    "Japanese": (
        "では考えます。３＋４＝７です！\n\n本当？はい。",
        ["では考えます。３＋４＝７です！", "本当？はい。"],
        ["では考えます。", "３＋４＝７です！", "本当？", "はい。"],
    ),
    "Korean": (
        "문제를 봅시다. 3 + 4 = 7 입니다. 맞나요?",
        ["문제를 봅시다. 3 + 4 = 7 입니다. 맞나요?"],
        ["문제를 봅시다.", "3 + 4 = 7 입니다.", "맞나요?"],
    ),
    "two languages": (
        "Okay, 让我 check 一下。3.5 + 4 = 7.5. 对吗? Yes.\n\nSo 答案是 7.5。",
        ["Okay, 让我 check 一下。3.5 + 4 = 7.5. 对吗? Yes.", "So 答案是 7.5。"],
        ["Okay, 让我 check 一下。", "3.5 + 4 = 7.5.", "对吗?", "Yes.", "So 答案是 7.5。"],
    ),
    "code with a blank line": (
        f"Let me code it.\n\n{FENCED}\n\nIt prints 7.",
        # A blank line parts paragraphs wherever it stands, in code too.
        ["Let me code it.", *FENCED.split("\n\n    "), "It prints 7."],
        ["Let me code it.", FENCED, "It prints 7."],
    ),
    "a display over paragraphs": (
        DISPLAY,
        ["We get\n\\[\nx = 3 + y", "= 7\n\\]\nso 7. Then $$a = b.$$ Done."],
        ["We get\n\\[\nx = 3 + y", "= 7\n\\]\nso 7.", "Then $$a = b.$$", "Done."],
    ),
    "numbered lists": (
        "{}\n{} {}\n{}\n   {}\n\n{}\n\n{}\n{}".format(*LIST),
        ["{}\n{} {}\n{}\n   {}".format(*LIST[:5]), LIST[5], f"{LIST[6]}\n{LIST[7]}"],
        list(LIST),
    ),
    "an environment": (
        f"We get\n{ALIGNED}\nSo x = 1. Done.",
        [f"We get\n{ALIGNED}\nSo x = 1. Done."],
        [f"We get\n{ALIGNED}", "So x = 1.", "Done."],
    ),
    "a table of sentences": (
        "Here: yes.\n\n| n | Why |\n|---|---|\n| 3. | It is. Yes! |\nSo 3. Done.",
        ["Here: yes.", "| n | Why |\n|---|---|\n| 3. | It is. Yes! |\nSo 3. Done."],
        ["Here: yes.", "| n | Why |\n|---|---|\n| 3. | It is. Yes! |\nSo 3.", "Done."],
    ),
    "a table": (
        "Here:\n\n| n | n! |\n|---|---|\n| 3. | 6 |\n| 4. | 24 |\n\nSo 24.",
        ["Here:", "| n | n! |\n|---|---|\n| 3. | 6 |\n| 4. | 24 |", "So 24."],
        ["Here:", "| n | n! |\n|---|---|\n| 3. | 6 |\n| 4. | 24 |", "So 24."],
    ),
}  # fmt: skip


def streamed(tagger: FrozenTagger, text: str, size: int) -> list[TaggedStep]:
    stream, session = tagger.segmenter.stream(), tagger.session("3 + 4?")
    steps = [step for at in range(0, len(text), size) for step in stream.feed(text[at : at + size])]
    return [session.tag_next(step) for step in [*steps, *stream.close()]]


@pytest.mark.parametrize("form", CUT)
def test_segmenters_cut_what_is_really_written(form: str) -> None:
    text, paragraphs, sentences = CUT[form]
    assert [step.text for step in get_segmenter("paragraph").split(text)] == paragraphs
    assert [step.text for step in get_segmenter("sentence").split(text)] == sentences


@pytest.mark.parametrize("name", packaged_taggers())
def test_packaged_taggers_type_what_is_really_written_alike_streaming_and_in_a_batch(
    name: str,
) -> None:
    tagger = FrozenTagger.load(name)
    texts = [text for text, _, _ in CUT.values()]
    batch = tagger.tag_batch([tagger.segmenter.split(t) for t in texts], ["3 + 4?"] * len(texts))
    assert batch == [streamed(tagger, text, 3) for text in texts]


@pytest.mark.slow
def test_packaged_tagger_types_a_trace_of_100_000_tokens_alike_streaming_and_in_a_batch() -> None:
    tagger = FrozenTagger.load("linear")
    pieces = [
        f"{i} + {i + 4} = {2 * i + 4}. Wait, let me check that again: {2 * i + 4} - {i} = {i + 4}, "
        f"so it is right. {CUT[form][0]}"
        for i, form in zip(range(1_200), cycle(CUT), strict=False)
    ]
    text = "\n\n".join(pieces)
    assert len(text) > 160_000  # about 107,000 tokens of a tokenizer with 49,152 entries
    tagged = tagger.tag_text(text, "3 + 4?")
    assert len(tagged) > 2_500
    assert tagged == streamed(tagger, text, 4_000)
