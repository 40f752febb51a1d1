"""Settings of a comparison, checked before anything heavy is loaded."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Interval

from rl.analysis.arms import BASE, MARGIN
from rl.comparison.baselines import GUIDANCE, Baseline, baseline_policies, with_baselines
from rl.comparison.costs import PricesConfig, check_budgets
from rl.comparison.grid import GridPoint, check_name, check_shares, grid_points, rule_points
from rl.comparison.policies import (
    DEFAULT_BASE,
    PolicyEntry,
    check_known,
    check_names,
    check_pooled,
    merge_policies,
)
from rl.policy.config import PolicySettings, policy_config
from rl.problems.config import ProblemsConfig
from rl.problems.registry import is_generated
from rl.sampling.registry import TAKE_DRAFTS, EngineName
from rl.sampling.vllm_policy import check_vllm_settings
from tagger.config.settings import build_settings
from tagger.errors import UserError


@dataclass(frozen=True)
class Split(ProblemsConfig):
    """Problems to ask: the keys of `ProblemsConfig`, and how often.

    Attributes:
        size: How many problems; null takes all. Left out: all of a file or data set, 300 of a
            generated set (100 for calibration).
        samples: Completions of each problem; the comparison's if left out.
    """

    PURPOSE: ClassVar[str] = "test"

    size: Annotated[int, Ge(1)] | None = 300
    samples: Annotated[int, Ge(1)] | None = None


def _calibration() -> Split:
    return Split(split="calibration", size=100, samples=2)


def _rules() -> dict[str, dict[str, Any]]:
    return {
        "count": {"types": ["VERIFY"], "limit": [1, 2, 3, 5]},
        "ratio": {"threshold": [0.2, 0.3, 0.4, 0.5]},
        "token_budget": {"share": [0.25, 0.5, 0.75]},
    }


@dataclass
class CompareConfig(PolicySettings):
    """What to compare, on what, and how; the keys of `PolicySettings` hold for every policy.

    The defaults suit a reasoning model of any size; the embedded overthinker's own are in
    ``configs/quickstart.yaml``.

    Attributes:
        policies: What to compare, by name: each a folder, a Hub name or a built-in policy, or
            keys of `PolicyConfig`, which win over those of this config. ``base`` is the one that
            the others are compared with. The keys ``base`` and ``trained`` are short for
            ``policies.base`` and ``policies.trained``.
        grid_policies: Policies that run under every rule of the grid and have an oracle, base
            among them; base alone if left out. The others run under one rule, the base's chosen
            one, with a threshold of their own.
        baselines: Baselines that need no training: ``prompt_guided`` (base, asked to be brief),
            ``no_thinking`` (base with its thinking switched off) and ``token_budget`` (adds that
            rule, whose limit is chosen on the calibration problems).
        guidance: What ``prompt_guided`` adds to the user turn, after an empty line.
        pooled: Policies that are further training runs of another, e.g. ``{control: [control_1,
            control_2]}``. Their samples join its arms, and intervals take in what differs from
            run to run; only that policy is named elsewhere in this config. ``base`` has none.
        claims: Pairs of policies to make claims about, e.g. ``[[trained, control]]``; if left
            out each policy against each one before it, or against ``control`` where there is one.
        token_budgets: Tokens of a completion at which accuracy is given, at most
            ``max_new_tokens``; that and a half, a quarter, an eighth and a 16th of it if left out.
        prices: What tokens cost, for the money that an arm's answers cost; not given if left out.
        margin: Non-inferiority margin of the claims, a share: accuracy that a policy may lose and
            still count as equally accurate. State it before the comparison is run.
        tagger: The frozen tagger: a folder, a packaged name or a Hub repository
            (``owner/name`` or ``owner/name@revision``); the packaged one if left out.
        segmenter: What cuts thinking into the steps the taggers get: a name, or a YAML or JSON
            file with its settings; the tagger's own if left out.
        audit_tagger: A tagger, named alike, that never fed the reward; none if left out.
        training_metrics: ``metrics.jsonl`` of the run whose curves the report shows; that of the
            run in whose folder ``trained`` is, if left out and if there is one.
        problems: The test split; no threshold is chosen on it.
        calibration: The split on which thresholds are chosen.
        samples: Completions of each test problem.
        rules: Stopping rules with their parameters; a list of numbers is a grid. Rules with a
            budget take ``share`` too, shares of base's mean on the calibration problems. A rule
            under another name than its kind's says its ``kind``, so that one can serve twice.
        tolerance: Accuracy a threshold may cost on the calibration split, as a share.
        trained_monitored: Also run policies other than `grid_policies` under a monitor.
        oracle: Also search each trace of `grid_policies` for the first point where it could have
            stopped, by one greedy probe a step boundary.
        oracle_answer_tokens: Budget of an oracle's forced answer; left out, twice what 95 % of
            the policy's own finished answers need.
        max_new_tokens: Most tokens of a completion. Left out: ``max_completion_length`` of the
            training run in whose folder a policy is, the largest of several, else what the
            smallest context of the policies leaves after the longest prompt.
        temperature: Sampling temperature, 0 is greedy; that of base's generation config if left
            out, as `top_p` and `top_k`.
        top_p: Nucleus.
        top_k: Likeliest tokens kept; 0 keeps all.
        batch_size: Most rows sampled at once.
        max_batch_tokens: Most tokens of the key-value cache of the rows sampled at once, prompts
            and `max_new_tokens` counted; what fits into half of the free memory if left out.
        engine: What generates: ``kit``, the kit's own sampler; ``vllm``, for large models on a GPU
            (docs/engines.md); or ``transformers``, its ``generate``, which is slower and exists to
            check the others.
        drafts: Read the completions of a policy's free arm in parallel, up to where a rule stops
            them, in place of sampling the same tokens again. Saves time and changes no token; arms
            under rules then have no times. Only with ``engine: kit``.
        workers: Arms that run side by side, each in a process with its own copy of the policy;
            the samples are the same with one worker as with several.
        seed: Seed of sampling and bootstrap.
        title: Heading of the report.
    """

    policies: dict[str, PolicyEntry] = field(default_factory=lambda: {BASE: DEFAULT_BASE})
    grid_policies: list[str] | None = None
    baselines: list[Baseline] = field(default_factory=list)
    guidance: str = GUIDANCE
    pooled: dict[str, list[str]] = field(default_factory=dict)
    claims: list[list[str]] | None = None
    margin: Annotated[float, Interval(gt=0, lt=1)] = MARGIN
    token_budgets: list[Annotated[int, Ge(1)]] | None = None
    prices: PricesConfig | None = None
    tagger: str | None = None
    segmenter: str | None = None
    audit_tagger: str | None = None
    training_metrics: str | None = None
    problems: Split = field(default_factory=Split)
    calibration: Split = field(default_factory=_calibration)
    samples: Annotated[int, Ge(1)] = 4
    rules: dict[str, dict[str, Any]] = field(default_factory=_rules)
    tolerance: Annotated[float, Interval(ge=0, le=1)] = 0.01
    trained_monitored: bool = True
    oracle: bool = True
    oracle_answer_tokens: Annotated[int, Ge(1)] | None = None
    max_new_tokens: Annotated[int, Ge(1)] | None = None
    temperature: Annotated[float, Interval(ge=0, lt=math.inf)] | None = None
    top_p: Annotated[float, Interval(gt=0, le=1)] | None = None
    top_k: Annotated[int, Ge(0)] | None = None
    batch_size: Annotated[int, Ge(1)] = 32
    max_batch_tokens: Annotated[int, Ge(1)] | None = None
    engine: EngineName = "kit"
    drafts: bool = False
    workers: Annotated[int, Ge(1)] = 1
    seed: Annotated[int, Ge(0)] = 0
    title: str = "Suffice comparison"

    @property
    def with_grid(self) -> list[str]:
        """Names of the policies that run under every rule, in the order of `policies`."""
        named = [BASE] if self.grid_policies is None else self.grid_policies
        return [name for name in self.heads if name in named]

    @property
    def monitored(self) -> list[str]:
        """Names of the policies that also run under a rule: never those of baselines alone."""
        named = self.heads if self.trained_monitored else self.with_grid
        free = set(baseline_policies(self.baselines)) - set(self.with_grid)
        return [name for name in named if name not in free]

    @property
    def heads(self) -> list[str]:
        """Names of the policies that have arms of their own: all but the further runs of one."""
        further = {name for runs in self.pooled.values() for name in runs}
        return [name for name in self.policies if name not in further]

    def runs_of(self, policy: str) -> list[str]:
        """A policy and its further training runs."""
        return [policy, *self.pooled.get(policy, ())]

    def grid(self) -> list[GridPoint]:
        """All points of the rule grid, in the order of the config."""
        return grid_points(self.rules)


_INHERITED = ("source", "config", "columns", "settings", "checker")
"""Keys that ``calibration`` takes from ``problems`` where it names no source."""


def compare_config(values: Mapping[str, Any], source: str = "compare settings") -> CompareConfig:
    """Build the settings from parsed YAML.

    What ``calibration`` leaves out is taken from its defaults, its source and what belongs to it
    from ``problems``.

    Args:
        values: Keys and values.
        source: What to call them in errors, e.g. the file.

    Raises:
        UserError: Unknown key (the nearest valid one is suggested), a value of the wrong kind,
            or settings that cannot work together.
    """
    try:
        values = merge_policies(values)
    except UserError as error:
        raise UserError(f"{source}: {error}") from error
    problems, given = values.get("problems"), values.get("calibration", {})
    if isinstance(problems, Mapping):
        values["problems"] = _whole_file(problems) | dict(problems)
    if isinstance(given, Mapping):
        shared = problems if isinstance(problems, Mapping) and "source" not in given else {}
        given = {key: shared[key] for key in _INHERITED if key in shared} | dict(given)
        values["calibration"] = _calibration().to_dict() | _whole_file(given) | given
    config = build_settings(CompareConfig, values, source)
    named = (config.baselines, config.guidance)
    policies, rules = with_baselines(config.policies, config.rules, *named, shared=config)
    config = dataclasses.replace(config, policies=policies, rules=rules)
    _check(config)
    return config


def _whole_file(split: Mapping[str, Any]) -> dict[str, Any]:
    """Generated sets have a size by default, others are read whole, from a split of their own."""
    source = str(split.get("source", Split.source))
    if source == Split.source:
        return {}
    return {"split": None} if is_generated(source) else {"split": None, "size": None}


def config_keys() -> frozenset[str]:
    """Names of the settings of a comparison."""
    return frozenset(f.name for f in dataclasses.fields(CompareConfig))


def _check(config: CompareConfig) -> None:
    _check_policies(config)
    if config.drafts and config.engine not in TAKE_DRAFTS:
        raise UserError(
            f"Config key 'drafts' is true, but engine: {config.engine} takes no drafts; leave"
            f" drafts out, or set engine: {' or '.join(TAKE_DRAFTS)}."
        )
    check_budgets(config.token_budgets, config.max_new_tokens)
    test, calibration = config.problems, config.calibration
    same = all(
        getattr(test, key) == getattr(calibration, key) for key in (*_INHERITED, "seed")
    ) and (test.split or test.PURPOSE) == (calibration.split or calibration.PURPOSE)
    if config.rules and same:
        raise UserError(
            "Config keys 'problems' and 'calibration' name the same problems; choose thresholds on"
            " another split (for the overthinker, calibration.split=calibration), source (another"
            " file: calibration.source=FILE) or seed, or compare without stopping rules: rules={}."
        )
    for rule, params in config.rules.items():
        check_name(rule, params)
        check_shares(rule, params)
        if not rule_points(rule, params):
            raise UserError(f"Config key 'rules.{rule}' has an empty grid; list its thresholds.")
    names = [point.name for point in config.grid()]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"The grid holds {name!r} twice; list each threshold once.")


def _check_policies(config: CompareConfig) -> None:
    check_names(list(config.policies), config_keys())
    for name, entry in config.policies.items():
        policy = policy_config(entry, config, f"policies.{name}")
        if config.engine == "vllm":
            check_vllm_settings(policy, config.workers)
    check_pooled(config.pooled, config.policies)
    if config.grid_policies is not None:
        check_known(config.grid_policies, "grid_policies", config.heads)
        if BASE not in config.grid_policies:
            raise UserError(
                f"Config key 'grid_policies' lacks {BASE!r}, whose monitored stops the others are"
                " compared with; add it."
            )
    for pair in config.claims or ():
        if len(pair) != 2 or pair[0] == pair[1]:
            raise UserError(
                f"Config key 'claims' holds {pair!r}; name pairs of two policies, e.g."
                " [[trained, base]]."
            )
        check_known(pair, "claims", config.heads)
