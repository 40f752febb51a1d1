"""Accuracy at token budgets, and what answers cost."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from rl.analysis.arms import ArmRun
from rl.analysis.benchmarks.money import money
from rl.analysis.benchmarks.token_budgets import at_budgets, default_budgets
from rl.analysis.panels import make_panel, pool
from rl.analysis.results import build_results
from rl.report.arms_csv import arms_csv
from rl.report.benchmark_tables import answer_cost_table, at_k_table, budgets_table
from tests.rl.making import sample
from tests.rl.synthetic import PROVENANCE, make_runs


def test_default_budgets_are_shares_of_the_longest_completion() -> None:
    assert default_budgets(32768) == [2048, 4096, 8192, 16384, 32768]
    assert default_budgets(9) == [1, 2, 4, 9]
    assert default_budgets(None) == []


def test_at_budgets_count_what_is_correct_and_short_enough() -> None:
    rows = [sample("p", 0, tokens=10), sample("p", 1, tokens=20, correct=False), sample("q")]
    found = at_budgets(make_panel(rows), [9, 10, 20, 100], 0)
    assert [one["accuracy"]["mean"] for one in found] == [0.0, 0.25, 0.25, 0.75]
    assert [one["finished"]["mean"] for one in found] == [0.0, 0.25, 0.5, 1.0]


def test_money_by_hand_for_each_run() -> None:
    rows = [sample("p", tokens=100), sample("q", tokens=300)]
    prompts = {"Question p?": 50, "Question q?": 150}
    panel = make_panel(pool([rows, rows]), runs=2)
    # 100 prompt tokens at 1 and 200 tokens at 2 a million: 500e-6 an answer.
    found = money(panel, prompts, {"input": 1.0, "output": 2.0}, 0)
    assert found["mean"] == pytest.approx(0.5)
    assert found["low"] == pytest.approx(0.25) and found["high"] == pytest.approx(0.75)


def test_results_tables_and_csv_hold_the_figures() -> None:
    runs = [run for run in make_runs(6, 2) if run.kind == "free"]
    priced = [replace(run, prompts={s.question: 20 for s in run.samples}) for run in runs]
    results = build_results(
        priced,
        seed=0,
        selection=None,
        training=None,
        provenance=PROVENANCE,
        max_new_tokens=160,
        token_prices={"input": 0.0, "output": 1000.0, "currency": "EUR"},
        margin=0.05,
    )
    base = results["arms"]["base"]
    assert base["money"]["mean"] == pytest.approx(base["tokens"]["mean"], abs=1e-5)
    assert [one["tokens"] for one in base["at_budgets"]] == [10, 20, 40, 80, 160]
    assert results["margin"] == 0.05 and results["token_prices"]["currency"] == "EUR"
    lines = list(csv.DictReader(io.StringIO(arms_csv(results))))
    assert [line["arm"] for line in lines] == ["base", "trained"]
    assert float(lines[0]["pass@2"]) == base["at_k"][1]["pass"]["mean"]
    assert float(lines[0]["tokens_high"]) == base["tokens"]["high"]
    several, budgets, paid = (
        table(results) for table in (at_k_table, budgets_table, answer_cost_table)
    )
    heads = tuple(f"{word}@{k}, %" for word in ("pass", "maj") for k in (1, 2))
    assert several is not None and several.head[1:] == heads
    assert budgets is not None and budgets.head[-1] == "160 tokens"
    assert paid is not None and paid.head[-1] == "EUR for 1,000 answers"
    plain = build_results(
        [ArmRun("base", "base", "free", "base", runs[0].samples)],
        seed=0,
        selection=None,
        training=None,
        provenance=PROVENANCE,
    )
    assert budgets_table(plain) is None and answer_cost_table(plain) is None
