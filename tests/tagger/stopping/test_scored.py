"""A segmenter that needs token probabilities, under the monitor and under `generate`."""

from __future__ import annotations

import math

import pytest
import torch

from tagger.errors import UserError
from tagger.segmentation import get_segmenter
from tagger.steps import scored_tokens
from tagger.stopping.closing import ClosingSequence
from tagger.stopping.engines.transformers import MonitorLogitsProcessor
from tagger.stopping.monitor import StepMonitor
from tagger.stopping.rules.registry import build_rule
from tagger.thinking.split import ThinkingDelimiters, split_thinking
from tagger.thinking.token_text import char_ends
from tests.rl.tiny import PROMPTS, tiny_model
from tests.tagger.stopping.fakes import WordTagger
from tests.tagger.tokenizers_made_here import byte_level

DELIMITERS = ThinkingDelimiters("<think>", "</think>")


def steps_of(monitor: StepMonitor) -> list:
    return [t.step for t in monitor.close()]


def expected(segmenter, ids, logprobs):
    text, ends = char_ends(byte_level(), ids)
    thinking = split_thinking(text, DELIMITERS)
    return segmenter.split(thinking.text, scored_tokens(ends, logprobs, thinking.start)[: len(ids)])


@pytest.mark.parametrize("sampled", [True, False])
def test_monitor_under_generate_the_probabilities_are_the_models_own(sampled: bool) -> None:
    """The same steps as from probabilities of a forward pass over the finished sequence."""
    tokenizer, model = byte_level(), tiny_model(byte_level())
    segmenter = get_segmenter("confidence", tau=0.3)
    monitors = [
        StepMonitor(WordTagger(segmenter), None, "", DELIMITERS, tokenizer) for _ in PROMPTS
    ]
    inputs = tokenizer(PROMPTS, return_tensors="pt", padding=True, padding_side="left")
    inputs.pop("token_type_ids", None)
    width = inputs["input_ids"].shape[1]
    processor = MonitorLogitsProcessor(monitors, {tokenizer.eos_token_id}, width)
    torch.manual_seed(1)
    choice = {"do_sample": True, "temperature": 0.5, "top_k": 50} if sampled else {}
    out = model.generate(
        **inputs,
        max_new_tokens=30,
        logits_processor=[processor],
        **({"do_sample": False} | choice),
    )
    processor.finish(out)
    mask = torch.cat([inputs["attention_mask"], torch.ones_like(out[:, width:])], dim=1)
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    with torch.no_grad():
        logits = model(input_ids=out, attention_mask=mask, position_ids=positions).logits
    scores = logits[:, width - 1 : -1].log_softmax(-1).gather(2, out[:, width:, None])[..., 0]
    found = []
    for row, monitor in enumerate(monitors):
        ids = out[row, width:].tolist()
        ids = ids[: ids.index(tokenizer.eos_token_id)] if tokenizer.eos_token_id in ids else ids
        wanted = expected(segmenter, ids, scores[row, : len(ids)].tolist())
        assert steps_of(monitor) == wanted
        found += wanted
    assert len(found) > len(monitors), "some steps were cut"


def test_monitor_counts_from_where_the_thinking_begins_and_ends_with_it() -> None:
    tokenizer = byte_level()
    segmenter = get_segmenter("confidence", tau=0.5)
    text = "Hm <think>It is 数. Wait, 4.</think>So 4."
    ids = tokenizer.encode(text, add_special_tokens=False)
    sure = [0.0 if i % 3 else math.log(0.2) for i in range(len(ids))]
    monitor = StepMonitor(WordTagger(segmenter), None, "", DELIMITERS, tokenizer)
    for token, logprob in zip(ids, sure, strict=True):
        monitor.feed_token(token, logprob)
    assert steps_of(monitor) == expected(segmenter, ids, sure)
    assert len(monitor.steps) > 2


def test_monitor_forced_tokens_need_no_probability_and_a_broken_end_loses_nothing() -> None:
    tokenizer = byte_level()
    segmenter = get_segmenter("confidence", tau=0.5)
    closing = ClosingSequence(tokenizer, DELIMITERS, "\n\nI stop.</think>\n\n")
    rule = build_rule({"name": "token_budget", "limit": 4})
    monitor = StepMonitor(WordTagger(segmenter), rule, "", DELIMITERS, tokenizer, closing)
    ids = tokenizer.encode("It is 12", add_special_tokens=False)
    for token in ids[:4]:
        monitor.feed_token(token, -0.01)
    while (forced := monitor.forced_token) is not None:
        monitor.feed_token(forced)
    assert [t.step.text for t in monitor.close()][-1].endswith("I stop.")
    broken = StepMonitor(WordTagger(segmenter), None, "", DELIMITERS, tokenizer)
    for token in tokenizer.encode("4 数", add_special_tokens=False)[:-1]:
        broken.feed_token(token, -0.01)
    assert [s.text for s in steps_of(broken)] == ["4 \ufffd"]


def test_monitor_engine_that_gives_no_probabilities_is_told_so() -> None:
    segmenter = get_segmenter("confidence", tau=0.5)
    monitor = StepMonitor(WordTagger(segmenter), None, "", DELIMITERS)
    assert monitor.needs_scores
    monitor.feed("It is", logprob=-0.1)
    with pytest.raises(UserError, match="needs the log-probability of every token"):
        monitor.feed(" 4")
