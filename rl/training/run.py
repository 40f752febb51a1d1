"""Train a policy to verify just enough: check everything cheap, load, train, save.

suffice train --config configs/quickstart.yaml --output runs/first
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rewards.facts.compute import FactsComputer, Task
from rewards.weights import Evaluated
from rl.analysis.signal import NoSignalError, Setting
from rl.policy.load import load_policy
from rl.training.card.policy import policy_card
from rl.training.config import RunConfig
from rl.training.plan import Plan, check_checkpoint, make_plan, share_output
from rl.training.policy_folder import save_policies
from rl.training.processes import agreed_output
from rl.training.run_folder import existing_run, new_run
from rl.training.tracking.reporters import prepare_reporters
from tagger.errors import Interrupted, UserError
from tagger.files import write_atomically, write_json
from tagger.thinking.end_tokens import end_token_ids

if TYPE_CHECKING:
    from rl.training.callbacks import AccuracyFloor, Evaluation
    from rl.training.survival.same_run import MadeOf
    from rl.training.survival.start import Start


@dataclass(frozen=True)
class TrainResult:
    """What a run left behind.

    Attributes:
        policy_path: Folder of the trained policy, loadable by transformers (LoRA merged in); None
            if the run never had a gradient, for then there is none.
        metrics_path: One JSON line a step.
        steps: Optimizer steps done.
        policy_step: Step whose weights `policy_path` holds: the last one, or the best checkpoint's
            where the run stopped because accuracy fell (0 is the base).
        last_policy_path: In that case the policy of the last step; else None.
        stopped_early: Why the run stopped itself, in words; None if it ran to its end.
        tagger_fingerprint: Fingerprint of the tagger, the same before and after.
        no_signal: Why the run never had a gradient, in words; None if it had one.
        signal: Batches, groups and what became of the rollouts; see `SignalWatch.record`.
        best_step: The best step by evaluation, whose policy is in ``policy-best`` unless it is
            `policy_step`; None without evaluation.
        evaluations: Those of the run, in order; see `rl.training.callbacks.evaluation.Evaluated`.
    """

    policy_path: str | None
    metrics_path: str
    steps: int
    policy_step: int
    last_policy_path: str | None
    stopped_early: str | None
    tagger_fingerprint: str
    no_signal: str | None = None
    signal: dict[str, Any] = field(default_factory=dict)
    best_step: int | None = None
    evaluations: list[dict[str, Any]] = field(default_factory=list)


def run_training(
    config: RunConfig | None, resume: str | Path | None = None, command: str | None = None
) -> TrainResult:
    """Train a policy.

    Everything that can be wrong is checked before the model is loaded. An interrupted
    run resumes from its last checkpoint and ends, on a CPU, with the very same weights and metrics.

    Args:
        config: The run's config; not needed to resume.
        resume: Folder of an interrupted run, to resume under its own config.
        command: The command line; that which began the run is in its provenance.

    Returns:
        Where policy and metrics are.

    Raises:
        UserError: Bad input, reported in one sentence.
        NoSignalError: The whole run had no gradient. `result.json` is written and says why; there
            is no policy folder.
        Interrupted: SIGTERM or Ctrl-C came; a checkpoint was written.
        RuntimeError: The tagger changed during training.
    """
    if resume is not None:
        run, config = existing_run(resume)
    elif config is None:
        raise UserError("Nothing to train: give a config, or a run folder to resume.")
    else:
        run = new_run(config.output)
    notes = prepare_reporters(config.report_to, run.root)
    plan = make_plan(run, config)
    checkpoint = run.last_checkpoint()
    if checkpoint is not None:
        check_checkpoint(checkpoint, plan)
    from accelerate import PartialState

    from rl.training.survival.start import Start, started

    processes = PartialState()
    plan = share_output(plan, agreed_output(str(run.root)))
    processes.wait_for_everyone()  # all have seen that the folder is not there yet
    start = Start(plan, checkpoint, resume is not None, (*notes, *plan.notes), command)
    with started(start) as origin:
        return _train(start, origin, processes.is_main_process)


def _train(start: Start, origin: MadeOf | None, main: bool) -> TrainResult:
    from datasets import Dataset
    from transformers import PrinterCallback
    from transformers.utils.logging import disable_progress_bar

    from rl.training.callbacks import (
        AccuracyFloor,
        Evaluation,
        MetricsFile,
        Progress,
        StopOnSignal,
        TaggerUnchanged,
    )
    from rl.training.callbacks.evaluation import policy_sampler
    from rl.training.grpo_config import resumable_at, steps_of_a_batch, steps_served
    from rl.training.records.rollouts import KeptRollouts
    from rl.training.signal import SignalWatch
    from rl.training.tracking.callback import finish_tracking, make_tracking
    from rl.training.trainer import StepGRPOTrainer

    plan, checkpoint = start.plan, start.checkpoint
    config, run = plan.config, plan.run
    disable_progress_bar()  # those of loading and saving; the run has its own
    policy = load_policy(
        config,
        plan.delimiters,
        device="cpu" if plan.arguments.use_cpu else None,
        trains_weights=not plan.trains_adapter,
        trains_adapter=plan.trains_adapter,
    )
    # As turns, not as text: TRL renders them with the same options and adds no second special
    # token at the front, as it would to text.
    rows = [
        {"prompt": policy.prompting.messages(p.question), "problem": i}
        for i, p in enumerate(plan.problems)
    ]
    unchanged = TaggerUnchanged(plan.tagger)
    floor = None
    if config.accuracy_floor is not None:
        served = steps_of_a_batch(plan.arguments)
        floor = AccuracyFloor(**asdict(config.accuracy_floor), served=served)
    step = int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0
    metrics = MetricsFile(run.metrics, step, start.resumed) if main else None
    stop = StopOnSignal(lambda step: resumable_at(step, plan.arguments), main)
    signal = SignalWatch(
        Setting(
            limit=plan.arguments.max_completion_length,
            limit_key="grpo.max_completion_length",
            opening=plan.delimiters.open,
            closing=plan.delimiters.close,
            delimiters_key="delimiters.open and delimiters.close",
        ),
        main=main,
    )
    facts = FactsComputer(
        plan.tagger,
        policy.tokenizer,
        plan.delimiters,
        end_ids=end_token_ids(policy.tokenizer, policy.model),
        audit_tagger=plan.audit_tagger,
        after=policy.prompting.end(policy.tokenizer, plan.delimiters),
        workers=config.tagging_workers,
        known_words=plan.tagger.extras.known_words,
    )

    def interrupted() -> bool:
        return stop.number is not None and (floor is None or floor.reason is None)

    evaluation = None
    if plan.eval_problems:
        evaluation = Evaluation(
            policy_sampler(plan, policy),
            config.eval_every,
            lambda found: trainer.note(found),
            main,
            observe=lambda found: plan.stack.observe_evaluation(
                Evaluated(found.step, found.accuracy, found.tokens, found.completions)
            ),
            interrupted=interrupted,
        )
    best: Evaluation | AccuracyFloor | None = evaluation or floor
    stateful: dict[str, Any] = {"tagger": unchanged, "made_of": origin}
    stateful |= {"accuracy_floor": floor, "evaluation": evaluation}
    tracking = None
    if main:
        tracking = make_tracking(config, run, lambda: trainer.callback_handler.callbacks, step)
    keep, dynamic = config.keep_rollouts, config.reward.dynamic_sampling
    rollouts = None
    if keep is not None:
        rollouts = KeptRollouts(
            run.rollouts,
            keep,
            [p.id for p in plan.problems],
            facts.columns,
            plan.stack.names,
            served=steps_served(plan.arguments),
        )
    trainer = StepGRPOTrainer(
        stack=plan.stack,
        facts=facts,
        tasks=[Task(p.question, p.reference, p.metadata) for p in plan.problems],
        stateful={name: thing for name, thing in stateful.items() if thing is not None},
        watchers=[floor] if floor else [],
        model=policy.model,
        args=plan.arguments,
        train_dataset=Dataset.from_list(rows),
        processing_class=policy.tokenizer,
        peft_config=plan.lora,
        signal=signal,
        kept_rollouts=rollouts,
        aggregation=plan.aggregation,
        trim_padding=config.trim_padding,
        thinking_budget=config.thinking_budget,
        max_draws=dynamic.max_draws if dynamic else 1,
        kept_steps=lambda: [best.best_step] if best and best.best_step is not None else [],
        stopped=lambda: floor is not None and floor.reason is not None,
        callbacks=[
            # What makes a checkpoint due comes before what looks whether one is.
            c
            for c in (unchanged, stop, floor, evaluation, metrics, signal, tracking, Progress())
            if c is not None
        ],
    )
    trainer.remove_callback(PrinterCallback)
    with stop.listening():
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    fell = floor if floor and floor.reason else None
    steps = int(trainer.state.global_step)
    if interrupted() and steps < trainer.state.max_steps:
        if not main:
            raise SystemExit(stop.exit_code)
        raise Interrupted(number=stop.number)
    no_signal = signal.verdict()
    best_step = best.best_step if best else None
    if no_signal is None:
        save_policies(plan, trainer, fell is not None, best_step or 0, evaluation is not None, main)
    result = TrainResult(
        policy_path=str(run.policy) if no_signal is None else None,
        metrics_path=str(run.metrics),
        steps=steps,
        policy_step=steps if fell is None else best_step or 0,
        last_policy_path=str(run.last_policy) if fell and no_signal is None else None,
        stopped_early=floor.reason if floor else None,
        tagger_fingerprint=unchanged.check(),
        no_signal=no_signal,
        signal=signal.record(),
        best_step=best_step if evaluation else None,
        evaluations=[asdict(one) for one in evaluation.done] if evaluation else [],
    )
    if no_signal is not None:
        if main:
            write_json(run.result, asdict(result))
            finish_tracking(config, None, plan.tagger, {})
        trainer.accelerator.wait_for_everyone()  # a launcher ends all processes with the first
        raise NoSignalError(
            f"{no_signal} No policy was written, its weights would be those of"
            f" {config.model}; the counts are in {run.result}."
        )
    if main:
        _write_cards(plan, result)
        write_json(run.result, asdict(result))
        if result.stopped_early:
            print(f"Training stopped: {result.stopped_early}.")
        finish_tracking(config, run.policy, plan.tagger, {"step": result.policy_step})
    return result


def _write_cards(plan: Plan, result: TrainResult) -> None:
    run, provenance = plan.run, plan.run.read_provenance()
    steps = {
        run.policy: result.policy_step,
        run.last_policy: result.steps,
        run.best_policy: result.best_step,
    }
    for folder, step in steps.items():
        if folder.is_dir():
            card = policy_card(provenance, run.metrics, result.steps, result.stopped_early, step)
            write_atomically(folder / "README.md", card)
