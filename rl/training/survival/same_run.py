"""What a checkpoint was made of, and whether a run that resumes from it is made of the same.

A config edited by hand, problems that changed on the disk, another number of processes: each would
resume to other weights than the run that was never stopped, without a word. All are refused.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rl import run_files
from rl.policy.source import resolve_policy
from rl.problems.problem import Problem
from rl.provenance import library_versions
from rl.training.plan import Plan
from tagger.errors import UserError

FREE = (
    "output", "report_to", "keep_rollouts", "grpo.save_total_limit", "grpo.run_name",
    "grpo.project", "problems.settings.path", "eval_problems.settings.path",
)  # fmt: skip
"""Keys that change no weights: they may be edited between two starts."""

BY_CONTENT = (
    "model", "adapter", "revision", "tagger", "audit_tagger", "problems.source",
    "eval_problems.source",
)  # fmt: skip
"""Keys that name a place; what lies there is compared instead, where it can be."""


@dataclass(frozen=True)
class MadeOf:
    """What the weights of a run depend on.

    Attributes:
        config: The resolved config, by dotted keys.
        model: Digest of the weights that training began with; None if they are not on the disk.
        audit_tagger: Fingerprint of the audit tagger; None without one.
        problems: Digest of the training problems.
        eval_problems: Digest of those for evaluation.
        processes: How many train together.
        sharding: How they share the weights: ``none``, ``zero1`` to ``zero3``, or ``fsdp``.
        versions: Versions of the libraries; others are told, not refused.
    """

    config: dict[str, Any]
    model: str | None
    audit_tagger: str | None
    problems: str
    eval_problems: str
    processes: int
    sharding: str
    versions: dict[str, str] = field(default_factory=dict)

    def state_dict(self) -> dict[str, Any]:
        """As it is written into a checkpoint."""
        return asdict(self)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Nothing: it was compared before the model was loaded."""


def made_of(plan: Plan, processes: int, digest: str | None) -> MadeOf:
    """What a planned run is made of.

    Args:
        plan: The run.
        processes: How many train together.
        digest: Of the weights that training began with.
    """
    config = plan.config.to_dict()
    return MadeOf(
        config=json.loads(json.dumps(dict(_flat(config)))),
        model=digest,
        audit_tagger=plan.audit_tagger.fingerprint if plan.audit_tagger else None,
        problems=problems_digest(plan.problems),
        eval_problems=problems_digest(plan.eval_problems),
        processes=processes,
        sharding=sharding_of(plan.arguments, os.environ),
        versions=library_versions(),
    )


def check_same_run(saved: Mapping[str, Any], now: MadeOf, checkpoint: Path) -> str | None:
    """Refuse to resume a run that would not be the one that was stopped.

    The reward's and the tagger's own states are checked apart.

    Args:
        saved: What the checkpoint was made of, as `MadeOf.state_dict` has it; empty for one of an
            earlier version, which nothing is known of.
        now: What the run is made of now.
        checkpoint: Its folder, for the error.

    Returns:
        A note on versions that differ, or None.

    Raises:
        UserError: Something differs; the key and both values are named.
    """
    if not saved:
        return None
    run = checkpoint.parent.parent
    if saved["processes"] != now.processes:
        raise UserError(
            f"The checkpoint {checkpoint} was made by {saved['processes']} processes, and now "
            f"there are {now.processes}, with which a step would have another batch; start "
            f"{saved['processes']}, or begin a new run."
        )
    if saved["sharding"] != now.sharding:
        raise UserError(
            f"The checkpoint {checkpoint} was made with the sharding {saved['sharding']}, and this "
            f"start asks for {now.sharding}, which cannot read its optimizer's state; start it as "
            "it was started before, or begin a new run."
        )
    contents = ("model", "audit_tagger", "problems", "eval_problems")
    for name in contents:
        if saved[name] != getattr(now, name):
            raise UserError(
                f"{_CONTENT[name]} of {run / run_files.CONFIG} are not those that the checkpoint "
                f"{checkpoint} was made with; put them back, or begin a new run."
            )
    for key in sorted({*saved["config"], *now.config}):
        was, is_now = saved["config"].get(key), now.config.get(key)
        if was != is_now and not _may_differ(key, now):
            raise UserError(
                f"{run / run_files.CONFIG} has {key} {is_now!r}, and the checkpoint {checkpoint} "
                f"was made with {was!r}; put it back, or begin a new run."
            )
    return _versions_note(saved["versions"], now.versions)


_CONTENT = {
    "model": "The weights of the model",
    "audit_tagger": "The contents of the audit tagger",
    "problems": "The problems",
    "eval_problems": "The eval_problems",
}


def problems_digest(problems: Iterable[Problem]) -> str:
    """SHA-256 over what is asked and what is correct, in order."""
    digest = hashlib.sha256()
    for problem in problems:
        row: Sequence[Any] = (problem.id, problem.question, problem.reference)
        digest.update(json.dumps(row).encode())
    return digest.hexdigest()


def sharding_of(arguments: Any, environment: Mapping[str, str]) -> str:
    """How the processes share the weights.

    Args:
        arguments: TRL's `GRPOConfig`.
        environment: Environment variables, by which a launcher may ask for FSDP.
    """
    plugin = arguments.deepspeed_plugin
    if plugin is not None:
        return f"zero{plugin.zero_stage}"
    asked = environment.get("ACCELERATE_USE_FSDP", "").lower() in ("1", "true", "yes")
    return "fsdp" if arguments.fsdp or asked else "none"


def model_digest(plan: Plan) -> str | None:
    """Digest of the weights that training begins with, if they are on the disk."""
    return resolve_policy(plan.config).digest()


def _may_differ(key: str, now: MadeOf) -> bool:
    """Whether a key may have another value than before."""
    if key in ("model", "adapter", "revision"):
        return now.model is not None
    return any(key == free or key.startswith(f"{free}.") for free in (*FREE, *BY_CONTENT))


def _flat(value: Any, key: str = "") -> Iterable[tuple[str, Any]]:
    """Dotted keys and their values; an empty section is a value."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _flat(inner, f"{key}.{name}" if key else str(name))
    else:
        yield key, value


def _versions_note(saved: Mapping[str, str], now: Mapping[str, str]) -> str | None:
    changed = [
        f"{name} {saved.get(name, 'none')} (now {now.get(name, 'none')})"
        for name in sorted({*saved, *now})
        if saved.get(name) != now.get(name)
    ]
    if not changed:
        return None
    return (
        f"the checkpoint was made with other versions: {', '.join(changed)}; what follows may "
        "differ in the last digits."
    )
