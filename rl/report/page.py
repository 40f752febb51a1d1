"""The page: one self-contained HTML file without scripts, fonts or images from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rl.analysis.arms import policy_names, reference_of
from rl.analysis.claims.targets import margin_of
from rl.report import (
    bars,
    benchmark_tables,
    claim_tables,
    curves,
    frontier,
    policy_tables,
    sampling_tables,
    tables,
    traces,
)
from rl.report.css import CSS
from rl.report.limits import limitations
from rl.report.words import claims, headline, selection_words, tiles
from tagger.display.templates import markup, render


def page(results: Mapping[str, Any]) -> str:
    """Render the report.

    Args:
        results: What `rl.analysis.results.build_results` made or `load_results` read.

    Returns:
        The HTML text.
    """
    p = dict(results["provenance"])
    config, command = p.pop("config"), p.pop("command", None)
    training = results["training"] or {}
    arms = results["arms"]
    made = [str(p["date"])[:10], f"commit {str(p['commit'])[:10]}"]
    made.append(f"seed of sampling {', '.join(map(str, p['seeds']))}")
    if runs := sorted({len(members) for members in (results.get("pooled") or {}).values()}):
        made.append(f"{' to '.join(map(str, (runs[0], runs[-1])[: len(runs)]))} runs a policy")
    return render(
        f"{__package__}/page.html.j2",
        title=results["title"],
        css=markup(CSS),
        results=results,
        headline=headline(results),
        meta=" · ".join(made),
        fingerprint=p["tagger_fingerprint"][:12],
        warnings=results.get("warnings", ()),
        tiles=tiles(results),
        claims=claims(results),
        lengths=any("lengths" in arm for arm in arms.values()),
        pair_flips=any("flips" in pair for pair in results["paired"].values()),
        oracle_probes=f"{arms['oracle']['probe_tokens']['mean']:,.0f}" if "oracle" in arms else "",
        selection=selection_words(results),
        several_bands=len(arms["base"]["bands"]) > 1,
        tables=tables,
        policy_tables=policy_tables,
        benchmarks=benchmark_tables,
        claim_tables=claim_tables,
        margin=f"{margin_of(results) * 100:g}",
        reference=reference_of(policy_names(results)),
        limitations=limitations(results),
        sampling=sampling_tables,
        drafted=any((arm.get("cost") or {}).get("drafts") for arm in arms.values()),
        pictures={
            "frontier": markup(frontier.frontier_plot(results)),
            "bands": markup(frontier.band_frontiers(results)),
            "types": markup(bars.type_bars(results)),
            "selectivity": markup(curves.selectivity_plot(results)),
            "flips": markup(curves.flips_plot(results)),
            "training": markup(curves.learning_curves(training)),
        },
        window=curves.window_of(len(training.get("steps") or ())),
        stopped_early=training.get("stopped_early"),
        audit=" ".join(_audits(results)),
        legend=traces.legend(results),
        examples=traces.examples(results),
        command=command,
        provenance=_texts({**p, "bootstrap": results["bootstrap"]}),
        settings=json.dumps(config, indent=1, ensure_ascii=False),
        training_settings=training.get("config"),
    )


def _audits(results: Mapping[str, Any]) -> list[str]:
    """The audit of each policy, with its name where there are several."""
    found = [c for c in results["claims"] if c["name"] == "audit"]
    return [c["text"] if len(found) == 1 else f"{c['policies'][0]}: {c['text']}" for c in found]


def _texts(value: Any) -> Any:
    """What the page says of recorded values."""
    if isinstance(value, Mapping):
        return {str(key): _texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return "none" if value is None else str(value)
