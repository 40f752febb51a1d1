"""Stopping must work where no torch is: in a client of somebody else's engine."""

from __future__ import annotations

import subprocess
import sys


def test_stopping_imports_neither_torch_nor_transformers():
    code = (
        "import sys, tagger.stopping.monitor, tagger.stopping.rules.registry, "
        "tagger.stopping.engines.transformers, "
        "tagger.stopping.closing; "
        "print([m for m in ('torch', 'transformers', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
