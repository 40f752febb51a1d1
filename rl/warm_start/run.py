"""Runs a warm start: written traces, supervised steps, a model folder; resumable.

suffice warm-start
suffice train --recipe smollm2-135m/arithmetic --arm control
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Gt

from rl import run_files
from rl.overthinker.build import CHAT_TEMPLATE, tokenized
from rl.overthinker.traces import Trace
from rl.policy.converted import SMOLLM2
from rl.policy.load import Policy, load_policy, load_tokenizer
from rl.problems.overthinker import BANDS, OverthinkerSettings, make_problems
from rl.problems.problem import Problem
from rl.problems.programs import program_for
from rl.provenance import commit, library_versions, machine
from rl.training.run_folder import whole_checkpoints
from rl.warm_start.writer import write_warm_start
from tagger.config.settings import Settings, build_settings
from tagger.errors import UserError, unknown_name
from tagger.files import read_json, write_atomically
from tagger.thinking.families import THINK

SETTINGS_FILE = "warm_start.json"
"""Settings and provenance, in the folder from the beginning."""
METRICS_FILE = "warm_start.jsonl"
_TURNS = ("<|im_start|>", "<|im_end|>")

Progress = Callable[[int, int, float], None]
"""Called with (steps done, steps in all, loss)."""


@dataclass(frozen=True)
class WarmStartSettings(Settings):
    """Settings of a warm start.

    Attributes:
        model: What training begins from: a name, a folder or a Hub name. Its tokenizer must know
            the turns of ChatML.
        traces: Written traces, each seen once.
        bands: Difficulty bands of the problems (`rl.problems.overthinker`), in equal shares.
        batch_size: Traces a step.
        learning_rate: Peak of the cosine schedule.
        save_every: Steps between two checkpoints.
        seed: Seed of problems, traces and order.
    """

    model: str = SMOLLM2
    traces: Annotated[int, Ge(1)] = 320
    bands: list[str] = field(default_factory=lambda: ["easy"])
    batch_size: Annotated[int, Ge(1)] = 8
    learning_rate: Annotated[float, Gt(0)] = 2e-4
    save_every: Annotated[int, Ge(1)] = 20
    seed: Annotated[int, Ge(0)] = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        OverthinkerSettings(bands=self.bands)
        for band in self.bands:
            if band not in BANDS:
                raise unknown_name("difficulty band of a warm start", band, BANDS)


def warm_start_traces(settings: WarmStartSettings) -> Iterator[tuple[Problem, Trace]]:
    """Problems of the train split with a written trace each; the same settings give the same."""
    rng = random.Random(f"warm start/{settings.seed}")
    bands = tuple(settings.bands)
    for problem in make_problems("train", settings.traces, settings.seed, bands, unique=False):
        yield problem, write_warm_start(program_for(problem.family, problem.metadata), rng)


def begin(output: Path, settings: WarmStartSettings) -> None:
    """Make the folder of a new warm start, once its model's tokenizer has been checked.

    Raises:
        UserError: The folder exists, or the model cannot be warmed up.
    """
    if output.exists():
        raise UserError(
            f"Output folder {output} exists; resume it by suffice warm-start --resume {output}, "
            "or name a new one with --output."
        )
    tokenizer, _ = load_tokenizer(settings.model, THINK.delimiters)
    missing = [token for token in _TURNS if token not in tokenizer.get_vocab()]
    if missing:
        raise UserError(
            f"The tokenizer of {settings.model!r} has no token {missing[0]}; a warm start writes "
            "the turns of ChatML, so take a model that knows them."
        )
    record = {
        "settings": settings.to_dict(),
        "commit": commit(),
        "versions": library_versions(),
        "machine": machine(),
    }
    write_atomically(output / SETTINGS_FILE, json.dumps(record, indent=2) + "\n")


def begun(output: Path) -> WarmStartSettings:
    """Settings of a warm start that is to be resumed.

    Raises:
        UserError: The folder holds none, or one that is complete.
    """
    if not (output / SETTINGS_FILE).is_file():
        raise UserError(f"The folder {output} holds no warm start ({SETTINGS_FILE}).")
    if (output / "config.json").is_file():
        raise UserError(f"The warm start in {output} is complete; name the folder as a model.")
    stored = read_json(
        output / SETTINGS_FILE, "begin the warm start anew in another folder", keys=("settings",)
    )["settings"]
    return build_settings(WarmStartSettings, stored, str(output / SETTINGS_FILE))


def run_warm_start(output: Path, progress: Progress | None = None) -> Path:
    """Train, from the last checkpoint if there is one, and write the model into the folder.

    Args:
        output: Folder that `begin` has made.
        progress: Called after each logged step.

    Returns:
        The folder, loadable as a model.

    Raises:
        UserError: As `begun`, or the model cannot be loaded.
    """
    settings = begun(output)
    policy = load_policy(settings.model, THINK.delimiters, trains_weights=True)
    policy.tokenizer.chat_template = CHAT_TEMPLATE
    rows = [tokenized(policy.tokenizer, *pair) for pair in warm_start_traces(settings)]
    checkpoints = output / run_files.CHECKPOINTS
    history = _train(policy, rows, checkpoints, settings, progress)
    write_atomically(output / METRICS_FILE, "".join(json.dumps(row) + "\n" for row in history))
    _save(policy, output)
    shutil.rmtree(checkpoints)
    return output


def whole_checkpoint(folder: Path) -> Path | None:
    """The latest checkpoint that transformers has finished writing; None if there is none."""
    found = whole_checkpoints(folder, run_files.TRAINER_STATE)
    return found[max(found)] if found else None


def _train(
    policy: Policy, rows: list[dict[str, list[int]]], checkpoints: Path,
    settings: WarmStartSettings, progress: Progress | None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Supervised steps over token ids and labels, in place; returns the logged figures."""
    import torch
    from datasets import Dataset
    from transformers import PrinterCallback, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    class Shown(TrainerCallback):
        def on_log(self, _args: Any, state: Any, _control: Any, **kwargs: Any) -> None:
            logs = kwargs.get("logs") or {}
            if progress is not None and "loss" in logs:
                progress(state.global_step, state.max_steps, float(logs["loss"]))

    last = whole_checkpoint(checkpoints)
    for folder in checkpoints.glob(f"{run_files.CHECKPOINT}*"):
        if not (folder / run_files.TRAINER_STATE).is_file():
            shutil.rmtree(folder)  # a kill left it unfinished
    gpu = torch.cuda.is_available()
    arguments = SFTConfig(
        output_dir=str(checkpoints),
        per_device_train_batch_size=settings.batch_size,
        num_train_epochs=1,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=5,
        weight_decay=0.01,
        adam_beta2=0.98,
        max_length=None,
        train_sampling_strategy="group_by_length",
        bf16=gpu,
        use_cpu=not gpu,
        gradient_checkpointing=False,
        logging_steps=5,
        save_strategy="steps",
        save_steps=settings.save_every,
        save_total_limit=1,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=gpu,
        seed=settings.seed,
        data_seed=settings.seed,
    )
    trainer = SFTTrainer(
        model=policy.model,
        processing_class=policy.tokenizer,
        train_dataset=Dataset.from_list(rows),
        args=arguments,
        callbacks=[Shown()],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=str(last) if last is not None else None)
    return [dict(row) for row in trainer.state.log_history]


def _save(policy: Policy, output: Path) -> None:
    """Write model and tokenizer; ``config.json``, which makes the folder a model, comes last."""
    from transformers import GenerationConfig

    ids = policy.tokenizer.eos_token_id, policy.tokenizer.pad_token_id
    policy.model.generation_config = GenerationConfig(
        do_sample=True, temperature=1.0, top_k=0, top_p=1.0,
        eos_token_id=ids[0], pad_token_id=ids[1],
    )  # fmt: skip
    draft = output / ".model.tmp"
    shutil.rmtree(draft, ignore_errors=True)
    policy.model.save_pretrained(draft)
    policy.tokenizer.save_pretrained(draft)
    for file in sorted(draft.iterdir(), key=lambda file: file.name == "config.json"):
        file.replace(output / file.name)
    draft.rmdir()
