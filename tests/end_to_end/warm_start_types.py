"""What a tagger calls the steps that the warm start is written of.

python -m tests.end_to_end.warm_start_types [TAGGER] [--traces N]
"""

from __future__ import annotations

import argparse
from collections import Counter

from rl.warm_start.run import WarmStartSettings, warm_start_traces
from tagger.frozen import FrozenTagger

Types = Counter[tuple[str, str]]
"""Steps by (type they were written as, type the tagger gives), as tags."""


def types_given(tagger: FrozenTagger, traces: int) -> Types:
    """Tag the thinking of written traces; every paragraph is a step."""
    found: Types = Counter()
    taxonomy = tagger.taxonomy
    for problem, trace in warm_start_traces(WarmStartSettings(traces=traces)):
        given = tagger.tag_text(trace.thinking, problem.question)
        for (_, written), step in zip(trace.steps, given, strict=True):
            found[written, taxonomy.get(step.type).tag] += 1
    return found


def main() -> None:
    """Print the pairs and what is called a verification."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("tagger", nargs="?", help="folder or name; the packaged one if left out")
    parser.add_argument("--traces", type=int, default=300)
    arguments = parser.parse_args()
    tagger = FrozenTagger.load(arguments.tagger)
    found = types_given(tagger, arguments.traces)
    for (written, given), steps in sorted(found.items()):
        print(f"{written:12s} tagged {given:12s} {steps:5d}")
    verify = sum(n for (written, _), n in found.items() if written == "VERIFY")
    others = found.total() - verify
    wrong = sum(n for (w, given), n in found.items() if w != "VERIFY" and given == "VERIFY")
    print(f"tagger {tagger.fingerprint[:12]}: {found['VERIFY', 'VERIFY']} of {verify} verification")
    print(f"steps are called verification, and {wrong} of {others} others")


if __name__ == "__main__":
    main()
