"""The module `suffice` hands the public names on, lazily."""

from __future__ import annotations

import subprocess
import sys

import suffice


def test_suffice_exports_every_public_name_from_its_home() -> None:
    assert sorted(suffice._HOME) == sorted(suffice.__all__) == dir(suffice)
    for name in suffice.__all__:
        value = getattr(suffice, name)
        home = getattr(value, "__module__", None)
        assert home is None or home.split(".")[0] in ("tagger", "rewards", "rl"), name


def test_suffice_is_light_until_a_name_is_asked_for() -> None:
    code = (
        "import sys, suffice; suffice.FrozenTagger; suffice.StepMonitor;"
        "print(sorted({'torch', 'transformers', 'trl', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
