"""Named arms of a config file: the same run with some keys set otherwise.

A file with the section ``train`` may have a section ``arms``, too: for each arm the dotted keys
that differ from ``train``. So the policies of a comparison, such as a control and its twin with a
reward on length, differ in what is written down there and in nothing else::

    train: {model: Qwen/Qwen3-1.7B, reward: {terms: {correctness: {}, step_count: {weight: 0.1}}}}
    arms:
      control: {reward.terms.step_count.weight: 0}
      step_count: {}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tagger.config.dotted import with_keys
from tagger.errors import UserError, unknown_name

SECTION = "arms"


def arms_of(content: Mapping[str, Any], source: str) -> dict[str, dict[str, Any]]:
    """The arms of a config file, in its order.

    Args:
        content: What the file holds.
        source: What to call it in errors.

    Returns:
        Dotted keys and their values by arm; none if the file has none.

    Raises:
        UserError: The section or an arm is no mapping.
    """
    arms = content.get(SECTION, {})
    if not isinstance(arms, Mapping) or not all(
        arm is None or isinstance(arm, Mapping) for arm in arms.values()
    ):
        raise UserError(
            f"{source}: {SECTION} must hold a mapping of dotted keys for each arm, e.g. control: "
            "{reward.terms.step_count.weight: 0}."
        )
    return {str(name): dict(keys or {}) for name, keys in arms.items()}


def with_arm(
    values: Mapping[str, Any], arms: Mapping[str, Mapping[str, Any]], arm: str, source: str
) -> dict[str, Any]:
    """The settings of an arm.

    Args:
        values: Those of the section ``train``; not changed.
        arms: As `arms_of` returns.
        arm: Its name.
        source: What to call the file in errors.

    Raises:
        UserError: No such arm, or a key that leads through a plain value.
    """
    if not arms:
        raise UserError(f"{source} has no arms; leave --arm out.")
    if arm not in arms:
        raise unknown_name(f"arm of {source}", arm, arms)
    return with_keys(values, arms[arm], f"{source}, {SECTION}.{arm}: ")
