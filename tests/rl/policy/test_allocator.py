"""The allocator settings: taken where there is glibc, harmless elsewhere.

pytest tests/rl/policy/test_allocator.py
"""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from rl.policy.allocator import keep_freed_memory

FREED_AND_USED_AGAIN = """
import resource, sys
from rl.policy.allocator import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(4):
    block = bytearray(40 * 2**20)
    del block
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt is glibc's")
def test_large_buffers_are_used_again_without_new_pages() -> None:
    faults = {
        mode: int(
            subprocess.run(
                [sys.executable, "-c", FREED_AND_USED_AGAIN, mode],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        for mode in ("plain", "keep")
    }
    assert faults["keep"] < faults["plain"] / 2


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not keep_freed_memory()
