"""The page: one self-contained HTML file without scripts, fonts or images from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rl.report.css import CSS
from rl.report.style import number, signed
from rl.sweep.analysis.origins import short_commit
from rl.sweep.analysis.recommend import points_text, recommended
from rl.sweep.report import front, heat, responses, tables
from tagger.display.templates import markup, render

MOST_MAPS = 6
"""Interactions that are drawn; `results.json` holds all."""


def page(results: Mapping[str, Any]) -> str:
    """Render the page.

    Args:
        results: The content of ``results.json`` of a sweep.

    Returns:
        The HTML text.
    """
    p = dict(results["provenance"])
    config, command = p.pop("config"), p.pop("command", None)
    recommendation = results["recommendation"]
    keys = results["keys"]
    return render(
        f"{__package__}/page.html.j2",
        title=results["title"],
        css=markup(CSS),
        results=results,
        tolerance=points_text(results["tolerance"]),
        recommended=recommended(results),
        lead=recommendation["text"] if recommendation else _no_lead(results),
        meta=_meta(results, p),
        fingerprints=list(
            dict.fromkeys(row["tagger"][:12] for row in results["taggers"])
        ) or [p["tagger_fingerprint"][:12]],
        tiles=_tiles(results),
        tables=tables,
        several_bands=len(results["problems"]["bands"]) > 1,
        front=markup(front.front_plot(results)) if results["settings"] else "",
        responses=[
            (keys[key], markup(responses.response_plot(results, key)))
            for key in results["responses"]
        ],
        selectivity=[
            (f"{arm}, {keys[key]}" if arm else keys[key],
             markup(responses.selectivity_plot(results, key, arm)))
            for key, rows in results["responses"].items()
            for arm in dict.fromkeys(row["arm"] for row in rows)
            if sum(row["arm"] == arm for row in rows) > 1
        ],
        heats=[
            (", ".join(filter(None, (one["arm"], " and ".join(keys[k] for k in one["keys"])))),
             markup(heat.heat_plot(results, one)))
            for one in results["interactions"][:MOST_MAPS]
        ],
        command=command,
        provenance=_texts(
            {"commits_of_the_runs": results.get("commits") or None}
            | {**p, "bootstrap": results["bootstrap"]}
        ),
        settings=json.dumps(config, indent=1, ensure_ascii=False),
    )  # fmt: skip


def _meta(results: Mapping[str, Any], p: Mapping[str, Any]) -> str:
    done = sum(run["state"] == "done" for run in results["runs"])
    state = "complete" if results["complete"] else "not complete"
    return (
        f"{str(p['date'])[:10]} · {_commits(results, p)} · {done} of"
        f" {len(results['runs'])} runs done, {state} · {results['problems']['test']} test problems"
    )


def _no_lead(results: Mapping[str, Any]) -> str:
    """The first sentence of a page without a recommendation."""
    if not any(s["name"] != results["control"] for s in results["settings"]):
        return "No setting was measured."
    return "No setting is recommended without a control."


def _commits(results: Mapping[str, Any], p: Mapping[str, Any]) -> str:
    """By which code the runs were trained, and by which this page was made if by another."""
    own, trained = short_commit(p["commit"]), results.get("commits") or {}
    if list(trained) == [own]:
        return f"commit {own}"
    runs = ", ".join(f"{c} ({n})" if len(trained) > 1 else c for c, n in trained.items())
    return f"{f'runs of commit {runs} · ' if runs else ''}page of commit {own}"


def _tiles(results: Mapping[str, Any]) -> list[tuple[str, str, list[str]]]:
    """The figures a reader looks for first: name, figure, lines below it."""
    found = []
    recommendation = results["recommendation"]
    if recommendation:
        other = "cheapest (none saves tokens)"
        if not recommendation["kept_accuracy"]:
            other = "most accurate (none keeps accuracy)"
        one = next(s for s in results["settings"] if s["name"] == recommendation["setting"])
        pair = one["against"][results["control"]]
        gap = pair["accuracy"]
        name, _, point = one["label"].partition(", ")
        what = "recommended setting" if recommended(results) else other
        lines = [*filter(None, (point, _seeds(one)))]
        if recommended(results) and not recommendation["confirmed"]:
            lines.append("not confirmed by the test problems")
        found.append((what, name, lines))
        found.append(
            (
                "tokens against control",
                signed(pair["tokens_change"]["mean"] * 100, 0, " %"),
                [f"{number(one['tokens']['mean'], 1)} per answer"],
            )
        )
        found.append(
            (
                "accuracy against control, points",
                signed(gap["mean"] * 100),
                [f"95 %: {signed(gap['low'] * 100)} to {signed(gap['high'] * 100)}"],
            )
        )
    whole = results["hypervolume"]["all"]
    if whole is not None:
        found.append(("hypervolume above base", number(whole, 3), ["all settings"]))
    return found


def _seeds(one: Mapping[str, Any]) -> str:
    count = len(one["seeds"])
    return "one seed" if count == 1 else f"{count} seeds"


def _texts(value: Any) -> Any:
    """What the page says of recorded values."""
    if isinstance(value, Mapping):
        return {str(key): _texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return "none" if value is None else str(value)
