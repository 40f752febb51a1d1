"""Which files a policy is made of: a model, and perhaps an adapter that was trained on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from rl import run_files
from rl.policy.config import PolicyConfig
from rl.policy.converted import CONVERTED, cached_model, converted_model
from rl.provenance import weights_hash
from tagger.errors import UserError
from tagger.files import read_json

OVERTHINKER = "overthinker"
PACKAGED = {
    OVERTHINKER: ("rl", "overthinker", "model"),
    "overthinker-2": ("rl", "overthinker", "model_2"),
}
"""Names of the packaged models, each with the last parts of its folder."""
ADAPTER = "adapter_config.json"
_ADAPTER_REMEDY = "put it back, or name the folder of another adapter"


@dataclass(frozen=True)
class PolicySource:
    """Where the weights of a policy are.

    Attributes:
        model: Folder or Hub name of the model.
        adapter: Folder or Hub name of its adapter, or None.
    """

    model: str
    adapter: str | None = None

    def digest(self) -> str | None:
        """SHA-256 of the weights, the adapter's included; None where some are not on this disk."""
        own = [weights_hash(Path(p)) if Path(p).is_dir() else None for p in self._parts()]
        known = [digest for digest in own if digest is not None]
        return "+".join(known) if len(known) == len(own) else None

    def parameters(self) -> int | None:
        """Numbers that the weights hold, the adapter's included; None if not all are on disk."""
        folders = [Path(part) for part in self._parts()]
        files = [sorted(folder.glob("*.safetensors")) for folder in folders]
        return sum(_numbers(f) for own in files for f in own) if all(files) else None

    def _parts(self) -> list[str]:
        return [self.model] if self.adapter is None else [self.model, self.adapter]


