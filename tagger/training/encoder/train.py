"""Training the encoder tagger on labelled traces."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tagger.backends.encoder.backend import FILES, EncoderBackend
from tagger.backends.encoder.reading import Tokens
from tagger.backends.encoder.settings import EncoderSettings, FitSettings
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.segmentation import ParagraphSegmenter
from tagger.steps import Segmenter
from tagger.taxonomies.taxonomy import REASONTYPE, Taxonomy
from tagger.training.calibration import Calibration, calibrate_many
from tagger.training.devices import resolve_device
from tagger.training.encoder.examples import make_examples
from tagger.training.encoder.source import EncoderSource, find_encoder
from tagger.training.extra_labels import ExtraLabels
from tagger.training.splits import HeldOut, read_and_hold_out
from tagger.training.trained import TrainedTagger

Say = Callable[[str], None]


def train_encoder(
    labelled_paths: Sequence[str | Path],
    segmenter: Segmenter | None = None,
    seed: int = 0,
    *,
    taxonomy: Taxonomy = REASONTYPE,
    beside: Sequence[str | Path] = (),
    settings: EncoderSettings | None = None,
    fit: FitSettings | None = None,
    extra: Sequence[ExtraLabels] = (),
    held_out: float = 0.15,
    checkpoint: Path | None = None,
    say: Say = lambda line: None,
) -> TrainedTagger:
    """Train an encoder tagger; on one machine the same input gives the same fingerprint.

    Traces are held out by question. A net trained without them gives the scores, the temperature
    and the epoch to keep; it is the tagger, unless ``fit.retrain`` asks for another one trained on
    all traces. The scores come from batched encoding, equal to the tagger's but for last digits.

    Args:
        labelled_paths: JSONL files as `tagger.traces.labelled.read_labelled` takes them.
        segmenter: What cut their steps; `paragraph` if None. The tagger cuts with it later on.
        seed: Chooses the held-out questions, the first weights and the order of batches.
        taxonomy: The types.
        beside: More such files, only trained on; nothing is held out of them.
        settings: Of the net; `pooling` and `normalize` are taken from the encoder.
        fit: Of the training.
        extra: Labels of other taxonomies, learned on heads of their own that are then dropped.
        held_out: Share of questions held out, in (0, 1).
        checkpoint: Folder for checkpoints, from which the same call goes on; None for none.
        say: Takes a line on progress.

    Returns:
        The tagger and its scores.

    Raises:
        UserError: Malformed files, too few questions or types, an encoder that is not found,
            cannot be read or reads fewer tokens than asked for, no GPU where one is asked for, or
            the checkpoint of another training.
    """
    fit = fit or FitSettings()
    device = resolve_device(fit.device)
    held = read_and_hold_out(labelled_paths, taxonomy, seed, held_out, beside)
    traces, kept, aside = held.traces, held.kept, held.aside
    if len({name for t in kept for name in t.labels.values()}) < 2:
        raise UserError("The labels name a single type; label steps of at least two types.")
    settings = settings or EncoderSettings()
    source = find_encoder(settings.encoder)  # last, for it may fetch hundreds of megabytes
    settings = _resolved(settings, source)

    from tagger.training.checkpoints import Keeper
    from tagger.training.encoder.stages import Rounds

    key = _job_key(settings, fit, seed, held, extra, source)
    keeper = Keeper(checkpoint, key, fit.checkpoint_minutes)
    say(f"Reading {len(kept)} traces, {len(aside)} held out.")
    tokens = Tokens(source.text("tokenizer.json"), settings)
    mine, test = (make_examples(t, taxonomy, tokens, settings, fit) for t in (kept, aside))
    others = [
        example
        for head, labels in enumerate(extra, start=1)
        for example in make_examples(labels.traces, labels.taxonomy, tokens, settings, fit, head)
    ]
    heads = [len(taxonomy.types), *(len(labels.taxonomy.types) for labels in extra)]
    rounds = Rounds(source, settings, fit, seed, heads, keeper, say)

    net, epochs = rounds.run("held-out", mine, others, test, None)
    backend = EncoderBackend.from_net(net, {name: source.text(name) for name in FILES})
    if "judged" not in keeper.done:  # kept: a training that goes on may no longer have this net
        keeper.done["judged"] = calibrate_many(backend, aside, taxonomy, device).as_dict()
        keeper.save(keeper.part, {}, net)
    judged = Calibration.from_dict(keeper.done["judged"])
    scores = judged.scores
    say(f"Held-out micro-F1 {scores.micro_f1:.3f}.")
    if fit.retrain:
        net, _ = rounds.run("all", mine + test, others, None, epochs)
        backend = EncoderBackend.from_net(net, {name: source.text(name) for name in FILES})
    steps = sum(len(t.labels) for t in traces)
    about = {
        "data": [Path(p).name for p in (*labelled_paths, *beside)],
        "extra": [labels.name for labels in extra],
        "traces": len(traces),
        "labelled_steps": steps,
        "seed": seed,
        "fit": asdict(fit),
        "epochs": epochs,
        "history": [line for part in keeper.done.values() for line in part.get("history", [])],
        "held_out_scores": scores.as_dict(),
    }
    tagger = FrozenTagger(
        taxonomy, segmenter or ParagraphSegmenter(), backend, judged.temperature, about,
        judged.handicaps,
    )  # fmt: skip
    return TrainedTagger(tagger, scores, len(traces), steps, len(aside))


def _resolved(settings: EncoderSettings, source: EncoderSource) -> EncoderSettings:
    """Fill in what the encoder's own files say, and check what it can read."""
    text = source.text("config.json")  # its UserError is a ValueError, and says enough
    try:
        most = int(json.loads(text).get("max_position_embeddings", 0) or 0)
    except (AttributeError, OverflowError, TypeError, ValueError) as error:
        raise UserError(
            f"The config.json of the encoder {source.name} cannot be read ({error}); save it "
            "again with save_pretrained."
        ) from error
    wanted = settings.max_tokens + settings.previous_tokens + 5  # special tokens, RoBERTa's offset
    if most and wanted > most:
        raise UserError(
            f"The encoder {source.name} reads {most} tokens at once, max_tokens="
            f"{settings.max_tokens} and previous_tokens={settings.previous_tokens} need {wanted}; "
            "make them smaller."
        )
    pooling: Any = source.pooling if settings.pooling == "auto" else settings.pooling
    return dataclasses.replace(
        settings, encoder=source.name, pooling=pooling, normalize=source.normalize
    )


def _job_key(
    settings: EncoderSettings,
    fit: FitSettings,
    seed: int,
    held: HeldOut,
    extra: Sequence[ExtraLabels],
    source: EncoderSource,
) -> str:
    """Hash of everything that fixes the trained weights."""
    how = asdict(fit)
    del how["checkpoint_minutes"], how["device"]
    digest = hashlib.sha256(json.dumps([asdict(settings), how, seed, len(held.aside)]).encode())
    for trace in [*held.aside, *held.kept, *(t for labels in extra for t in labels.traces)]:
        digest.update(repr((trace.question, trace.steps, trace.labels)).encode())
        digest.update(repr(sorted(trace.alternatives.items())).encode())
    for file in sorted(source.folder.glob("*.safetensors")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
