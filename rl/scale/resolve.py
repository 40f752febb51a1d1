"""A run resolved from its config alone: sizes, reward and problem source checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rl import run_files
from rl.problems.registry import find_source
from rl.scale.models import check_thinking, shape_of
from rl.scale.shape import ModelShape
from rl.scale.workload import PROMPT_TOKENS, Workload, workload_of
from rl.training.advantages.choice import reward_stack
from rl.training.config import RunConfig
from tagger.errors import unknown_name
from tagger.taxonomies.taxonomy import REASONTYPE, Taxonomy

STAND_IN = 1.0
"""Accuracy in the place of a control run that is not there yet: no floor lies above it."""


@dataclass(frozen=True)
class Resolved:
    """A run's sizes.

    Attributes:
        shape: Its model.
        work: What it asks of every process.
        waits_for: Folders of control runs that must be complete before this one starts.
        notes: What is to be known of it: terms that change nothing.
    """

    shape: ModelShape
    work: Workload
    waits_for: tuple[str, ...]
    notes: tuple[str, ...] = ()


def resolve(
    config: RunConfig,
    gpus: int,
    prompt_tokens: int = PROMPT_TOKENS,
    taxonomy: Taxonomy = REASONTYPE,
) -> Resolved:
    """Check what can be checked of a run without weights, data and network.

    Args:
        config: Its config; not changed.
        gpus: GPUs that train; 0 is a CPU.
        prompt_tokens: Tokens of a prompt.
        taxonomy: Of its tagger.

    Raises:
        UserError: Something is wrong, reported in one sentence.
    """
    terms, waits_for = _without_control_runs(config.reward.terms)
    changed = config.reward.to_dict() | {"terms": terms}
    reward_stack(
        type(config.reward)(**changed), config.grpo, taxonomy, config.eval_problems is not None
    )
    for problems in filter(None, (config.problems, config.eval_problems)):
        source = find_source(problems.source)
        source.check(problems)
        if source.splits and not source.generated and problems.split not in (None, *source.splits):
            raise unknown_name(f"split of {problems.source}", str(problems.split), source.splits)
    shape = shape_of(config)
    check_thinking(config)
    return Resolved(
        shape, workload_of(config, shape, gpus=gpus, prompt_tokens=prompt_tokens), waits_for
    )


def _without_control_runs(terms: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Terms with a number where a control run is named that is not complete, and its folder."""
    found, missing = dict(terms), []
    for name, term in terms.items():
        weight = term.get("weight") if isinstance(term, Mapping) else None
        control = weight.get("control") if isinstance(weight, Mapping) else None
        if not isinstance(weight, Mapping) or not isinstance(control, str):
            continue
        if not (Path(control) / run_files.RESULT).is_file():
            found[name] = {**term, "weight": {**weight, "control": STAND_IN}}
            missing.append(control)
    return found, tuple(dict.fromkeys(missing))
