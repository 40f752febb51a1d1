"""Calibrating the segmenter by confidence: pooling, quantile, teacher forcing."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tagger.errors import UserError
from tagger.segmentation import get_segmenter
from tagger.steps import scored_tokens
from tagger.traces.labelled import Trace
from tagger.training.segmenter.token_scores import ScoredTrace, find_threshold, read_scored
from tests.tagger.tokenizers_made_here import byte_level


def trace(*probabilities: float) -> ScoredTrace:
    return ScoredTrace("t", (), tuple(map(math.log, probabilities)))


def test_find_threshold_by_hand() -> None:
    """Ten tokens of two traces, a fifth wanted: the two least probable ones, 0.1 and 0.2."""
    found = find_threshold([trace(0.9, 0.1, 0.8, 0.7, 0.6), trace(0.2, 0.5, 0.9, 1.0, 0.3)], 0.2)
    assert (found.tau, found.share) == (pytest.approx(0.3), 0.2)
    assert (found.tokens, found.traces) == (10, 2)
    assert found.steps == 3, "0.2 begins its trace, so only 0.1 makes a step more"
    assert found.mean_step == pytest.approx(10 / 3)


def test_find_threshold_equal_probabilities_give_less_than_wanted_and_never_more() -> None:
    found = find_threshold([trace(0.1, 0.5, 0.5, 0.5, 0.9)], 0.6)
    assert (found.tau, found.share) == (pytest.approx(0.5), 0.2)
    with pytest.raises(UserError, match="equally probable"):
        find_threshold([trace(0.5, 0.5, 0.5, 0.9)], 0.5)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.lists(st.floats(-30, 0), min_size=1, max_size=60), min_size=1, max_size=5),
    st.floats(0.01, 0.9),
)
@example([[0.0] + [-1.0] * 9], 0.8999999999999999)
@example([[-6.0, -5.214101744851604]], 0.5)  # numpy's exp differs from math's here
def test_find_threshold_steps_and_share_are_those_of_the_segmenter(
    logprobs: list[list[float]], share: float
) -> None:
    traces = [ScoredTrace("t", (), tuple(row)) for row in logprobs]
    try:
        found = find_threshold(traces, share)
    except UserError:
        return
    assert 0 < found.share <= share + 1e-9  # 0.8999999999999999 of ten tokens are nine
    segmenter = get_segmenter("confidence", tau=found.tau)
    steps = [
        segmenter.split("x" * len(row), scored_tokens(range(1, len(row) + 1), row))
        for row in logprobs
    ]
    assert found.steps == sum(map(len, steps))


def test_find_threshold_refuses_too_few_tokens_and_bad_shares() -> None:
    with pytest.raises(UserError, match="49 tokens are too few.*at least 50"):
        find_threshold([trace(*[0.5] * 49)])
    with pytest.raises(UserError, match="0 tokens"):
        find_threshold([])
    with pytest.raises(UserError, match="between 0 and 1"):
        find_threshold([trace(0.5)], 1.0)


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_find_threshold_reads_both_forms_of_rows(tmp_path: Path) -> None:
    file = write(
        tmp_path / "s.jsonl",
        {"id": "a", "tokens": ["It", " is"], "token_logprobs": [-0.5, 0]},
        {"token_logprobs": [-1]},
        {"logprobs": {"content": [{"token": "4", "logprob": -2.5, "bytes": [52]}]}},
        {"token_logprobs": []},
    )
    read = list(read_scored(file))
    assert read[0] == ScoredTrace("a", ("It", " is"), (-0.5, 0.0))
    assert [t.logprobs for t in read[1:]] == [(-1.0,), (-2.5,)]
    assert read[2].tokens == ("4",)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"thinking": "a"}, 'line 1: no list "token_logprobs".*--model'),
        ({"token_logprobs": [-1, 0.5]}, "log-probability 1 is 0.5"),
        ({"token_logprobs": [None]}, "log-probability 0 is None"),
        ({"token_logprobs": [float("nan")]}, "log-probability 0 is nan"),
        ({"token_logprobs": [-1], "tokens": ["a", "b"]}, "2 tokens but 1"),
        ({"token_logprobs": [-1], "tokens": [3]}, "list of strings"),
        ({"logprobs": {"content": [{"logprob": -1}]}}, "list of strings"),
    ],
)
def test_find_threshold_reports_bad_rows(row: object, told: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=told):
        list(read_scored(write(tmp_path / "s.jsonl", row)))


TRACES = [
    Trace("a", "What is 3 + 4?", "Wait, let me check: 7 + 5 = 12. " * 12, None),
    Trace("b", "", "So 数 is 🙂.", None),
    Trace("c", "Hi", "  ", None),
    Trace("d", "Hi", "Tabs and  spaces. " * 3, None),
]


@pytest.mark.parametrize("batch_size", [1, 3])
def test_teacher_forcing_equals_one_plain_forward_pass(
    batch_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In windows of a few positions, padded and batched; `<think>` is prefilled by the template."""
    import torch

    from tagger.training.segmenter import teacher_forcing
    from tests.rl.tiny import tiny_model

    monkeypatch.setattr(teacher_forcing, "WINDOW", 7)
    tokenizer, model = byte_level(), tiny_model(byte_level())
    done: list[int] = []
    scored = list(
        teacher_forcing.score_traces(TRACES, model, tokenizer, batch_size, None, done.append)
    )
    assert [t.id for t in scored] == ["a", "d", "b"] and done[-1] == len(TRACES)
    for one in scored:
        source = next(t for t in TRACES if t.id == one.id)
        thinking = tokenizer.encode(source.thinking.strip(), add_special_tokens=False)
        prompt = teacher_forcing.prompt_ids(tokenizer, source.question)
        if source.question:
            assert tokenizer.decode(prompt) == source.question + "<think>\n"
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([prompt + thinking])).logits[0]
        wanted = logits[len(prompt) - 1 : -1].log_softmax(-1)
        wanted = wanted.gather(1, torch.tensor(thinking)[:, None])[:, 0]
        np.testing.assert_allclose(one.logprobs, wanted.numpy(), atol=1e-4)
        assert "".join(one.tokens) == source.thinking.strip()


def test_teacher_forcing_scores_at_most_the_context() -> None:
    from tagger.training.segmenter.teacher_forcing import prompt_ids, score_traces
    from tests.rl.tiny import tiny_model

    tokenizer = byte_level()
    model = tiny_model(tokenizer, max_position_embeddings=40)
    (one,) = score_traces(TRACES[:1], model, tokenizer)
    assert len(one.logprobs) == 40 - len(prompt_ids(tokenizer, TRACES[0].question))
    (cut,) = score_traces(TRACES[:1], model, tokenizer, max_tokens=5)
    np.testing.assert_allclose(cut.logprobs, one.logprobs[:5], atol=1e-5)


def test_teacher_forcing_reports_a_model_that_cannot_be_loaded(tmp_path: Path) -> None:
    from tagger.training.segmenter.teacher_forcing import load_scorer

    with pytest.raises(UserError, match="Cannot load the model"):
        load_scorer(str(tmp_path))
