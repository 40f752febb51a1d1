"""``suffice compare --power``: what it prints, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from launch.cli import main

STATED = ["compare", "--power", "--accuracy", "0.8", "--correlation", "0.5"]


def test_compare_power_prints_the_problems_of_stated_figures(
    capsys: pytest.CaptureFixture[str],
) -> None:
    argv = ["compare", "--power", "margin=0.03", "samples=4", *STATED[2:]]
    assert main([*argv, "--within-correlation", "0.6"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Margin 3 points (config key margin), expected difference +0 points")
    # (0.032 + 0.128 / 4) 7.848880 / 0.03² = 558.1
    assert "4                  559" in shown
    assert "300 problems × 4 answers, as the config asks: 54% power" in shown
    assert main([*STATED, "--expected", "-0.02"]) == 0
    assert "the expected loss is the margin or more" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["compare", "--accuracy", "0.8"], "--accuracy belongs to --power; add it."),
        (["compare", "--power"], "--power needs a pilot's folder"),
        (["compare", "--power", "none"], "none does not exist"),
        ([*STATED, "--within-correlation", "0.4"], "is below --correlation 0.5"),
        (["compare", "--power", "run", "--accuracy", "0.8"], "stated in the place of a pilot"),
        ([*STATED, "--expected", "2"], "--expected is 2"),
        ([*STATED, "margin=0"], "margin is 0; it must be a number above 0 and below 1"),
    ],
)
def test_compare_power_refuses_in_one_sentence(
    argv: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 2
    out, error = capsys.readouterr()
    assert sentence in error and len(error.splitlines()) == 1 and not out


def test_compare_power_refuses_a_pilot_of_an_earlier_version(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from rl.analysis.arms import ArmRun
    from rl.analysis.results import build_results
    from tests.rl.making import sample
    from tests.rl.synthetic import PROVENANCE

    rows = {
        name: [sample(f"p{i}", correct=i % k > 0) for i in range(12)]
        for name, k in (("base", 2), ("trained", 3))
    }
    runs = [ArmRun(name, name, "free", name, own) for name, own in rows.items()]
    results = build_results(runs, seed=0, selection=None, training=None, provenance=PROVENANCE)
    file = tmp_path / "results.json"
    file.write_text(json.dumps(results))
    assert main(["compare", "--power", str(tmp_path), "samples=1"]) == 0
    shown = capsys.readouterr().out
    assert "trained (66.7 % correct) against base (50.0 %), pilot of 12 problems × 1" in shown
    del results["paired"]["trained_vs_base"]["variance"]
    file.write_text(json.dumps(results))
    assert main(["compare", "--power", str(tmp_path)]) == 2
    assert "suffice compare --resume RUN" in capsys.readouterr().err
