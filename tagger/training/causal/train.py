"""Training the causal tagger on labelled traces."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from tagger.backends.causal.backend import FILES, CausalBackend
from tagger.backends.causal.reading import Tokens
from tagger.backends.causal.settings import CausalFit, CausalSettings
from tagger.backends.pretrained.folder import model_text, pretrained_folder, shown_name
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.segmentation import ParagraphSegmenter
from tagger.steps import Segmenter
from tagger.taxonomies.taxonomy import REASONTYPE, Taxonomy
from tagger.training.calibration import Calibration, calibrate_many
from tagger.training.causal.examples import make_examples
from tagger.training.devices import resolve_device
from tagger.training.splits import HeldOut, read_and_hold_out
from tagger.training.trained import TrainedTagger

Say = Callable[[str], None]


def train_causal(
    labelled_paths: Sequence[str | Path],
    segmenter: Segmenter | None = None,
    seed: int = 0,
    *,
    taxonomy: Taxonomy = REASONTYPE,
    beside: Sequence[str | Path] = (),
    settings: CausalSettings | None = None,
    fit: CausalFit | None = None,
    held_out: float = 0.1,
    checkpoint: Path | None = None,
    say: Say = lambda line: None,
) -> TrainedTagger:
    """Train a causal tagger; on one machine the same input gives the same fingerprint.

    The lower layers of the language model are run once over all traces and their states kept on
    disk; only the layers above and the head are trained. The tagger never sees the traces that are
    held out, by question, for the temperature and the scores.

    Args:
        labelled_paths: JSONL files as `tagger.traces.labelled.read_labelled` takes them.
        segmenter: What cut their steps; `paragraph` if None. The tagger cuts with it later on.
        seed: Chooses the held-out questions, the first weights and the order of windows.
        taxonomy: The types.
        beside: More such files, only trained on; nothing is held out of them.
        settings: Of the net; `model` names the language model.
        fit: Of the training.
        held_out: Share of questions held out, in (0, 1).
        checkpoint: Folder for checkpoints and states, from which the same call goes on; None for
            a temporary one.
        say: Takes a line on progress.

    Returns:
        The tagger and its scores.

    Raises:
        UserError: Malformed files, too few questions or types, a language model that is not found,
            cannot be read, is of another make or too small, a full disk, no GPU where one is asked
            for, or the checkpoint of another training or from another device.
    """
    settings, fit = settings or CausalSettings(), fit or CausalFit()
    device = resolve_device(fit.device)
    held = read_and_hold_out(labelled_paths, taxonomy, seed, held_out, beside)
    kept, aside = held.kept, held.aside
    if len({name for t in kept for name in t.labels.values()}) < 2:
        raise UserError("The labels name a single type; label steps of at least two types.")
    source = pretrained_folder(  # last, for it may fetch hundreds of megabytes
        "language model", settings.model, ("*.json", "*.safetensors"), "name a folder, model=FOLDER"
    )
    settings = dataclasses.replace(settings, model=shown_name(settings.model))
    files = {name: model_text("language model", source, name) for name in FILES}
    tokens = Tokens(files["tokenizer.json"], settings)
    _refuse_too_long(files["config.json"], tokens, settings)

    import torch

    from tagger.backends.causal.net import Net, cut_in_two, join, load_body, part_of_config
    from tagger.training.causal.fit import PART, refuse_other_device, run_fit
    from tagger.training.causal.hidden_states import keep_states
    from tagger.training.checkpoints import Keeper

    depth = settings.lower + settings.upper
    config = part_of_config(files["config.json"], 0, depth)
    model = _hash_of(source)
    tokenizer = hashlib.sha256(files["tokenizer.json"].encode()).hexdigest()
    keeper = Keeper(
        checkpoint, _job_key(settings, fit, seed, held, f"{model}:{tokenizer}"),
        fit.checkpoint_minutes,
    )  # fmt: skip
    refuse_other_device(keeper, device)
    body = load_body(str(source), config)
    lower, upper = cut_in_two(body, files["config.json"], settings)
    torch.manual_seed(seed)
    net = Net(settings, upper, len(taxonomy.types), fit.dropout).to(torch.device(device))
    say(f"Reading {len(kept)} traces, {len(aside)} held out.")
    examples, others = (
        make_examples(part, taxonomy, tokens, settings, fit.alternative) for part in (kept, aside)
    )
    with _states_folder(checkpoint) as folder:
        if PART not in keeper.done:
            lower.requires_grad_(False).to(torch.device(device))
            states = keep_states(
                lower, [*examples, *others], folder, f"{model}:{settings.lower}", say
            )
            mine = [window for trace in states[: len(kept)] for window in trace]
            test = [window for trace in states[len(kept) :] for window in trace]
            run_fit(net, mine, test, fit, seed, keeper, say)
        else:
            keeper.revisit(PART, net)
    backend = CausalBackend.from_net(join(body, net), files)
    if "judged" not in keeper.done:
        say(f"Setting temperature and handicap on {len(aside)} held-out traces.")
        keeper.done["judged"] = calibrate_many(backend, aside, taxonomy, device).as_dict()
        keeper.save(PART, {}, net)
    judged = Calibration.from_dict(keeper.done["judged"])
    say(f"Held-out micro-F1 {judged.scores.micro_f1:.3f}.")
    steps = sum(len(t.labels) for t in held.traces)
    about = {
        "data": [Path(p).name for p in (*labelled_paths, *beside)],
        "traces": len(held.traces),
        "labelled_steps": steps,
        "seed": seed,
        "fit": asdict(fit),
        "history": keeper.done[PART]["history"],
        "held_out_scores": judged.scores.as_dict(),
    }
    tagger = FrozenTagger(
        taxonomy, segmenter or ParagraphSegmenter(), backend, judged.temperature, about,
        judged.handicaps,
    )  # fmt: skip
    return TrainedTagger(tagger, judged.scores, len(held.traces), steps, len(aside))


def _refuse_too_long(config_text: str, tokens: Tokens, settings: CausalSettings) -> None:
    """Refuse windows that are longer than what the language model reads."""
    try:
        most = int(json.loads(config_text).get("max_position_embeddings", 0) or 0)
    except (AttributeError, TypeError, ValueError) as error:
        raise UserError(
            f"The config.json of the language model {settings.model} cannot be read ({error}); "
            "save it again with save_pretrained."
        ) from error
    step = settings.head_tokens + settings.tail_tokens
    wanted = max(settings.window_tokens, tokens.longest_front + (settings.earlier + 1) * step)
    if most and wanted > most:
        raise UserError(
            f"The language model {settings.model} reads {most} tokens at once, a window takes up "
            f"to {wanted}; make window_tokens, question_tokens, earlier, head_tokens or "
            "tail_tokens smaller."
        )


def _hash_of(source: Path) -> str:
    """Hash of the layers: states are kept by it, so it leaves out what only changes tokens."""
    digest = hashlib.sha256()
    for path in [source / "config.json", *sorted(source.glob("*.safetensors"))]:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _job_key(
    settings: CausalSettings,
    fit: CausalFit,
    seed: int,
    held: HeldOut,
    model: str,
) -> str:
    """Hash of everything that fixes the trained weights."""
    how = asdict(fit)
    del how["checkpoint_minutes"], how["device"]
    digest = hashlib.sha256(
        json.dumps([asdict(settings), how, seed, len(held.aside), model]).encode()
    )
    for trace in [*held.aside, *held.kept]:
        digest.update(repr((trace.question, trace.steps, trace.labels)).encode())
        digest.update(repr((trace.alternatives, trace.second_pass)).encode())
    return digest.hexdigest()


@contextmanager
def _states_folder(checkpoint: Path | None) -> Iterator[Path]:
    """Where the states of the lower layers are kept."""
    if checkpoint:
        yield checkpoint / "states"
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
