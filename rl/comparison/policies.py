"""The policies of a comparison: their names, the short forms they are given in."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

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
    given = {name: entry for name, entry in merged.items() if entry is not None}
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
        if not isinstance(apply_overrides({}, [f"policy={text}"])["policy"], str):
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


def _listed(names: Collection[str]) -> str:
    return ", ".join(repr(name) for name in names)
