"""Weights & Biases: config, panels, a table of coloured completions, artefacts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from rl.training.run_folder import logged_rows
from rl.training.tracking.base import GROUPS, Record, grouped
from rl.training.tracking.completions import as_html, table

if TYPE_CHECKING:
    from tagger.frozen import FrozenTagger

_STEP = "train/global_step"
"""The key that transformers' callback makes the axis of every curve."""
_NO_SCALE = ("audit",)
"""Panels whose curves share no scale and so no chart."""


class WandbTracker:
    """Adds to the run that transformers' callback has begun.

    Args:
        package: Gives the package, which transformers imports when it makes its callback.
    """

    def __init__(self, package: Callable[[], Any]) -> None:
        self._package = package

    @property
    def _wandb(self) -> Any:
        return self._package()

    def begin(self, provenance: Mapping[str, Any]) -> None:
        """Put it under ``suffice`` in the config of the run."""
        if self._wandb.run is not None:
            self._wandb.run.config.update({"suffice": dict(provenance)}, allow_val_change=True)

    def metrics(self, step: int, logs: Mapping[str, float]) -> None:
        """Log each panel under a name of its own, which makes it a section of the page."""
        if self._wandb.run is not None:
            found = {
                f"{panel}/{name}": value
                for panel, values in grouped(logs).items()
                for name, value in values.items()
            }
            self._wandb.log({**found, _STEP: step})

    def completions(self, step: int, records: Sequence[Record]) -> None:
        """Log a table, the thinking as HTML."""
        if self._wandb.run is not None:
            html = [self._wandb.Html(as_html(record), inject=False) for record in records]
            head, rows = table(records, html)
            self._wandb.log({"rollouts": self._wandb.Table(columns=head, data=rows), _STEP: step})

    def end(self, metrics: Path) -> None:
        """Log one chart a panel, with all its curves."""
        if self._wandb.run is None or not metrics.is_file():
            return
        rows = logged_rows(metrics)
        steps, found = [row["step"] for row in rows], [grouped(row) for row in rows]
        for panel in GROUPS:
            names = dict.fromkeys(name for one in found for name in one.get(panel, ()))
            curves = {name: [one.get(panel, {}).get(name) for one in found] for name in names}
            curves = {name: values for name, values in curves.items() if any(values)}
            if curves and panel not in _NO_SCALE:
                chart = self._wandb.plot.line_series(
                    xs=steps,
                    ys=list(curves.values()),
                    keys=list(curves),
                    title=panel,
                    xname="step",
                )
                self._wandb.log({f"charts/{panel}": chart})


def log_artifacts(
    wandb: Any, policy: Path, tagger: FrozenTagger, metadata: Mapping[str, Any]
) -> None:
    """Upload the policy and the tagger that fed its reward, as artefacts of the run.

    Args:
        wandb: The package; its run has begun.
        policy: The policy's folder: safetensors and text.
        tagger: The tagger.
        metadata: Of the policy.
    """
    fingerprint = tagger.fingerprint
    artifact = wandb.Artifact(
        f"policy-{_name(wandb.run.name or wandb.run.id)}",
        type="model",
        metadata={**metadata, "tagger_fingerprint": fingerprint},
    )
    artifact.add_dir(str(policy))
    with TemporaryDirectory(prefix="suffice-") as place:
        typed = wandb.Artifact(
            f"tagger-{fingerprint[:12]}", type="tagger", metadata={"fingerprint": fingerprint}
        )
        typed.add_dir(str(tagger.save(Path(place) / "tagger")))
        for one in (artifact, typed):
            wandb.run.log_artifact(one)


def _name(text: str) -> str:
    """A name that an artefact may have."""
    return re.sub(r"[^\w.-]", "-", text)
