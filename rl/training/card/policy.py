"""The model card of a trained policy: what it came from, what shaped it, what came out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rl import run_files
from rl.training.card.reward import reward_section
from rl.training.card.shown_by_run import WINDOW, shown_by_run
from rl.training.card.use import header, use_section
from rl.training.run_folder import logged_rows

SHOWN = (
    ("correct rollouts", "facts/correct"),
    ("tokens", "facts/tokens"),
    ("verification steps", "facts/count/VERIFY"),
    ("steps per 1,000 tokens", "facts/steps_per_1k"),
    ("tokens a step", "facts/step_length"),
    ("tagger confidence", "facts/confidence"),
    ("share of steps unlike the tagger's training data", "facts/unfamiliar"),
    ("reflection keywords", "facts/keywords"),
    ("verification steps, audit tagger", "facts/audit_verification"),
)


@dataclass(frozen=True)
class Export:
    """What the card of an exported policy says more than that of the run's own folder.

    Attributes:
        adapter: Whether the folder holds the adapter alone.
        base: Name under which others find the base.
        results: Markdown on what was measured; empty if nothing was.
        config: File in the folder that holds the run's config.
        complete: Whether the run is complete.
    """

    adapter: bool
    base: str
    results: str
    config: str
    complete: bool


def policy_card(
    provenance: Mapping[str, Any],
    metrics: Path,
    steps: int,
    stopped_early: str | None,
    step: int | None = None,
    export: Export | None = None,
) -> str:
    """Write the card.

    Args:
        provenance: As `rl.provenance.provenance` makes it.
        metrics: The run's metrics file.
        steps: Optimizer steps done.
        stopped_early: Why the run stopped itself, if it did.
        step: Step whose weights the policy holds; None is the last one.
        export: What an exported policy adds; None for a policy in the run's own folder.

    Returns:
        Markdown with a Hub header.
    """
    rows = logged_rows(metrics)
    if export is not None and step is not None:  # what came after these weights is not theirs
        rows = [row for row in rows if row["step"] <= step]
    config = provenance["config"]
    base = export.base if export else provenance["model"]["base"]
    kind = "LoRA adapter for" if export and export.adapter else "Trained from"
    held = _held(config, steps, stopped_early, step, export)
    measured = export.results if export else ""
    sections = [
        f"{kind} `{base}`{'; trained' if export and export.adapter else ''} by GRPO with a reward "
        f"on typed reasoning steps, for {steps} steps. {held}",
        f"## Use\n\n{use_section(config, base, adapter=bool(export and export.adapter))}"
        if export
        else "",
        f"## Results\n\n{measured}" if measured else "",
        f"## Reward\n\n{reward_section(config.get('reward') or {})}",
        f"## Data\n\n{_data(config)}",
        f"## The training run\n\n{_run(rows)}",
        f"## Limits\n\n{_limits(config, bool(measured))}",
        f"## To reproduce this\n\n{_reproduce(provenance, export)}",
    ]
    title = "# Policy from a run with a reward on typed reasoning steps"
    head = header(config, base, adapter=bool(export and export.adapter))
    return "\n\n".join([head + title, *filter(None, sections)]) + "\n"


def _held(
    config: Mapping[str, Any],
    steps: int,
    stopped_early: str | None,
    step: int | None,
    export: Export | None,
) -> str:
    """How the run ended, and which step's weights these are."""
    ending = f"It stopped itself: {stopped_early}." if stopped_early else "It ran to its end."
    if export is not None:
        if not export.complete:
            ending = "It was not complete when this policy was exported."
        return f"{ending} The weights here are those of step {steps if step is None else step}."
    if step is not None and step != steps:
        held = f"those of step {step}" if step else "those of the base"
        judged = "evaluation" if config.get("eval_problems") is not None else "running accuracy"
        return (
            f"{ending} The weights here are {held}, the best by {judged}; those of the last step "
            f"lie in `{run_files.LAST_POLICY if stopped_early else run_files.POLICY}/`."
        )
    if stopped_early:
        ending += " The weights here are those of the last step; the best ones lie in `policy/`."
    return ending


def _data(config: Mapping[str, Any]) -> str:
    problems = {k: v for k, v in (config.get("problems") or {}).items() if v not in (None, {})}
    columns = problems.pop("columns", None) or {}
    named = {k: v for k, v in columns.items() if v is not None}
    shown = {**problems, **({"columns": named} if named else {})}
    words = ", ".join(f"{key} `{value}`" for key, value in shown.items())
    length = (config.get("grpo") or {}).get("max_completion_length")
    limit = f" Completions were sampled up to {length} tokens." if length else ""
    evaluated = config.get("eval_problems")
    chosen = (
        f" The best step was chosen on problems of `{evaluated.get('source')}`, split "
        f"`{evaluated.get('split')}`."
        if isinstance(evaluated, Mapping)
        else ""
    )
    return f"Training problems: {words or 'unknown'}.{limit}{chosen}"


def _run(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "No step is logged before these weights."
    ends = f"first {min(WINDOW, len(rows))} steps | last {min(WINDOW, len(rows))} steps"
    return f"""| mean over rollouts | {ends} |
|---|---|---|
{_table(rows)}

These are training rollouts, sampled while the policy changed.

{_list(shown_by_run(rows))}"""


def _limits(config: Mapping[str, Any], measured: bool) -> str:
    found = [] if measured else ["No comparison is given here: what is above are training figures."]
    found += [
        "The reward counts steps as a frozen classifier types them. A policy can learn to please "
        "it; audit tagger, tokens a step and steps per 1,000 tokens above show whether it did.",
        "One training run with one seed; another seed gives other figures.",
        "Nothing is known of problems, languages and prompts other than those named here, nor of "
        "conversations of several turns.",
    ]
    if not config.get("audit_tagger"):
        found.append("The run had no audit tagger.")
    return _list(found)


def _reproduce(provenance: Mapping[str, Any], export: Export | None) -> str:
    versions = ", ".join(f"{k} {v}" for k, v in provenance["versions"].items())
    file = export.config if export else f"../{run_files.CONFIG}"
    commit = str(provenance["commit"]).partition("+")[0]
    changed = " (with local changes)" if "+" in str(provenance["commit"]) else ""
    machine = provenance.get("machine") or {}
    on = ", ".join(str(machine[k]) for k in ("processor", "accelerator") if machine.get(k))
    command = provenance.get("command")
    began = f"* Begun by `{command}`.\n" if command else ""
    config = json.dumps(provenance["config"], indent=2, ensure_ascii=False)
    return f"""With Suffice at commit `{commit}`{changed} and the versions below:

```bash
suffice train --config {file} --output runs/again
```

{began}* Frozen tagger: `{provenance["tagger_fingerprint"]}`, the same before and after.
* Audit tagger: `{provenance["audit_fingerprint"]}`.
* Weights of the base, SHA-256: `{provenance["model"]["base_weights"]}`.
* Date: {provenance["date"]}.{f" Machine: {on}." if on else ""}
* {versions}.

<details><summary>Config</summary>

```json
{config}
```

</details>"""


def _table(rows: list[dict[str, Any]]) -> str:
    lines = []
    for label, key in SHOWN:
        values = [row[key] for row in rows if row.get(key) is not None]
        if values:
            first, last = (sum(part) / len(part) for part in (values[:WINDOW], values[-WINDOW:]))
            lines.append(f"| {label} | {first:.3f} | {last:.3f} |")
    return "\n".join(lines)


def _list(sentences: list[str]) -> str:
    return "\n".join(f"* {sentence}" for sentence in sentences)
