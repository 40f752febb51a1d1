"""The packaged recipes: ``configs/recipes/MODEL/TASK.yaml``, by name, with what their headers say.

A recipe is a config file with the sections ``train``, ``arms`` (`tagger.config.arms`) and
``compare``. The comment at its top holds the command, a description and three lines ``hardware:``,
``time:`` and ``expected:``; a line ``note:`` may follow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from launch.command import CONFIGS
from rl.scale.strategies import BY_NAME, Strategy, applicable
from rl.training.config import RunConfig, load_config
from tagger.config.arms import arms_of
from tagger.config.settings import read_yaml
from tagger.errors import UserError, unknown_name

RECIPES = CONFIGS / "recipes"
FIELDS = ("hardware", "time", "expected")
_HARDWARE = re.compile(r"(?:CPU|(\d+) GPUs?), (\d+) GB(?:, (\w+))?")


@dataclass(frozen=True)
class Hardware:
    """What a run is meant for.

    Attributes:
        gpus: GPUs, one process each; 0 is a CPU.
        memory: Memory of a GPU, or of the machine without one, in GiB.
        strategy: How the run is split.
    """

    gpus: int
    memory: float
    strategy: Strategy

    @property
    def text(self) -> str:
        """In words."""
        if not self.gpus:
            return f"CPU, {self.memory:g} GB"
        plain = f"{self.gpus} GPU{'s' if self.gpus > 1 else ''}, {self.memory:g} GB"
        return plain if self.gpus == 1 else f"{plain}, {self.strategy.name}"


@dataclass(frozen=True)
class Recipe:
    """One recipe.

    Attributes:
        name: ``MODEL/TASK``.
        path: Its file.
        about: What it is, from the header.
        notes: Fields of the header: hardware, time, expected, note.
        arms: Names of its arms, in order.
    """

    name: str
    path: Path
    about: str
    notes: Mapping[str, str]
    arms: tuple[str, ...]

    @property
    def hardware(self) -> Hardware:
        """What it is meant for.

        Raises:
            UserError: The header does not say it as ``2 GPUs, 80 GB, zero3`` or ``CPU, 8 GB``.
        """
        return read_hardware(self.notes.get("hardware", ""), str(self.path))

    def config(self, arm: str) -> RunConfig:
        """The run of an arm."""
        return load_config(self.path, arm=arm)

    def output(self, arm: str) -> Path:
        """Run folder of an arm, where nothing else is named."""
        return Path("runs") / self.name / arm


def read_hardware(text: str, source: str) -> Hardware:
    """Read the line ``hardware`` of a header.

    Raises:
        UserError: It is written otherwise.
    """
    found = _HARDWARE.fullmatch(text)
    if found is None:
        raise UserError(
            f"{source}: the header's hardware is {text!r}; write e.g. 'CPU, 8 GB', "
            "'1 GPU, 80 GB' or '4 GPUs, 80 GB, zero3'."
        )
    gpus, name = int(found[1] or 0), found[3]
    if name is not None and name not in BY_NAME:
        raise unknown_name(f"strategy in {source}", name, BY_NAME)
    strategy = BY_NAME[name] if name is not None else applicable(gpus)[0]
    return Hardware(gpus, float(found[2]), strategy)


def recipe_names() -> list[str]:
    """Names of all recipes, sorted."""
    return sorted(
        path.relative_to(RECIPES).with_suffix("").as_posix() for path in RECIPES.glob("*/*.yaml")
    )


def find_recipe(name: str) -> Recipe:
    """A recipe by name.

    Raises:
        UserError: No such recipe; the nearest one is suggested.
    """
    if name not in recipe_names():
        raise unknown_name("recipe", name, recipe_names())
    path = RECIPES / f"{name}.yaml"
    about, notes = _header(path)
    return Recipe(name, path, about, notes, tuple(arms_of(read_yaml(path), str(path))))


def _header(path: Path) -> tuple[str, dict[str, str]]:
    """Description and fields of a recipe's first comment; the command in its first line aside."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# ").rstrip())
    notes = {}
    for line in lines:
        key, colon, text = line.partition(": ")
        if colon and key in (*FIELDS, "note"):
            notes[key] = text
    about = [line for line in lines[1:] if line and line.partition(": ")[0] not in notes]
    return " ".join(about).partition(" All commands:")[0], notes
