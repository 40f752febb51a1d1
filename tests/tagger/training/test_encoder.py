"""Training the encoder: what learns, what stays, what a kill leaves behind, other taxonomies."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tagger.backends.encoder.reading import Tokens
from tagger.backends.encoder.settings import EncoderSettings, FitSettings
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE, StepType, Taxonomy
from tagger.traces.labelled import LabelledTrace
from tagger.training.encoder.examples import (
    make_examples,
    plan,
    second_types,
    soft_target,
    windows_of,
)
from tagger.training.encoder.fit import rate_at
from tagger.training.encoder.train import train_encoder
from tagger.training.extra_labels import ExtraLabels, read_extra
from tests.tagger.backends.test_encoder import TINY
from tests.tagger.encoders_made_here import make_encoder
from tests.tagger.small_data import rows, write

FIT = FitSettings(head_epochs=2, epochs=2, encoder_rate=1e-3, checkpoint_minutes=0)
TWO = Taxonomy(
    "two",
    (
        StepType("Sum", "SUM", "other", "adds"),
        StepType("Talk", "TALK", "other", "says something"),
    ),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    make_encoder(folder / "encoder")
    write(folder / "labels.jsonl", rows(60))
    write(folder / "few.jsonl", rows(24))
    return folder


def train(
    folder: Path, fit: FitSettings = FIT, labels: str = "labels.jsonl", **options: Any
) -> Any:
    shape = EncoderSettings(encoder=str(folder / "encoder"), weights="float32", **TINY)
    return train_encoder([folder / labels], settings=shape, fit=fit, **options)


def start_weights(folder: Path) -> dict[str, Any]:
    stored = load_file(str(folder / "encoder" / "model.safetensors"))
    return {f"encoder.{name}": array for name, array in stored.items()}


def losses(said: list[str], part: str) -> list[float]:
    return [float(s.rsplit(" ", 1)[1].rstrip(".")) for s in said if f"{part}, epoch" in s]


def test_train_encoder_frozen_trains_the_head_alone(folder: Path) -> None:
    said: list[str] = []
    fit = dataclasses.replace(FIT, mode="frozen", head_epochs=8)
    trained = train(folder, fit, say=said.append)
    for name, array in start_weights(folder).items():
        np.testing.assert_array_equal(trained.tagger.arrays[name], array)
    heard = losses(said, "head")
    assert len(heard) == 8 and heard[-1] < heard[0] - 0.5
    assert trained.scores.micro_f1 > 0.8
    assert not any("everything" in line for line in said)
    assert trained.tagger.about["held_out_scores"]["micro_f1"] == trained.scores.micro_f1


@pytest.mark.slow
def test_train_encoder_fine_tuning_changes_the_layers_not_the_embeddings_and_lowers_the_loss(
    folder: Path,
) -> None:
    said: list[str] = []
    fit = dataclasses.replace(FIT, epochs=4, pick="last")
    trained = train(folder, fit, say=said.append)
    moved = {
        name: float(np.abs(trained.tagger.arrays[name] - array).max())
        for name, array in start_weights(folder).items()
    }
    assert all(change == 0 for name, change in moved.items() if "embeddings" in name)
    layers = [change for name, change in moved.items() if ".layer." in name]
    assert min(layers) > 0
    low = [c for n, c in moved.items() if ".layer.0." in n and n.endswith("dense.weight")]
    high = [c for n, c in moved.items() if ".layer.1." in n and n.endswith("dense.weight")]
    assert np.mean(low) < np.mean(high), "lower layers learn at lower rates"
    heard = losses(said, "everything")
    assert len(heard) == 4 and heard[-1] < losses(said, "head")[-1] - 0.1
    assert trained.tagger.about["epochs"]["everything"] == 4
    both = train(folder, dataclasses.replace(FIT, epochs=1, train_embeddings=True), "few.jsonl")
    table = "encoder.embeddings.word_embeddings.weight"
    assert np.abs(both.tagger.arrays[table] - start_weights(folder)[table]).max() > 0


@pytest.mark.slow
def test_train_encoder_is_deterministic_and_depends_on_the_seed(folder: Path) -> None:
    fit = dataclasses.replace(FIT, epochs=1)
    one, two, other = (train(folder, fit, "few.jsonl", seed=seed) for seed in (0, 0, 1))
    assert one.tagger.fingerprint == two.tagger.fingerprint != other.tagger.fingerprint
    assert one.scores == two.scores


class Killed(Exception):
    """Stands for a kill between two updates."""


@pytest.mark.slow
@pytest.mark.parametrize("retrain", [False, True])
def test_train_encoder_resumes_to_the_same_weights_after_any_interruptions(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, retrain: bool
) -> None:
    from tagger.training.encoder import fit as loop

    fit = dataclasses.replace(FIT, retrain=retrain)
    whole = train(folder, fit, "few.jsonl")
    real, count = loop.batch_loss, 0

    def dies_every_seventh_time(*args: Any) -> Any:
        nonlocal count
        count += 1
        if count % 7 == 0:
            raise Killed
        return real(*args)

    monkeypatch.setattr(loop, "batch_loss", dies_every_seventh_time)
    said: list[str] = []
    deaths, done = 0, None
    while done is None:
        try:
            done = train(folder, fit, "few.jsonl", checkpoint=tmp_path / "kept", say=said.append)
        except Killed:
            deaths += 1
    assert deaths >= (8 if retrain else 4)
    assert any("resuming at epoch" in line for line in said)
    assert done.tagger.fingerprint == whole.tagger.fingerprint
    assert done.scores == whole.scores and done.tagger.about == whole.tagger.about
    assert [p.name for p in (tmp_path / "kept").iterdir()] == ["training.safetensors"]
    before = count
    again = train(folder, fit, "few.jsonl", checkpoint=tmp_path / "kept")
    assert again.tagger.fingerprint == whole.tagger.fingerprint and count == before


def test_train_encoder_refuses_the_checkpoint_of_another_training(
    folder: Path, tmp_path: Path
) -> None:
    fit = dataclasses.replace(FIT, epochs=1, head_epochs=0)
    train(folder, fit, "few.jsonl", checkpoint=tmp_path)
    with pytest.raises(UserError, match="other labels or settings"):
        train(folder, dataclasses.replace(fit, dropout=0.1), "few.jsonl", checkpoint=tmp_path)
    (tmp_path / "training.safetensors").write_bytes(b"no tensors here")
    with pytest.raises(UserError, match="cannot be read"):
        train(folder, fit, "few.jsonl", checkpoint=tmp_path)


def other_labels() -> ExtraLabels:
    traces = [
        LabelledTrace(
            row["id"], row["question"], tuple(row["steps"]),
            {i: "Sum" if "=" in text else "Talk" for i, text in enumerate(row["steps"])},
        )
        for row in rows(40, seed=5)
    ]  # fmt: skip
    return ExtraLabels(TWO, traces, "others.jsonl:two")


def test_train_encoder_auxiliary_labels_train_the_body_and_their_head_is_dropped(
    folder: Path,
) -> None:
    fit = dataclasses.replace(FIT, head_epochs=1, epochs=1)
    alone, helped = (
        train(folder, fit, "few.jsonl", extra=extra) for extra in ([], [other_labels()])
    )
    assert set(alone.tagger.arrays) == set(helped.tagger.arrays)
    assert len(helped.tagger.tag_text("3 + 4 = 7.")[0].probabilities) == len(REASONTYPE.types)
    name = "encoder.encoder.layer.1.output.dense.weight"
    assert np.abs(alone.tagger.arrays[name] - helped.tagger.arrays[name]).max() > 0
    assert helped.tagger.about["extra"] == ["others.jsonl:two"]


@pytest.mark.slow
def test_train_encoder_auxiliary_head_learns(folder: Path) -> None:
    """Seen from inside, as the head is dropped afterwards."""
    from tagger.backends.encoder.predict import score_batch
    from tagger.training.checkpoints import Checkpointer
    from tagger.training.encoder.source import find_encoder
    from tagger.training.encoder.stages import StagedTraining

    source = find_encoder(str(folder / "encoder"))
    shape = EncoderSettings(encoder="encoder", pooling="mean", **TINY)
    fit = dataclasses.replace(FIT, mode="frozen", head_epochs=10, extra_weight=1.0)
    tokens = Tokens(source.text("tokenizer.json"), shape)
    labels = other_labels()
    others = make_examples(labels.traces, TWO, tokens, shape, fit, head=1)
    mine = make_examples(labelled(folder), REASONTYPE, tokens, shape, fit)
    training = StagedTraining(
        source, shape, fit, 0, [14, 2], Checkpointer(None, "", 0), lambda line: None
    )
    net, _ = training.run("test", mine, others[:30], None, None)
    given = np.concatenate(score_batch(net, [e.steps for e in others[30:]], head=1))
    true = [kind for e in others[30:] for kind in e.types.values()]
    assert (given.argmax(axis=1) == true).mean() > 0.9


def labelled(folder: Path) -> list[LabelledTrace]:
    from tagger.traces.labelled import read_labelled

    return list(read_labelled(folder / "labels.jsonl"))


def test_train_encoder_soft_target_shares_with_the_second_type_and_smooths() -> None:
    fit = FitSettings(alternative=0.2, smoothing=0.14)
    target = soft_target(3, 5, 14, fit)
    assert target.sum() == pytest.approx(1)
    assert target[3] == pytest.approx(0.8 * 0.86 + 0.01)
    assert target[5] == pytest.approx(0.2 * 0.86 + 0.01)
    assert target[0] == pytest.approx(0.01)
    for second in (None, 3):
        assert soft_target(3, second, 14, fit)[3] == pytest.approx(0.86 + 0.01)
    verify, meta = (REASONTYPE.get(tag).name for tag in ("VERIFY", "META"))
    trace = LabelledTrace("a", "", ("x", "y"), {1: verify}, {}, alternatives={1: meta})
    assert second_types(trace, REASONTYPE) == {1: REASONTYPE.index("META")}


def test_train_encoder_balance_weighs_rare_types_more(folder: Path) -> None:
    trace = LabelledTrace(
        "a", "", ("x",) * 5,
        {i: REASONTYPE.get(t).name for i, t in enumerate(["META", "META", "META", "OTHER"])},
    )  # fmt: skip
    shape = EncoderSettings(**TINY)
    tokens = Tokens((folder / "encoder" / "tokenizer.json").read_text(), shape)
    plain = make_examples([trace], REASONTYPE, tokens, shape, FitSettings(balance=0))[0]
    assert plain.weights.tolist() == [1, 1, 1, 1]
    even = make_examples([trace], REASONTYPE, tokens, shape, FitSettings(balance=1))[0]
    assert even.weights[3] == pytest.approx(3 * even.weights[0])
    assert len(even.steps) == 4, "what follows the last label is not read"


def test_train_encoder_windows_hold_each_label_once_for_any_first_length(folder: Path) -> None:
    shape = EncoderSettings(**TINY)
    tokens = Tokens((folder / "encoder" / "tokenizer.json").read_text(), shape)
    meta = REASONTYPE.get("META").name
    places = [2, 3, 4, 9, 10, 17]
    trace = LabelledTrace("a", "", tuple("word" for _ in range(20)), dict.fromkeys(places, meta))
    fit = FitSettings(window=3, burn_in=4, batch=2)
    example = make_examples([trace], REASONTYPE, tokens, shape, fit)[0]
    for first in (1, 2, 3):
        windows = windows_of(example, fit, first)
        inside = [i for w in windows for i in range(w.start, w.end) if i in example.types]
        assert inside == places
        assert all(w.begin == max(0, w.start - 4) and w.end - w.start <= 3 for w in windows)
    cut = lambda e, n: windows_of(e, fit, n)  # noqa: E731
    planned = plan([example] * 5, [], fit, 0, 0, cut)
    assert [len(b) for b in planned[:-1]] == [2] * (len(planned) - 1)
    assert sum(w.example.types.get(2) is not None and w.start == 2 for b in planned for w in b) == 5


def test_train_encoder_rate_at_rises_then_falls() -> None:
    rates = [rate_at(i, 100, 0.1) for i in range(100)]
    assert rates[0] == pytest.approx(0.1) and rates[9] == rates[10] == 1
    assert rates[99] == pytest.approx(1 / 90) and rates[55] == pytest.approx(0.5)
    assert rate_at(0, 10, 0) == 1


def test_train_encoder_refuses_too_few_labels_and_impossible_settings(
    folder: Path, tmp_path: Path
) -> None:
    shape = EncoderSettings(encoder=str(folder / "encoder"), **TINY)
    with pytest.raises(UserError, match=r"one\.jsonl: 1 labelled traces are too few"):
        train_encoder([write(tmp_path / "one.jsonl", rows(1))], settings=shape)
    single = [dict(row, labels={"0": "RESTATE"}) for row in rows(10)]
    with pytest.raises(UserError, match="a single type"):
        train_encoder([write(tmp_path / "single.jsonl", single)], settings=shape)
    long = dataclasses.replace(shape, max_tokens=120)
    with pytest.raises(UserError, match="reads 128 tokens at once"):
        train_encoder([folder / "labels.jsonl"], settings=long)
    for word, message in [("labels.jsonl", "name no taxonomy"), ("x.jsonl:venhof", "venhoff")]:
        with pytest.raises(UserError, match=message):
            read_extra(word)
    for changes, message in [
        ({"mode": "forzen"}, "'frozen'"),
        ({"warm_up": 2.0}, "warm_up of the encoder training is 2"),
    ]:
        with pytest.raises(UserError, match=message):
            FitSettings(**changes)
    with pytest.raises(UserError, match="head_epochs of the encoder training is 0"):
        FitSettings(mode="frozen", head_epochs=0)


def test_train_encoder_reads_labels_before_it_fetches_the_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    monkeypatch.setattr("tagger.training.encoder.train.find_encoder", fetched.append)
    bad = tmp_path / "bad.jsonl"
    bad.write_text("no json\n")
    single = [dict(row, labels={"0": "RESTATE"}) for row in rows(10)]
    for file, message in [
        (bad, r"bad\.jsonl"),
        (write(tmp_path / "single.jsonl", single), "a single type"),
    ]:
        with pytest.raises(UserError, match=message):
            train_encoder([file], settings=EncoderSettings(encoder="far/away", **TINY), fit=FIT)
    assert not fetched


@pytest.mark.parametrize("damage", ["cut off", "pointer", "empty"])
def test_train_encoder_refuses_unreadable_weights(
    folder: Path, tmp_path: Path, damage: str
) -> None:
    weights = make_encoder(tmp_path / "encoder") / "model.safetensors"
    whole = weights.read_bytes()
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 90868376\n"
    weights.write_bytes({"cut off": whole[:-100], "pointer": pointer, "empty": b""}[damage])
    said = refused(tmp_path, folder, r"weights .*/encoder cannot be read .*fetch them again")
    assert not any("encoding" in line for line in said)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden_size": 48}, "cannot be loaded .*save it again"),
        ({"num_hidden_layers": 3}, r"no weights for encoder\.layer\.2\."),
        ({"model_type": "brt"}, "cannot build the encoder in .* BERT-like"),
        ({"model_type": "t5"}, "cannot build the encoder in .*'classifier_dropout'.* BERT-like"),
        ({"num_attention_heads": "x"}, "cannot build the encoder in .*expected int.* BERT-like"),
        ({"num_attention_heads": 0}, r"cannot be loaded \(ZeroDivisionError.*save it again"),
        ({"hidden_act": "nope"}, r"cannot be loaded \(KeyError: 'nope'\).*save it again"),
    ],
)
def test_train_encoder_refuses_weights_that_do_not_fit_the_config(
    folder: Path, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    config = make_encoder(tmp_path / "encoder") / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | change))
    refused(tmp_path, folder, message)


@pytest.mark.parametrize("index", ["{}", "{", "[]", '{"weight_map": {"a": "gone.safetensors"}}'])
def test_train_encoder_refuses_a_damaged_index_of_weights(
    folder: Path, tmp_path: Path, index: str
) -> None:
    weights = make_encoder(tmp_path / "encoder") / "model.safetensors"
    weights.rename(weights.with_name("model-00001-of-00001.safetensors"))
    weights.with_name("model.safetensors.index.json").write_text(index)
    refused(tmp_path, folder, r"encoder in .*/encoder cannot be loaded \(.*\); fetch it again")


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"max_position_embeddings": "many"}', '{"max_position_embeddings": Infinity}'],
)
def test_train_encoder_refuses_a_damaged_config(folder: Path, tmp_path: Path, text: str) -> None:
    (make_encoder(tmp_path / "encoder") / "config.json").write_text(text)
    refused(tmp_path, folder, r"^The config\.json of the encoder encoder cannot be read")


def test_train_encoder_refuses_a_config_that_is_not_utf8(folder: Path, tmp_path: Path) -> None:
    (make_encoder(tmp_path / "encoder") / "config.json").write_bytes(b'{"a": "\xe9"}')
    refused(tmp_path, folder, r"^The config\.json of the encoder in .*/encoder is not UTF-8 text")


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"model_type": "bert", "num_attention_heads": "x"}']
)
def test_train_encoder_build_body_refuses_a_damaged_config(text: str) -> None:
    from tagger.backends.encoder.net import build_body

    with pytest.raises(UserError, match=r"from its config\.json \(\w+: .* BERT-like") as told:
        build_body(text)
    assert "\n" not in str(told.value)


def test_train_encoder_load_body_draws_a_missing_pooler_deterministically(tmp_path: Path) -> None:
    from tagger.backends.encoder.net import load_body

    weights = make_encoder(tmp_path / "encoder") / "model.safetensors"
    arrays = load_file(str(weights))
    kept = {name: array for name, array in arrays.items() if not name.startswith("pooler.")}
    assert len(kept) < len(arrays)
    save_file(kept, str(weights), {"format": "pt"})
    one, other = (load_body(str(tmp_path / "encoder")).state_dict() for _ in range(2))
    assert all(one[name].equal(other[name]) for name in arrays)


def test_train_encoder_load_body_leaves_the_callers_random_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from tagger.backends.encoder.net import load_body

    make_encoder(tmp_path / "encoder")
    seeds: list[int] = []
    monkeypatch.setattr("torch.cuda.manual_seed_all", seeds.append)
    before = torch.get_rng_state()
    load_body(str(tmp_path / "encoder"))
    assert torch.get_rng_state().equal(before)
    assert not seeds, "those of GPUs too"


def refused(tmp_path: Path, folder: Path, message: str) -> list[str]:
    said: list[str] = []
    shape = EncoderSettings(encoder=str(tmp_path / "encoder"), **TINY)
    with pytest.raises(UserError, match=message) as told:
        train_encoder([folder / "labels.jsonl"], settings=shape, fit=FIT, say=said.append)
    assert "\n" not in str(told.value)
    return said
