"""The config of a training run: typed, every key checked, written whole into the run folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Interval

from rl.policy.config import DelimitersConfig, PolicyConfig
from rl.problems.config import ProblemsConfig, SelectionProblems
from rl.training.grpo.keys import check_names, check_places, check_values
from rl.training.grpo.ranges import check_ranges
from tagger.config.arms import arms_of, with_arm
from tagger.config.overrides import build_with_words
from tagger.config.sections import check_sections
from tagger.config.settings import Settings, apply_overrides, build_settings, read_yaml
from tagger.errors import UserError
from tagger.files import write_atomically

__all__ = [
    "AccuracyFloorConfig",
    "DelimitersConfig",
    "ProblemsConfig",
    "RewardConfig",
    "RunConfig",
    "config_from_dict",
    "load_config",
    "write_config",
]


def _default_terms() -> dict[str, Any]:
    return {
        "correctness": {"weight": 1.0},
        "step_count": {"weight": 0.1, "types": {"VERIFY": {"weight": 1.0, "cap": 8}}},
    }


@dataclass
class DynamicSamplingConfig(Settings):
    """Groups without spread are drawn again with other problems.

    Attributes:
        max_draws: Most draws of a group, the first included; then the batch is used as it is.
    """

    max_draws: Annotated[int, Ge(2)] = 3


@dataclass
class RewardConfig(Settings):
    """The reward.

    Attributes:
        terms: Name to ``{weight: ..., **parameters}``; see `rewards.stack.build_stack`.
        allow_charge_above_correctness: Accept terms that can rank a correct rollout with or below
            an incorrect one; refused otherwise.
        aggregation: How terms become advantages: a name in `rewards.aggregation.registry.NAMES`,
            or ``{kind: NAME, **parameters}``. If left out, TRL's by
            ``grpo.multi_objective_aggregation`` and ``grpo.scale_rewards``.
        dynamic_sampling: Whether groups without spread are drawn again; not if left out.
    """

    terms: dict[str, Any] = field(default_factory=_default_terms)
    allow_charge_above_correctness: bool = False
    aggregation: str | dict[str, Any] | None = None
    dynamic_sampling: DynamicSamplingConfig | None = None


@dataclass
class AccuracyFloorConfig(Settings):
    """When to stop because the policy unlearns to answer.

    Attributes:
        floor: Stop if the share of correct rollouts is below this.
        drop: Or if it has fallen by more than this from what it was before.
        window: Fewest steps before a fall; also the steps that the running accuracy covers by
            which the best checkpoint is chosen.
        alpha: Chance that a run which keeps its accuracy is stopped all the same, over its whole
            length (see `rl.analysis.sequential_test`).
    """

    floor: Annotated[float, Interval(ge=0, le=1)] | None = None
    drop: Annotated[float, Interval(ge=0, le=1)] | None = None
    window: Annotated[int, Ge(1)] = 20
    alpha: Annotated[float, Interval(gt=0, lt=1)] = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.floor is None and self.drop is None:
            raise UserError("accuracy_floor needs 'floor' or 'drop', e.g. {drop: 0.05}.")


@dataclass
class KeepRolloutsConfig(Settings):
    """Which training rollouts are kept on disk.

    Attributes:
        every: Steps between two that are kept; the first is kept as well.
        count: Most rollouts of a step, cut down to whole groups, but at least one group.
    """

    every: Annotated[int, Ge(1)] = 25
    count: Annotated[int, Ge(1)] = 64


@dataclass
class RunConfig(PolicyConfig):
    """Everything a training run depends on; the keys of `PolicyConfig` are about its model.

    Attributes:
        problems: The training problems.
        tagger: The frozen tagger: a folder, a packaged name or a Hub repository
            (``owner/name`` or ``owner/name@revision``); the packaged one if left out.
        segmenter: What cuts thinking into the steps the taggers get: a name, or a YAML or JSON
            file with its settings; the tagger's own if left out.
        audit_tagger: A second tagger, named alike, that is only logged.
        tagging_workers: Processes that take a share of tagging the rollouts, next to each training
            process; for large batches of long rollouts.
        reward: The reward terms.
        grpo: Any field of TRL's `GRPOConfig` that is not set by another key here.
        lora: Fields of peft's `LoraConfig`; full fine-tuning if left out, or with `adapter`
            training of that adapter.
        accuracy_floor: When to stop early; never if left out.
        eval_problems: Problems on which the policy is evaluated during training, and by which the
            best one is chosen; none if left out.
        eval_every: Steps between two evaluations, a multiple of ``grpo.save_steps``; the policy
            before the first step and after the last one is evaluated as well.
        eval_samples: Completions of each of them.
        eval_max_batch_tokens: Most tokens of the key-value cache of an evaluation's batch, prompts
            and ``grpo.max_completion_length`` counted; half of the free memory if left out.
        keep_rollouts: Which rollouts are kept in ``rollouts/``; ``null`` keeps none.
        thinking_budget: Most thinking tokens of a training rollout; then its thinking is closed by
            force, and the forced tokens carry no loss. No bound if left out.
        trim_padding: Sort the rows of a step by length over its micro-batches, and leave out the
            columns that are padding in all rows of one: the same sums, rounded otherwise, in less
            time. Rows stay where they are with ``grpo.loss_type: bnpo``, where entropy counts in
            the loss (``grpo.top_entropy_quantile``, ``entropy_coef``, ``use_adaptive_entropy``),
            and with a router's loss.
        seed: Seed of everything random in the run, problems aside.
        output: Run folder; must not exist. The command line fills it in.
        report_to: ``none``, ``wandb``, ``tensorboard``, ``trackio`` ... or a list of them.
        report_artifacts: Upload policy and tagger to W&B when the run is complete.
    """

    problems: ProblemsConfig = field(default_factory=ProblemsConfig)
    tagger: str | None = None
    segmenter: str | None = None
    audit_tagger: str | None = None
    tagging_workers: Annotated[int, Ge(0)] = 0
    reward: RewardConfig = field(default_factory=RewardConfig)
    grpo: dict[str, Any] = field(default_factory=dict)
    lora: dict[str, Any] | None = None
    accuracy_floor: AccuracyFloorConfig | None = None
    eval_problems: SelectionProblems | None = None
    eval_every: Annotated[int, Ge(1)] = 25
    eval_samples: Annotated[int, Ge(1)] = 4
    eval_max_batch_tokens: Annotated[int, Ge(1)] | None = None
    keep_rollouts: KeepRolloutsConfig | None = field(default_factory=KeepRolloutsConfig)
    thinking_budget: Annotated[int, Ge(1)] | None = None
    trim_padding: bool = False
    seed: Annotated[int, Interval(ge=0, le=2**32 - 1)] = 0
    output: str = ""
    report_to: str | list[str] = "none"
    report_artifacts: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_names(self.grpo)
        check_ranges(self.grpo)
        check_values(self.grpo)
        for key in ("eval_every", "eval_samples", "eval_max_batch_tokens"):
            if self.eval_problems is None and getattr(self, key) != getattr(RunConfig, key):
                raise UserError(f"{key} acts only with eval_problems; give them, or leave it out.")
        if self.report_artifacts and "wandb" not in names_of(self.report_to):
            raise UserError("report_artifacts acts only with report_to=wandb; leave it out.")


def names_of(report_to: str | Sequence[str]) -> list[str]:
    """The reporters that ``report_to`` names."""
    return [report_to] if isinstance(report_to, str) else list(report_to)


SECTION = "train"
"""A file that configures other commands too holds the keys of `RunConfig` under this one."""


def load_config(
    path: str | Path, overrides: Sequence[str] = (), arm: str | None = None
) -> RunConfig:
    """Read a YAML config and apply overrides.

    Args:
        path: The YAML file; if it has a ``train`` section, that is the config.
        overrides: ``a.b=value``, values read as YAML; they win over the file.
        arm: One of its ``arms``, see `tagger.config.arms`; None for the section as it stands.

    Returns:
        The typed config.

    Raises:
        UserError: Missing or malformed file, unknown arm or key, or a value of the wrong type
            or out of its range.
    """
    path = Path(path)
    data = read_yaml(path)
    arms = arms_of(data, str(path))
    if SECTION in data:
        check_sections(data, str(path))
        data = data[SECTION]
    values = {} if data is None else data
    if arm is not None and isinstance(values, Mapping):
        values = with_arm(values, arms, arm, str(path))
    return build_with_words(
        lambda words, source: config_from_dict(apply_overrides(values, words), source),
        overrides,
        str(path),
    )


def config_from_dict(data: Mapping[str, Any], source: str = "config") -> RunConfig:
    """Build a typed config from plain data.

    Args:
        data: Keys and values; ``grpo.chat_template_kwargs`` is read as ``chat_template_kwargs``.
        source: What to call the data in errors, e.g. the file name.

    Raises:
        UserError: Unknown key, missing key, or a value of the wrong type or out of its range.
    """
    grpo = data.get("grpo") if isinstance(data, Mapping) else None
    if isinstance(grpo, Mapping) and _OPTIONS in grpo:
        if data.get(_OPTIONS):
            raise UserError(
                f"{source}: Both {_OPTIONS} and grpo.{_OPTIONS} are given; keep {_OPTIONS} alone."
            )
        rest = {key: value for key, value in grpo.items() if key != _OPTIONS}
        data = {**data, "grpo": rest, _OPTIONS: grpo[_OPTIONS] or {}}
    if isinstance(data, Mapping):
        check_places(data, {field.name for field in fields(RunConfig)}, source)
    return build_settings(RunConfig, data, source)


_OPTIONS = "chat_template_kwargs"


def write_config(config: RunConfig, path: Path) -> None:
    """Write the resolved config as YAML.

    Raises:
        UserError: It cannot be written.
    """
    import yaml

    write_atomically(path, yaml.safe_dump(config.to_dict(), sort_keys=False, allow_unicode=True))
