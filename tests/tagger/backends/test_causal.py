"""The causal back end: what it reads, streaming equals batch, saved and loaded it is the same."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from tagger.backends.causal.backend import CausalBackend
from tagger.backends.causal.reading import Tokens
from tagger.backends.causal.settings import CausalFit, CausalSettings
from tagger.backends.causal.windows import Piece, Span, Window, WindowBuilder, windows_of
from tagger.backends.pretrained.backend import FILES
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.segmentation import ParagraphSegmenter
from tagger.steps import Step, StepTagger, TagContext, steps_from_texts
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.tagger.language_models_made_here import make_language_model
from tests.tagger.small_data import rows

PIECES = st.sampled_from(
    ["\n\n", "\n", " ", "3 + 4 = 7.", "Wait, let me check:", "So the answer is 7.", "數é🙂"]
    + ["Hmm, I am not sure. " * 30, "\\boxed{7}", "12", "\u2028"]
)
TEXTS = st.lists(PIECES, max_size=14).map("".join)
TINY = CausalSettings(
    model="tiny", head_tokens=6, tail_tokens=3, earlier=2, window_tokens=60, question_tokens=8,
    lower=1, upper=2, hidden=8,
)  # fmt: skip


def untrained(folder: Path, kind: str = "llama", shape: CausalSettings = TINY) -> CausalBackend:
    """A back end with random weights."""
    import torch

    from tagger.backends.causal.net import Net, build_body, part_of_config

    make_language_model(folder, kind)
    files = {name: (folder / name).read_text(encoding="utf-8") for name in FILES}
    body = build_body(part_of_config(files["config.json"], 0, shape.lower + shape.upper))
    torch.manual_seed(1)
    net = Net(shape, body, 14)
    for name, weight in net.named_parameters():
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, std=1.0 if "embed" in name else 0.3)
    return CausalBackend.from_net(net, files)


@cache
def tagger(kind: str = "llama") -> FrozenTagger:
    with tempfile.TemporaryDirectory() as name:
        return FrozenTagger(REASONTYPE, ParagraphSegmenter(), untrained(Path(name) / kind, kind))


def tokens(folder: Path, kind: str = "llama", **changes: Any) -> Tokens:
    text = (make_language_model(folder, kind) / "tokenizer.json").read_text(encoding="utf-8")
    return Tokens(text, dataclasses.replace(TINY, **changes))


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.lists(st.integers(0, 10_000), max_size=12), st.sampled_from(["", "3 + 4?"]))
@pytest.mark.parametrize("kind", ["llama", "qwen3"])
def test_causal_streaming_any_deltas_equals_tagging_the_text(
    kind: str, text: str, cuts: list[int], question: str
) -> None:
    known = tagger(kind)
    places = sorted({c % (len(text) + 1) for c in cuts})
    stream, session = known.segmenter.stream(), known.session(question)
    got = []
    for i, j in zip([0, *places], [*places, len(text)], strict=True):
        got += [session.tag_next(step) for step in stream.feed(text[i:j])]
    got += [session.tag_next(step) for step in stream.close()]
    assert got == known.tag_text(text, question)


@settings(max_examples=25, deadline=None)
@given(st.lists(TEXTS, max_size=4), st.randoms())
def test_causal_labels_do_not_depend_on_the_batch(texts: list[str], rng: Any) -> None:
    traces = [tagger().segmenter.split(text) for text in texts]
    questions = ["3 + 4" if i % 2 else "" for i in range(len(texts))]
    alone = [tagger().tag(t, TagContext(q)) for t, q in zip(traces, questions, strict=True)]
    order = list(range(len(texts)))
    rng.shuffle(order)
    shuffled = tagger().tag_batch([traces[i] for i in order], [questions[i] for i in order])
    assert shuffled == [alone[i] for i in order]


@settings(max_examples=25, deadline=None)
@given(TEXTS, TEXTS)
def test_causal_does_not_depend_on_later_steps(text: str, later: str) -> None:
    steps = tagger().segmenter.split(text)
    more = tagger().segmenter.split(later)
    assert tagger().tag([*steps, *more])[: len(steps)] == tagger().tag(steps)


def test_causal_depends_on_earlier_steps() -> None:
    steps = steps_from_texts(["So the answer is 7.", "Hmm, I am not sure.", "3 + 4 = 7."])[1]
    alone = tagger().tag(steps[2:])[0]
    after = tagger().tag(steps[2:], TagContext("", steps[:2]))[0]
    assert after == tagger().tag(steps)[2]
    assert np.abs(np.subtract(alone.probabilities, after.probabilities)).max() > 1e-4
    asked = tagger().tag(steps, TagContext("2 + 2"))
    assert np.abs(np.subtract(asked[0].probabilities, alone.probabilities)).max() > 1e-4


@pytest.mark.parametrize("kind", ["llama", "qwen3"])
def test_causal_logits_batch_agrees_but_for_last_digits(kind: str) -> None:
    traces = [row["steps"] * 3 for row in rows(8, seed=3)]
    backend: Any = tagger(kind).backend
    assert len(backend.windows("3 + 4", traces[0], range(len(traces[0])))) > 1
    fast = backend.logits_batch([*traces, []], ["3 + 4"] * 8 + [""])
    for texts, many in zip([*traces, []], fast, strict=True):
        extractor = backend.start("3 + 4" if texts else "")
        slow = backend.logits([extractor.read(text) for text in texts])
        assert many.shape == slow.shape == (len(texts), 14)
        np.testing.assert_allclose(many, slow, atol=1e-4)


def test_causal_stores_only_the_layers_used() -> None:
    names = list(tagger().arrays)
    assert any(n.startswith("body.layers.2.") for n in names)
    assert not any(n.startswith(("body.layers.3.", "body.norm.")) for n in names)
    assert {str(a.dtype) for n, a in tagger().arrays.items() if n[:5] != "file."} == {"float16"}


def test_causal_tags_very_long_and_empty_steps() -> None:
    for text in ("3 + 4 = 7, " * 100_000, "", "\x00", " ", "7" * 1_000_000):
        tagged = tagger().tag([Step(text, 0, len(text))], TagContext(text))
        assert np.isfinite(tagged[0].probabilities).all()


LENGTHS = st.lists(st.integers(1, 9), min_size=1, max_size=40)


@given(LENGTHS, st.integers(1, 12), st.integers(0, 5), st.integers(16, 60))
def test_causal_window_builder_equals_windows_of(
    lengths: list[int], front: int, earlier: int, most: int
) -> None:
    shape = dataclasses.replace(TINY, earlier=earlier, window_tokens=most)
    steps = [[100 * i + j for j in range(n)] for i, n in enumerate(lengths)]
    lead = list(range(-front, 0))
    extractor, got = WindowBuilder(lead, shape), list[Window]()
    for number, ids in enumerate(steps):
        piece = extractor.read(ids)
        if piece.fresh:
            got.append(Window([], []))
        at = len(got[-1].ids) + piece.own
        got[-1].ids.extend(piece.ids)
        got[-1].spans.append(Span(number, at, len(got[-1].ids)))
    assert got == windows_of(lead, steps, range(len(steps)), shape)


@given(LENGTHS, st.integers(0, 5), st.integers(16, 60), st.data())
def test_causal_windows_hold_each_wanted_step_once_after_its_context(
    lengths: list[int], earlier: int, most: int, data: st.DataObject
) -> None:
    shape = dataclasses.replace(TINY, earlier=earlier, window_tokens=most)
    steps = [[100 * i + j for j in range(n)] for i, n in enumerate(lengths)]
    wanted = sorted(data.draw(st.sets(st.integers(0, len(steps) - 1))))
    windows = windows_of([-1], steps, wanted, shape)
    assert [s.step for w in windows for s in w.spans] == wanted
    for window in windows:
        first, last = window.spans[0], window.spans[-1]
        begin = max(0, first.step - earlier)
        read = [t for ids in steps[begin : last.step + 1] for t in ids]
        assert window.ids[: last.end] == [-1, *read]
        for span in window.spans:
            assert window.ids[span.start : span.end] == steps[span.step]
        assert len(window.ids) <= most or first.end == len(window.ids)


def test_causal_windows_by_hand() -> None:
    shape = dataclasses.replace(TINY, earlier=1, window_tokens=16)
    steps = [[1] * 5, [2] * 5, [3] * 5, [4] * 5, [5] * 5, [6] * 5, [7] * 5]
    assert windows_of([0, 0], steps, [0, 1, 2, 6], shape) == [
        Window([0, 0, *steps[0], *steps[1]], [Span(0, 2, 7), Span(1, 7, 12)]),
        Window([0, 0, *steps[1], *steps[2]], [Span(2, 7, 12)]),
        Window([0, 0, *steps[5], *steps[6]], [Span(6, 7, 12)]),
    ]
    extractor = WindowBuilder([0, 0], shape)
    assert extractor.read(steps[0]) == Piece(True, [0, 0, *steps[0]], 2)
    assert extractor.read(steps[1]) == Piece(False, steps[1], 0)
    assert extractor.read(steps[2]) == Piece(True, [0, 0, *steps[1], *steps[2]], 7)


def test_causal_tokens_keep_head_and_tail_of_a_long_step(tmp_path: Path) -> None:
    whole = tokens(tmp_path / "a", head_tokens=8000)
    cut = tokens(tmp_path / "b")
    text = "Let me check: " + "3 + 4 = 7, " * 100 + "So the answer is 7."
    ids = whole.step(text)
    assert len(ids) > 300, "the file's own truncation does not bite"
    assert cut.step(text) == ids[:6] + ids[-3:]
    assert cut.step("Let me check: " + "3 + 4 = 7, " * 100_000 + "So the answer is 7.") == (
        ids[:6] + ids[-3:]
    ), "nor does the length of what lies between"
    assert cut.step("3 + 4") == whole.step("3 + 4") != whole.step("3 + 5")
    assert cut.step("") != cut.step("\x00")


def test_causal_tokens_keep_both_ends_of_a_question(tmp_path: Path) -> None:
    whole = tokens(tmp_path / "a", question_tokens=4000)
    cut = tokens(tmp_path / "b")
    lead = len(whole.question("")) - len(Tokens.step(whole, ""))
    assert lead > 0
    ids, short = whole.question("3 + 4 = 7, " * 30), cut.question("3 + 4 = 7, " * 30)
    after = len(ids) - len(whole._tokenizer.ids("Question: " + "3 + 4 = 7, " * 30))
    assert short == [*ids[:4], *ids[: len(ids) - after][-4:], *ids[len(ids) - after :]]
    assert cut.longest_front == len(short)
    assert tokens(tmp_path / "c", "qwen3").question("")[0] == 0, "a text's first token stays"


def test_causal_loads_without_the_models_folder(tmp_path: Path) -> None:
    import torch

    folder = tagger().save(tmp_path / "tagger")
    assert sorted(p.name for p in folder.iterdir()) == ["tagger.json", "weights.safetensors"]
    before = torch.get_rng_state()
    loaded = FrozenTagger.load(folder)
    assert torch.equal(before, torch.get_rng_state()), "loading draws no random numbers"
    text = "3 + 4 = 7.\n\nSo the answer is 7.\n\nWait, let me check: 3 + 4 = 7."
    assert isinstance(loaded, StepTagger)
    assert loaded.fingerprint == tagger().fingerprint == loaded.recompute_fingerprint()
    assert loaded.tag_text(text, "3 + 4") == tagger().tag_text(text, "3 + 4")
    with pytest.raises(ValueError, match="read-only"):
        next(iter(loaded.arrays.values()))[...] = 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("body.layers.2.mlp.up_proj.weight", "were changed"),
        ("file.tokenizer.json", "were changed|cannot be read"),
    ],
)
def test_causal_refuses_a_changed_file(tmp_path: Path, name: str, message: str) -> None:
    folder = tagger().save(tmp_path / "tagger")
    arrays = load_file(str(folder / "weights.safetensors"))
    flat = arrays[name].reshape(-1)
    flat[-2] = flat[-2] + 1
    save_file(arrays, str(folder / "weights.safetensors"))
    with pytest.raises(UserError, match=message):
        FrozenTagger.load(folder)


def test_causal_refuses_a_missing_array(tmp_path: Path) -> None:
    folder = tagger().save(tmp_path / "tagger")
    arrays = load_file(str(folder / "weights.safetensors"))
    for name, message in [
        ("body.layers.2.mlp.up_proj.weight", "do not fit its settings"),
        ("head.out.bias", "incomplete"),
        ("file.config.json", "incomplete"),
    ]:
        save_file({k: v for k, v in arrays.items() if k != name}, folder / "weights.safetensors")
        with pytest.raises(UserError, match=message):
            FrozenTagger.load(folder)


@pytest.mark.parametrize(
    ("name", "message"),
    [("file.merges.txt", r"hold file\.merges\.txt"), ("head.spare", "do not fit its settings")],
)
def test_causal_refuses_an_unknown_array(name: str, message: str) -> None:
    backend = tagger().backend
    arrays = backend.arrays | {name: np.zeros(3, dtype=np.float16)}
    with pytest.raises(UserError, match=message):
        CausalBackend.load(backend.settings, arrays)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": "flaot16"}, "did you mean 'float16'"),
        ({"window_tokens": 1}, "window_tokens of the causal tagger is 1; it must be a whole"),
        ({"upper": 0}, "upper of the causal tagger is 0"),
    ],
)
def test_causal_refuses_bad_settings(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        CausalSettings(**changes)
    with pytest.raises(UserError, match="did you mean 'earlier'"):
        CausalSettings.from_dict({"earlyer": 1})
    with pytest.raises(UserError, match="epochs of the causal training is 0"):
        CausalFit(epochs=0)
    with pytest.raises(UserError, match="did you mean 'cpu'"):
        CausalFit(device="cpus")


def test_causal_refuses_an_unsupported_architecture(tmp_path: Path) -> None:
    from tagger.backends.causal.net import part_of_config

    with pytest.raises(UserError, match=r"\(GPTNeoXModel\) has no \.embed_tokens"):
        untrained(tmp_path / "neox", "neox")
    with pytest.raises(UserError, match="has 4 layers, lower and upper ask for 9"):
        untrained(tmp_path / "llama", shape=dataclasses.replace(TINY, lower=7))
    for text in ("{}", "[]", '{"num_hidden_layers": 4, "model_type": "no such"}'):
        with pytest.raises(UserError, match="cannot build the language model"):
            part_of_config(text, 0, 3)


def test_causal_is_the_only_one_to_load_torch() -> None:
    code = (
        "import sys, tagger.frozen, tagger.backends.causal.backend; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
