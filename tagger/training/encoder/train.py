"""Training the encoder tagger on labelled traces."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tagger.backends.encoder.backend import EncoderBackend
from tagger.backends.encoder.reading import Tokens
from tagger.backends.encoder.settings import EncoderSettings, FitSettings
from tagger.backends.pretrained.backend import FILES
from tagger.steps import Segmenter
from tagger.taxonomies.taxonomy import REASONTYPE, Taxonomy
from tagger.training.devices import resolve_device
from tagger.training.encoder.examples import make_examples
from tagger.training.encoder.source import EncoderSource, find_encoder
from tagger.training.extra_labels import ExtraLabels
from tagger.training.pretrained import (
    calibrate_once,
    hash_of_files,
    job_key,
    read_labels,
    refuse_long_inputs,
    trained_tagger,
)
from tagger.training.trained import TrainedTagger

Say = Callable[[str], None]


def train_encoder(
    labelled_paths: Sequence[str | Path],
    segmenter: Segmenter | None = None,
    seed: int = 0,
    *,
    taxonomy: Taxonomy = REASONTYPE,
    train_only: Sequence[str | Path] = (),
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
        train_only: More such files, only trained on; nothing is held out of them.
        settings: Of the net; `pooling` and `normalize` are taken from the encoder.
        fit: Of the training.
        extra: Labels of other taxonomies, learned through auxiliary heads that are dropped at
            export.
        held_out: Share of questions held out, in (0, 1).
        checkpoint: Folder for checkpoints, from which the same call resumes; None for none.
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
    held = read_labels(labelled_paths, taxonomy, seed, held_out, train_only)
    settings = settings or EncoderSettings()
    source = find_encoder(settings.encoder)  # last, for it may fetch hundreds of megabytes
    settings = _resolved(settings, source)

    from tagger.training.checkpoints import Checkpointer
    from tagger.training.encoder.stages import StagedTraining

    weights = hash_of_files(sorted(source.folder.glob("*.safetensors")))
    other_traces = [trace for labels in extra for trace in labels.traces]
    key = job_key(settings, fit, seed, held, weights, other_traces)
    checkpointer = Checkpointer(checkpoint, key, fit.checkpoint_minutes)
    say(f"Reading {len(held.kept)} traces, {len(held.aside)} held out.")
    tokens = Tokens(source.text("tokenizer.json"), settings)
    own, test = (
        make_examples(traces, taxonomy, tokens, settings, fit) for traces in (held.kept, held.aside)
    )
    others = [
        example
        for head, labels in enumerate(extra, start=1)
        for example in make_examples(labels.traces, labels.taxonomy, tokens, settings, fit, head)
    ]
    heads = [len(taxonomy.types), *(len(labels.taxonomy.types) for labels in extra)]
    training = StagedTraining(source, settings, fit, seed, heads, checkpointer, say)

    net, epochs = training.run("held-out", own, others, test, None)
    files = {name: source.text(name) for name in FILES}
    backend = EncoderBackend.from_net(net, files)
    calibration = calibrate_once(checkpointer, net, backend, held.aside, taxonomy, device)
    say(f"Held-out micro-F1 {calibration.scores.micro_f1:.3f}.")
    if fit.retrain:
        net, _ = training.run("all", own + test, others, None, epochs)
        backend = EncoderBackend.from_net(net, files)
    stages = checkpointer.done.values()
    about = {
        "extra": [labels.name for labels in extra],
        "epochs": epochs,
        "history": [line for stage in stages for line in stage.get("history", [])],
    }
    paths = [*labelled_paths, *train_only]
    return trained_tagger(backend, calibration, held, taxonomy, segmenter, paths, seed, fit, about)


def _resolved(settings: EncoderSettings, source: EncoderSource) -> EncoderSettings:
    """Fill in what the encoder's own files say, and refuse inputs longer than it reads."""
    wanted = settings.max_tokens + settings.previous_tokens + 5  # special tokens, RoBERTa's offset
    refuse_long_inputs(
        "encoder", source.name, source.text("config.json"), wanted,
        "max_tokens or previous_tokens",
    )  # fmt: skip
    pooling: Any = source.pooling if settings.pooling == "auto" else settings.pooling
    return dataclasses.replace(
        settings, encoder=source.name, pooling=pooling, normalize=source.normalize
    )
