"""Kept rollouts as trackers show them: a table, its thinking in the colours of the types."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rl import run_files
from rl.report.style import short_type, type_colour
from rl.training.tracking.base import Record
from tagger.display.templates import render
from tagger.taxonomies.taxonomy import REASONTYPE

MOST = 16
"""Rollouts of a step that trackers get."""
_TAGS = {kind.name: kind.tag for kind in REASONTYPE.types}
_VERIFY = REASONTYPE.get("VERIFY").name


class NewRollouts:
    """The rollouts that a run has kept since they were last asked for.

    Args:
        folder: ``rollouts/`` of the run.
        after: Step whose rollouts, and all before, are known: that from which a run resumes.
    """

    def __init__(self, folder: Path, after: int = 0) -> None:
        self._folder, self._last = folder, after

    def read(self, step: int) -> dict[int, list[Record]]:
        """Rollouts drawn up to a step, at most `MOST` each, by the step they were drawn at."""
        found = {}
        for file in sorted(self._folder.glob(run_files.ROLLOUT_FILES)):
            drawn = int(file.name.removesuffix(".jsonl.gz").rpartition("-")[2])
            if self._last < drawn <= step:
                lines = gzip.decompress(file.read_bytes()).split(b"\n")
                found[drawn] = [json.loads(line) for line in lines[:MOST] if line]
        self._last = max([self._last, *found])
        return found


def table(records: Sequence[Record], thinking: Sequence[Any]) -> tuple[list[str], list[list[Any]]]:
    """Head and rows of a table of rollouts.

    Args:
        records: The rollouts.
        thinking: What shows the thinking of each.
    """
    terms = list(records[0]["rewards"]) if records else []
    head = ["step", "problem", "question", "reference", "thinking", "answer", "correct", "tokens",
            "types", "verification_steps", *terms, "total", "advantage"]  # fmt: skip
    rows = [
        [
            record["step"],
            record["problem_id"],
            record["question"],
            str(record["reference"]),
            shown,
            str(record["answer"]).strip(),
            record["correct"],
            record["tokens"],
            " ".join(_TAGS.get(step["type"], step["type"]) for step in record["steps"]),
            sum(step["type"] == _VERIFY for step in record["steps"]),
            *(record["rewards"][term] for term in terms),
            record["total"],
            record["advantage"],
        ]
        for record, shown in zip(records, thinking, strict=True)
    ]
    return head, rows


def as_html(record: Record) -> str:
    """The thinking of a rollout, a block a step, in the colour of its type; styles included."""
    steps = [
        {
            "colour": type_colour(step["type"]),
            "kind": short_type(step["type"]),
            "facts": f"{step['tokens']} tokens, {step['confidence']:.0%} sure",
            "text": step["text"],
        }
        for step in record["steps"]
    ]
    return render(f"{__package__}/steps.html.j2", steps=steps)


def as_markdown(record: Record) -> str:
    """A rollout for trackers that show text: each step behind the name of its type."""
    verdict = "correct" if record["correct"] else "incorrect"
    lines = [
        f"**{record['problem_id']}**: {_line(record['question'])}",
        f"{verdict}, {record['tokens']} tokens, total reward {record['total']}, advantage "
        f"{record['advantage']:.3f}",
        *(f"* **{short_type(step['type'])}** {_line(step['text'])}" for step in record["steps"]),
        f"answer: {_line(str(record['answer']))}",
    ]
    return "\n\n".join(lines[:2]) + "\n\n" + "\n".join(lines[2:-1]) + f"\n\n{lines[-1]}"


def _line(text: str) -> str:
    return " ".join(text.split())
