"""The settings of a sweep, checked before anything heavy is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Interval

from rl.sweep.settings.overrides import overlap
from rl.sweep.settings.space import Range, grid, read_space
from tagger.config.arms import arms_of
from tagger.config.settings import Settings, apply_overrides, build_settings, read_yaml
from tagger.errors import UserError, unknown_name

VARY = "vary"
"""Key of an arm that takes the place of the sweep's own `vary`."""
CONTROL = "control"


@dataclass
class ObjectiveConfig(Settings):
    """What TPE looks for, measured on the calibration problems.

    Attributes:
        tokens_per_point: Tokens that one point of accuracy is worth; the objective is accuracy in
            points less tokens divided by this. Left out: accuracy and tokens are two objectives,
            and settings are preferred that add to the hypervolume.
    """

    OWNER: ClassVar[str] = "objective"

    tokens_per_point: Annotated[float, Gt(0)] | None = None


@dataclass
class SweepConfig(Settings):
    """What to vary, around what, and on which problems the policies are compared.

    Attributes:
        train: Settings of the run that everything is varied around, as of ``suffice train``.
        base: A file with them instead, perhaps with sections ``compare`` and ``arms`` too, as the
            recipes; keys of `train` and `compare` here win over the file's, `arms` replaces its.
            Found from the folder of the sweep file, else from where the command runs.
        vary: Dotted keys of a run, each with a list of values or a range, ``{uniform: [0, 1]}``,
            ``{log: [0.01, 1]}`` or ``{integer: [1, 8]}``.
        method: ``grid`` runs every combination, ``random`` draws, ``tpe`` lets optuna propose
            from what came out so far.
        trials: Points to draw or to propose, for every arm; for ``random`` and ``tpe`` only.
        batch: Points that ``tpe`` proposes at a time, from all that came out before; 2 if left
            out.
        objective: What ``tpe`` looks for.
        seeds: Training seeds of every setting; that of `train` if left out.
        more_seeds_within: Run settings with the first seed, and with the other seeds only those
            that no setting dominates once their tokens are lowered by this share (0.1: within
            10 % of the front), by the calibration problems. Left out: all settings get all seeds.
        arms: Named sets of overrides, dotted keys with values; a key ``vary`` in an arm takes the
            place of the sweep's. The base run alone if left out.
        control: Arm that the others are compared with, which must not vary. ``control`` if left
            out and an arm of that name is there, else base.
        compare: Settings of the comparison, as of ``suffice compare``; what its policies, tagger
            and delimiters are is taken from `train` where it is left out.
        tolerance: Accuracy that the recommended setting may cost against control, as a share.
        saving: Share of tokens that a run shall save, for the steps that it took to do so, counted
            from base, and for the range of a key that does so against control.
        workers: Runs side by side, one thread each.
        seed: Seed of draws and bootstrap.
        slurm: Options of ``sbatch`` for ``--slurm``, e.g. ``{partition: gpu, time: "02:00:00"}``.
        title: Heading of the page.
    """

    OWNER: ClassVar[str] = "the sweep"

    train: dict[str, Any] = field(default_factory=dict)
    base: str | None = None
    vary: dict[str, Any] = field(default_factory=dict)
    method: Literal["grid", "random", "tpe"] = "grid"
    trials: Annotated[int, Ge(1)] | None = None
    batch: Annotated[int, Ge(1)] | None = None
    objective: ObjectiveConfig | None = None
    seeds: list[int] | None = None
    more_seeds_within: Annotated[float, Interval(gt=0, lt=1)] | None = None
    arms: dict[str, dict[str, Any]] | None = None
    control: str | None = None
    compare: dict[str, Any] = field(default_factory=dict)
    tolerance: Annotated[float, Interval(ge=0, le=1)] = 0.01
    saving: Annotated[float, Interval(gt=0, lt=1)] = 0.4
    workers: Annotated[int, Ge(1)] = 1
    seed: Annotated[int, Ge(0)] = 0
    slurm: dict[str, Any] = field(default_factory=dict)
    title: str = "Suffice sweep"

    @property
    def arm_names(self) -> list[str]:
        """Names of the arms; one without a name if there are none."""
        return list(self.arms) if self.arms else [""]

    @property
    def control_arm(self) -> str | None:
        """Arm that the others are compared with; None without one."""
        return self.control or (CONTROL if CONTROL in (self.arms or {}) else None)

    @property
    def token_price(self) -> float | None:
        """Tokens that ``tpe`` takes a point of accuracy for; None has two objectives."""
        return self.objective.tokens_per_point if self.objective else None

    def fixed(self, arm: str) -> dict[str, Any]:
        """Overrides of an arm, without what it varies."""
        given = (self.arms or {}).get(arm) or {}
        return {key: value for key, value in given.items() if key != VARY}

    def varied(self, arm: str) -> Mapping[str, Any]:
        """What an arm varies: its own `vary` or the sweep's."""
        given = (self.arms or {}).get(arm) or {}
        varied: Mapping[str, Any] = given.get(VARY, self.vary)
        return varied


