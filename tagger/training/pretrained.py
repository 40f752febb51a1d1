"""What the trainings of the encoder and the causal back end share, before and after the loop."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagger.backends.base import Backend, BatchScorer
from tagger.backends.pretrained.settings import PretrainedFit
from tagger.config.settings import Settings
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.segmentation import ParagraphSegmenter
from tagger.steps import Segmenter
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.traces.labelled import LabelledTrace
from tagger.training.calibration import Calibration, calibrate_batched
from tagger.training.splits import HeldOut, read_and_hold_out
from tagger.training.trained import TrainedTagger

if TYPE_CHECKING:
    from torch import nn

    from tagger.training.checkpoints import Checkpointer

_CALIBRATION = "calibration"


def read_labels(
    paths: Sequence[str | Path],
    taxonomy: Taxonomy,
    seed: int,
    held_out: float,
    train_only: Sequence[str | Path],
) -> HeldOut:
    """Read labelled files, as `tagger.training.splits.read_and_hold_out`.

    Raises:
        UserError: As there; or the labels name a single type.
    """
    held = read_and_hold_out(paths, taxonomy, seed, held_out, train_only)
    if len({name for trace in held.kept for name in trace.labels.values()}) < 2:
        raise UserError("The labels name a single type; label steps of at least two types.")
    return held


def refuse_long_inputs(kind: str, name: str, config_text: str, wanted: int, keys: str) -> None:
    """Refuse settings that need more tokens at once than the network reads.

    Args:
        kind: What the network is called in errors, e.g. ``"encoder"``.
        name: Its name.
        config_text: Content of its ``config.json``.
        wanted: Tokens that the settings need at most.
        keys: Settings to make smaller, for the error.

    Raises:
        UserError: They do, or the config is damaged.
    """
    try:
        most = int(json.loads(config_text).get("max_position_embeddings", 0) or 0)
    except (AttributeError, OverflowError, TypeError, ValueError) as error:
        raise UserError(
            f"The config.json of the {kind} {name} cannot be read ({error}); save it again with "
            "save_pretrained."
        ) from error
    if most and wanted > most:
        raise UserError(
            f"The {kind} {name} reads {most} tokens at once, these settings need {wanted}; make "
            f"{keys} smaller."
        )


def job_key(
    settings: Settings,
    fit: PretrainedFit,
    seed: int,
    held: HeldOut,
    model: str,
    extra: Sequence[LabelledTrace] = (),
) -> str:
    """Hash of everything that fixes the trained weights.

    Args:
        settings: Of the net.
        fit: Of the training.
        seed: Of the training.
        held: Traces, with those that are held out.
        model: Hash of the pretrained network.
        extra: Traces labelled in other taxonomies.
    """
    how = fit.to_dict()
    del how["checkpoint_minutes"], how["device"]
    if how.get("precision") == "float32":  # checkpoints older than this setting
        del how["precision"]
    fixed = [settings.to_dict(), how, seed, len(held.aside), model]
    digest = hashlib.sha256(json.dumps(fixed, sort_keys=True).encode())
    for trace in [*held.aside, *held.kept, *extra]:
        digest.update(repr((trace.question, trace.steps, trace.labels)).encode())
        digest.update(repr((trace.alternatives, trace.second_pass)).encode())
    return digest.hexdigest()


def hash_of_files(files: Sequence[Path]) -> str:
    """SHA-256 over the content of files, as hex."""
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def calibrate_once(
    checkpointer: Checkpointer,
    net: nn.Module,
    backend: BatchScorer,
    traces: Sequence[LabelledTrace],
    taxonomy: Taxonomy,
    device: str,
) -> Calibration:
    """Calibrate on held-out traces, or take the result from the checkpoint.

    A training that resumes may no longer have the net that was calibrated.
    """
    if _CALIBRATION not in checkpointer.done:
        found = calibrate_batched(backend, traces, taxonomy, device)
        checkpointer.done[_CALIBRATION] = found.as_dict()
        checkpointer.save(checkpointer.stage, {}, net)
    return Calibration.from_dict(checkpointer.done[_CALIBRATION])


def trained_tagger(
    backend: Backend,
    calibration: Calibration,
    held: HeldOut,
    taxonomy: Taxonomy,
    segmenter: Segmenter | None,
    paths: Sequence[str | Path],
    seed: int,
    fit: PretrainedFit,
    about: Mapping[str, Any],
) -> TrainedTagger:
    """Put the parts of a trained tagger together.

    Args:
        backend: The trained classifier.
        calibration: On the held-out traces.
        held: The traces.
        taxonomy: The types.
        segmenter: What cut the steps; `paragraph` if None.
        paths: Files of the traces.
        seed: Of the training.
        fit: Of the training.
        about: What else is stored with the tagger.
    """
    steps = sum(len(trace.labels) for trace in held.traces)
    known = {
        "data": [Path(path).name for path in paths],
        "traces": len(held.traces),
        "labelled_steps": steps,
        "seed": seed,
        "fit": fit.to_dict(),
        "held_out_scores": calibration.scores.as_dict(),
    }
    tagger = FrozenTagger(
        taxonomy, segmenter or ParagraphSegmenter(), backend, calibration.temperature,
        {**known, **about}, calibration.logit_bias,
    )  # fmt: skip
    return TrainedTagger(tagger, calibration.scores, len(held.traces), steps, len(held.aside))
