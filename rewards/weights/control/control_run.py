"""The accuracy of a control run over its steps: what a floor is measured against.

The control is the same training on correctness alone. Where its folder is given, the floor follows
what it had reached at each step: a policy that has not learned yet is not taken for one that
unlearns.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from tagger.config.settings import read_yaml
from tagger.errors import UserError

Curve = list[list[float]]
"""Steps in order, each with an accuracy."""

BLOCK = 10
"""Logged steps whose rollouts make one point."""
_NEVER = {"schedule": "constant", "value": 0}
_REMEDY = "name the folder of a complete run, or give its accuracy, e.g. control: 0.9"
TAIL = 2 / 3
"""Share of the run from which on its accuracy counts as reached."""


def check_curve(owner: str, curve: Sequence[Sequence[float]]) -> None:
    """Refuse what is no accuracy by step.

    Raises:
        UserError: It is not.
    """
    good = bool(curve) and all(len(p) == 2 and p[0] >= 0 and 0 <= p[1] <= 1 for p in curve)
    if not good or any(a[0] >= b[0] for a, b in pairwise(curve)):
        raise UserError(
            f"control of {owner} is {list(map(list, curve))!r}; as a list it must hold pairs of a "
            "step and an accuracy from 0 to 1, in the order of the steps."
        )


def accuracy_at(curve: Sequence[Sequence[float]], step: float) -> float:
    """The accuracy at a step, in straight lines between those known."""
    if step <= curve[0][0]:
        return float(curve[0][1])
    for (begin, low), (end, high) in pairwise(curve):
        if step <= end:
            return float(low + (step - begin) / (end - begin) * (high - low))
    return float(curve[-1][1])


def settled(points: Curve) -> Curve:
    """A curve without the noise of its end: the last third at its mean, none above that."""
    last = points[-1][0]
    tail = [accuracy for step, accuracy in points if step >= TAIL * last]
    end = sum(tail) / len(tail)
    found = [[step, min(accuracy, end)] for step, accuracy in points if step < TAIL * last]
    return [*found, [next(s for s, _ in points if s >= TAIL * last), end]]


def read_control(folder: str, evaluated: bool) -> Curve:
    """The accuracy of a control run.

    Args:
        folder: Its run folder.
        evaluated: Whether to take its evaluations; if not, its training rollouts.

    Returns:
        Accuracy by step, `settled`.

    Raises:
        UserError: There is no such run, it is not complete, not of correctness alone, or it was not
            evaluated.
    """
    root = Path(folder)
    result = root / "result.json"
    if not result.is_file():
        raise UserError(
            f"control is {folder!r}, but there is no {result}: name the folder of a completed run "
            "on correctness alone, or give its accuracy, e.g. control: 0.9."
        )
    _refuse_other_reward(root / "config.yaml", folder, evaluated)
    points = _evaluations(result) if evaluated else _rollouts(root / "metrics.jsonl")
    if not points:
        raise UserError(
            f"The control run {folder!r} was not evaluated during training; train it with "
            "eval_problems, give its accuracy, e.g. control: 0.9, or set source: rollouts."
            if evaluated
            else f"The control run {folder!r} has logged no accuracy in metrics.jsonl; give it, "
            "e.g. control: 0.9."
        )
    return settled(points)


def _refuse_other_reward(config: Path, folder: str, evaluated: bool) -> None:
    """Refuse a run whose logged accuracy is not that of training on correctness and format.

    Raises:
        UserError: Its reward had another term, which is named; or its rollouts, which are asked
            for, were chosen by their outcome.
    """
    reward = (read_yaml(config).get("reward") if config.is_file() else None) or {}
    if not evaluated and reward.get("dynamic_sampling"):
        raise UserError(
            f"control is {folder!r}, which was trained with reward.dynamic_sampling, and the "
            "accuracy that it has logged is that of the rollouts so chosen; train it with "
            "eval_problems, as this run, or give its accuracy, e.g. control: 0.9."
        )
    for name, term in (reward.get("terms") or {}).items():
        given = term or {}
        kind, weight = given.get("kind", name), given.get("weight", 1.0)
        if weight not in (0, _NEVER) and kind not in ("correctness", "format"):
            raise UserError(
                f"control is {folder!r}, whose reward has the term {name!r}, so its accuracy is "
                "not that of a run on correctness alone; name such a run, or give its accuracy, "
                "e.g. control: 0.9."
            )


def _evaluations(path: Path) -> Curve:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["evaluations"]
        return [[float(one["step"]), float(one["accuracy"])] for one in found]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is no result of a training run ({error}); {_REMEDY}.") from None


def _rollouts(path: Path) -> Curve:
    """Means of `BLOCK` lines, at the steps that were done before their rollouts were drawn.

    A line at step s has the mean over the draws since the line before it, at step p: those of the
    policy after p to s - 1 steps.
    """
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        before = [0.0, *(float(row["step"]) for row in rows)]
        seen = [
            ((last + float(row["step"]) - 1) / 2, float(row["facts/correct"]))
            for last, row in zip(before, rows, strict=False)
            if "facts/correct" in row
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} holds no logged steps of a training run ({error}); {_REMEDY}."
        ) from None
    blocks = [seen[i : i + BLOCK] for i in range(0, len(seen), BLOCK)]
    return [
        [sum(step for step, _ in block) / len(block), sum(c for _, c in block) / len(block)]
        for block in blocks
    ]


def with_control_curves(terms: Mapping[str, Any], evaluates: bool) -> dict[str, Any]:
    """Terms as configured, with the accuracies of control runs in place of their folders.

    So a run's own config holds what it was measured against, and a resumed one needs no other
    folder.

    Args:
        terms: ``reward.terms`` of a run config.
        evaluates: Whether the run has ``eval_problems``.

    Raises:
        UserError: As `read_control`.
    """
    found = dict(terms)
    for name, term in terms.items():
        weight = term.get("weight") if isinstance(term, Mapping) else None
        control = weight.get("control") if isinstance(weight, Mapping) else None
        if isinstance(weight, Mapping) and isinstance(control, str):
            source = weight.get("source", "auto")
            evaluated = source == "evaluation" or (source == "auto" and evaluates)
            curve = read_control(control, evaluated)
            found[name] = {**term, "weight": {**weight, "control": curve}}
    return found
