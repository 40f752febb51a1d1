"""Training the causal tagger: what learns, what stays, what a kill leaves behind."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from tagger.backends.causal.reading import Tokens
from tagger.backends.causal.settings import CausalFit
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.traces.labelled import LabelledTrace, read_labelled
from tagger.training.causal.examples import make_examples
from tagger.training.causal.train import train_causal
from tests.tagger.backends.test_causal import TINY
from tests.tagger.language_models_made_here import make_language_model
from tests.tagger.small_data import rows, write

SHAPE = dataclasses.replace(TINY, head_tokens=16, tail_tokens=8, window_tokens=120, hidden=16)
FIT = CausalFit(
    epochs=2, divisor=5, upper_rate=1e-3, head_rate=1e-2, warm_up=5, checkpoint_minutes=0
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("causal")
    make_language_model(folder / "model")
    write(folder / "labels.jsonl", rows(50))
    write(folder / "few.jsonl", rows(20))
    return folder


def train(folder: Path, fit: CausalFit = FIT, labels: str = "few.jsonl", **options: Any) -> Any:
    shape = dataclasses.replace(SHAPE, model=str(folder / "model"), weights="float32")
    return train_causal([folder / labels], settings=shape, fit=fit, **options)


def losses(said: list[str]) -> list[float]:
    return [
        float(s.rsplit(" ", 1)[1].rstrip("."))
        for s in said
        if s.startswith("Epoch") and "loss" in s
    ]


@pytest.mark.slow
def test_train_causal_learns_and_freezes_the_lower_layers(folder: Path) -> None:
    said: list[str] = []
    fit = dataclasses.replace(FIT, epochs=8)
    trained = train(folder, fit, "labels.jsonl", say=said.append)
    heard = losses(said)
    assert len(heard) == 8 and heard[-1] < heard[0] - 0.3
    assert trained.scores.micro_f1 > 0.7, "the commonest type is a third of the steps"
    assert trained.tagger.about["held_out_scores"]["micro_f1"] == trained.scores.micro_f1
    assert len(trained.tagger.about["history"]) == 8
    first = load_file(str(folder / "model" / "model.safetensors"))
    for name, array in trained.tagger.arrays.items():
        if not name.startswith("body."):
            continue
        moved = np.abs(array - first["model." + name[len("body.") :]]).max()
        learns = name.startswith(("body.layers.1.", "body.layers.2."))
        assert (moved > 0) == learns, name
    assert any("take 0 MB in" in line and "tokens of 50 traces" in line for line in said)
    assert trained.held_out == 5 and trained.traces == 50


@pytest.mark.slow
def test_train_causal_is_deterministic_and_depends_on_the_seed(folder: Path) -> None:
    one, two, other = train(folder), train(folder), train(folder, seed=1)
    assert one.tagger.fingerprint == two.tagger.fingerprint != other.tagger.fingerprint
    assert one.scores == two.scores
    assert one.tagger.backend.settings["model"] == "model", "no path of this machine"


class Killed(Exception):
    """Stands for a kill between two windows."""


@pytest.mark.slow
def test_train_causal_resumes_to_the_same_weights_after_any_interruptions(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tagger.training.causal import fit as loop
    from tagger.training.causal import hidden_states as states

    whole = train(folder)
    real, count = loop.window_loss, 0

    def dies_every_ninth_time(*args: Any) -> Any:
        nonlocal count
        count += 1
        if count % 9 == 0:
            raise Killed
        return real(*args)

    monkeypatch.setattr(loop, "window_loss", dies_every_ninth_time)
    run, ran = states._run, 0

    def counted(*args: Any) -> None:
        nonlocal ran
        ran += 1
        run(*args)

    monkeypatch.setattr(states, "_run", counted)
    said: list[str] = []
    deaths, done = 0, None
    while done is None:
        try:
            done = train(folder, checkpoint=tmp_path / "kept", say=said.append)
        except Killed:
            deaths += 1
    assert deaths >= 4 and ran == 20, "states are computed once"
    assert any("Resuming at epoch 2" in line for line in said)
    assert done.tagger.fingerprint == whole.tagger.fingerprint
    assert done.scores == whole.scores and done.tagger.about == whole.tagger.about
    before = count
    again = train(folder, checkpoint=tmp_path / "kept")
    assert again.tagger.fingerprint == whole.tagger.fingerprint and count == before
    with pytest.raises(UserError, match="other labels or settings"):
        train(folder, dataclasses.replace(FIT, dropout=0.3), checkpoint=tmp_path / "kept")


def test_train_causal_cut_in_two_computes_what_the_whole_computes(tmp_path: Path) -> None:
    import torch

    from tagger.backends.causal.net import (
        Net,
        cut_in_two,
        join,
        load_body,
        part_of_config,
        states_of,
    )

    for kind in ("llama", "qwen3"):
        source = make_language_model(tmp_path / kind, kind)
        text = (source / "config.json").read_text(encoding="utf-8")
        body = load_body(str(source), part_of_config(text, 0, 3))
        lower, upper = cut_in_two(body, text, TINY)
        ids = torch.arange(5, 40)
        with torch.no_grad():
            whole = states_of(body, ids)
            torch.testing.assert_close(states_of(upper, states_of(lower, ids)), whole)
        net = Net(TINY, upper, 14)
        with torch.no_grad():
            for weight in net.parameters():
                weight.mul_(1.1)
        joined = join(body, net)
        with torch.no_grad():
            changed = states_of(upper, states_of(lower, ids))
            torch.testing.assert_close(states_of(joined.body, ids), changed)
            assert not torch.allclose(whole, changed)


def test_train_causal_refuses_a_model_that_does_more_than_its_layers(tmp_path: Path) -> None:
    import torch

    from tagger.backends.causal.net import cut_in_two, load_body, part_of_config

    source = make_language_model(tmp_path / "model")
    text = (source / "config.json").read_text(encoding="utf-8")
    body = load_body(str(source), part_of_config(text, 0, 3))
    body.layers[0].register_forward_pre_hook(lambda _, args: (3 * args[0], *args[1:]))
    with pytest.raises(UserError, match="does more between its embeddings"):
        cut_in_two(body, text, TINY)
    assert torch.isfinite(body.embed_tokens.weight).all()


def test_train_causal_examples_hold_soft_targets_by_window(
    folder: Path,
) -> None:
    verify, meta, other = (REASONTYPE.get(tag).name for tag in ("VERIFY", "META", "OTHER"))
    trace = LabelledTrace(
        "a", "3 + 4", tuple("3 + 4 = 7." for _ in range(60)),
        {1: verify, 2: meta, 40: verify}, alternatives={1: meta}, second_pass={2: other},
    )  # fmt: skip
    tokens = Tokens((folder / "model" / "tokenizer.json").read_text(encoding="utf-8"), SHAPE)
    example = make_examples([trace], REASONTYPE, tokens, SHAPE, 0.2)[0]
    assert [[s.step for s in w.spans] for w in example.windows] == [[1, 2], [40]]
    first, last = example.targets
    index = {name: REASONTYPE.index(name) for name in (verify, meta, other)}
    assert first[0, index[verify]] == pytest.approx(0.8)
    assert first[0, index[meta]] == pytest.approx(0.2)
    assert first[1, index[meta]] == pytest.approx(0.6)
    assert first[1, index[other]] == pytest.approx(0.4)
    assert last[0, index[verify]] == 1 and example.types == [
        [index[verify], index[meta]], [index[verify]]
    ]  # fmt: skip


def test_train_causal_rate_at_rises_falls_and_stays() -> None:
    from tagger.training.causal.fit import rate_at

    fit = CausalFit(warm_up=10, lowest_rate=0.1)
    rates = [rate_at(i, 100, fit) for i in range(100)]
    assert rates[0] == pytest.approx(0.1) and rates[8] == pytest.approx(0.9)
    assert rates[50] == pytest.approx(0.5) and rates[99] == 0.1 == rates[91]
    assert rate_at(0, 10, dataclasses.replace(fit, warm_up=0)) == 1


def test_train_causal_refuses_impossible_settings_before_anything_is_computed(
    folder: Path, tmp_path: Path
) -> None:
    labels = [folder / "labels.jsonl"]
    shape = dataclasses.replace(SHAPE, model=str(folder / "model"))

    def refused(message: str, given: Any = None, files: Any = labels) -> None:
        said: list[str] = []
        with pytest.raises(UserError, match=message):
            train_causal(files, settings=given or shape, fit=FIT, say=said.append)
        assert not any("Running" in line for line in said)

    refused("No language model 'no/such'.* go online", dataclasses.replace(shape, model="no/such"))
    bare = make_language_model(tmp_path / "bare")
    (bare / "model.safetensors").rename(bare / "pytorch_model.bin")
    refused("no safetensors weights", dataclasses.replace(shape, model=str(bare)))
    refused(r"no config\.json", dataclasses.replace(shape, model=str(tmp_path)))
    refused("has 4 layers, lower and upper ask for 7", dataclasses.replace(shape, upper=6))
    refused("reads 256 tokens at once", dataclasses.replace(shape, window_tokens=300))
    odd = make_language_model(tmp_path / "odd", "neox")
    refused(r"has no \.embed_tokens", dataclasses.replace(shape, model=str(odd)))
    (odd / "config.json").write_text("[]")
    refused(r"config\.json .* cannot be read", dataclasses.replace(shape, model=str(odd)))
    refused("too few", files=[write(tmp_path / "one.jsonl", rows(1))])
    single = [dict(row, labels={"0": "RESTATE"}) for row in rows(10)]
    refused("a single type", files=[write(tmp_path / "single.jsonl", single)])


def test_train_causal_reads_labels_before_it_fetches_the_model(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[Any] = []

    def fetch(*args: Any) -> Path:
        fetched.append(args)
        return folder / "model"

    monkeypatch.setattr("tagger.training.causal.train.pretrained_folder", fetch)
    bad = tmp_path / "bad.jsonl"
    bad.write_text("no json\n")
    with pytest.raises(UserError, match=r"bad\.jsonl"):
        train_causal([bad], settings=dataclasses.replace(SHAPE, model="far/away"), fit=FIT)
    assert not fetched


@pytest.mark.parametrize("damage", ["cut off", "pointer", "empty"])
def test_train_causal_refuses_unreadable_weights(folder: Path, tmp_path: Path, damage: str) -> None:
    model = make_language_model(tmp_path / "model")
    weights = model / "model.safetensors"
    whole = weights.read_bytes()
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 269060552\n"
    weights.write_bytes({"cut off": whole[:-100], "pointer": pointer, "empty": b""}[damage])
    said: list[str] = []
    with pytest.raises(UserError, match=r"weights .*/model cannot be read .*fetch them again"):
        train_causal(
            [folder / "labels.jsonl"],
            settings=dataclasses.replace(SHAPE, model=str(model)), fit=FIT, say=said.append,
        )  # fmt: skip
    assert not any("Running" in line for line in said)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_train_causal_refuses_a_model_file_that_is_not_utf_8(
    folder: Path, tmp_path: Path, name: str
) -> None:
    model = make_language_model(tmp_path / "model")
    (model / name).write_bytes('{"a": "é"}'.encode("latin-1"))
    with pytest.raises(UserError, match=rf"{name} of the language model .* is not UTF-8"):
        train_causal(
            [folder / "labels.jsonl"],
            settings=dataclasses.replace(SHAPE, model=str(model)), fit=FIT,
        )  # fmt: skip


def test_train_causal_refuses_a_checkpoint_with_another_split(folder: Path, tmp_path: Path) -> None:
    more = write(tmp_path / "more.jsonl", rows(10, seed=4))
    train(folder, train_only=[more], checkpoint=tmp_path / "kept")
    shape = dataclasses.replace(SHAPE, model=str(folder / "model"), weights="float32")
    with pytest.raises(UserError, match="other labels or settings"):
        train_causal(
            [folder / "few.jsonl", more], settings=shape, fit=FIT, checkpoint=tmp_path / "kept"
        )


def test_train_causal_refuses_a_checkpoint_with_another_tokenizer(
    folder: Path, tmp_path: Path
) -> None:
    import shutil

    model = shutil.copytree(folder / "model", tmp_path / "model")

    def again() -> Any:
        shape = dataclasses.replace(SHAPE, model=str(model))
        return train_causal(
            [folder / "few.jsonl"], settings=shape, fit=FIT, checkpoint=tmp_path / "kept"
        )

    again()
    tokenizer = json.loads((model / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["normalizer"] = {"type": "Lowercase"}
    (model / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    with pytest.raises(UserError, match="other labels or settings"):
        again()


@pytest.mark.parametrize(("began", "refused"), [("cuda", True), ("cpu", False)])
def test_train_causal_resumes_only_on_the_same_device(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, began: str, refused: bool
) -> None:
    from tagger.training.causal import fit as loop

    real, count = loop.window_loss, 0

    def dies_at_the_tenth(*args: Any) -> Any:
        nonlocal count
        count += 1
        if count == 10:
            raise Killed
        return real(*args)

    monkeypatch.setattr(loop, "window_loss", dies_at_the_tenth)
    fit = dataclasses.replace(FIT, device="cpu")
    with pytest.raises(Killed):
        train(folder, fit, checkpoint=tmp_path)
    file = tmp_path / "training.safetensors"
    with safe_open(file, "np") as content:
        state = json.loads(content.metadata()["state"])
    assert state["progress"]["device"] == "cpu"
    state["progress"]["device"] = began
    save_file(load_file(str(file)), str(file), {"state": json.dumps(state)})
    said: list[str] = []
    if refused:
        with pytest.raises(UserError, match=r"on device=cuda, this one runs on device=cpu"):
            train(folder, fit, checkpoint=tmp_path, say=said.append)
        assert not any("Running" in line for line in said)
    else:
        train(folder, fit, checkpoint=tmp_path, say=said.append)
        assert any("Resuming at epoch 1" in line for line in said)


def test_train_causal_store_states_needs_room_on_the_disk(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    full = shutil.disk_usage(tmp_path)._replace(free=10)
    monkeypatch.setattr("tagger.training.causal.hidden_states.shutil.disk_usage", lambda path: full)
    with pytest.raises(UserError, match="make room or name another --checkpoint folder"):
        train(folder, checkpoint=tmp_path)


@pytest.mark.slow
def test_train_causal_store_states_reuses_existing_files(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    once = train(folder, checkpoint=tmp_path)
    (tmp_path / "training.safetensors").unlink()
    files = sorted((tmp_path / "states").iterdir(), key=lambda file: file.stat().st_size)
    full = shutil.disk_usage(tmp_path)._replace(free=files[-1].stat().st_size)
    monkeypatch.setattr("tagger.training.causal.hidden_states.shutil.disk_usage", lambda path: full)
    files[0].unlink()
    said: list[str] = []
    again = train(folder, checkpoint=tmp_path, say=said.append)
    assert again.tagger.fingerprint == once.tagger.fingerprint
    assert any("tokens of 1 traces" in line for line in said)
    (tmp_path / "training.safetensors").unlink()
    for file in files[1:]:
        file.unlink()
    with pytest.raises(UserError, match="make room"):
        train(folder, checkpoint=tmp_path)


def test_train_causal_store_states_recomputes_a_damaged_file(folder: Path, tmp_path: Path) -> None:
    once = train(folder, checkpoint=tmp_path)
    files = sorted((tmp_path / "states").iterdir())
    assert len(files) == len({json.dumps(t.steps) + t.question for t in
                              read_labelled(folder / "few.jsonl")})  # fmt: skip
    files[0].write_bytes(b"no tensors here")
    (tmp_path / "training.safetensors").unlink()
    assert train(folder, checkpoint=tmp_path).tagger.fingerprint == once.tagger.fingerprint


def test_train_causal_in_bfloat16_learns_and_is_another_training(
    folder: Path, tmp_path: Path
) -> None:
    from tagger.training.distillation import Distillation

    said: list[str] = []
    fit = dataclasses.replace(FIT, epochs=6, precision="bfloat16")
    trained = train(folder, fit, checkpoint=tmp_path / "kept", say=said.append)
    heard = losses(said)
    assert heard[-1] < heard[0] - 0.1
    assert all(array.dtype == np.float32 for n, array in trained.tagger.arrays.items()
               if n.startswith("body."))  # fmt: skip
    exact = train(folder, dataclasses.replace(fit, precision="float32"))
    assert exact.tagger.fingerprint != trained.tagger.fingerprint
    with pytest.raises(UserError, match="other labels or settings"):
        train(folder, dataclasses.replace(fit, precision="float32"), checkpoint=tmp_path / "kept")

    # as a teacher: close to what it computes in float32, not the same, and cached apart from it
    steps, cache = [["Let me check this again.", "So x = 4."]], tmp_path / "cache"
    rows = [
        Distillation([trained.tagger], [], cache=cache, precision=p).probabilities(
            steps, ["What is x?"], lambda line: None
        )[0]
        for p in ("float32", "bfloat16")
    ]
    assert 0 < np.abs(rows[0] - rows[1]).max() < 0.02
    assert len(list(cache.glob("view-*"))) == 2


def test_job_key_of_float32_is_that_of_checkpoints_without_a_precision(tmp_path: Path) -> None:
    from tagger.training.pretrained import job_key, read_labels

    write(tmp_path / "labels.jsonl", rows(20))
    held = read_labels([tmp_path / "labels.jsonl"], REASONTYPE, 0, 0.1, ())

    class Older(CausalFit):
        def to_dict(self) -> dict[str, Any]:
            return {k: v for k, v in super().to_dict().items() if k != "precision"}

    fits = (Older(), CausalFit(), CausalFit(precision="bfloat16"))
    older, now, other = (job_key(SHAPE, fit, 0, held, "model") for fit in fits)
    assert older == now != other
