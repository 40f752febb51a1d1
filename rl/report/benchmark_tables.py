"""The tables on lengths, several answers to a problem, budgets, what an answer costs, calibration.

Results of a version that did not hold the figures of one give None, or no rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rl.analysis.arms import BASE, arm_name, policy_names, reference_of
from rl.report.style import has_times, main_arms, number, rule_text
from rl.report.tables import arm_cell, difference, with_interval
from tagger.display.cells import Cell, Row, Table


def at_k_table(results: Mapping[str, Any]) -> Table | None:
    """pass@k and maj@k of the main arms; None with a single answer a problem."""
    arms = {n: results["arms"][n].get("at_k") for n in main_arms(results)}
    counts = sorted({one["k"] for found in arms.values() for one in found or ()})
    if len(counts) < 2:
        return None
    rows = []
    for name, found in arms.items():
        by_k = {one["k"]: one for one in found or ()}
        cells = [
            with_interval(by_k[k][key], 100, 1) if k in by_k else Cell()
            for key in ("pass", "majority")
            for k in counts
        ]
        rows.append(Row([arm_cell(results, name), *cells], "hero"))
    heads = [f"{word}@{k}, %" for word in ("pass", "maj") for k in counts]
    return Table(("arm", *heads), rows)


def budgets_table(results: Mapping[str, Any]) -> Table | None:
    """Accuracy of the main arms where every answer must fit into a budget."""
    arms = {n: results["arms"][n].get("at_budgets") or () for n in main_arms(results)}
    budgets = sorted({one["tokens"] for found in arms.values() for one in found})
    if not budgets:
        return None
    rows = []
    for name, found in arms.items():
        by_budget = {one["tokens"]: one["accuracy"] for one in found}
        cells = [with_interval(by_budget[b], 100, 1) if b in by_budget else Cell() for b in budgets]
        rows.append(Row([arm_cell(results, name), *cells], "hero"))
    heads = [f"{number(budget, 0)} tokens" for budget in budgets]
    return Table(("arm: correct, %, within", *heads), rows)


def answer_cost_table(results: Mapping[str, Any]) -> Table | None:
    """What an answer of each main arm costs: tokens, seconds and, with prices, money."""
    names = [n for n in main_arms(results) if results["arms"][n].get("prompt_tokens")]
    if not names:
        return None
    prices = results.get("token_prices")
    timed = any(has_times(results["arms"][name]) for name in names)
    rows = []
    for name in names:
        arm = results["arms"][name]
        cells = [
            arm_cell(results, name),
            with_interval(arm["prompt_tokens"]),
            with_interval(arm["tokens"]),
        ]
        if timed:
            cells.append(with_interval(arm["seconds"], 1000, 1) if has_times(arm) else Cell())
        if prices:
            small = (arm["money"]["mean"] or 0) < 1
            cells.append(with_interval(arm["money"], 1, 4 if small else 2))
        rows.append(Row(cells, "hero"))
    head = ["arm", "prompt tokens", "tokens of the completion", *(["time, ms"] if timed else [])]
    if prices:
        head.append(f"{prices['currency']} for 1,000 answers")
    return Table(tuple(head), rows)


def calibrated_table(results: Mapping[str, Any]) -> Table | None:
    """Each rule at the threshold that was chosen for it, against the policy's free arm."""
    selection = results["selection"]
    if not selection:
        return None
    arms, reference = results["arms"], reference_of(policy_names(results))
    choices = {BASE: selection, **selection.get("policies", {})}
    # Of the reference alone both comparisons would be one.
    also = "" if list(choices) == [reference] else reference
    rows = []
    for policy, own in choices.items():
        for choice in own.get("rules", {}).values():
            name = choice["chosen"]
            if name not in arms:
                # A policy without a grid runs under its chosen rule alone.
                name = arm_name(policy, "monitored")
            if name in arms and arms[name]["policy"] == policy:
                rows.append(_calibrated_row(results, name, choice["kept_accuracy"], also))
    columns = [("correct, %", "points"), ("tokens", "%")]
    head = ["policy", "rule, calibrated"]
    for measure, unit in columns:
        head += [measure, f"against its free arm, {unit}"]
        head += [f"against {also}, {unit}"] if also else []
    return Table(tuple(head), rows) if rows else None


def _calibrated_row(results: Mapping[str, Any], name: str, kept: bool, also: str) -> Row:
    """A rule at its threshold, against the free arm of its policy and, if named, another one."""
    arm, pairs = results["arms"][name], results["paired"]
    note = "" if kept else "no threshold kept the accuracy"
    cells = [Cell(arm["policy"]), Cell(rule_text(arm), note)]
    for estimate, change, *scale in (
        (arm["accuracy"], "accuracy", 100, 1),
        (arm["tokens"], "tokens_change"),
    ):
        cells.append(with_interval(estimate, *scale))
        others = [arm["policy"], also] if also else [arm["policy"]]
        cells += [difference(pairs.get(f"{name}_vs_{other}"), change) for other in others]
    return Row(cells, "hero")


def lengths_table(results: Mapping[str, Any]) -> Table:
    """Tokens of the correct and of the incorrect answers of each main arm."""
    rows = []
    for n in main_arms(results):
        parts = results["arms"][n].get("lengths")
        if parts is None:
            continue  # results of an earlier version
        row: list[Cell | str] = [arm_cell(results, n)]
        for kind in ("correct", "incorrect"):
            part = parts[kind]
            row += [
                str(part["samples"]),
                with_interval(part["tokens"]),
                with_interval(part["thinking_tokens"]),
            ]
        rows.append(Row(row, "hero"))
    head = (
        "arm", "correct answers", "tokens", "thinking tokens", "incorrect answers", "tokens",
        "thinking tokens",
    )  # fmt: skip
    return Table(head, rows)
