"""Schedules and controllers of weights by their config name."""

from __future__ import annotations

from collections.abc import Mapping

from rewards.weights.base import Site, WeightController, WeightSettings
from rewards.weights.control.accuracy_drop import AccuracyDrop
from rewards.weights.control.accuracy_floor import AccuracyFloor
from rewards.weights.control.length_dual import LengthDual
from rewards.weights.control.price import Price
from rewards.weights.schedules.constant import ConstantWeight
from rewards.weights.schedules.cosine import CosineWeight
from rewards.weights.schedules.linear import LinearWeight
from tagger.config.settings import build_settings
from tagger.errors import UserError, unknown_name

CONTROLLERS: dict[str, type[WeightSettings]] = {
    "constant": ConstantWeight,
    "linear": LinearWeight,
    "cosine": CosineWeight,
    "length_dual": LengthDual,
    "accuracy_floor": AccuracyFloor,
    "accuracy_drop": AccuracyDrop,
    "price": Price,
}
"""The parameters of each; they build it."""

PUBLISHED = {"leash": "length_dual", "laconic": "length_dual", "acoer": "accuracy_drop"}
"""Controllers by the names of their papers, in lower case."""

_GREATEST = 3.4e38
"""Rewards are float32, in which a greater weight is infinite."""


def build_weight(config: object, site: Site | None = None) -> WeightController:
    """Build a controller from its config.

    Args:
        config: A number, or ``{schedule: linear, start: 0, end: 0.2, steps: 50}``.
        site: Where it acts; nothing is known of term and run if None.

    Raises:
        UserError: Unknown schedule or parameter, or a bad value.
    """
    site = site or Site()
    key = f"reward.terms.{site.term}.weight" if site.term else "weight"
    if isinstance(config, Mapping):
        params = dict(config)
        if "schedule" not in params and params.keys() - {"value"}:
            raise UserError(
                f"{key} has the keys {', '.join(map(str, params))} and lacks 'schedule', which "
                "says what they belong to; give it, e.g. {schedule: linear, end: 0.2}."
            )
        name = str(params.pop("schedule", "constant"))
        if name.casefold() in PUBLISHED:
            ours = PUBLISHED[name.casefold()]
            raise UserError(f"Unknown weight schedule {name!r}; it is {ours!r} here.")
        if name not in CONTROLLERS:
            raise unknown_name("weight schedule", name, CONTROLLERS)
        return build_settings(CONTROLLERS[name], params, key).controller(site)
    if (
        isinstance(config, bool)
        or not isinstance(config, int | float)
        or not abs(config) <= _GREATEST  # also true of NaN
    ):
        raise UserError(
            f"{key} is {config!r}; it must be a finite number, or a schedule such as "
            "{schedule: linear, end: 0.2}."
        )
    return ConstantWeight(float(config))
