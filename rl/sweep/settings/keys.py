"""The keys of a sweep file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Interval

from rl.sweep.settings.space import VARY
from tagger.config.settings import Settings

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
class ContrastConfig(Settings):
    """An arm whose settings are stood against those of others at equal tokens.

    Attributes:
        arm: The arm.
        against: Other arms; all but control if left out. Control counts as a setting of each.
        equal_on: Bands of the test problems on which tokens are equal, e.g. those that were trained
            on; all if left out.
    """

    OWNER: ClassVar[str] = "contrast"

    arm: str
    against: list[str] | None = None
    equal_on: list[str] | None = None


@dataclass
class SweepConfig(Settings):
    """What to vary, around what, and on which problems the policies are compared.

    Attributes:
        train: Settings of the run that everything is varied around, as of ``suffice train``.
        base: A file with them instead, perhaps with sections ``compare`` and ``arms`` too, as the
            recipes; keys of `train` and `compare` here win over the file's, `arms` replaces its. Of
            `compare`, sections do so as a whole, but for problems that name no source. With another
            model in `train`, base of the comparison is that one. The file is found from the folder
            of the sweep file, else from where the command runs.
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
        contrast: An arm to stand against others at equal tokens.
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
    contrast: ContrastConfig | None = None
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
    def contrast_arms(self) -> list[str]:
        """Arms that the one of `contrast` is stood against; none without that key."""
        if self.contrast is None:
            return []
        if self.contrast.against is not None:
            return self.contrast.against
        return [arm for arm in self.arm_names if arm not in (self.contrast.arm, self.control_arm)]

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
