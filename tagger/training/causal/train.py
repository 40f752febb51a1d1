"""Training the causal tagger on labelled traces."""

from __future__ import annotations

import dataclasses
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tagger.backends.causal.backend import CausalBackend
from tagger.backends.causal.reading import Tokens
from tagger.backends.causal.settings import CausalFit, CausalSettings
from tagger.backends.pretrained.backend import FILES
from tagger.backends.pretrained.folder import model_text, pretrained_folder, shown_name
from tagger.steps import Segmenter
from tagger.taxonomies.taxonomy import REASONTYPE, Taxonomy
from tagger.training.causal.examples import make_examples
from tagger.training.devices import resolve_device
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


def train_causal(
    labelled_paths: Sequence[str | Path],
    segmenter: Segmenter | None = None,
    seed: int = 0,
    *,
    taxonomy: Taxonomy = REASONTYPE,
    train_only: Sequence[str | Path] = (),
    settings: CausalSettings | None = None,
    fit: CausalFit | None = None,
    held_out: float = 0.1,
    checkpoint: Path | None = None,
    say: Say = lambda line: None,
) -> TrainedTagger:
    """Train a causal tagger; on one machine the same input gives the same fingerprint.

    The lower layers of the language model are run once over all traces and their states stored on
    disk; only the layers above and the head are trained. The tagger never sees the traces that are
    held out, by question, for the temperature and the scores.

    Args:
        labelled_paths: JSONL files as `tagger.traces.labelled.read_labelled` takes them.
        segmenter: What cut their steps; `paragraph` if None. The tagger cuts with it later on.
        seed: Chooses the held-out questions, the first weights and the order of windows.
        taxonomy: The types.
        train_only: More such files, only trained on; nothing is held out of them.
        settings: Of the net; `model` names the language model.
        fit: Of the training.
        held_out: Share of questions held out, in (0, 1).
        checkpoint: Folder for checkpoints and states, from which the same call resumes; None for
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
    held = read_labels(labelled_paths, taxonomy, seed, held_out, train_only)
    source = pretrained_folder(  # last, for it may fetch hundreds of megabytes
        "language model", settings.model, ("*.json", "*.safetensors"), "name a folder, model=FOLDER"
    )
    settings = dataclasses.replace(settings, model=shown_name(settings.model))
    files = {name: model_text("language model", source, name) for name in FILES}
    tokens = Tokens(files["tokenizer.json"], settings)
    step = settings.head_tokens + settings.tail_tokens
    wanted = max(settings.window_tokens, tokens.longest_front + (settings.earlier + 1) * step)
    refuse_long_inputs(
        "language model", settings.model, files["config.json"], wanted,
        "window_tokens, question_tokens, earlier, head_tokens or tail_tokens",
    )  # fmt: skip

    import torch

    from tagger.backends.causal.net import Net, cut_in_two, join, load_body, part_of_config
    from tagger.training.causal.fit import STAGE, refuse_other_device, run_fit
    from tagger.training.causal.hidden_states import store_states
    from tagger.training.checkpoints import Checkpointer

    depth = settings.lower + settings.upper
    config = part_of_config(files["config.json"], 0, depth)
    # the states are stored under this hash, so it leaves out what only changes tokens
    model = hash_of_files([source / "config.json", *sorted(source.glob("*.safetensors"))])
    tokenizer = hashlib.sha256(files["tokenizer.json"].encode()).hexdigest()
    key = job_key(settings, fit, seed, held, f"{model}:{tokenizer}")
    checkpointer = Checkpointer(checkpoint, key, fit.checkpoint_minutes)
    refuse_other_device(checkpointer, device)
    body = load_body(str(source), config)
    lower, upper = cut_in_two(body, files["config.json"], settings)
    torch.manual_seed(seed)
    net = Net(settings, upper, len(taxonomy.types), fit.dropout).to(torch.device(device))
    say(f"Reading {len(held.kept)} traces, {len(held.aside)} held out.")
    examples, test_examples = (
        make_examples(traces, taxonomy, tokens, settings, fit.alternative)
        for traces in (held.kept, held.aside)
    )
    with _states_folder(checkpoint) as folder:
        if STAGE not in checkpointer.done:
            lower.requires_grad_(False).to(torch.device(device))
            states = store_states(
                lower, [*examples, *test_examples], folder, f"{model}:{settings.lower}", say,
                fit.precision,
            )  # fmt: skip
            windows = [window for trace in states[: len(examples)] for window in trace]
            test = [window for trace in states[len(examples) :] for window in trace]
            run_fit(net, windows, test, fit, seed, checkpointer, say)
        else:
            checkpointer.restore_finished(STAGE, net)
    backend = CausalBackend.from_net(join(body, net), files)
    say(f"Setting temperature and logit bias on {len(held.aside)} held-out traces.")
    calibration = calibrate_once(checkpointer, net, backend, held.aside, taxonomy, device)
    say(f"Held-out micro-F1 {calibration.scores.micro_f1:.3f}.")
    about = {"history": checkpointer.done[STAGE]["history"]}
    paths = [*labelled_paths, *train_only]
    return trained_tagger(backend, calibration, held, taxonomy, segmenter, paths, seed, fit, about)


@contextmanager
def _states_folder(checkpoint: Path | None) -> Iterator[Path]:
    """Where the hidden states are stored."""
    if checkpoint:
        yield checkpoint / "states"
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
