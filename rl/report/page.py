"""The page: one self-contained HTML file without scripts, fonts or images from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from rl.report import bars, curves, frontier, tables, traces
from rl.report.css import CSS
from rl.report.words import claims, headline, selection_words, tiles


def _section(title: str, intro: str, *parts: str) -> str:
    body = "".join(parts)
    if not body:
        return ""
    note = f"<p>{intro}</p>" if intro else ""
    return f"<section><h2>{escape(title)}</h2>{note}{body}</section>"


def _details(summary: str, body: str) -> str:
    return f"<details><summary>{escape(summary)}</summary>{body}</details>"


def _frontier(results: Mapping[str, Any]) -> str:
    arms = results["arms"]
    intro = "Higher is more often right, further left is cheaper. "
    if results["frontier"]:
        intro += (
            "Each small mark is the base policy stopped by one rule at one threshold; the dashed"
            " line is the best that any of them, or any mixture of them, reaches. Training pays"
            " where its mark lies above the line."
        )
    if "oracle" in arms:
        probes = arms["oracle"]["probe_tokens"]["mean"]
        intro += (
            " The oracle stop reads the reference answer and so bounds what stopping could save on"
            " these traces, with one greedy answer forced at each step boundary; nobody can run it"
            f" (its {probes:,.0f} probe tokens an answer are not in the picture)."
        )
    return _section(
        "Accuracy against tokens",
        intro,
        frontier.frontier_plot(results),
        frontier.band_frontiers(results),
        f'<p class="note">{selection_words(results)}</p>' if results["selection"] else "",
    )


def _selectivity(results: Mapping[str, Any]) -> str:
    return _section(
        "Does it verify where that is worth it?",
        "A policy that merely stops checking loses its mistakes' repair. Left: problems grouped by"
        " how often the base's first stated answer is wrong. Right: by the arm's own first answer."
        " The column <i>within problems</i> compares samples of the same problem, so that"
        " difficulty cannot explain it.",
        curves.selectivity_plot(results),
        _details("The figures", tables.selectivity_table(results)),
    )


def _training(results: Mapping[str, Any]) -> str:
    training = results["training"] or {}
    intro = (
        "Rollouts of the training run, on training problems. Thin: each step; thick: the mean over"
        f" {curves.WINDOW} steps."
    )
    if training.get("stopped_early"):
        intro += f" <b>The run stopped itself: {escape(training['stopped_early'])}.</b>"
    return _section("Learning curves", intro, curves.learning_curves(training))


def _audit(results: Mapping[str, Any]) -> str:
    words = next((c["text"] for c in results["claims"] if c["name"] == "audit"), "")
    return _section(
        "Audit: is the tagger being gamed?",
        "A reward on a frozen tagger invites fewer, fatter steps and checks in words the tagger"
        f" does not know. {escape(words)}",
        tables.audit_table(results),
    )


def _examples(results: Mapping[str, Any]) -> str:
    if not results["examples"]:
        return ""
    return _section(
        "Example traces",
        "Picked by rule, not by hand: a median saving where both are right, one where the trained"
        " policy still checks, and one it gets wrong and the base does not.",
        traces.legend(results),
        *(traces.example(e) for e in results["examples"]),
    )


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return "<br>".join(f"{escape(str(k))}: {_plain(v)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(_plain(v) for v in value)
    return f"<code>{escape('none' if value is None else str(value))}</code>"


def _provenance(results: Mapping[str, Any]) -> str:
    p = dict(results["provenance"])
    config, command = p.pop("config"), p.pop("command", None)
    p["bootstrap"] = results["bootstrap"]
    rows = "".join(
        f"<tr><td>{escape(k.replace('_', ' '))}</td><td>{_plain(v)}</td></tr>" for k, v in p.items()
    )
    shown = f'<pre class="code">{escape(command)}</pre>' if command else ""
    settings = json.dumps(config, indent=1, ensure_ascii=False)
    training = (results["training"] or {}).get("config")
    return _section(
        "To reproduce this",
        "",
        shown,
        f'<div class="scroll"><table class="plain"><tbody>{rows}</tbody></table></div>',
        _details("Settings of the comparison", f'<pre class="code">{escape(settings)}</pre>'),
        _details("Settings of the training", f'<pre class="code">{escape(training)}</pre>')
        if training
        else "",
    )


READING = """
<p><b>Right</b>: the final answer is equivalent to the reference, mean over samples, then problems.
<b>Tokens</b>: all tokens of the policy's tokenizer that are paid for: thinking, answer, closing
text forced by a monitor. <b>Verification step</b>: a step that the frozen tagger types as
Verification / Sanity Check. <b>First stated answer</b>: what the first concluding step states, or
the final answer if no step concludes.</p>
<p>All arms ran online, in one run, on the same problems, with the same seeds and sampling settings;
monitored arms with the tagger in the loop. Intervals are 95 % bootstrap intervals over problems;
differences are paired by problem. Times were taken on the machine named below, batched, and depend
on what else it did.</p>
"""


def page(results: Mapping[str, Any]) -> str:
    """Render the report.

    Args:
        results: What `rl.analysis.results.build_results` made or `load_results` read.

    Returns:
        The HTML text.
    """
    p = results["provenance"]
    seeds = ", ".join(map(str, p["seeds"]))
    meta = f"{str(p['date'])[:10]} · commit {str(p['commit'])[:10]} · seeds {seeds}"
    several = len(results["arms"]["base"]["bands"]) > 1
    parts = (
        f"<h1>{escape(results['title'])}</h1>",
        f'<p class="lead">{escape(headline(results))}</p>',
        f'<p class="meta">{escape(meta)} · tagger <code>{escape(p["tagger_fingerprint"][:12])}'
        "</code></p>",
        f'<div class="tiles">{tiles(results)}</div>',
        _section("What holds", "", claims(results)),
        _frontier(results),
        _section("All arms", "", tables.arms_table(results)),
        _section("By difficulty", "", tables.bands_table(results)) if several else "",
        _section(
            "Where the tokens go",
            "Mean tokens per answer by type of step. Checks come last in each bar.",
            bars.type_bars(results),
        ),
        _selectivity(results),
        _section(
            "First answer against final answer",
            "Checking earns its keep where it turns a wrong first answer into a right one.",
            curves.flips_plot(results),
            _details("The figures", tables.flips_table(results)),
        ),
        _training(results),
        _audit(results),
        _examples(results),
        _section("How to read the figures", "", READING),
        _provenance(results),
        "<footer>Made by Suffice from results.json, which holds every number shown here.</footer>",
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>{escape(results['title'])}</title><style>{CSS}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )
