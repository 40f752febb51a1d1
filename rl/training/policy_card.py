"""The model card of a trained policy: what it came from, what shaped it, what came out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rl.training.shown_by_run import WINDOW, shown_by_run

SHOWN = (
    ("correct rollouts", "facts/correct"),
    ("tokens", "facts/tokens"),
    ("verification steps", "facts/count/VERIFY"),
    ("steps per 1,000 tokens", "facts/steps_per_1k"),
    ("tokens a step", "facts/step_length"),
    ("tagger confidence", "facts/confidence"),
    ("reflection keywords", "facts/keywords"),
    ("verification steps, audit tagger", "facts/audit_verification"),
)


def policy_card(
    provenance: Mapping[str, Any],
    metrics: Path,
    steps: int,
    stopped_early: str | None,
    step: int | None = None,
) -> str:
    """Write the card.

    Args:
        provenance: As `rl.provenance.provenance` makes it.
        metrics: The run's metrics file.
        steps: Optimizer steps done.
        stopped_early: Why the run stopped itself, if it did.
        step: Step whose weights the policy holds; None is the last one.

    Returns:
        Markdown with a Hub header.
    """
    rows = [json.loads(line) for line in metrics.read_text(encoding="utf-8").splitlines()]
    ending = f"It stopped itself: {stopped_early}." if stopped_early else "It ran to its end."
    if step is not None and step != steps:
        held = f"those of step {step}" if step else "those of the base"
        evaluated = provenance["config"].get("eval_problems") is not None
        judged = "evaluation" if evaluated else "running accuracy"
        ending += (
            f" The weights here are {held}, the best by {judged}; those of the last step lie in"
            f" `{'policy-last' if stopped_early else 'policy'}/`."
        )
    elif stopped_early:
        ending += " The weights here are those of the last step; the best ones lie in `policy/`."
    versions = ", ".join(f"{k} {v}" for k, v in provenance["versions"].items())
    config = json.dumps(provenance["config"], indent=2, ensure_ascii=False)
    return f"""---
library_name: transformers
pipeline_tag: text-generation
tags: [grpo, trl, suffice, reasoning]
---

# Policy from a run with a reward on typed reasoning steps

Trained from `{provenance["model"]["base"]}` by GRPO with a reward on typed reasoning steps, for
{steps} steps. {ending}

| mean over rollouts | first {min(WINDOW, len(rows))} steps | last {min(WINDOW, len(rows))} steps |
|---|---|---|
{_table(rows)}

These are training rollouts, sampled while the policy changed.

{_list(shown_by_run(rows))}

* Frozen tagger: `{provenance["tagger_fingerprint"]}`, the same before and after.
* Audit tagger: `{provenance["audit_fingerprint"]}`.
* Weights of the base, SHA-256: `{provenance["model"]["base_weights"]}`.
* Commit: `{provenance["commit"]}`. Date: {provenance["date"]}.
* {versions}.

```json
{config}
```
"""


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
