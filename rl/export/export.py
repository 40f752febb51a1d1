"""Write a policy that others can load: weights, tokenizer, template, card, and where it is from.

suffice export runs/first --output exported/first
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rl import run_files
from rl.analysis.schema import load_results
from rl.export.cast import DType, cast_weights, dtype_of
from rl.export.files import (
    ADAPTER,
    ADAPTER_WEIGHTS,
    CARD,
    COPIED,
    MODEL,
    RUN_CONFIG,
    TOKENIZER,
    check_exported,
    copy_files,
    weight_files,
)
from rl.export.source import Weights, find_weights
from rl.policy.source import is_adapter, resolve_policy
from rl.provenance import weights_hash
from rl.training.card.policy import Export, policy_card
from rl.training.card.results import compared_name, results_section
from rl.training.config import RunConfig, config_from_dict, write_config
from rl.training.policy_folder import save_merged
from rl.training.run_folder import RunFolder
from tagger.config.settings import read_yaml
from tagger.errors import UserError
from tagger.files import new_folder, read_json, write_json

Form = Literal["merged", "adapter"]


@dataclass(frozen=True)
class Exported:
    """A policy that was written.

    Attributes:
        folder: Where it is.
        step: Step whose weights it holds.
        form: The whole model, or the adapter alone.
        dtype: Data type of the weights.
        size: Bytes of the weights.
        base: Name under which others find the base.
    """

    folder: Path
    step: int
    form: Form
    dtype: str
    size: int
    base: str


def export_policy(
    run: str | Path,
    output: Path,
    *,
    form: Form = "merged",
    checkpoint: str | None = None,
    dtype: DType | None = None,
    results: Path | None = None,
    base: str | None = None,
) -> Exported:
    """Write the policy of a run into a new folder.

    Args:
        run: The run's folder.
        output: The new folder.
        form: ``merged`` is the whole model, an adapter merged into it; ``adapter`` the adapter.
        checkpoint: As `rl.export.source.find_weights` takes it.
        dtype: Data type of the weights; None leaves them as they are stored.
        results: A comparison of this very policy, for the card.
        base: Name under which others find the base; None for that of the run's config.

    Returns:
        What was written.

    Raises:
        UserError: The run, the weights or the results are not there or do not belong together,
            the form is not to be had, or something exists at `output`.
    """
    folder = RunFolder(Path(run))
    config = _config(folder)
    result = read_json(folder.result, _PUT_BACK) if folder.result.is_file() else {}
    found = find_weights(folder, result, checkpoint)
    if form == "adapter" and found.adapter is None:
        raise UserError(
            f"The weights of step {found.step} in {folder.root} are a whole model and no adapter; "
            "leave --adapter away."
        )
    if output.exists():
        raise UserError(f"Output folder {output} already exists; name a new folder.")
    compared = load_results(results) if results is not None else None
    digests = _digests(config, found)
    copied = found.model is not None and form == "merged" and dtype is None
    if compared is not None and copied:  # else they are known when they are written
        compared_name(compared, digests, str(results))
    name = base or _base_of(config)
    with new_folder(output) as draft:
        _write_weights(config, found, draft, form, name, None if base else config.revision)
        if dtype is not None:
            cast_weights(draft, dtype)
        measured = ""
        if compared is not None:
            digests |= {weights_hash(draft) or ""}
            measured = results_section(compared, compared_name(compared, digests, str(results)))
        _write_words(folder, result, found, draft, form, name, measured)
        for file in weight_files(draft):
            file.chmod(0o644)  # safetensors lets none but the owner read what it writes
        check_exported(draft)
        size = sum(file.stat().st_size for file in weight_files(draft))
        kind = dtype_of(draft)
    return Exported(output, found.step, form, kind, size, name)


_PUT_BACK = "put it back from a copy of the run"
_OF_THIS_MACHINE = ("output", "report_to", "report_artifacts")
"""Keys of the run's config that are nobody else's business."""


def _config(run: RunFolder) -> RunConfig:
    if not run.config.is_file():
        raise UserError(
            f"{run.root} is no run folder: it holds no config.yaml; name the folder of a training "
            "run."
        )
    return config_from_dict(read_yaml(run.config), str(run.config))


def _base_of(config: RunConfig) -> str:
    """Name of the base; a run may have begun with an adapter's folder, which stands for both."""
    return resolve_policy(config).model if is_adapter(Path(config.model)) else config.model


def _digests(config: RunConfig, found: Weights) -> set[str]:
    """SHA-256 of the weights, as a comparison records those of a policy, in each form there is."""
    digests = set()
    if found.model is not None:
        digests.add(weights_hash(found.model))
    if found.adapter is not None:
        parts = resolve_policy(config).digest(), weights_hash(found.adapter)
        digests.add("+".join(part for part in parts if part))
    return {digest for digest in digests if digest}


def _write_weights(
    config: RunConfig, found: Weights, draft: Path, form: Form, base: str, revision: str | None
) -> None:
    """Weights, generation config, tokenizer and chat template."""
    if form == "merged":
        if found.model is not None:
            copy_files(found.model, draft, (*MODEL, *TOKENIZER))
        else:
            assert found.adapter is not None
            save_merged(config, found.adapter, draft)
        return
    assert found.adapter is not None
    copy_files(found.adapter, draft, (ADAPTER, ADAPTER_WEIGHTS, *TOKENIZER))
    settings = read_json(draft / ADAPTER, COPIED)
    settings["base_model_name_or_path"] = base
    settings["revision"] = revision
    write_json(draft / ADAPTER, settings)


def _write_words(
    run: RunFolder,
    result: Mapping[str, Any],
    found: Weights,
    draft: Path,
    form: Form,
    base: str,
    measured: str,
) -> None:
    """The card, the run's config and its provenance, without the folders of this machine."""
    provenance = read_json(run.provenance, _PUT_BACK, keys=("config",))
    config = {k: v for k, v in provenance["config"].items() if k not in _OF_THIS_MACHINE}
    provenance = {**provenance, "config": config}
    card = policy_card(
        provenance,
        run.metrics,
        result.get("steps", found.step),
        result.get("stopped_early"),
        found.step,
        Export(form == "adapter", base, measured, RUN_CONFIG, complete=bool(result)),
    )
    (draft / CARD).write_text(card, encoding="utf-8")
    write_json(draft / run_files.PROVENANCE, provenance)
    write_config(config_from_dict(config, RUN_CONFIG), draft / RUN_CONFIG)
