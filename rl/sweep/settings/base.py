"""The file that a sweep's key ``base`` names, read and put below the sweep's own keys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tagger.config.arms import arms_of
from tagger.config.sections import check_sections
from tagger.config.settings import read_yaml
from tagger.errors import UserError

_MODEL = ("model", "revision", "adapter")
_PROBLEMS = ("problems", "calibration")


def with_base(sweep: Mapping[str, Any], source: str) -> dict[str, Any]:
    """The settings with the base file's in place of its name.

    Args:
        sweep: All keys of a sweep that names a base file.
        source: What to call the sweep in errors.

    Raises:
        UserError: The file is missing or malformed.
    """
    base, train = str(sweep["base"]), sweep["train"]
    path = Path(base).expanduser()
    if not path.is_file():
        raise UserError(
            f"{source}: base is {base}, and there is no such file, neither in the folder of"
            " the sweep file nor where the command runs."
        )
    content = read_yaml(path)
    if "train" in content:
        check_sections(content, base)
    else:
        content = {"train": content}
    parts: dict[str, Any] = {name: content.get(name) or {} for name in ("train", "compare")}
    for name, part in parts.items():
        if not isinstance(part, Mapping):
            raise UserError(f"{base}: the section {name!r} must hold keys and values.")
    other_model = any(
        train.get(key, parts["train"].get(key)) != parts["train"].get(key) for key in _MODEL
    )
    merged: dict[str, Any] = dict(sweep) | {
        "base": None,
        "arms": sweep["arms"] if sweep["arms"] is not None else arms_of(content, base) or None,
        "train": _merged(parts["train"], train),
        "compare": _compared(parts["compare"], sweep["compare"], other_model),
    }
    return {key: value for key, value in merged.items() if value is not None}


def _compared(
    below: Mapping[str, Any], above: Mapping[str, Any], other_model: bool
) -> dict[str, Any]:
    """Settings of a comparison of which the second win, section by section as a whole.

    Problems that name no source keep that of the file and what belongs to it. In a sweep of
    another model than the file's, base is that model.
    """
    out = dict(below)
    if other_model:
        out.pop("base", None)
        if isinstance(named := out.pop("policies", None), Mapping):
            others = {name: given for name, given in named.items() if name != "base"}
            out |= {"policies": others} if others else {}
    for key, value in above.items():
        old = out.get(key)
        single = key in _PROBLEMS and isinstance(value, Mapping) and "source" not in value
        out[key] = {**old, **value} if single and isinstance(old, Mapping) else value
    return out


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of which the second win, section by section."""
    out = dict(below)
    for key, value in above.items():
        old: Any = out.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        out[key] = _merged(old, value) if both else value
    return out
