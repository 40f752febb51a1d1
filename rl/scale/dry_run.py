"""What a run would do, all of it checked that needs neither weights nor a network."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from rewards.facts.published import BUDGET, REFERENCE_ACCURACY
from rewards.notes import notes_of_terms
from rl.policy.context import completion_length
from rl.policy.load import load_tokenizer, lora_config
from rl.problems.registry import is_file, load
from rl.scale.models import known_architecture
from rl.scale.resolve import Resolved, resolve
from rl.scale.workload import PROMPT_TOKENS, workload_of
from rl.training.advantages.choice import check_aggregation, reward_stack
from rl.training.budget.thinking import check_thinking_budget
from rl.training.config import RunConfig
from rl.training.plan import check_problems
from rl.training.tracking.reporters import check_reporters
from tagger.units import load_taggers

_METADATA = (BUDGET, REFERENCE_ACCURACY)


def dry_run(config: RunConfig, gpus: int, prompt_tokens: int = PROMPT_TOKENS) -> Resolved:
    """Check a run as far as its config goes; nothing is loaded but a tagger and a tokenizer.

    In addition to `resolve`: the tagger's own taxonomy, every key of TRL's and peft's configs, the
    aggregation, problems of a file, and, where the model is a folder, its chat template, thinking
    delimiters and context.

    Args:
        config: Its config; not changed.
        gpus: GPUs that it is meant for; 0 is a CPU.
        prompt_tokens: Tokens of a prompt.

    Raises:
        UserError: Something is wrong, reported in one sentence.
    """
    tagger, _ = load_taggers(config.tagger, config.audit_tagger, config.segmenter)
    found = resolve(config, gpus, prompt_tokens, tagger.taxonomy)
    tokenizer = None
    if known_architecture(config.model) is None:
        tokenizer, _ = load_tokenizer(config)
    if config.lora is not None:
        lora_config(config.lora)

    check_reporters(config.report_to)

    from rl.training.grpo_config import check_evaluation, training_arguments

    arguments = training_arguments(config, gpus > 0)
    arguments.max_completion_length = found.work.completion
    evaluated = config.eval_problems
    if evaluated is not None:
        check_evaluation(config.eval_every, arguments, os.environ)
    if config.thinking_budget is not None:
        check_thinking_budget(config.thinking_budget, arguments, os.environ)
    told: list[dict[str, Any]] = [dict.fromkeys(_METADATA, 1.0)]  # of others it is not known yet
    held_out = load(evaluated) if evaluated is not None and is_file(evaluated.source) else []
    if is_file(config.problems.source):
        problems = load(config.problems)
        check_problems(problems, held_out, arguments)
        told = [problem.metadata for problem in problems]
        counted = replace(config, problems=replace(config.problems, size=len(problems)))
        work = workload_of(counted, found.shape, gpus=gpus, prompt_tokens=prompt_tokens)
        found = replace(found, work=work)
        if tokenizer is not None:
            completion_length(config, tokenizer, [p.question for p in (*problems, *held_out)])
    if not found.waits_for:
        evaluates = config.eval_problems is not None
        stack = reward_stack(config.reward, config.grpo, tagger.taxonomy, evaluates)
        check_aggregation(config.reward, stack, arguments)
        longest = found.work.completion
        notes = notes_of_terms(stack.terms, tagger.taxonomy, longest, arguments.max_steps, told)
        found = replace(found, notes=tuple(notes))
    return found
