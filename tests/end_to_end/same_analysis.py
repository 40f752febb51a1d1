"""Random rollouts through training facts and comparison samples: every shared column is equal.

    python -m tests.end_to_end.same_analysis 2000

Rollouts are the overthinker's written traces, cut and spliced, in its tokenizer, after prompts that
leave off before, inside and behind the thinking. The packaged tagger types the steps;
three audits are made: none, a tagger with the same segmenter, and the packaged linear tagger with
another segmenter, which cuts other steps.
"""

from __future__ import annotations

import sys
from typing import Any

from rl.policy.load import load_tokenizer
from tagger.frozen import FrozenTagger
from tagger.segmentation.registry import get_segmenter
from tagger.thinking.split import PromptEnd
from tests.rl.rollouts_made_here import kinds_of, random_rollouts
from tests.rl.shared_columns import Compared, compare_columns


def audits() -> dict[str, FrozenTagger | None]:
    """Audit taggers by what tells them apart from the tagger."""
    linear = FrozenTagger.load("linear")
    other: Any = get_segmenter("paragraph", min_chars=60)
    if (other.name, other.settings) == (linear.segmenter.name, linear.segmenter.settings):
        raise SystemExit("The other segmenter is the tagger's own.")
    return {
        "no audit": None,
        "audit, same segmenter": linear,
        "audit, another segmenter": FrozenTagger(
            linear.taxonomy, other, linear.backend, linear.temperature
        ),
    }


def main(count: int) -> int:
    """Compare and print; the number of values that differ."""
    tokenizer, _ = load_tokenizer("overthinker")
    tagger = FrozenTagger.load()
    made = list(random_rollouts(tokenizer, count))
    kinds = kinds_of(made)
    print(f"{len(made)} rollouts of {len(kinds)} kinds: {dict(sorted(kinds.items()))}")
    total, counted = 0, {}
    names: tuple[str, ...] = ()
    for what, audit in audits().items():
        parts: list[Compared] = []
        for number, after in enumerate(PromptEnd):
            part = made[number :: len(PromptEnd)]
            parts.append(compare_columns(part, tokenizer, tagger, audit, after))
        names = parts[0].columns
        found = [sentence for part in parts for sentence in part.differences]
        counted[what] = [steps for part in parts for steps in part.audit]
        total += len(found)
        print(f"{what}: {len(names)} columns, {len(made)} rollouts, {len(found)} differences")
        for sentence in found[:20]:
            print(f"  {sentence}")
    _, same, other = counted.values()
    changed = sum(a != b for a, b in zip(same, other, strict=True))
    print(f"the other segmenter changes the audit's verification steps in {changed} rollouts")
    print("columns: " + ", ".join(names))
    return total


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000) else 0)
