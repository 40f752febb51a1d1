"""Two keys that are varied together."""

from __future__ import annotations

from dataclasses import replace

from rl.analysis.panels import make_panel
from rl.sweep.analysis.groups import Measured
from rl.sweep.analysis.responses import interactions
from rl.sweep.planning.runs import Run
from tests.rl.synthetic import make_sample


def _run(arm: str, x: float, y: float, tokens: int) -> Measured:
    run = Run(f"{arm}{x}{y}", f"{arm}{x}{y}", arm, arm, {"x": x, "y": y}, 0, "", {})
    sample = replace(make_sample("base", 0, 0, None), tokens=tokens)
    return Measured(run, make_panel([sample]), {})


def test_interactions_do_not_mix_arms() -> None:
    corners = [(x, y) for x in (1, 2) for y in (1, 2)]
    runs = [_run(arm, x, y, k * (x + 10 * y)) for k, arm in enumerate("ab", 1) for x, y in corners]
    one, two = interactions([*runs, _run("c", 1, 1, 999)])
    assert [found["arm"] for found in (one, two)] == ["a", "b"] and one["keys"] == ["x", "y"]
    tokens = [[cell["tokens"] for cell in found["cells"]] for found in (one, two)]
    assert tokens == [[11, 21, 12, 22], [22, 42, 24, 44]]
    assert all(cell["runs"] == 1 for found in (one, two) for cell in found["cells"])
