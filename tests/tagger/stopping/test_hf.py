"""Monitored stopping under `generate`, on a random model: other rows must not feel it."""

from __future__ import annotations

import pytest
import torch

from tagger.stopping.closing import ClosingSequence
from tagger.stopping.engines.transformers import MonitorLogitsProcessor
from tagger.stopping.monitor import StepMonitor
from tagger.stopping.rules.registry import build_rule
from tagger.thinking.split import ThinkingDelimiters, split_thinking
from tests.rl.tiny import PROMPTS, tiny_model
from tests.tagger.stopping.fakes import EverySixCharacters, WordTagger
from tests.tagger.tokenizers_made_here import byte_level

DELIMITERS = ThinkingDelimiters("<think>", "</think>")
TAGGER = WordTagger(EverySixCharacters())
NEW = 40


@pytest.fixture(scope="module")
def model():
    return tiny_model(byte_level())


def monitors(rules):
    tokenizer = byte_level()
    closing = ClosingSequence(tokenizer, DELIMITERS)
    return [
        rule and StepMonitor(TAGGER, build_rule(rule), "", DELIMITERS, tokenizer, closing)
        for rule in rules
    ]


class Recorder:
    """Keeps the scores every row was given, after the processor."""

    def __init__(self, processor=None):
        self.processor, self.scores = processor, []

    def __call__(self, input_ids, scores):
        if self.processor is not None:
            scores = self.processor(input_ids, scores)
        self.scores.append(scores.clone())
        return scores


def generate(model, watched=None, samples=2, **settings):
    tokenizer = byte_level()
    inputs = tokenizer(PROMPTS, return_tensors="pt", padding=True, padding_side="left")
    inputs.pop("token_type_ids", None)
    width = inputs["input_ids"].shape[1]
    processor = watched and MonitorLogitsProcessor(watched, {tokenizer.eos_token_id}, width)
    recorder = Recorder(processor)
    torch.manual_seed(0)
    out = model.generate(
        **inputs,
        max_new_tokens=NEW,
        logits_processor=[recorder],
        **{"do_sample": True, "num_return_sequences": samples, **settings},
    )
    if processor:
        processor.finish(out)
    return out[:, width:], recorder.scores


def written(row):
    tokenizer = byte_level()
    return [i for i in row.tolist() if i not in (tokenizer.eos_token_id, tokenizer.pad_token_id)]


def test_logits_processor_rows_that_are_not_stopped_are_untouched_bit_for_bit(model):
    free, free_scores = generate(model)
    rules = [None] * len(free)
    rules[3] = {"name": "token_budget", "limit": 5}
    rules[4] = {"name": "count", "types": ["SUBSTITUTE"], "limit": 3}
    watched = monitors(rules)
    out, scores = generate(model, watched)
    for row in range(len(free)):
        if rules[row] is None:
            length = min(out.shape[1], free.shape[1])
            assert torch.equal(out[row, :length], free[row, :length])
            assert not written(out[row, length:]) and not written(free[row, length:])
            for a, b in zip(scores, free_scores, strict=False):
                assert torch.equal(a[row], b[row])
    assert watched[3].decision.reason == "5 thinking tokens, limit 5"
    assert torch.equal(out[3, :5], free[3, :5])
    closing = ClosingSequence(byte_level(), DELIMITERS).ids_after(byte_level().decode(out[3, :5]))
    assert out[3, 5 : 5 + len(closing)].tolist() == closing
    assert watched[3].forced_tokens == len(closing)
    assert len(written(out[3])) > 5 + len(closing)  # the model went on by itself
    assert "3 formula substitution steps, limit 3" in watched[4].decision.reason


def test_logits_processor_each_row_has_its_own_state_and_sees_its_own_text(model):
    rule = {"name": "count", "types": ["SUBSTITUTE"], "limit": 2}
    watched = monitors([rule] * 3 * len(PROMPTS))
    out, _ = generate(model, watched, samples=3)
    stops = set()
    for row, monitor in zip(out, watched, strict=True):
        ids = written(row)
        text = byte_level().decode(ids)
        assert monitor.state.tokens == len(ids)
        assert monitor.steps == TAGGER.tag(
            TAGGER.segmenter.split(split_thinking(text, DELIMITERS).text)
        )
        if monitor.decision:
            stops.add(text.index("</think>"))
    assert len(stops) >= 2  # not all at the same place
    assert any(m.decision is None for m in watched)  # rows that ended before their rule fired


def test_logits_processor_greedy_search_is_closed_too(model):
    watched = monitors([{"name": "token_budget", "limit": 4}] * len(PROMPTS))
    out, _ = generate(model, watched, samples=1, do_sample=False)
    for row, monitor in zip(out, watched, strict=True):
        if monitor.decision:
            assert "</think>" in byte_level().decode(row[4:10])
    assert any(m.decision for m in watched)


def test_logits_processor_batch_that_is_not_the_monitors_own_is_refused(model):
    watched = monitors([{"name": "token_budget", "limit": 4}] * 2)
    processor = MonitorLogitsProcessor(watched, {1}, 2)
    scores = torch.zeros(2, 320)
    ids = torch.tensor([[5, 6, 40], [5, 6, 41]])
    processor(ids, scores)
    with pytest.raises(ValueError, match="2 monitors were given for 3 rows"):
        processor(torch.zeros(3, 4, dtype=torch.long), scores)
    swapped = torch.cat([ids.flip(0), torch.tensor([[42], [43]])], dim=1)
    with pytest.raises(ValueError, match="beam search"):
        processor(swapped, scores)
    with pytest.raises(ValueError, match="a new processor for each call"):
        processor(ids[:, :2], scores)


def test_logits_processor_scores_given_are_not_changed_in_place():
    watched = monitors([{"name": "token_budget", "limit": 1}, None])
    processor = MonitorLogitsProcessor(watched, {1}, 1)
    scores = torch.randn(2, 320)
    kept = scores.clone()
    ids = torch.tensor([[5, 40], [5, 41]])
    forced = processor(ids, scores)
    assert torch.equal(scores, kept) and torch.equal(forced[1], kept[1])
    assert forced[0].argmax() == watched[0].forced_token
    assert forced[0].isneginf().sum() == 319
    assert processor(torch.cat([ids, torch.tensor([[1], [42]])], 1), scores) is scores
