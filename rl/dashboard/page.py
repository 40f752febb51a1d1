"""A run as one self-contained page that loads itself again while the run lasts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rl.dashboard.drawing import draw
from rl.dashboard.pace import duration
from rl.dashboard.series import curve, panels, window
from rl.dashboard.watch import Snapshot
from rl.report.css import CSS
from rl.report.style import number, short_type, type_colour
from tagger.display.templates import markup, render
from tagger.errors import UserError
from tagger.taxonomies.taxonomy import REASONTYPE

GENERATOR = "suffice dashboard"
"""Stands in the head of every page, by which one of an earlier call is told from other files."""
_VERIFY = REASONTYPE.get("VERIFY").name
_TILES = (
    ("correct", "facts/correct", 100, " %", 1),
    ("tokens a rollout", "facts/tokens", 1, "", 0),
    ("verification steps", "facts/count/VERIFY", 1, "", 2),
    ("reward", "reward", 1, "", 3),
)


def page(run: Snapshot, seconds: float | None) -> str:
    """Render the page.

    Args:
        run: The run.
        seconds: After how many seconds the browser loads the page again; None for never.

    Returns:
        The HTML text; nothing in it is loaded from elsewhere.
    """
    return render(
        f"{__package__}/page.html.j2",
        title=_name(run.root),
        css=markup(CSS),
        generator=GENERATOR,
        seconds=None if seconds is None else f"{max(1, round(seconds))}",
        run=run,
        meta=_meta(run),
        now=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        progress=min(1.0, run.step / run.planned) if run.planned else 0.0,
        pace=duration(run.seconds_a_step),
        left=duration(run.seconds_left),
        tiles=_tiles(run),
        pictures=[(panel.title, markup(draw(panel))) for panel in panels(run.rows)],
        samples=[_sample(record) for record in run.samples],
        sampled=run.samples[0].get("step") if run.samples else None,
        legend=_legend(run),
        window=window(run.rows),
        config=_yaml(run.config),
    )


def check_page(path: Path) -> None:
    """Refuse to write over anything but a page of this command.

    Raises:
        UserError: Another file is there, or its folder is not.
    """
    if not path.parent.is_dir():
        raise UserError(f"Page {path}: there is no folder {path.parent}; make it first.")
    if not path.exists():
        return
    try:
        mine = f'content="{GENERATOR}"' in path.read_text(encoding="utf-8")[:2000]
    except (OSError, ValueError):
        mine = False
    if not mine:
        raise UserError(
            f"Page {path} already exists and was not made by this command; name another file."
        )


def _name(root: Path) -> str:
    """What a run is called: its folder, with that above it, as a sweep's are all ``training``."""
    return "/".join(root.resolve().parts[-2:])


def _meta(run: Snapshot) -> str:
    p = run.provenance
    model = p.get("model", {}).get("base") or run.config.get("model") or "?"
    parts = [f"base {model}"]
    if p:
        parts.append(f"tagger {str(p.get('tagger_fingerprint'))[:12]}")
        parts.append(f"commit {str(p.get('commit'))[:10]}")
        parts.append(f"begun {str(p.get('date'))[:16].replace('T', ' ')}")
    return " · ".join(parts)


def _tiles(run: Snapshot) -> list[tuple[str, str, list[str]]]:
    found, ends = [], window(run.rows)
    for name, key, scale, unit, digits in _TILES:
        values = curve(run.rows, key, "", "", scale).values
        if values:
            first, last = (sum(v) / len(v) for v in (values[:ends], values[-ends:]))
            before = f"{number(first, digits)}{unit} at the beginning"
            found.append((name, f"{number(last, digits)}{unit}", [before]))
    return found


def _sample(record: Mapping[str, Any]) -> dict[str, Any]:
    """A kept rollout as the template ``trace`` of reports takes it, with its question."""
    rewards = record.get("rewards") or {}
    terms = ", ".join(f"{name} {number(value)}" for name, value in rewards.items())
    return {
        "question": record.get("question", ""),
        "reference": record.get("reference", ""),
        "title": str(record.get("problem_id", "")),
        "facts": f"{record.get('tokens')} tokens · {terms} · total {number(record.get('total'))}"
        f" · advantage {number(record.get('advantage'))}",
        "correct": bool(record.get("correct")),
        "ending": str(record.get("answer") or "").strip() or "the thinking was never closed",
        "steps": [
            {
                "check": step["type"] == _VERIFY,
                "colour": type_colour(step["type"]),
                "kind": short_type(step["type"]),
                "facts": f"{step['tokens']} tokens · {step['confidence']:.0%} sure",
                "text": step["text"],
            }
            for step in record.get("steps", ())
        ],
    }


def _legend(run: Snapshot) -> list[tuple[str, str]]:
    found = {step["type"] for record in run.samples for step in record.get("steps", ())}
    order = {name: i for i, name in enumerate(REASONTYPE.names)}
    names = sorted(found, key=lambda name: (order.get(name, len(order)), name))
    return [(short_type(name), type_colour(name)) for name in names]


def _yaml(config: Mapping[str, Any]) -> str:
    import yaml

    return yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True) if config else ""
