"""The grid of stopping rules: lists of thresholds, and budgets as shares of base's own use.

A rule with a budget takes ``share`` next to ``limit`` or in its place: 0.5 is half of what base
uses on average on the calibration problems when nothing stops it. A grid of shares suits models
whose thinking has 100 tokens and such whose thinking has 10,000.

A rule's name in the config is its kind, unless ``kind`` says otherwise, so that one kind can serve
twice: ``conclude: {kind: count, types: [CONCLUDE], limit: [1, 2]}``.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rl.comparison.derived import Row, row
from tagger.errors import UserError
from tagger.stopping.rules.registry import RULES, StepBudgetRule, TokenBudgetRule, build_rule
from tagger.taxonomies.taxonomy import Taxonomy

if TYPE_CHECKING:
    from rl.evaluation.samples import Sample

LIMIT, SHARE, KIND = "limit", "share", "kind"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
BUDGETS = {TokenBudgetRule.name: "thinking tokens", StepBudgetRule.name: "steps"}
"""Rules whose limit is a budget, with what it counts."""

Rules = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class GridPoint:
    """One stopping rule with one set of parameters.

    Attributes:
        rule: Name of the rule in the config.
        kind: Its name in the registry.
        params: Its parameters.
        swept: The parameters that the grid varies.
    """

    rule: str
    kind: str
    params: dict[str, Any]
    swept: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the arm, e.g. ``monitored_count_3``."""
        values = (f"{SHARE if k == SHARE else ''}{exact(self.params[k])}" for k in self.swept)
        return "_".join(["monitored", self.rule, *values])

    @property
    def label(self) -> str:
        """Name for a reader, e.g. ``count, limit 3``."""
        return ", ".join(
            [self.rule.replace("_", " "), *(f"{k} {exact(self.params[k])}" for k in self.swept)]
        )

    def config(self) -> dict[str, Any]:
        """What `build_rule` takes; a share has to be resolved first."""
        return {"name": self.kind, **self.params}

    def example(self) -> dict[str, Any]:
        """`config`, with the smallest limit in the place of a share: to check the other keys."""
        own = {k: v for k, v in self.params.items() if k != SHARE}
        return {"name": self.kind, **own, **({LIMIT: 1} if SHARE in self.params else {})}


def exact(number: float) -> str:
    """A number in the fewest digits that say which it is, as part of a file's name.

    >>> exact(0.5), exact(3.0), exact(1e6), exact(1234567), exact(1e300)
    ('0.5', '3', '1000000', '1234567', '1e300')
    """
    return repr(number).removesuffix(".0").replace("e+", "e")


def grid_points(rules: Rules) -> list[GridPoint]:
    """All points of the rules, in their order; limits before shares."""
    return [point for rule, params in rules.items() for point in rule_points(rule, params)]


def rule_points(rule: str, params: Mapping[str, Any]) -> list[GridPoint]:
    """The points of one rule: the product of its lists of numbers."""
    if SHARE not in params:
        return _product(rule, params)
    shares = {k: v for k, v in params.items() if k != LIMIT}
    shares[SHARE] = _listed(shares[SHARE])
    limits = {k: v for k, v in params.items() if k != SHARE}
    return (_product(rule, limits) if LIMIT in params else []) + _product(rule, shares)


def kind_of(rule: str, params: Mapping[str, Any]) -> str:
    """The kind of a rule of the config: its name, unless ``kind`` says otherwise."""
    return str(params.get(KIND, rule))


def check_name(rule: str, params: Mapping[str, Any]) -> None:
    """Refuse a name that would mislead a reader, or could not name a file.

    Raises:
        UserError: The name of one kind is given to another, or has other characters than letters,
            digits, ``-`` and ``_``.
    """
    if not _NAME.fullmatch(rule):
        raise UserError(
            f"The rule name {rule!r} in 'rules' cannot name an arm; take letters, digits, '-' and"
            " '_'."
        )
    kind = kind_of(rule, params)
    if rule in RULES and kind != rule:
        raise UserError(
            f"Config key 'rules.{rule}.{KIND}' is {kind!r}, but {rule!r} is a kind of its own; give"
            " the rule another name."
        )


def check_shares(rule: str, params: Mapping[str, Any]) -> None:
    """Refuse shares that name no budget.

    Raises:
        UserError: The rule has no budget, a share is no number above 0, or there are empty limits
            next to shares.
    """
    if SHARE not in params:
        return
    if params.get(LIMIT, 1) in ([], None):
        raise UserError(
            f"Config key 'rules.{rule}.{LIMIT}' is empty; list limits, or leave it out: {SHARE!r} "
            "stands for it."
        )
    key, kind = f"rules.{rule}.{SHARE}", kind_of(rule, params)
    if kind not in BUDGETS:
        raise UserError(
            f"Config key {key!r}: a share is one of a budget, and {kind!r} has none; name limits,"
            f" or take {' or '.join(BUDGETS)}."
        )
    if params[SHARE] == []:
        raise UserError(f"Config key {key!r} is empty; list shares, e.g. [0.25, 0.5, 0.75].")
    for share in _listed(params[SHARE]):
        number = isinstance(share, int | float) and not isinstance(share, bool)
        if not (number and 0 < share < math.inf):
            raise UserError(
                f"Config key {key!r} holds {share!r}; a share of base's mean is a number above 0,"
                " e.g. [0.25, 0.5, 0.75]."
            )


def check_rules(points: Sequence[GridPoint], taxonomy: Taxonomy) -> None:
    """Refuse points whose rule cannot be built.

    Raises:
        UserError: As `build_rule`.
    """
    for point in points:
        build_rule(point.example(), taxonomy)


def has_shares(rules: Rules) -> bool:
    """Whether a limit has to be resolved."""
    return any(SHARE in params for params in rules.values())


def with_limits(
    rules: Rules, free: Sequence[Sample]
) -> tuple[dict[str, dict[str, Any]], list[Row]]:
    """Make limits of shares.

    Args:
        rules: The rules of the config.
        free: Samples of base on the calibration problems, nothing stopped.

    Returns:
        The rules with limits alone, at least 1, each once; and a row for each share.
    """
    means = {
        TokenBudgetRule.name: sum(s.thinking_tokens for s in free) / len(free),
        StepBudgetRule.name: sum(len(s.steps) for s in free) / len(free),
    }
    resolved: dict[str, dict[str, Any]] = {}
    rows = []
    for rule, params in rules.items():
        resolved[rule] = dict(params)
        if SHARE not in params:
            continue
        limits, kind = _listed(params.get(LIMIT, [])), kind_of(rule, params)
        for share in _listed(resolved[rule].pop(SHARE)):
            limit = max(1, round(share * means[kind]))
            limits.append(limit)
            source = (
                f"{share:g} of base's mean of {means[kind]:.1f} {BUDGETS[kind]} on the calibration"
                " problems"
            )
            rows.append(row(f"rules.{rule}.{LIMIT}", limit, source))
        resolved[rule][LIMIT] = list(dict.fromkeys(limits))
    return resolved, rows


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _numbers(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in value
    )


def _product(rule: str, params: Mapping[str, Any]) -> list[GridPoint]:
    swept = tuple(k for k, v in params.items() if _numbers(v))
    fixed = {k: v for k, v in params.items() if k not in (*swept, KIND)}
    kind = kind_of(rule, params)
    return [
        GridPoint(rule, kind, {**fixed, **dict(zip(swept, values, strict=True))}, swept)
        for values in itertools.product(*(params[k] for k in swept))
    ]
