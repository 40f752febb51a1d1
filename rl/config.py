"""The config of a training run: typed, every key checked, written whole into the run folder."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tagger.errors import UserError, unknown_name


@dataclass
class ProblemsConfig:
    """Where the problems come from.

    Attributes:
        source: ``overthinker``, or a JSONL file (see `rl.problems.read_problems`).
        split: Split of a generated source; ignored for files.
        size: Number of problems; all of a file if left out.
        seed: Seed of the draw.
    """

    source: str = "overthinker"
    split: str = "train"
    size: int | None = None
    seed: int = 0


def _default_terms() -> dict[str, Any]:
    return {
        "correctness": {"weight": 1.0},
        "step_count": {"weight": 0.1, "types": {"VERIFY": {"weight": 1.0}}},
    }


@dataclass
class RewardConfig:
    """The reward.

    Attributes:
        terms: Name to ``{weight: ..., **parameters}``; see `rewards.compose.build_stack`.
    """

    terms: dict[str, Any] = field(default_factory=_default_terms)


@dataclass
class DelimitersConfig:
    """Thinking delimiters, for tokenizers whose own cannot be told.

    Attributes:
        open: Opening delimiter.
        close: Closing delimiter.
    """

    open: str
    close: str


@dataclass
class AccuracyFloorConfig:
    """When to stop because the policy unlearns to answer.

    Attributes:
        floor: Stop if the running mean of correct rollouts falls below this share.
        drop: Or below its mean over the first `window` steps by more than this share.
        window: Steps the running mean covers.
    """

    floor: float | None = None
    drop: float | None = None
    window: int = 20

    def __post_init__(self) -> None:
        for name in ("floor", "drop"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise UserError(f"accuracy_floor.{name} is {value!r}; it must be a share, 0 to 1.")
        if self.floor is None and self.drop is None:
            raise UserError("accuracy_floor needs 'floor' or 'drop', e.g. {drop: 0.05}.")
        if self.window < 1:
            raise UserError(f"accuracy_floor.window is {self.window!r}; it must be at least 1.")


@dataclass
class RunConfig:
    """Everything a training run depends on.

    Attributes:
        model: Folder, Hub name, or ``overthinker`` (the packaged model).
        problems: The training problems.
        tagger: Folder of the frozen tagger; the packaged one if left out.
        audit_tagger: Folder of a second tagger that is only logged.
        delimiters: Thinking delimiters; the tokenizer's own if left out.
        reward: The reward terms.
        grpo: Any field of TRL's `GRPOConfig` that is not set by another key here.
        lora: Fields of peft's `LoraConfig`; full fine-tuning if left out.
        accuracy_floor: When to stop early; never if left out.
        seed: Seed of everything random in the run, problems aside.
        output: Run folder; must not exist. The command line fills it in.
        report_to: ``none``, ``wandb``, ``tensorboard``, ``trackio`` ... or a list of them.
    """

    model: str = "overthinker"
    problems: ProblemsConfig = field(default_factory=ProblemsConfig)
    tagger: str | None = None
    audit_tagger: str | None = None
    delimiters: DelimitersConfig | None = None
    reward: RewardConfig = field(default_factory=RewardConfig)
    grpo: dict[str, Any] = field(default_factory=dict)
    lora: dict[str, Any] | None = None
    accuracy_floor: AccuracyFloorConfig | None = None
    seed: int = 0
    output: str = ""
    report_to: str | list[str] = "none"

    def to_dict(self) -> dict[str, Any]:
        """The resolved config as plain data."""
        return dataclasses.asdict(self)


SECTION = "train"
"""A file that configures other commands too holds the keys of `RunConfig` under this one."""


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> RunConfig:
    """Read a YAML config and apply overrides.

    Args:
        path: The YAML file; if it has a ``train`` section, that is the config.
        overrides: ``a.b=value``, values read as YAML; they win over the file.

    Returns:
        The typed config.

    Raises:
        UserError: Missing or malformed file, unknown key, or a value of the wrong type.
    """
    import yaml

    path = Path(path)
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_loader())
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"Cannot read the config {path}: {error}.") from error
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where else ""
        problem = getattr(error, "problem", None) or "no valid YAML"
        raise UserError(f"The config {path}{line} is not valid YAML: {problem}.") from error
    if isinstance(data, dict) and SECTION in data:
        data = data[SECTION]
    return config_from_dict(apply_overrides({} if data is None else data, overrides), str(path))


def apply_overrides(data: Any, overrides: Sequence[str]) -> dict[str, Any]:
    """Set dotted keys in plain config data.

    Raises:
        UserError: An override without ``=``, with a value that is no YAML, or through a key that
            holds no mapping.
    """
    import yaml

    if not isinstance(data, dict):
        raise UserError("A config must be a mapping of keys to values.")
    for override in overrides:
        dotted, equals, text = override.partition("=")
        if not equals or not dotted:
            raise UserError(f"The override {override!r} must look like key=value.")
        try:
            value = yaml.load(text, Loader=_loader())
        except yaml.YAMLError as error:
            raise UserError(f"The value of the override {override!r} is not YAML.") from error
        *parents, last = dotted.split(".")
        node = data
        for key in parents:
            node[key] = {} if node.get(key) is None else node[key]
            node = node[key]
            if not isinstance(node, dict):
                raise UserError(f"The override {override!r} goes through {key!r}, a plain value.")
        node[last] = value
    return data


def config_from_dict(data: Mapping[str, Any], source: str = "config") -> RunConfig:
    """Build a typed config from plain data.

    Args:
        data: Keys and values.
        source: What to call the data in errors, e.g. the file name.

    Raises:
        UserError: Unknown key, missing key, or a value of the wrong type.
    """
    config: RunConfig = _build(RunConfig, data, source, "")
    return config


def write_config(config: RunConfig, path: Path) -> None:
    """Write the resolved config as YAML, to a temporary name first."""
    import yaml

    temporary = path.with_name(path.name + ".tmp")
    text = yaml.safe_dump(config.to_dict(), sort_keys=False, allow_unicode=True)
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def differing_keys(a: Mapping[str, Any], b: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Dotted keys in which two configs differ."""
    found: list[str] = []
    for key in [*a, *(k for k in b if k not in a)]:
        left, right = a.get(key), b.get(key)
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            found += differing_keys(left, right, f"{prefix}{key}.")
        elif left != right:
            found.append(f"{prefix}{key}")
    return found


