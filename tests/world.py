"""A whole small world on disk: a tiny policy, a tagger and problems, made in seconds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class World:
    """Folders and files of a small world."""

    root: Path
    model: Path
    tagger: Path
    problems: Path

    def config(self, output: str | Path, **changes: Any) -> dict[str, Any]:
        """A run of four steps whose reward any random model gets something from."""
        base: dict[str, Any] = {
            "output": str(output),
            "model": str(self.model),
            "tagger": str(self.tagger),
            "problems": {"source": str(self.problems)},
            "reward": {
                "terms": {"correctness": {}, "short": dict(SHORT)},
                "allow_charge_above_correctness": True,
            },
            "grpo": dict(GRPO),
            "seed": 3,
        }
        return base | changes


SHORT: dict[str, Any] = {
    "kind": "step_count",
    "weight": 0.05,
    "gate": "none",
    "unit": "tokens",
    "types": {
        tag: {}
        for tag in (
            "RESTATE", "CONTEXT", "RECALL", "SUBSTITUTE", "TRANSFORM", "CASE", "PATTERN", "VERIFY",
            "HEURISTIC", "ALTERNATIVE", "INTERPRET", "META", "CONCLUDE", "OTHER",
        )
    },
}  # fmt: skip
GRPO: dict[str, Any] = {
    "max_steps": 4,
    "per_device_train_batch_size": 8,
    "num_generations": 4,
    "max_completion_length": 24,
    "learning_rate": 1e-3,
    "save_steps": 1,
}


def make_world(root: Path) -> World:
    """Make everything; about three seconds."""
    from rl.overthinker.build import BuildSettings, labelled_rows, new_model, train_tokenizer
    from tagger.training.linear.train import LinearRecipe, train_linear

    rows = list(labelled_rows(80, 0))
    text = (step for row in rows for step in [row["question"], *row["steps"]])
    tokenizer = train_tokenizer(text, 330)
    settings = BuildSettings(vocabulary=len(tokenizer), hidden=32, layers=2, heads=2, seed=1)
    model = new_model(settings, tokenizer)
    _make_endings_likely(model, tokenizer)
    model.save_pretrained(root / "model")
    tokenizer.save_pretrained(root / "model")
    labelled = root / "labelled.jsonl"
    labelled.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    train_linear([labelled], LinearRecipe(max_iterations=15)).tagger.save(root / "tagger")
    problems = root / "problems.jsonl"
    lines = [{"question": f"{a} + {b} = ?", "answer": a + b} for a in (1, 2, 3) for b in (2, 5)]
    problems.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return World(root, root / "model", root / "tagger", problems)


def _make_endings_likely(model: Any, tokenizer: Any) -> None:
    """Give the closing delimiter and the end token a chance in a random model."""
    import torch

    ids = [tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids("</think>")]
    with torch.no_grad():
        for token in ids:
            model.get_output_embeddings().weight[token] *= 6
