"""What the config of the run that made a policy tells: its problems, its lengths, its prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rl import run_files
from rl.analysis.value import price_of
from rl.problems.overlap import find_overlap, listed, selected_on
from rl.problems.problem import Problem
from rl.problems.registry import load, without_idle_split
from tagger.errors import UserError


def training_overlap(policy: str, test: Sequence[Problem]) -> dict[str, Any] | None:
    """Compare test problems with those of the run that made a policy.

    Args:
        policy: Name or folder of the policy; the run's ``config.yaml`` is looked for in it and in
            the folder above.
        test: The test problems.

    Returns:
        As `Overlap.to_dict`, with the ``source``; its ``text`` also says which test problems had a
        part in the choice of the checkpoint. None without a config there. If the problems of the
        run cannot be read, only a ``text`` that says so.
    """
    config = training_config(policy)
    if config is None:
        return None
    from rl.training.config import load_config

    try:
        run = load_config(config)
        training = load(without_idle_split(run.problems))
        evaluated = load(without_idle_split(run.eval_problems)) if run.eval_problems else []
    except UserError as error:
        return {
            "source": str(config),
            "text": f"Whether test problems were training problems is unknown, for those of"
            f" {config} cannot be read: {error}",
        }
    found = find_overlap(test, training).to_dict()
    text = " ".join(filter(None, (found["text"], selected_on(test, evaluated))))
    return {"source": str(config), **found, "text": text}


def sentences(overlaps: Mapping[str, Mapping[str, Any] | None]) -> dict[str, list[str]]:
    """What is to be said of test problems among training problems, with the first of them.

    Args:
        overlaps: What `training_overlap` found, by policy.

    Returns:
        The policies that each sentence is about; none where nothing is shared.
    """
    found: dict[str, list[str]] = {}
    for name, overlap in overlaps.items():
        if overlap and overlap["text"]:
            pairs = [
                (pair["test"], pair["training"])
                for kind in ("same", "reworded")
                for pair in overlap.get(kind, {}).get("problems", ())
            ]
            named = f" {listed(pairs)}; results.json lists all." if pairs else ""
            found.setdefault(f"{overlap['text']}{named}", []).append(name)
    return found


def trained_length(policy: str) -> int | None:
    """``max_completion_length`` of the run that made a policy; None if it names none.

    Args:
        policy: As for `training_config`.
    """
    config = training_config(policy)
    if config is None:
        return None
    from rl.training.config import load_config

    try:
        length = load_config(config).grpo.get("max_completion_length")
    except UserError:  # another program's config.yaml
        return None
    return length if isinstance(length, int) and length > 0 else None


def verification_price(config: Path) -> float | None:
    """What the reward of a run charges for a verification step.

    Args:
        config: What `training_config` found.

    Returns:
        As `rl.analysis.value.price_of`.
    """
    from rl.training.config import load_config

    try:
        run = load_config(config).to_dict()
    except UserError:  # another program's config.yaml
        return None
    of_trl = run["grpo"].get("multi_objective_aggregation")
    return price_of({**run["reward"], "aggregation": run["reward"]["aggregation"] or of_trl})


def training_config(policy: str) -> Path | None:
    """The ``config.yaml`` of the run that made a policy, in its folder or the one above.

    Args:
        policy: Name or folder of the policy, or of a checkpoint in the folder of its run.
    """
    folder = Path(policy).expanduser()
    run = folder.parent.parent if folder.parent.name == run_files.CHECKPOINTS else folder.parent
    near = (folder / run_files.CONFIG, run / run_files.CONFIG)
    return next((path for path in near if path.is_file()), None)
