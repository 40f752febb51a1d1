"""A training run planned: everything that can be wrong is checked before a model is loaded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rewards.aggregation.base import Aggregation
from rewards.notes import notes_of_terms
from rewards.stack import RewardStack
from rewards.weights.control.control_run import with_control_curves
from rl.policy.context import check_batch_tokens, completion_length, longest_prompt
from rl.policy.load import (
    check_device,
    checked_weight_bytes,
    load_tokenizer,
    lora_config,
    resolve_model,
    resolve_policy,
    weight_bytes,
)
from rl.policy.no_thinking import closed_thinking
from rl.policy.prompts import Prompting
from rl.problems.overlap import find_overlap, listed
from rl.problems.problem import Problem
from rl.problems.registry import load
from rl.provenance import provenance
from rl.training.advantages.choice import check_aggregation, reward_stack
from rl.training.budget.thinking import check_thinking_budget
from rl.training.config import RunConfig
from rl.training.processes import check_launch
from rl.training.run_folder import RunFolder, check_disk, checkpoint_state
from rl.training.sharding import check_deepspeed, join_deepspeed, read_deepspeed
from rl.training.vllm.checks import check_model_length, check_vllm_keys
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.thinking.split import ThinkingDelimiters
from tagger.units import load_taggers, note_of


@dataclass(frozen=True)
class Plan:
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
    aggregation: Aggregation[Any]
    eval_problems: Sequence[Problem] = ()
    notes: Sequence[str] = ()

    @property
    def trains_adapter(self) -> bool:
        """Whether an adapter is trained, a new one or the model's own, and no other weights."""
        return self.lora is not None or resolve_policy(self.config).adapter is not None


def make_plan(run: RunFolder, config: RunConfig) -> Plan:
    """Check a run, the cheap things first.

    Raises:
        UserError: Something is wrong, reported in one sentence.
    """
    tagger, audit = load_taggers(config.tagger, config.audit_tagger, config.segmenter)
    reward = config.reward
    evaluates = config.eval_problems is not None
    reward.terms = with_control_curves(reward.terms, evaluates)
    stack = reward_stack(reward, config.grpo, tagger.taxonomy, evaluates)
    path = resolve_policy(config).model
    _check_adapters(config)
    if config.grpo.get("deepspeed"):  # a resumed run needs no file any more
        config.grpo["deepspeed"] = read_deepspeed(config.grpo["deepspeed"])
    trains_adapter = config.lora is not None or resolve_policy(config).adapter is not None
    check_deepspeed(config.grpo, os.environ, trains_adapter)
    if config.grpo.get("use_vllm"):
        check_vllm_keys(config.grpo, os.environ)
    kept = config.grpo.get("save_total_limit", 2)
    kept = (kept if isinstance(kept, int) else 10) + (
        config.accuracy_floor is not None or config.eval_problems is not None
    )
    check_disk(run.root, checked_weight_bytes(path), kept + 1)
    problems = load(config.problems)
    evaluated = load(config.eval_problems) if config.eval_problems else ()
    tokenizer, delimiters = load_tokenizer(config)
    prompting = Prompting.of(config)
    closed = closed_thinking(tokenizer, delimiters, prompting, config.model)
    questions = [p.question for p in (*problems, *evaluated)]
    length = completion_length(config, tokenizer, questions)
    if length is not None:  # the run's config.yaml holds it, from which comparisons take it
        config.grpo["max_completion_length"] = length
    lora = lora_config(config.lora) if config.lora is not None else None

    import torch

    from rl.training.advantages.redraw import check_dynamic_sampling
    from rl.training.grpo_config import check_evaluation, training_arguments
    from rl.training.reference import check_reference

    check_launch(torch.cuda.device_count(), os.environ)
    check_device(config, torch.cuda.device_count())
    arguments = training_arguments(config, torch.cuda.is_available())
    check_reference(arguments, os.environ)
    join_deepspeed(arguments)
    if arguments.vllm_max_model_length is not None:
        check_model_length(
            arguments.vllm_max_model_length,
            longest_prompt(config, tokenizer, questions),
            arguments.max_completion_length,
        )
    aggregation = check_aggregation(reward, stack, arguments)
    idle = notes_of_terms(
        stack.terms,
        tagger.taxonomy,
        arguments.max_completion_length,
        arguments.max_steps,
        [p.metadata for p in problems],
    )
    check_problems(problems, evaluated, arguments)
    if reward.dynamic_sampling is not None:
        prompts = arguments.generation_batch_size // arguments.num_generations
        check_dynamic_sampling(arguments, len(problems), prompts, os.environ)
    if config.thinking_budget is not None:
        check_thinking_budget(config.thinking_budget, arguments, os.environ)
    if evaluated:
        check_evaluation(config.eval_every, arguments, os.environ)
        if config.eval_max_batch_tokens is not None:
            longest = longest_prompt(config, tokenizer, [p.question for p in evaluated])
            check_batch_tokens(
                config.eval_max_batch_tokens,
                longest,
                arguments.max_completion_length,
                ("eval_max_batch_tokens", "grpo.max_completion_length"),
            )
    return Plan(
        run,
        config,
        tagger,
        audit,
        stack,
        delimiters,
        problems,
        lora,
        arguments,
        aggregation,
        evaluated,
        [
            *(note for note in (closed if config.thinking else "", note_of(tagger, audit)) if note),
            *idle,
        ],
    )


