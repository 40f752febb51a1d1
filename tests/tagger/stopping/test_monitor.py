"""The monitor on text and tokens, against tagging the finished thinking."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagger.extras import Extras
from tagger.frozen import FrozenTagger
from tagger.mapped import MappedTagger
from tagger.novelty import KnownWords
from tagger.stopping.closing import ClosingSequence
from tagger.stopping.monitor import StepMonitor
from tagger.stopping.rules.base import Decision, StreamState
from tagger.stopping.rules.registry import build_rule
from tagger.taxonomies.files import load_type_map
from tagger.thinking.split import PromptEnd, ThinkingDelimiters, split_thinking
from tests.tagger.stopping.fakes import WordTagger
from tests.tagger.tokenizers_made_here import byte_fallback, byte_level

DELIMITERS = ThinkingDelimiters("<think>", "</think>")
TAGGER = WordTagger()
TRACE = (
    "I add 3 and 4.\n\nLet me check: 7 - 4 = 3 ✓.\n\nA check of π 🙂.\n\nI check.\n\n"
    "The answer is 7.\n</think>\n\nThe answer is 7."
)
TWO_CHECKS = build_rule({"name": "count", "limit": 2})


def monitor(rule=None, tokenizer=None, closing=None, after=PromptEnd.INSIDE):
    text = ClosingSequence(tokenizer, DELIMITERS, closing) if closing else None
    return StepMonitor(TAGGER, rule, "3 + 4?", DELIMITERS, tokenizer, text, after)


def whole(text):
    return TAGGER.tag(TAGGER.segmenter.split(split_thinking(text, DELIMITERS).text))


def test_monitor_steps_come_out_as_they_end_and_the_rule_speaks_once():
    watch = monitor(TWO_CHECKS)
    updates = [watch.feed(c) for c in TRACE]
    ends = [i for i, u in enumerate(updates) if u.steps]
    assert [TRACE[: i + 1].split("\n\n")[-1] for i in ends[:4]] == [""] * 4
    assert [s.type.split()[0] for u in updates for s in u.steps] == [
        "Formula", "Verification", "Verification", "Verification", "Final",
    ]  # fmt: skip
    decided = [i for i, u in enumerate(updates) if u.decision]
    assert decided == [ends[2]]
    assert watch.decision.reason == "2 verification steps, limit 2"
    assert watch.close() == whole(TRACE)
    assert watch.close() is watch.steps
    assert watch.state.steps == 5
    assert watch.state.tokens == len(TRACE)
    assert watch.seconds > 0


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["<think>", "</think>", "<", "\n\n", "\n", " ", "check ", "answer", "π", "🙂", "so. "]
        ),
        max_size=20,
    ).map("".join),
    st.data(),
)
def test_monitor_any_cutting_gives_the_tags_of_the_finished_text(text, data):
    places = data.draw(st.lists(st.integers(0, len(text)), max_size=12))
    ends = sorted({0, len(text), *places})
    watch = monitor(TWO_CHECKS)
    for a, b in zip(ends, ends[1:], strict=False):
        watch.feed(text[a:b])
    assert watch.close() == whole(text)
    assert watch.state.steps == sum(watch.state.counts.values()) == len(watch.steps)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 319), max_size=60))
def test_monitor_any_tokens_give_the_tags_of_the_decoded_text(ids):
    tokenizer = byte_level()
    watch = monitor(TWO_CHECKS, tokenizer)
    for i in ids:
        watch.feed_token(i)
    silent = {tokenizer.eos_token_id, tokenizer.pad_token_id}
    text = tokenizer.decode([i for i in ids if i not in silent])
    assert watch.close() == whole(text)


PARTS = ["I check. ", "The answer is 7. ", "So. ", "\n\n", "\n\n", "π "]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.sampled_from(PARTS), max_size=20).map("".join),
    st.sampled_from(
        [
            {"name": "run", "limit": 2},
            {"name": "after_answer", "limit": 1},
            {"name": "after_answer", "limit": 0, "types": ["CONCLUDE"]},
            {"name": "count", "limit": 2, "types": ["CONCLUDE", "VERIFY"]},
        ]
    ),
    st.data(),
)
def test_monitor_any_cutting_decides_as_on_the_steps_of_the_finished_text(text, config, data):
    watch, rule = monitor(build_rule(config)), build_rule(config).start()
    text += "\n\nThe end of the thinking."  # which the rule is not asked about
    at = 0
    while at < len(text):
        cut = data.draw(st.integers(at + 1, len(text)))
        watch.feed(text[at:cut])
        at = cut
    watch.close()
    state, expected = StreamState(), None
    for step in whole(text)[:-1]:
        state.steps += 1
        state.counts[step.type] += 1
        expected = expected or rule.update(step, state)
    assert watch.decision == expected


@pytest.mark.parametrize("make", [byte_level, byte_fallback])
def test_monitor_closing_is_forced_token_by_token(make):
    tokenizer = make()
    watch = monitor(TWO_CHECKS, tokenizer, "\n\nEnough.</think>\n\n")
    ids = tokenizer.encode(TRACE, add_special_tokens=False)
    written = []
    while watch.forced_token is None:
        written.append(ids[len(written)])
        watch.feed_token(written[-1])
    before = len(written)
    assert tokenizer.decode(written).rstrip("\n").endswith("A check of π 🙂.")
    while watch.forced_token is not None:
        written.append(watch.forced_token)
        assert watch.feed_token(written[-1]).decision is None
    text = tokenizer.decode(written)
    assert text.endswith("A check of π 🙂.\n\nEnough.</think>\n\n")
    assert watch.forced_tokens == len(written) - before
    assert watch.state.thinking_tokens < len(written) == watch.state.tokens
    # what was forced before the closing delimiter is part of the thinking, as in the final text
    assert watch.close() == whole(text)
    assert watch.steps[-1].step.text == "Enough."


def test_monitor_another_token_in_the_place_of_a_forced_one_is_an_error():
    tokenizer = byte_level()
    watch = monitor(build_rule({"name": "token_budget", "limit": 1}), tokenizer, "</think>")
    watch.feed_token(tokenizer.encode("a")[0])
    with pytest.raises(ValueError, match="to be forced"):
        watch.feed_token(tokenizer.encode("b")[0])


def test_monitor_only_the_thinking_counts():
    rule = build_rule({"name": "count", "limit": 1})
    answer = monitor(rule)
    answer.feed("I add.\n\nSo.</think>\n\ncheck\n\ncheck\n\ncheck\n\n")
    assert answer.decision is None
    before = monitor(rule, after=PromptEnd.BEFORE)
    before.feed("check\n\ncheck\n\n")
    assert (before.decision, before.state.thinking_tokens) == (None, 0)
    before.feed("<think>check\n\n")
    assert before.decision.reason == "1 verification step, limit 1"
    assert before.state.tokens == 2


def test_monitor_opening_that_comes_after_all_restarts_the_thinking():
    watch = monitor(TWO_CHECKS)
    for delta in ("check\n\n", "<think>\n", "I check\n\n", "so.\n\n"):
        watch.feed(delta)
    assert watch.decision is None
    assert [s.step.start for s in watch.steps] == [1, 10]
    assert watch.state.tokens == 4


def test_monitor_budget_counts_thinking_tokens():
    watch = monitor(build_rule({"name": "token_budget", "limit": 3}))
    assert [bool(watch.feed("a").decision) for _ in range(5)] == [False, False, True, False, False]
    many = monitor(build_rule({"name": "token_budget", "limit": 30}))
    assert many.feed("a chunk", tokens=31).decision.reason == "31 thinking tokens, limit 30"


def test_monitor_without_a_tagger_sees_no_steps_and_counts_as_one_with():
    rule = build_rule({"name": "token_budget", "limit": 9})
    blind = StepMonitor(None, rule, "", DELIMITERS)
    seeing = monitor(rule)
    for character in TRACE:
        assert blind.feed(character).decision == seeing.feed(character).decision
    assert blind.close() == [] and not blind.needs_scores
    assert blind.state.thinking_tokens == seeing.state.thinking_tokens > 9
    assert blind.decision == seeing.decision is not None


def test_monitor_without_a_rule_it_only_watches_and_tokens_need_a_tokenizer():
    watch = monitor()
    watch.feed(TRACE)
    assert watch.decision is None and watch.close() == whole(TRACE)
    with pytest.raises(ValueError, match="needs a monitor with a tokenizer"):
        watch.feed_token(3)


def test_monitor_rule_that_says_go_on_does_not_stop():
    class Hesitant:
        settings: dict = {}

        def start(self):
            return self

        def update(self, step, state):
            return Decision(state.steps == 2, f"step {state.steps}")

        def on_token(self, state):
            return None

    watch = monitor(Hesitant())
    for piece in TRACE.split("7 - 4"):
        watch.feed(piece)
    assert watch.decision is None
    watch = monitor(Hesitant())
    for character in TRACE:
        watch.feed(character)
    assert watch.decision == Decision(True, "step 2")


def test_monitor_says_how_many_steps_a_stop_rests_on_that_its_tagger_does_not_know():
    tagger = WordTagger()
    tagger.extras = Extras(known_words=KnownWords.of_texts(["let me check", "I add and"] * 3))
    watch = StepMonitor(tagger, TWO_CHECKS, "3 + 4?", DELIMITERS)
    watch.feed("I add 3 and 4.\n\nLet me check.\n\n")
    assert (watch.unfamiliar, watch.decision) == (0, None)
    watch.feed("Check: ich rechne das nach.\n\n")
    assert watch.decision is not None, "the stop is the same"
    assert watch.unfamiliar == 1
    assert monitor(TWO_CHECKS).unfamiliar is None, "its words are not known"
    assert StepMonitor(None, None, "3 + 4?", DELIMITERS).unfamiliar is None


def test_monitor_of_mapped_types_asks_the_tagger_that_is_mapped():
    mapped = MappedTagger(FrozenTagger.load("linear"), load_type_map("schoenfeld"))
    watch = StepMonitor(mapped, None, "3 + 4?", DELIMITERS)
    watch.feed("I add 3 and 4.\n\nVotre résultat paraît étrange, recommençons tout.\n\nSo 7.\n\n")
    assert watch.unfamiliar == 1
