"""Problem sets by name: a generated one, a file, a data set of the Hub, a benchmark."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from rl.problems.checkers import with_checker
from rl.problems.collect import draw
from rl.problems.config import ProblemsConfig
from rl.problems.files import read_problems
from rl.problems.problem import Problem
from rl.problems.sources import hub, reasoning_gym
from rl.problems.sources.base import Source
from tagger.config.settings import build_settings
from tagger.errors import unknown_name

P = TypeVar("P", bound=ProblemsConfig)

OVERTHINKER = "overthinker"
_EARLIER_DEFAULTS = ("train", "test", "calibration")

_FILE = {"split": "a file holds one split", "config": "only data sets of the Hub have them"}
_BY_SEED = {"split": "its problems are drawn; another seed gives others"}


def find_source(name: str) -> Source:
    """The source that ``problems.source`` names.

    Args:
        name: ``overthinker``; ``reasoning_gym:NAME``; ``hf:OWNER/NAME`` or ``hf:FOLDER``; a named
            set such as ``gsm8k`` (`rl.problems.sources.named_sets.yaml`); or a file, see
            `rl.problems.files.read_problems`. A file called like a set is ``./gsm8k``.

    Raises:
        UserError: It looks like the name of a set, and there is none.
    """
    from rl.problems.sources import named

    if name == OVERTHINKER:
        return Source(_overthinker, ("split", "settings"), generated=True, splits=("train",))
    if name.startswith(reasoning_gym.PREFIX):
        return Source(reasoning_gym.load, ("settings",), _BY_SEED, generated=True)
    if name.startswith(hub.PREFIX):
        return Source(hub.load, ("split", "config", "columns", "settings"))
    sets = named.named_sets()
    if name in sets:
        why = dict.fromkeys(("config", "columns"), "a named set brings its own")
        return Source(named.load, ("split", "settings"), why, splits=tuple(sets[name].splits))
    known = [OVERTHINKER, *sets]
    if not Path(name).exists() and difflib.get_close_matches(name, known, 1, 0.8):
        raise unknown_name("problem set", name, known)
    return Source(_file, ("columns",), _FILE)


def is_generated(name: str) -> bool:
    """Whether a source draws as many problems as are asked for; no other is read to tell."""
    return name == OVERTHINKER or name.startswith(reasoning_gym.PREFIX)


def is_file(name: str) -> bool:
    """Whether a source is a file, there or not."""
    return find_source(name).load is _file


def load(config: ProblemsConfig) -> list[Problem]:
    """Load the problems that a config asks for.

    Returns:
        The problems: those of a file or data set in its order, or `ProblemsConfig.size` of them
        without replacement, in a random order.

    Raises:
        UserError: No such source, a key that does not fit it, missing or malformed problems, more
            asked for than there are, or a reference that the checker cannot compare with.
    """
    source = find_source(config.source)
    source.check(config)
    problems = source.load(config)
    checker = config.checker if config.checker is not None else _own_checker(config.source)
    return problems if checker is None else with_checker(problems, checker)


def without_idle_split(config: P) -> P:
    """Settings of an earlier run as today's: version 0.1.0 wrote its default split next to a file.

    Args:
        config: Read back from a run folder.

    Returns:
        The same, without the split if the source is a file, which holds one split and refuses the
        key today.
    """
    if config.split in _EARLIER_DEFAULTS and is_file(config.source):
        return dataclasses.replace(config, split=None)
    return config


def load_problems(
    source: str, split: str | None = None, size: int | None = None, seed: int = 0, **keys: Any
) -> list[Problem]:
    """Load a problem set.

    Args:
        source: See `find_source`.
        split: Part of the source; None for its own for training.
        size: Number of problems; all of them if None (a generated source needs a number).
        seed: Seed of the draw.
        keys: Further keys of `ProblemsConfig`: ``config``, ``columns``, ``checker``, ``settings``.

    Returns:
        The problems.

    Raises:
        UserError: As `load`, or an unknown key.
    """
    given = {"source": source, "split": split, "size": size, "seed": seed, **keys}
    return load(build_settings(ProblemsConfig, given, "problems"))


def _overthinker(config: ProblemsConfig) -> list[Problem]:
    from rl.problems.overthinker import OverthinkerSettings, make_problems

    split = config.split if config.split is not None else config.PURPOSE
    bands = build_settings(OverthinkerSettings, config.settings, "").bands
    return make_problems(split, config.size or 0, config.seed, tuple(bands))


def _file(config: ProblemsConfig) -> list[Problem]:
    problems = read_problems(Path(config.source), config.columns)
    return draw(problems, config.size, config.seed, config.source)


def _own_checker(source: str) -> str | Mapping[str, Any] | None:
    """The checker that a named set brings; other sources leave it to their problems' metadata."""
    from rl.problems.sources import named

    entry = named.named_sets().get(source)
    return entry.checker if entry is not None else None