def _build(cls: type[Any], data: Any, source: str, prefix: str) -> Any:
    if not isinstance(data, Mapping):
        raise UserError(f"{source}: {prefix.rstrip('.') or 'the config'} must be a mapping.")
    hints = typing.get_type_hints(cls)
    for key in data:
        if key not in hints:
            raise _unknown_key(str(key), prefix, source, hints)
    for f in dataclasses.fields(cls):
        no_default = f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        if no_default and f.name not in data:
            raise UserError(f"{source}: the key {prefix}{f.name} is missing.")
    values = {k: _value(hints[k], v, source, f"{prefix}{k}") for k, v in data.items()}
    return cls(**values)


def _unknown_key(key: str, prefix: str, source: str, known: Mapping[str, Any]) -> UserError:
    """The error for an unknown key; a key one level too high is told where it belongs."""
    sections = {"problems": ProblemsConfig, "reward": RewardConfig}
    homes = {f.name: f"{s}.{f.name}" for s, c in sections.items() for f in dataclasses.fields(c)}
    if prefix == "" and key in homes:
        told = f"Unknown config key {key!r}; did you mean {homes[key]!r}?"
    else:
        told = str(unknown_name("config key", prefix + key, [prefix + name for name in known]))
    return UserError(f"{source}: {told}")


def _value(hint: Any, value: Any, source: str, key: str) -> Any:
    """Check and convert one value against its type hint."""
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if value is None and type(None) in options:
        return None
    for option in options:
        if dataclasses.is_dataclass(option):
            return _build(typing.cast("type[Any]", option), value, source, f"{key}.")
        plain = typing.get_origin(option) or option
        if plain is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if isinstance(value, plain) and not (plain is int and isinstance(value, bool)):
            return dict(value) if plain is dict else value
    wanted = " or ".join(
        "nothing" if o is type(None) else (typing.get_origin(o) or o).__name__ for o in options
    )
    raise UserError(f"{source}: {key} is {value!r}; it must be of type {wanted}.")


def _loader() -> Any:
    """YAML 1.1 with numbers such as 5e-5 read as numbers, and duplicate keys refused."""
    import re

    import yaml

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen: set[Any] = set()
            for key_node, _ in node.value:
                key = self.construct_object(key_node, deep=True)
                if key in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key!r} stands there twice", key_node.start_mark
                    )
                seen.add(key)
            return typing.cast("dict[Any, Any]", super().construct_mapping(node, deep))

    Loader.add_implicit_resolver(
        "tag:yaml.org,2002:float",
        re.compile(r"^[-+]?(?:\d+\.?\d*|\.\d+)[eE][-+]?\d+$"),
        list("-+0123456789."),
    )
    return Loader
