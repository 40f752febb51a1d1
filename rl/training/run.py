"""Train a policy to verify just enough: check everything cheap, load, train, save.

suffice train --config configs/quickstart.yaml --output runs/first
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rewards.facts.compute import FactsComputer, Task
from rewards.stack import RewardStack, build_stack
from rl.analysis.signal import NoSignalError, Setting
from rl.policy.load import load_policy, load_tokenizer, lora_config, resolve_model, weight_bytes
from rl.problems.problem import Problem
from rl.problems.registry import load_problems
from rl.provenance import provenance, weights_hash
from rl.training.config import RunConfig, write_config
from rl.training.policy_card import policy_card
from rl.training.reporters import prepare_reporters
from rl.training.run_folder import RunFolder, check_disk, checkpoint_state, existing_run, new_run
from tagger.errors import UserError
from tagger.files import read_json, write_atomically, write_json
from tagger.frozen import FrozenTagger
from tagger.thinking.end_tokens import end_token_ids
from tagger.thinking.families import named_delimiters
from tagger.thinking.split import ThinkingDelimiters, template_prompt_end


@dataclass(frozen=True)
class TrainResult:
    """What a run left behind.

    Attributes:
        policy_path: Folder of the trained policy, loadable by transformers (LoRA merged in); None
            if the run never had a gradient, for then there is none.
        metrics_path: One JSON line a step.
        steps: Optimizer steps done.
        stopped_early: Why the run stopped itself, in words; None if it ran to its end.
        tagger_fingerprint: Fingerprint of the tagger, the same before and after.
        no_signal: Why the run never had a gradient, in words; None if it had one.
        signal: Batches, groups and what became of the rollouts; see `SignalWatch.record`.
    """

    policy_path: str | None
    metrics_path: str
    steps: int
    stopped_early: str | None
    tagger_fingerprint: str
    no_signal: str | None = None
    signal: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Plan:
    """A run, checked, with everything but the model in hand."""

    run: RunFolder
    config: RunConfig
    tagger: FrozenTagger
    audit_tagger: FrozenTagger | None
    stack: RewardStack
    delimiters: ThinkingDelimiters
    problems: Sequence[Problem]
    lora: Any
    arguments: Any


def run_training(config: RunConfig | None, resume: str | Path | None = None) -> TrainResult:
    """Train a policy.

    Everything that can be wrong is checked before the model is loaded. A run that was killed goes
    on from its last checkpoint to, on a CPU, the very same weights and metrics.

    Args:
        config: The run's config; not needed to resume.
        resume: Folder of an interrupted run, to go on with under its own config.

    Returns:
        Where policy and metrics are.

    Raises:
        UserError: Bad input, told in one sentence.
        NoSignalError: The whole run had no gradient. `result.json` is written and says why; there
            is no policy folder.
        RuntimeError: The tagger changed during training.
    """
    if resume is not None:
        run, config = existing_run(resume)
    elif config is None:
        raise UserError("Nothing to train: give a config, or a run folder to resume.")
    else:
        run = new_run(config.output)
    notes = prepare_reporters(config.report_to, run.root)
    plan = _check(run, config)
    checkpoint = run.last_checkpoint()
    if checkpoint is not None:
        _check_checkpoint(checkpoint, plan)
    from accelerate import PartialState

    processes = PartialState()
    processes.wait_for_everyone()  # all have seen that the folder is not there yet
    if processes.is_main_process:
        for note in notes:
            print(f"[suffice] {note}", file=sys.stderr, flush=True)
        if resume is None:
            run.root.mkdir(parents=True)
            write_config(config, run.config)
            write_json(run.provenance, _provenance(plan))
        else:
            run.drop_broken_checkpoints()
    processes.wait_for_everyone()
    return _train(plan, checkpoint, resume is not None, processes.is_main_process)


def _check(run: RunFolder, config: RunConfig) -> _Plan:
    """All checks, the cheap ones first."""
    tagger = FrozenTagger.load(config.tagger)
    audit = FrozenTagger.load(config.audit_tagger) if config.audit_tagger else None
    reward = config.reward
    stack = build_stack(reward.terms, tagger.taxonomy, reward.allow_charge_above_correctness)
    path = resolve_model(config.model)
    kept = config.grpo.get("save_total_limit", 2)
    check_disk(run.root, weight_bytes(path), (kept if isinstance(kept, int) else 10) + 1)
    wanted = config.problems
    problems = load_problems(wanted.source, wanted.split, wanted.size, wanted.seed)
    given = config.delimiters
    chosen = named_delimiters(given.open, given.close) if given else None
    _, delimiters = load_tokenizer(config.model, chosen)
    lora = lora_config(config.lora) if config.lora is not None else None

    import torch

    from rl.training.grpo_config import training_arguments

    arguments = training_arguments(config, gpu=torch.cuda.is_available())
    prompts = arguments.generation_batch_size // arguments.num_generations
    if len(problems) < prompts:
        raise UserError(
            f"One step needs {prompts} problems (generation batch {arguments.generation_batch_size}"
            f" / num_generations {arguments.num_generations}), there are {len(problems)}; raise "
            "problems.size or lower the batch."
        )
    return _Plan(run, config, tagger, audit, stack, delimiters, problems, lora, arguments)


def check_training_disk(train: RunConfig, training: RunFolder) -> None:
    """Refuse a disk too small for the training, or a model that is not there."""
    kept = train.grpo.get("save_total_limit")
    weights = weight_bytes(resolve_model(train.model))
    check_disk(training.root, weights, kept if isinstance(kept, int) else 10)


def _check_checkpoint(checkpoint: Path, plan: _Plan) -> None:
    """Refuse to go on with another tagger or reward than the checkpoint was made with."""
    state = checkpoint_state(checkpoint)
    saved = state["tagger"]["fingerprint"]
    if saved != plan.tagger.fingerprint:
        raise UserError(
            f"The checkpoint {checkpoint} was made with the tagger {saved[:12]}, the config names "
            f"{plan.tagger.fingerprint[:12]}; put the run's tagger back, or start a new run."
        )
    plan.stack.load_state_dict(state["reward"])


def _provenance(plan: _Plan) -> dict[str, Any]:
    path = Path(resolve_model(plan.config.model))
    return provenance(
        model={
            "base": plan.config.model,
            "base_weights": weights_hash(path) if path.is_dir() else None,
        },
        tagger_fingerprint=plan.tagger.fingerprint,
        audit_fingerprint=plan.audit_tagger.fingerprint if plan.audit_tagger else None,
        config=plan.config.to_dict(),
        seeds=[plan.config.seed, plan.config.problems.seed],
    )


def _train(plan: _Plan, checkpoint: Path | None, resumed: bool, main: bool) -> TrainResult:
    from datasets import Dataset
    from transformers import PrinterCallback
    from transformers.utils.logging import disable_progress_bar

    from rl.training.accuracy_floor import AccuracyFloor
    from rl.training.callbacks import MetricsFile, Progress, TaggerUnchanged
    from rl.training.signal import SignalWatch
    from rl.training.trainer import StepGRPOTrainer

    config, run = plan.config, plan.run
    disable_progress_bar()  # those of loading and saving; the run has its own
    policy = load_policy(
        config.model, plan.delimiters, device="cpu" if plan.arguments.use_cpu else None
    )
    rows = [
        {"prompt": [{"role": "user", "content": p.question}], "problem": i}
        for i, p in enumerate(plan.problems)
    ]
    unchanged = TaggerUnchanged(plan.tagger)
    floor = AccuracyFloor(**asdict(config.accuracy_floor)) if config.accuracy_floor else None
    step = int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0
    metrics = MetricsFile(run.metrics, step, resumed) if main else None
    signal = SignalWatch(
        Setting(
            limit=plan.arguments.max_completion_length,
            limit_key="grpo.max_completion_length",
            opening=plan.delimiters.open,
            closing=plan.delimiters.close,
            delimiters_key="delimiters.open and delimiters.close",
        ),
        summed=plan.arguments.multi_objective_aggregation == "sum_then_normalize",
        main=main,
    )
    trainer = StepGRPOTrainer(
        stack=plan.stack,
        facts=FactsComputer(
            plan.tagger,
            policy.tokenizer,
            plan.delimiters,
            end_ids=end_token_ids(policy.tokenizer, policy.model),
            audit_tagger=plan.audit_tagger,
            after=template_prompt_end(
                policy.tokenizer, plan.delimiters, **(plan.arguments.chat_template_kwargs or {})
            ),
        ),
        tasks=[Task(p.question, p.reference, p.metadata) for p in plan.problems],
        stateful={"tagger": unchanged} | ({"accuracy_floor": floor} if floor else {}),
        watchers=[floor] if floor else [],
        model=policy.model,
        args=plan.arguments,
        train_dataset=Dataset.from_list(rows),
        processing_class=policy.tokenizer,
        peft_config=plan.lora,
        signal=signal,
        callbacks=[c for c in (unchanged, floor, metrics, signal, Progress()) if c is not None],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    no_signal = signal.verdict()
    if no_signal is None:
        _save_policy(trainer, run, plan.lora is not None)
    result = TrainResult(
        policy_path=str(run.policy) if no_signal is None else None,
        metrics_path=str(run.metrics),
        steps=int(trainer.state.global_step),
        stopped_early=floor.reason if floor else None,
        tagger_fingerprint=unchanged.check(),
        no_signal=no_signal,
        signal=signal.record(),
    )
    if no_signal is not None:
        if main:
            write_json(run.result, asdict(result))
        raise NoSignalError(
            f"{no_signal} No policy was written, its weights would be those of"
            f" {config.model}; the counts are in {run.result}."
        )
    if main:
        card = policy_card(
            read_json(run.provenance), run.metrics, result.steps, result.stopped_early
        )
        write_atomically(run.policy / "README.md", card)
        write_json(run.result, asdict(result))
        if result.stopped_early:
            print(f"Training stopped: {result.stopped_early}.")
    return result


def _save_policy(trainer: Any, run: RunFolder, lora: bool) -> None:
    """Write the policy folder; a LoRA adapter is written apart and merged in."""
    if not lora:
        trainer.save_model(str(run.policy))
        return
    trainer.save_model(str(run.adapter))
    if trainer.accelerator.is_main_process:
        merged = trainer.accelerator.unwrap_model(trainer.model).merge_and_unload()
        merged.save_pretrained(run.policy)
        trainer.processing_class.save_pretrained(run.policy)