def load_sweep(path: str | Path, overrides: Sequence[str] = ()) -> SweepConfig:
    """Read a sweep file.

    Args:
        path: The YAML file.
        overrides: ``KEY=VALUE`` words, which win over the file.

    Raises:
        UserError: Missing or malformed file, or as `sweep_config`.
    """
    values = apply_overrides(read_yaml(Path(path)), overrides)
    base = values.get("base")
    if isinstance(base, str) and (Path(path).parent / base).is_file():
        values["base"] = str(Path(path).parent / base)
    return sweep_config(values, str(path))


def sweep_config(values: Mapping[str, Any], source: str = "sweep") -> SweepConfig:
    """Build the settings of a sweep from plain data.

    Args:
        values: Keys and values; the file that `base` names is read.
        source: What to call them in errors, e.g. the file.

    Raises:
        UserError: An unknown key, a value of the wrong kind, or keys that contradict each other.
    """
    config = build_settings(SweepConfig, values, source)
    if config.base is not None:
        config = build_settings(SweepConfig, _with_base(config), source)
    try:
        _check(config)
    except UserError as error:
        raise UserError(f"{source}: {error}") from error
    return config


def _with_base(config: SweepConfig) -> dict[str, Any]:
    """The settings with the base file's in place of its name."""
    content = read_yaml(Path(str(config.base)).expanduser())
    if "train" not in content:
        content = {"train": content}
    parts: dict[str, Any] = {name: content.get(name) or {} for name in ("train", "compare")}
    for name, part in parts.items():
        if not isinstance(part, Mapping):
            raise UserError(f"{config.base}: the section {name!r} must hold keys and values.")
    merged: dict[str, Any] = config.to_dict() | {
        "base": None,
        "arms": config.arms or arms_of(content, str(config.base)) or None,
        "train": _merged(parts["train"], config.train),
        "compare": {**parts["compare"], **config.compare},
    }
    return {key: value for key, value in merged.items() if value is not None}


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of which the second win, section by section."""
    out = dict(below)
    for key, value in above.items():
        old: Any = out.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        out[key] = _merged(old, value) if both else value
    return out


_TAKEN = ("seed", "output", "report_to")
"""Keys of a run that a sweep sets itself, or that change nothing that it measures."""


def _check(config: SweepConfig) -> None:
    if not config.train:
        raise UserError(
            "there is no run to vary; add a section train, as of suffice train, or base: FILE."
        )
    if not config.compare:
        raise UserError(
            "there is no section compare, which names the problems that policies are compared on;"
            " add one, as of suffice compare, e.g. compare: {problems: {source: test.jsonl}}."
        )
    if config.arms is not None and not config.arms:
        raise UserError("arms is empty; name at least one, or leave it out.")
    if config.seeds is not None:
        _check_seeds(config.seeds)
    for arm in config.arm_names:
        _check_arm(config, arm)
    if config.arms is None and not config.vary and len(config.seeds or ()) < 2:
        raise UserError("nothing varies; add vary, arms, or several seeds.")
    _check_method(config)
    if config.control is not None and config.control not in (config.arms or {}):
        raise unknown_name("arm in the key 'control'", config.control, config.arms or ["(none)"])
    _check_control(config)
    if config.more_seeds_within is not None and len(config.seeds or ()) < 2:
        raise UserError("more_seeds_within needs two seeds or more; list them in seeds.")


def _check_control(config: SweepConfig) -> None:
    """Settings are compared with one control, not with the first of several."""
    arm = config.control_arm
    for key, entry in read_space(config.varied(arm)).items() if arm is not None else ():
        if isinstance(entry, Range) or len(entry.values) > 1:
            raise UserError(
                f"{key} varies in the arm {arm!r}, the control that all settings are compared with;"
                f" give that arm {VARY}: {{}}."
            )


def _check_seeds(seeds: Sequence[int]) -> None:
    if not seeds:
        raise UserError("seeds is an empty list; list at least one, or leave it out.")
    for seed in seeds:
        if seeds.count(seed) > 1:
            raise UserError(f"seeds lists {seed} twice; list each seed once.")
        if not 0 <= seed < 2**32:
            raise UserError(f"seeds lists {seed}; a seed is a whole number from 0 to {2**32 - 1}.")


def _check_arm(config: SweepConfig, arm: str) -> None:
    where = f"arms.{arm}" if arm else ""
    own = (config.arms or {}).get(arm) or {}
    fixed = config.fixed(arm)
    varied = read_space(config.varied(arm), f"{where}.{VARY}" if VARY in own else VARY)
    if arm and not all(c.isalnum() or c in "_-" for c in arm):
        raise UserError(f"the arm {arm!r} needs a name of letters, digits, '-' and '_'.")
    for key in (*fixed, *varied):
        if str(key).split(".")[0] in _TAKEN:
            what = "list seeds in seeds" if key == "seed" else "set it in train, or leave it out"
            raise UserError(f"{key} is varied or set in {where or VARY}; {what}.")
    for keys in (list(fixed), list(varied)):
        for i, key in enumerate(keys):
            if found := overlap([key], keys[:i]):
                raise UserError(f"{found[1]} and {found[0]} are both given; keep one of them.")
    if VARY in own:
        both = [key for key in varied if overlap([key], fixed) and not _is_below(key, fixed)]
        found = (both[0], both[0]) if both else None
    else:
        found = overlap(varied, fixed)
    if found:
        raise UserError(
            f"{found[0]} is varied, and the arm {arm!r} sets {found[1]}; leave one of them out, or"
            f" give the arm a vary of its own ({VARY}: {{}} for none)."
        )


def _is_below(key: str, sections: Mapping[str, Any]) -> bool:
    """Whether a key is within a section that is set, and none of its own sections is."""
    return key not in sections and not any(s.startswith(f"{key}.") for s in sections)


def _check_method(config: SweepConfig) -> None:
    method = config.method
    if method == "grid":
        for key in ("trials", "batch"):
            if getattr(config, key) is not None:
                raise UserError(f"{key} acts only with method: random or tpe; leave it out.")
        for arm in config.arm_names:
            grid(read_space(config.varied(arm)))
    elif config.trials is None:
        raise UserError(f"method: {method} needs trials, the number of points to try.")
    elif not any(config.varied(arm) for arm in config.arm_names):
        raise UserError(f"method: {method} needs vary, with lists or ranges to draw from.")
    if method != "tpe":
        for key in ("batch", "objective"):
            if getattr(config, key) is not None:
                raise UserError(f"{key} acts only with method: tpe; leave it out.")
        return
    if config.more_seeds_within is not None:
        raise UserError("more_seeds_within acts with grid and random; leave it out, or change one.")
    for arm in config.arm_names:
        for key, entry in read_space(config.varied(arm)).items():
            if not isinstance(entry, Range):
                _check_choices(key, entry.values)


def _check_choices(key: str, values: Sequence[Any]) -> None:
    for value in values:
        if not isinstance(value, str | int | float | bool | None):
            raise UserError(
                f"vary.{key} lists {value!r}; tpe takes texts, numbers, true, false and null."
            )
