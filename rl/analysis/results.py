"""Every number of a comparison, computed from its samples: the content of ``results.json``.

The schema is documented in ``docs/results-schema.md`` and enforced by `rl.analysis.schema`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rl.analysis.behaviour import audit, by_type, flips, selectivity
from rl.analysis.claims import make_claims
from rl.analysis.estimates import (
    RESAMPLES,
    Panel,
    band_order,
    bootstrap_weights,
    estimate_mean,
    make_panel,
    measure,
    paired,
)
from rl.analysis.examples import choose_examples
from rl.analysis.frontier import against_frontier
from rl.analysis.outcomes import count_samples, warnings_of
from rl.analysis.schema import SCHEMA_VERSION, validate_results
from rl.evaluation.samples import Sample
from tagger.files import write_atomically

KINDS = ("base", "monitored", "trained", "trained_monitored", "oracle")


@dataclass(frozen=True)
class ArmRun:
    """One arm on the test split.

    Attributes:
        name: Key in the results: ``base``, ``trained``, ``trained_monitored``, ``oracle``, or
            ``monitored_<rule>_<threshold>`` for a grid point.
        kind: One of `KINDS`.
        label: The same for a reader, e.g. ``count, limit 3``.
        samples: Its samples.
        rule: Name and parameters of the stopping rule; None without a monitor.
    """

    name: str
    kind: str
    label: str
    samples: Sequence[Sample]
    rule: dict[str, Any] | None = None


def _arm(run: ArmRun, panel: Panel, base: Panel, seed: int, limit: int | None) -> dict[str, Any]:
    out: dict[str, Any] = {"kind": run.kind, "label": run.label, "rule": run.rule}
    out.update(measure(panel, seed))
    out["outcomes"] = count_samples(panel.samples, limit).to_dict()
    out["by_type"] = by_type(panel.samples)
    out["flips"] = flips(panel, seed)
    out["selectivity"] = selectivity(panel, base, seed)
    out["audit"] = audit(panel, seed)
    if run.kind == "oracle":
        weights = bootstrap_weights(len(panel.problem_ids), seed)
        probes = panel.per_problem(lambda s: float(s.probe_tokens))
        out["probe_tokens"] = estimate_mean(probes, weights)
    out["bands"] = {}
    for band in band_order(panel.bands):
        part = panel.only(band)
        out["bands"][band] = {
            **measure(part, seed),
            "by_type": by_type(part.samples),
            "flips": flips(part, seed),
        }
    return out


def _paired(a: Panel, b: Panel, seed: int) -> dict[str, Any]:
    out = paired(a, b, seed)
    out["bands"] = {band: paired(a.only(band), b.only(band), seed) for band in band_order(b.bands)}
    return out


def build_results(
    runs: Sequence[ArmRun],
    *,
    seed: int,
    selection: Mapping[str, Any] | None,
    training: Mapping[str, Any] | None,
    provenance: Mapping[str, Any],
    title: str = "Suffice comparison",
    max_new_tokens: int | None = None,
    overlap: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Compute every number of a comparison.

    Args:
        runs: The arms on the test split; ``base`` must be among them, the others may be missing.
        seed: Bootstrap seed.
        selection: How thresholds were chosen on the calibration split (see the schema).
        training: Learning curves of the trained policy, None without them.
        provenance: What is needed to reproduce the comparison.
        title: Heading of the report.
        max_new_tokens: Most tokens of a completion, to tell which were cut off; None counts every
            unfinished one.
        overlap: Test problems among the training problems, as `rl.problems.overlap` finds them;
            None if no training problems are known.

    Returns:
        A dictionary that passes `validate_results`.

    Raises:
        UserError: Arms answer different problems, or no ``base`` is there.
    """
    by_name = {run.name: run for run in runs}
    base = make_panel(by_name["base"].samples)
    panels = {run.name: make_panel(run.samples, like=base) for run in runs}
    results: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "title": title,
        "problems": {
            "count": len(base.problem_ids),
            "samples": len(base.samples),
            "samples_per_problem": round(len(base.samples) / len(base.problem_ids), 6),
            "bands": {b: base.bands.count(b) for b in band_order(base.bands)},
        },
        "bootstrap": {"over": "problems", "resamples": RESAMPLES, "seed": seed, "level": 0.95},
        "arms": {run.name: _arm(run, panels[run.name], base, seed, max_new_tokens) for run in runs},
        "selection": dict(selection) if selection else None,
    }
    overall = selection.get("overall") if selection else None
    if overall:
        results["arms"]["monitored"] = {**results["arms"][overall], "point": overall}
        panels["monitored"] = panels[overall]
    results["paired"] = {
        f"{a}_vs_{b}": _paired(panels[a], panels[b], seed) for a, b in _pairs(list(panels))
    }
    monitored = {r.name: panels[r.name] for r in runs if r.kind == "monitored"}
    results["frontier"] = {
        name: against_frontier(panels[name], base, monitored, seed)
        for name in ("trained", "trained_monitored")
        if name in panels and monitored
    }
    results["problems"]["overlap"] = dict(overlap) if overlap else None
    results["warnings"] = warnings_of({r.name: r.samples for r in runs}, max_new_tokens)
    if overlap and overlap["text"]:
        arm = "trained" if "trained" in by_name else "base"
        results["warnings"].append({"name": "overlap", "arm": arm, "text": overlap["text"]})
    results["claims"] = make_claims(results)
    results["examples"] = choose_examples(
        by_name["base"].samples, by_name["trained"].samples if "trained" in by_name else ()
    )
    results["training"] = dict(training) if training else None
    results["provenance"] = dict(provenance)
    validate_results(results)
    return results


def _pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    """Everything against base; trained against all else; both directions of none."""
    pairs = [(n, "base") for n in names if n != "base"]
    pairs += [("trained", n) for n in names if "trained" in names and n not in ("base", "trained")]
    return pairs


def write_results(path: Path, results: Mapping[str, Any]) -> None:
    """Write ``results.json``; atomic, no NaN."""
    text = json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(path, (text + "\n").encode("utf-8"))
