"""Every number of a comparison, computed from its samples: the content of ``results.json``.

The schema is documented in ``docs/results-schema.md`` and enforced by `rl.analysis.schema`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rl.analysis.arms import (
    BASE,
    MARGIN,
    ArmRun,
    arm_name,
    compared_arms,
    default_claims,
    reference_of,
    subject_of,
)
from rl.analysis.behaviour import audit, by_type, flips, selectivity
from rl.analysis.benchmarks.at_k import at_k
from rl.analysis.benchmarks.money import input_estimate, money
from rl.analysis.benchmarks.power import pair_variance
from rl.analysis.benchmarks.token_budgets import at_budgets, default_budgets
from rl.analysis.claims import make_claims
from rl.analysis.claims.holm import corrected
from rl.analysis.conditional import lengths, pair_flips
from rl.analysis.displacement import displacement, step_density
from rl.analysis.estimates import MEASURES, estimate_mean, measure, paired
from rl.analysis.examples import choose_examples
from rl.analysis.frontier import against_frontier
from rl.analysis.outcomes import count_samples, moved_outside, unfamiliar_steps, warnings_of
from rl.analysis.panels import RESAMPLES, Panel, aligned, band_order, make_panel
from rl.analysis.schema import SCHEMA_VERSION, policy_entry, validate_results
from rl.analysis.value import verification_value
from tagger.files import write_atomically
from tagger.novelty import KnownWords


def _arm(
    run: ArmRun,
    panel: Panel,
    base: Panel,
    seed: int,
    limit: int | None,
    known_words: KnownWords | None,
) -> dict[str, Any]:
    out: dict[str, Any] = {
        "policy": run.policy,
        "kind": run.kind,
        "label": run.label,
        "rule": run.rule,
        "rule_name": run.rule_name,
    }
    out.update(measure(panel, seed))
    out["outcomes"] = count_samples(panel.samples, limit).to_dict()
    out["cost"] = run.cost
    out["by_type"] = by_type(panel.samples)
    out["flips"] = flips(panel, seed)
    out["lengths"] = lengths(panel, seed)
    out["at_k"] = at_k(panel, seed)
    out["selectivity"] = selectivity(panel, base, seed)
    out["verification_value"] = verification_value(panel, seed)
    out["audit"] = audit(panel, seed, known_words)
    if run.kind == "oracle":
        weights = panel.weights(seed)
        probes = panel.per_problem(lambda s: float(s.probe_tokens))
        out["probe_tokens"] = estimate_mean(probes, weights)
    out["bands"] = {}
    for band in band_order(panel.bands):
        part = panel.only(band)
        out["bands"][band] = {
            **measure(part, seed),
            "by_type": by_type(part.samples),
            "flips": flips(part, seed),
            "lengths": lengths(part, seed),
        }
    return out


def _paid(run: ArmRun, panel: Panel, prices: Mapping[str, Any] | None, seed: int) -> dict[str, Any]:
    """Tokens of the prompts, and with prices the money; nothing where prompts are unknown."""
    if run.prompts is None:
        return {}
    out = {"prompt_tokens": input_estimate(panel, run.prompts, seed)}
    return out | ({"money": money(panel, run.prompts, prices, seed)} if prices else {})


def _by_text(overlaps: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """The policies of each sentence on test problems among training problems."""
    found: dict[str, list[str]] = {}
    for name, overlap in overlaps.items():
        if overlap["text"]:
            found.setdefault(overlap["text"], []).append(name)
    return found


def _panel(run: ArmRun, base: Panel) -> Panel:
    """An arm's samples in the order of base's problems, run by run."""
    return aligned(make_panel(run.samples, runs=max(1, len(run.runs))), base)[0]


def _by_run(run: ArmRun, panel: Panel) -> list[dict[str, Any]]:
    """The headline measures of each training run that an arm pools."""
    values = {
        name: panel.per_problem(MEASURES[name]).reshape(panel.runs, -1).mean(axis=1)
        for name in ("accuracy", "first_answer_accuracy", "tokens", "verification_steps")
    }
    return [
        {"name": name, **{key: round(float(row[i]), 6) for key, row in values.items()}}
        for i, name in enumerate(run.runs)
    ]


def _paired(a: Panel, b: Panel, seed: int) -> dict[str, Any]:
    out = paired(a, b, seed)
    out["flips"] = pair_flips(a, b, seed)
    out["variance"] = pair_variance(a, b)
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
    known_words: KnownWords | None = None,
    overlaps: Mapping[str, Mapping[str, Any] | None] | None = None,
    claims: Sequence[tuple[str, str]] | None = None,
    settings: Sequence[Mapping[str, Any]] | None = None,
    prices: Mapping[str, float | None] | None = None,
    margin: float = MARGIN,
    token_budgets: Sequence[int] | None = None,
    token_prices: Mapping[str, Any] | None = None,
    baselines: Sequence[str] = (),
) -> dict[str, Any]:
    """Compute every number of a comparison.

    Args:
        runs: The arms on the test split, policy by policy; the free arm of ``base`` must be among
            them, others may be missing.
        seed: Bootstrap seed.
        selection: How thresholds were chosen on the calibration split (see the schema).
        training: Learning curves of the policy ``trained``, None without them.
        provenance: What is needed to reproduce the comparison.
        title: Heading of the report.
        max_new_tokens: Most tokens of a completion, to tell which were cut off; None counts every
            unfinished one.
        overlaps: For each policy the test problems among its training problems, as
            `rl.problems.overlap` finds them; None if no training problems are known.
        claims: Pairs of policies to make claims about; None takes each against each before it.
        settings: How completions were sampled and where each value comes from: ``key``, ``value``,
            ``source``.
        prices: For each policy of a training run what its reward charges a correct rollout for one
            more verification step (`rl.analysis.value.price_of`).
        margin: Accuracy that a policy may lose and still count as equally accurate.
        token_budgets: Budgets at which accuracy is given; None takes shares of `max_new_tokens`.
        token_prices: ``input`` and ``output`` per million tokens and their ``currency``.
        baselines: Policies that need no training, see `rl.comparison.baselines`.

    Returns:
        A dictionary that passes `validate_results`.

    Raises:
        UserError: Arms answer different problems, or no ``base`` is there.
    """
    base_first = sorted(runs, key=lambda run: run.policy != BASE)
    free = {run.policy: run for run in base_first if run.kind == "free"}
    base = make_panel(free[BASE].samples)
    panels = {run.name: _panel(run, base) for run in runs}
    pairs = default_claims(list(free), baselines) if claims is None else list(claims)
    reference = reference_of(list(free))
    over = "problems and training runs" if any(run.runs for run in runs) else "problems"
    results: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "title": title,
        "policies": [policy_entry(name, provenance) for name in free],
        "problems": {
            "count": len(base.problem_ids),
            "samples": len(base.samples),
            "samples_per_problem": round(len(base.samples) / len(base.problem_ids), 6),
            "bands": {b: base.bands.count(b) for b in band_order(base.bands)},
            "overlaps": {name: dict(found) for name, found in (overlaps or {}).items() if found},
        },
        "bootstrap": {"over": over, "resamples": RESAMPLES, "seed": seed, "level": 0.95},
        "arms": {
            run.name: _arm(run, panels[run.name], base, seed, max_new_tokens, known_words)
            for run in runs
        },
        "selection": dict(selection) if selection else None,
        "claim_pairs": [list(pair) for pair in pairs],
        "baselines": list(baselines),
        "margin": margin,
        "token_prices": dict(token_prices) if token_prices else None,
        "prices": dict(prices or {}),
        "pooled": {n: _by_run(run, panels[n]) for n, run in free.items() if run.runs},
    }
    budgets = default_budgets(max_new_tokens) if token_budgets is None else sorted(token_budgets)
    for run in runs:
        found = {"at_budgets": at_budgets(panels[run.name], budgets, seed)}
        results["arms"][run.name] |= found | _paid(run, panels[run.name], token_prices, seed)
    for name, point in _chosen_points(selection).items():
        if point in panels:
            arm = results["arms"][point]
            results["arms"][name] = {**arm, "kind": "monitored", "point": point}
            panels[name] = panels[point]
    arms = {name: arm["policy"] for name, arm in results["arms"].items()}
    results["paired"] = {
        f"{a}_vs_{b}": _paired(panels[a], panels[b], seed) for a, b in compared_arms(arms, pairs)
    }
    for name in free:
        for other in {BASE, reference} - {name}:
            types = [results["arms"][one]["by_type"] for one in (name, other)]
            results["paired"][f"{name}_vs_{other}"] |= {
                "displacement": displacement(panels[name], panels[other], seed),
                "step_density": step_density(*types),
            }
    results["frontier"] = {
        policy: found
        for policy in free
        if (found := _against_monitored(policy, runs, results["arms"], panels, seed))
    }
    silent = [name for name, run in free.items() if not run.thinks]
    own = warnings_of({n: r.samples for n, r in free.items()}, max_new_tokens, silent)
    audits = {name: results["arms"][name]["audit"] for name in free}
    # Those that no reward was at work on have moved nothing.
    made = [n for n in free if n not in (BASE, *baselines)]
    outside = {n: moved_outside(n, audits[n], reference, audits[reference]) for n in made}
    own += [{"name": "outside", "arm": n, "text": text} for n, text in outside.items() if text]
    shown = {n: a for n, a in results["arms"].items() if a["kind"] in ("free", "monitored")}
    own += unfamiliar_steps(shown)
    results["warnings"] = own + [
        {"name": "overlap", "arm": names[0], "text": f"{', '.join(names)}: {text}"}
        for text, names in _by_text(results["problems"]["overlaps"]).items()
    ]
    pooled = {name: len(of) for name, of in results["pooled"].items()}
    results["claims"] = corrected(make_claims(results), margin, pooled)
    other = subject_of(list(free), baselines)
    results["examples"] = choose_examples(
        free[BASE].samples, free[other].samples if other != BASE else (), other
    )
    if settings is not None:
        results["settings"] = [dict(one) for one in settings]
    results["training"] = dict(training) if training else None
    results["provenance"] = dict(provenance)
    validate_results(results)
    return results


def _against_monitored(
    rival: str,
    runs: Sequence[ArmRun],
    arms: Mapping[str, Any],
    panels: Mapping[str, Panel],
    seed: int,
) -> dict[str, Any]:
    """The other policies but base against one policy's monitored points; empty without a grid."""
    grid = {r.name: panels[r.name] for r in runs if r.kind == "grid" and r.policy == rival}
    return {
        name: against_frontier(panels[name], panels[rival], grid, seed, rival)
        for name, arm in arms.items()
        if grid and arm["policy"] not in (BASE, rival) and arm["kind"] in ("free", "monitored")
    }


def _chosen_points(selection: Mapping[str, Any] | None) -> dict[str, str]:
    """Name of each policy's monitored arm, with the grid arm that was chosen for it."""
    if not selection or not selection.get("overall"):
        return {}
    chosen = {name: s["overall"] for name, s in selection.get("policies", {}).items()}
    all_chosen = {BASE: selection["overall"], **chosen}
    return {arm_name(name, "monitored"): point for name, point in all_chosen.items()}


def write_results(path: Path, results: Mapping[str, Any]) -> None:
    """Write ``results.json``; atomic, no NaN."""
    text = json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(path, (text + "\n").encode("utf-8"))
