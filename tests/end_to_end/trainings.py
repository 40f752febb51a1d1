"""All trainings that processes of their own do, as forks of one that has imported everything.

python -m tests.end_to_end.trainings FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.end_to_end.forks import forked, status_of
from tests.end_to_end.kill_and_resume import kill_and_resume
from tests.end_to_end.two_ranks import two_ranks
from tests.world import World, make_world


def main(folder: Path) -> None:
    """Make a world and train in it; what `folder` holds then, see the two functions."""
    root = folder / "world"
    world = World(root, root / "model", root / "tagger", root / "problems.jsonl")
    for name in ("world", "resume", "ranks"):
        (folder / name).mkdir()
    assert status_of(forked(lambda: make_world(root))) == 0
    kill_and_resume(folder / "resume", world)
    two_ranks(folder / "ranks", world)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