def _numbers(file: Path) -> int:
    """Numbers in a safetensors file, by the shapes in its header."""
    from safetensors import safe_open

    with safe_open(file, framework="np") as weights:
        keys = weights.keys()  # it cannot be iterated over itself
        return sum(math.prod(weights.get_slice(key).get_shape()) for key in keys)


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds an adapter and no model."""
    return (folder / ADAPTER).is_file() and not (folder / "config.json").is_file()


def resolve_model(name: str) -> str:
    """Folder of a model.

    Args:
        name: Folder, Hub name, ``overthinker`` or ``overthinker-2`` (the packaged models), or a
            name of `rl.policy.converted.CONVERTED`, which is converted if it is not there yet. An
            adapter's folder stands for its base.

    Returns:
        A folder, or the Hub name unchanged.

    Raises:
        UserError: A folder that does not exist or holds no model; or as `converted_model`.
    """
    if name in CONVERTED:
        return str(converted_model(name))
    if name in PACKAGED:
        folder = Path(__file__).resolve().parents[2].joinpath(*PACKAGED[name])
        if not (folder / "config.json").is_file():
            raise UserError(
                f"The packaged model {name} is missing; make one with "
                "'suffice overthinker build' and name its folder."
            )
        return str(folder)
    path = Path(name).expanduser()
    if path.is_dir():
        if is_adapter(path):
            return _base_of_folder(path)
        if not (path / "config.json").is_file():
            raise UserError(_no_model(name, path))
        return str(path)
    looks_like_path = name.startswith((".", "/", "~")) or name.count("/") != 1
    if looks_like_path or path.is_file():
        raise UserError(
            f"The model {name!r} is neither a folder, nor a Hub name (owner/name), nor "
            f"one of {', '.join(map(repr, (*PACKAGED, *CONVERTED)))}."
        )
    return name


def _no_model(name: str, path: Path) -> str:
    """What a folder without a model may be: a training run, perhaps with a policy of its own."""
    trained, result = path / run_files.POLICY, path / run_files.RESULT
    if (trained / "config.json").is_file():
        such = f", such as {trained}"
    elif result.is_file() and (reason := read_json(result, "name a model folder").get("no_signal")):
        return f"The training run {name} wrote no policy: {reason} Name a model folder."
    elif (path / run_files.CONFIG).is_file() and (path / run_files.CHECKPOINTS).is_dir():
        return (
            f"The training run {name} has no policy yet; finish it with"
            f" suffice train --resume {name}, or name a model folder."
        )
    else:
        such = ""
    return f"The model folder {name} holds no config.json; name a model folder{such}."


def resolve_policy(config: PolicyConfig) -> PolicySource:
    """Find the model and the adapter of a policy.

    Raises:
        UserError: One of them does not exist, both keys name an adapter, or the adapter was
            trained on another model.
    """
    model, own = resolve_model(config.model), Path(config.model).expanduser()
    if config.revision is not None and Path(model).is_dir():
        raise UserError(
            f"revision is {config.revision!r}, but the model {config.model} is a folder, which has "
            "none; leave it out."
        )
    if own.is_dir() and is_adapter(own):
        if config.adapter is not None:
            raise UserError(
                f"The model {config.model} is an adapter itself; leave the key adapter out, or "
                "name a model folder."
            )
        return PolicySource(model, str(own))
    if config.adapter is None:
        return PolicySource(model)
    folder = Path(config.adapter).expanduser()
    if folder.is_dir() and not (folder / ADAPTER).is_file():
        raise UserError(f"The adapter folder {config.adapter} holds no {ADAPTER}.")
    adapter = str(folder) if folder.is_dir() else resolve_model(config.adapter)
    base = _base_name(adapter)
    if not _same_model(base, model):
        raise UserError(
            f"The adapter {config.adapter} was trained on {base}, not on {config.model}; set "
            f"model={base}, or, if that is only another name of it, correct "
            f"base_model_name_or_path in its {ADAPTER}."
        )
    return PolicySource(model, adapter)


def _base_of_folder(folder: Path) -> str:
    base = _base_name(str(folder))
    try:
        return resolve_model(_named(base))
    except UserError as error:
        raise UserError(
            f"The adapter {folder} was trained on {base}, which is not here; name the base by the "
            f"key model and the folder by the key adapter, or correct base_model_name_or_path in "
            f"its {ADAPTER}."
        ) from error


def _base_name(adapter: str) -> str:
    """What an adapter says it was trained on."""
    folder = Path(adapter)
    if folder.is_dir():
        base = read_json(folder / ADAPTER, _ADAPTER_REMEDY).get("base_model_name_or_path")
    else:
        from peft import PeftConfig

        try:
            base = PeftConfig.from_pretrained(adapter).base_model_name_or_path
        except (OSError, ValueError) as error:
            reason = str(error).strip().splitlines()[0].rstrip(".")
            raise UserError(f"Cannot load the adapter {adapter!r}: {reason}.") from error
    if not isinstance(base, str) or not base:
        raise UserError(
            f"The adapter {adapter} does not say which model it was trained on; set "
            f"base_model_name_or_path in its {ADAPTER}."
        )
    return base


def _named(base: str) -> str:
    """A packaged model keeps its name wherever the package was installed, a cached one its own."""
    found = (name for name, parts in PACKAGED.items() if Path(base).parts[-3:] == parts)
    cached = (name for name in CONVERTED if Path(base) == cached_model(name))
    return next(found, next(cached, base))


def _same_model(base: str, model: str) -> bool:
    """Whether two names mean one model: the same name or folder, or the same weights."""
    base = _named(base)
    if base == model:
        return True
    one, two = (
        Path(resolve_model(base) if base in (*PACKAGED, *CONVERTED) else base).expanduser(),
        Path(model),
    )
    if one.is_dir() and two.is_dir():
        digest = weights_hash(one)
        return one.resolve() == two.resolve() or (
            digest is not None and digest == weights_hash(two)
        )
    return not one.is_dir() and bool(base.strip("/")) and one.name == two.name
