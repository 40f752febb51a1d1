"""The policies of a comparison: their names, the short forms they are given in."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from rl import run_files
from rl.analysis.arms import BASE, TRAINED
from tagger.config.settings import apply_overrides
from tagger.errors import UserError, unknown_name

PolicyEntry = str | dict[str, Any]
"""How a policy is given: a folder, a Hub name or a built-in policy, or keys of `PolicyConfig`."""

SHORT = (BASE, TRAINED)
"""Policies that may be given by a config key of their own, as in earlier versions."""
DEFAULT_BASE: PolicyEntry = "overthinker"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_ARMS = ("monitored", "oracle")
"""First or last words of the names of arms, which no policy may have."""


def merge_policies(values: Mapping[str, Any]) -> dict[str, Any]:
    """Bring the keys ``base`` and ``trained`` into ``policies``, base first.

    Args:
        values: Settings of a comparison as keys and values.

    Returns:
        The settings without these keys. Without any policy they are left as they are.

    Raises:
        UserError: A policy is named twice, or none is named, or others but not the base.
    """
    values = dict(values)
    short = {name: values.pop(name) for name in SHORT if name in values}
    named = values.pop("policies", None)
    if named is None and not short:
        return values
    if named is not None and not isinstance(named, Mapping):
        raise UserError(
            f"policies is {named!r}; it must hold names and models, e.g."
            " {base: overthinker, trained: runs/first/policy}."
        )
    for name in short:
        if short[name] is not None and name in (named or {}):
            raise UserError(
                f"The policy {name!r} is named twice, by the config key {name!r} and in 'policies';"
                " keep one of them."
            )
    merged = {BASE: short.get(BASE), **(named or {}), TRAINED: short.get(TRAINED)}
    if TRAINED in (named or {}):
        merged[TRAINED] = (named or {})[TRAINED]
    listed = {name: entry for name, entry in merged.items() if entry is not None}
    given = expanded(listed)
    if named is not None and not given:
        raise UserError("No policy is named in 'policies'; name at least one, as 'base'.")
    for name, entry in given.items():
        if not isinstance(entry, str | dict):
            raise UserError(
                f"The policy {name!r} is {entry!r}; name a folder or a Hub name, or give its keys"
                " with 'model' among them."
            )
    if BASE not in given:
        if set(given) - {TRAINED}:
            raise UserError(
                f"The policies {_listed(given)} lack {BASE!r}, the one they are compared with; name"
                " one of them so."
            )
        given = {BASE: DEFAULT_BASE, **given}
    values["policies"] = given
    return values


def expanded(policies: Mapping[str, Any]) -> dict[str, Any]:
    """Bring lists and checkpoints of training runs to one entry a policy.

    Of a list the last entry keeps the name; the others are called by it and their step, or their
    place: ``{trained: [run@checkpoint-50, run@checkpoint-100, run/policy]}`` names ``trained_50``,
    ``trained_100`` and ``trained``.

    Args:
        policies: Entries by name, some of them perhaps lists of entries.

    Returns:
        One entry a policy, with the folders of checkpoints in the place of ``RUN@checkpoint-N``.

    Raises:
        UserError: A list is empty, two of its entries or another policy have one name, or a run
            has no such checkpoint.
    """
    found: dict[str, Any] = {}
    for name, entry in policies.items():
        entries = entry if isinstance(entry, list) else [entry]
        if not entries:
            raise UserError(f"The policy {name!r} is an empty list; name its checkpoints.")
        for place, one in enumerate(entries, 1):
            step = str(one).rpartition("@checkpoint-")[2] if isinstance(one, str) else ""
            own = f"{name}_{step if step.isdigit() else place}"
            own = name if place == len(entries) else own
            if own in found or (own != name and own in policies):
                raise UserError(f"The policy {own!r} is named twice; give each its own name.")
            found[own] = checkpoint_folder(one) if isinstance(one, str) else one
    return found


def checkpoint_folder(entry: str) -> str:
    """Folder of the checkpoint that ``RUN@checkpoint-N`` names; any other entry as it is.

    Raises:
        UserError: The run has no such checkpoint, or it is not whole.
    """
    run, at, name = entry.rpartition("@")
    if not at or not Path(run).expanduser().is_dir():
        return entry
    from rl.training.run_folder import RunFolder, whole_checkpoints

    kept = whole_checkpoints(RunFolder(Path(run).expanduser()).checkpoints)
    step = name.removeprefix(run_files.CHECKPOINT)
    if not step.isdigit() or int(step) not in kept:
        names = ", ".join(f"{run_files.CHECKPOINT}{step}" for step in sorted(kept)) or "none"
        raise UserError(
            f"The run {run} has no whole checkpoint {name!r} (it has {names}); keep more of them by"
            " grpo.save_steps and grpo.save_total_limit."
        )
    return str(kept[int(step)])


def apply_words(
    values: Mapping[str, Any], words: Sequence[str], keys: Collection[str]
) -> dict[str, Any]:
    """Apply ``KEY=VALUE`` words, of which ``NAME=MODEL`` names a policy if NAME is no key.

    Args:
        values: Settings of a comparison as keys and values.
        words: What the command line says.
        keys: The config keys.

    Returns:
        The settings with the words applied and the policies merged.

    Raises:
        UserError: A policy is named twice, or as `apply_overrides` and `merge_policies`.
    """
    policies: dict[str, Any] = {}
    others = []
    for word in words:
        name, equals, text = word.partition("=")
        name = name.removeprefix("policies.")
        if not equals or not _names_policy(name, text, keys):
            others.append(word)
            continue
        if name in policies:
            raise UserError(f"The policy {name!r} is named twice; give every policy its own name.")
        policies[name] = apply_overrides({}, [f"policy={text}"])["policy"]
    changed = apply_overrides(dict(merge_policies(values)), others)
    if not policies:
        return merge_policies(changed)
    known = changed.get("policies") or {}
    return merge_policies({**changed, "policies": {**known, **policies}})


def _names_policy(name: str, text: str, keys: Collection[str]) -> bool:
    """Whether a word names a policy rather than a key, perhaps misspelt."""
    if name in SHORT:
        return True
    if name in keys or not _NAME.fullmatch(name):
        return False
    try:
        if not isinstance(apply_overrides({}, [f"policy={text}"])["policy"], str | list):
            return False
    except UserError:
        return False
    if text == DEFAULT_BASE or "/" in text or Path(text).expanduser().is_dir():
        return True
    return not difflib.get_close_matches(name, [*keys, *SHORT])


def check_names(names: Sequence[str], keys: Collection[str]) -> None:
    """Refuse names that would not tell policies, arms and config keys apart.

    Raises:
        UserError: One does.
    """
    for name in names:
        words = re.split(r"[_-]", name)
        if not _NAME.fullmatch(name) or "_vs_" in name:
            raise UserError(
                f"The policy name {name!r} cannot name an arm; take letters, digits, '-' and '_',"
                " without '_vs_'."
            )
        if name in keys or words[0] in _ARMS or words[-1] in _ARMS or "monitored" in words:
            raise UserError(
                f"The policy name {name!r} is reserved for a config key or an arm; take another."
            )


def check_known(named: Sequence[str], key: str, policies: Collection[str]) -> None:
    """Refuse a name that is none of the policies.

    Raises:
        UserError: One is.
    """
    for name in named:
        if name not in policies:
            raise unknown_name(f"policy in the config key {key!r}", name, policies)


def check_pooled(pooled: Mapping[str, Sequence[str]], policies: Collection[str]) -> None:
    """Refuse further training runs that make no sense.

    Args:
        pooled: The further runs of policies.
        policies: All names.

    Raises:
        UserError: A name is unknown, base has further runs, a run belongs to several policies, or
            policies have different numbers of runs.
    """
    further = [name for runs in pooled.values() for name in runs]
    check_known([*pooled, *further], "pooled", policies)
    if pooled.get(BASE):
        raise UserError(
            f"Config key 'pooled' lists further runs of {BASE!r}, but {BASE!r} is the one policy"
            " that the others are compared with; leave them out."
        )
    for name in further:
        if further.count(name) > 1 or name in pooled or name == BASE:
            raise UserError(
                f"Config key 'pooled' names {name!r} as a further run, but it is {BASE!r} or named"
                " elsewhere there; each run belongs to one policy."
            )
    counts = {policy: 1 + len(runs) for policy, runs in pooled.items() if runs}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{count} of {policy}" for policy, count in counts.items())
        raise UserError(
            f"Config key 'pooled' holds different numbers of runs ({listed}); policies are compared"
            " run by run, so pool as many of each."
        )


def _listed(names: Collection[str]) -> str:
    return ", ".join(repr(name) for name in names)
