"""Hugging Face data sets, on the Hub or in a local folder: ``hf:NAME``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from rl.problems.collect import draw, problems_of
from rl.problems.config import ColumnsConfig, ProblemsConfig
from rl.problems.problem import Problem
from tagger.config.settings import Settings, build_settings
from tagger.errors import UserError, unknown_name
from tagger.traces.row import Row

PREFIX = "hf:"

_SHUFFLE_BUFFER = 10_000


@dataclass(frozen=True)
class HubSettings(Settings):
    """Settings of a Hugging Face data set.

    Attributes:
        streaming: Read rows as they arrive instead of downloading the whole set; takes the first
            ``size`` rows after a shuffle in a buffer of 10,000 rows.
    """

    OWNER: ClassVar[str] = "problems.settings of a Hugging Face data set"

    streaming: bool = False


def load(config: ProblemsConfig) -> list[Problem]:
    """Read problems from a Hugging Face data set.

    Raises:
        UserError: As `load_from`.
    """
    settings = build_settings(HubSettings, config.settings, "")
    name = config.source.removeprefix(PREFIX)
    return load_from(name, config.config, config.split, config.columns, config, settings.streaming)


def load_from(
    name: str,
    configuration: str | None,
    split: str | None,
    columns: ColumnsConfig,
    config: ProblemsConfig,
    streaming: bool = False,
) -> list[Problem]:
    """Read problems from a data set.

    Args:
        name: ``OWNER/NAME`` on the Hub, or a folder: data files, or made by ``save_to_disk``.
        configuration: Configuration of the data set; None for the default one.
        split: Name of the split; None if there is only one.
        columns: Which columns hold what.
        config: How many problems, and the seed of their draw.
        streaming: See `HubSettings`.

    Raises:
        UserError: No such data set, configuration, split or column; no network and no cached copy;
            or a row is refused.
    """
    if streaming and config.size is None:
        raise UserError("problems.settings.streaming needs problems.size: how many rows to read.")
    splits = _splits(name, configuration, streaming)
    if split is None:
        if len(splits) > 1:
            raise UserError(
                f"Data set {name} has the splits {', '.join(splits)}; choose one by problems.split."
            )
        split = next(iter(splits))
    if split not in splits:
        raise unknown_name(f"split of data set {name}", split, splits)
    rows = splits[split]
    if streaming:
        rows = rows.shuffle(seed=config.seed, buffer_size=_SHUFFLE_BUFFER)
        rows = islice(rows, config.size)
    label = f"{Path(name).name}/{split}"
    problems = problems_of(_numbered(rows, name, split), name, label, columns)
    return draw(problems, config.size, config.seed, name)


def _numbered(rows: Any, name: str, split: str) -> Iterator[Row]:
    try:
        for number, row in enumerate(rows, start=1):
            yield Row(number, f"{name}, split {split}, row {number}", row, "")
    except UserError:
        raise
    except Exception as error:  # parsers, file systems and the network all speak here
        raise UserError(f"Data set {name} cannot be read ({_reason(error)}).") from error


def _splits(name: str, configuration: str | None, streaming: bool) -> dict[str, Any]:
    """The splits of a data set by name."""
    import datasets

    path = Path(name).expanduser()
    if not path.is_dir() and (path.exists() or name.count("/") > 1 or name.startswith((".", "~"))):
        raise UserError(f"There is no folder {name}; name a folder, or OWNER/NAME on the Hub.")
    datasets.utils.logging.set_verbosity_error()
    datasets.disable_progress_bars()
    stored = (path / "dataset_dict.json").exists() or (path / "state.json").exists()
    if stored and configuration is not None:
        raise UserError(
            f"The folder {name} was made by save_to_disk and has no configurations; leave out "
            "problems.config."
        )
    try:
        if stored:
            loaded = datasets.load_from_disk(str(path))
        else:
            loaded = _from_files(path, name, configuration, streaming)
    except Exception as error:  # the library raises dozens of kinds, from four packages
        remedy = (
            "give a folder with data files, or one made by save_to_disk"
            if path.is_dir()
            else "check its name and problems.config, load it once with a network so that it is "
            "cached, or name a local copy (hf:FOLDER)"
        )
        raise UserError(
            f"Data set {name} cannot be loaded ({_reason(error)}); {remedy}."
        ) from error
    if isinstance(loaded, dict):
        return dict(loaded)
    return {str(loaded.split or "train"): loaded}


def _from_files(path: Path, name: str, configuration: str | None, streaming: bool) -> Any:
    """Load from a folder, from the Hub or, where it cannot be reached, from its caches.

    Two caches can hold a data set: that of `datasets`, which `load_dataset` looks into itself, and
    that of `huggingface_hub` (``hf download NAME --repo-type dataset``), whose snapshot is a
    folder. What is local is streamed: nothing is copied. The snapshot may be older than what the
    Hub holds, so that it is read is said on stderr; and only if the Hub did not answer: a data set
    that is gated, gone or malformed there is an error.
    """
    import datasets

    if path.is_dir():
        return datasets.load_dataset(str(path), configuration, streaming=True)
    try:
        return datasets.load_dataset(name, configuration, streaming=streaming)
    except Exception as error:
        snapshot = _snapshot(name) if _is_network_failure(error) else None
        if snapshot is None:
            raise
        print(
            f"suffice: WARNING: data set {name}: the Hub cannot be reached ({_reason(error)}); "
            f"reading the cached snapshot {snapshot}.",
            file=sys.stderr,
        )
        return datasets.load_dataset(snapshot, configuration, streaming=True)


def _is_network_failure(error: BaseException) -> bool:
    """Whether the Hub did not answer, as opposed to an answer that is an error.

    `datasets` wraps what `huggingface_hub` and httpx raise, so causes and contexts count too.
    """
    import httpx
    from huggingface_hub import constants
    from huggingface_hub.errors import LocalEntryNotFoundError

    kinds = (ConnectionError, TimeoutError, httpx.TransportError, LocalEntryNotFoundError)
    unavailable = (429, *range(500, 600))
    seen: set[int] = set()
    found: list[BaseException | None] = [error]
    while found:
        one = found.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        status = getattr(getattr(one, "response", None), "status_code", None)
        if isinstance(one, kinds) or status in unavailable:
            return True
        found += [one.__cause__, one.__context__]
    return bool(constants.HF_HUB_OFFLINE)


def _snapshot(name: str) -> str | None:
    """Folder of a data set in the cache of `huggingface_hub`; None if it is not there."""
    from huggingface_hub import snapshot_download

    try:
        return str(snapshot_download(name, repo_type="dataset", local_files_only=True))
    except (OSError, ValueError):  # not there, not whole, no such name
        return None


def declared_configurations(folder: Path) -> list[str]:
    """Configurations that the card of a data set's folder declares, as in a repository's copy."""
    from datasets.utils.metadata import MetadataConfigs
    from huggingface_hub import DatasetCard

    card = folder / "README.md"
    if not card.is_file():
        return []
    try:
        return list(MetadataConfigs.from_dataset_card_data(DatasetCard.load(card).data))
    except (ValueError, OSError):  # a card without a header, or with one of another kind
        return []


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__
