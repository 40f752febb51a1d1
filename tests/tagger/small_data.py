"""A small labelled set, written here, on which a tagger trains in a second."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from tagger.backends.linear import LinearSettings
from tagger.frozen import FrozenTagger
from tagger.steps import TagContext, steps_from_texts
from tagger.traces.labelled import read_labelled
from tagger.training.linear.train import LinearRecipe, train_linear
from tagger.training.scores import Scores, score_types
from tagger.training.trained import TrainedTagger

RECIPE = LinearRecipe(LinearSettings(bits=12))
OPENERS = ["Let me see what {q} asks.", "The task: {q}."]
CHECKS = ["Wait, let me check: {e}.", "{e}.", "Let me verify that {e}. Correct."]
ANSWERS = ["So the answer is {v}.", "The answer: \\boxed{{{v}}}."]
DOUBTS = ["Hmm, I am not sure.", "Hmm, that went fast.", "Wait a moment."]


def rows(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Traces that restate, compute, answer, doubt and check; some checks are plain repetition."""
    rng = random.Random(seed)
    out = []
    for i in range(count):
        a, b = rng.randint(1, 9), rng.randint(1, 9)
        question, equation, value = f"{a} + {b} (no. {i})", f"{a} + {b} = {a + b}", a + b
        steps = [
            (rng.choice(OPENERS).format(q=question), "RESTATE"),
            (f"{equation}.", "SUBSTITUTE"),
            (rng.choice(ANSWERS).format(v=value), "CONCLUDE"),
        ]
        for _ in range(rng.randint(0, 3)):
            if rng.random() < 0.4:
                steps.append((rng.choice(DOUBTS), "META"))
            steps.append((rng.choice(CHECKS).format(e=equation), "VERIFY"))
        if rng.random() < 0.7:
            steps.append((rng.choice(ANSWERS).format(v=value), "CONCLUDE"))
        texts, tags = zip(*steps, strict=True)
        labels = {str(j): tag for j, tag in enumerate(tags)}
        out.append({"id": f"t{i}", "question": question, "steps": list(texts), "labels": labels})
    return out


def write(path: Path, content: list[dict[str, Any]]) -> Path:
    """Write rows as JSONL."""
    path.write_text("".join(json.dumps(row) + "\n" for row in content), encoding="utf-8")
    return path


@cache
def trained(seed: int = 0) -> TrainedTagger:
    """The tagger trained on `rows(120)`."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "labelled.jsonl", rows(120))
        return train_linear([path], replace(RECIPE, seed=seed))


def scores_on(tagger: FrozenTagger, labelled_path: str | Path) -> Scores:
    """Score a tagger on labelled traces it was not trained on; its own taxonomy."""
    true: list[str] = []
    given: list[str] = []
    for trace in read_labelled(labelled_path, tagger.taxonomy):
        _, steps = steps_from_texts(trace.steps)
        tagged = tagger.tag(steps, TagContext(trace.question))
        true.extend(trace.labels.values())
        given.extend(tagged[i].type for i in trace.labels)
    return score_types(true, given, tagger.taxonomy)