def check_problems(
    trained: Sequence[Problem], evaluated: Sequence[Problem], arguments: Any
) -> None:
    """Refuse too few problems for a step, and those that are both trained on and evaluated on.

    Args:
        trained: The training problems.
        evaluated: Those for evaluation during training.
        arguments: TRL's `GRPOConfig`.

    Raises:
        UserError: Too few, or some are in both.
    """
    prompts = arguments.generation_batch_size // arguments.num_generations
    if len(trained) < prompts:
        raise UserError(
            f"One step needs {prompts} problems (generation batch {arguments.generation_batch_size}"
            f" / num_generations {arguments.num_generations}), there are {len(trained)}; raise "
            "problems.size or lower the batch."
        )
    shared = find_overlap(evaluated, trained)
    pairs = shared.same + shared.reworded
    if pairs:
        raise UserError(
            f"{len(pairs)} of {len(evaluated)} problems of eval_problems are training problems too "
            f"({listed(pairs)}); name others, e.g. another split or seed."
        )


def _check_adapters(config: RunConfig) -> None:
    """Refuse settings under which no weights, or those of two adapters, would be trained."""
    adapter = resolve_policy(config).adapter
    if adapter is not None and config.lora is not None:
        raise UserError(
            f"The model has an adapter, {adapter}, which training resumes from; leave lora out, or "
            "merge the adapter into a model folder first."
        )
    if config.quantization is not None and adapter is None and config.lora is None:
        raise UserError(
            f"quantization is {config.quantization}, and 4-bit weights cannot be trained; add "
            "lora, e.g. lora={r: 16}."
        )


def share_output(plan: Plan, name: str) -> Plan:
    """The plan with the output folder that all processes agreed on."""
    if name == str(plan.run.root):
        return plan
    old, run = plan.run.root.name, RunFolder(Path(name))
    plan.config.output = name
    plan.arguments.output_dir = str(run.checkpoints)
    if plan.arguments.run_name == old:
        plan.arguments.run_name = run.root.name
    return replace(plan, run=run)


def check_training_disk(train: RunConfig, training: RunFolder) -> None:
    """Refuse a disk too small for the training, or a model that is not there."""
    kept = train.grpo.get("save_total_limit")
    weights = weight_bytes(resolve_model(train.model))
    check_disk(training.root, weights, kept if isinstance(kept, int) else 10)


def check_checkpoint(checkpoint: Path, plan: Plan) -> None:
    """Refuse to resume with another tagger or reward than the checkpoint was made with."""
    state = checkpoint_state(checkpoint)
    saved = state["tagger"]["fingerprint"]
    if saved != plan.tagger.fingerprint:
        raise UserError(
            f"The checkpoint {checkpoint} was made with the tagger {saved[:12]}, the config names "
            f"{plan.tagger.fingerprint[:12]}; put the run's tagger back, or start a new run."
        )
    plan.stack.load_state_dict(state["reward"])


def provenance_of(plan: Plan, digest: str | None, command: str | None = None) -> dict[str, Any]:
    """What the run is made of, for its folder and the policy's card.

    Args:
        plan: The run.
        digest: Of the weights that training begins with.
        command: The command that began it, if one did.
    """
    return provenance(
        model={
            "base": plan.config.model,
            "base_weights": digest,
        },
        tagger_fingerprint=plan.tagger.fingerprint,
        audit_fingerprint=plan.audit_tagger.fingerprint if plan.audit_tagger else None,
        config=plan.config.to_dict(),
        seeds=[plan.config.seed, plan.config.problems.seed],
        command=command,
    )
