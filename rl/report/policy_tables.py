"""The tables on what a policy's verification is worth, and on what took the place of what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rl.analysis.arms import BASE, policy_names, reference_of
from rl.analysis.claims.base import percent, points
from rl.analysis.claims.targets import targets_of
from rl.report.style import arm_look, main_arms, number, short_type, signed, sort_types
from rl.report.tables import arm_cell, with_interval
from tagger.display.cells import Cell, Row, Table

VALUE_HEAD = (
    "arm", "first answer correct, %", "final answer correct, %", "verification steps",
    "answers without one, %", "value of a step, points", "its price, points",
)  # fmt: skip


def value_table(results: Mapping[str, Any]) -> Table | None:
    """Value and price of a verification step by arm and band; None for older results."""
    arms, prices = results["arms"], results.get("prices", {})
    rows = []
    for name in main_arms(results):
        found = arms[name].get("verification_value")
        if found is None or arms[name]["kind"] == "oracle":
            continue
        price = prices.get(arms[name]["policy"])
        bands = found["bands"] if len(found["bands"]) > 1 else {}
        parts = [(arm_cell(results, name), found, arms[name], "hero")]
        parts += [
            (Cell(f"\u2003{band}"), part, arms[name]["bands"][band], "")
            for band, part in bands.items()
        ]
        for label, part, measures, kind in parts:
            cells: list[Cell | str] = [
                label,
                with_interval(measures["first_answer_accuracy"], 100, 1),
                with_interval(measures["accuracy"], 100, 1),
                with_interval(measures["verification_steps"], 1, 2),
                percent(part["unverified"]["mean"], 1).removesuffix(" %"),
                with_interval(part["value"], 100, 2),
                "–" if price is None else number(price * 100, 1),
            ]
            rows.append(Row(cells, kind))
    return Table(VALUE_HEAD, rows) if rows else None


def displacement_table(results: Mapping[str, Any]) -> Table | None:
    """Tokens and steps of each type against the reference; None for older results."""
    reference = reference_of(policy_names(results))
    found = {
        name: pair["displacement"]
        for name in policy_names(results)
        if (pair := results["paired"].get(f"{name}_vs_{reference}")) and pair.get("displacement")
    }
    if not found:
        return None
    base = results["arms"][reference]["by_type"]
    rows = []
    for kind in sort_types({kind for one in found.values() for kind in one["types"]}):
        own = base.get(kind, {"steps": 0.0, "tokens": 0.0})
        cells: list[Cell | str] = [short_type(kind), number(own["tokens"], 1)]
        cells.append(number(own["steps"], 2))
        for name, one in found.items():
            change = one["types"].get(kind)
            if change is None:
                cells += ["", ""]
                continue
            tokens = change["tokens"]
            note = f"{signed(tokens['low'])} to {signed(tokens['high'])}"
            # Base is what training began with: nothing in it has come back.
            returned = "came back; " if name != BASE and kind in one["returned"] else ""
            cells.append(Cell(signed(tokens["mean"]), returned + note))
            cells.append(signed(change["steps"]["mean"], 2))
        rows.append(Row(cells))
    head = ["type", f"{reference}: tokens an answer", "steps"]
    for name in found:
        label = arm_look(results, name)[0]
        head += [f"{label}, tokens more or less", "steps more or less"]
    return Table(tuple(head), rows)


def overlap_table(results: Mapping[str, Any]) -> Table | None:
    """Test problems that were training problems, policy by policy; None where there are none."""
    rows = []
    for policy, found in results["problems"].get("overlaps", {}).items():
        for kind, how in (("same", "word for word"), ("reworded", "in other words")):
            for pair in found.get(kind, {}).get("problems", ()):
                rows.append(Row([policy, pair["test"], pair["training"], how]))
    return Table(("policy", "test problem", "training problem", "the same"), rows) if rows else None


def runs_table(results: Mapping[str, Any]) -> Table | None:
    """The headline figures of every training run; None if no policy pools several."""
    rows = []
    for policy, runs in results.get("pooled", {}).items():
        rows.append(Row([policy], "group", 5))
        rows += [
            Row(
                [
                    run["name"],
                    number(run["accuracy"] * 100, 1),
                    number(run["first_answer_accuracy"] * 100, 1),
                    number(run["tokens"], 1),
                    number(run["verification_steps"], 2),
                ]
            )
            for run in runs
        ]
    head = ("run", "correct, %", "first answer correct, %", "tokens", "verification steps")
    return Table(head, rows) if rows else None


def targets_table(results: Mapping[str, Any]) -> Table:
    """Every target of a claim, with its origin."""
    rows = [Row([one.text, one.origin]) for one in targets_of(results)]
    return Table(("target", "origin"), rows)


def price_words(results: Mapping[str, Any]) -> str:
    """What the rewards of the policies charge for a verification step, in a sentence each."""
    said = [
        f"the reward of {name} charges {points(price).lstrip('+')} points for each verification"
        " step of a correct answer"
        for name, price in results.get("prices", {}).items()
        if price
    ]
    return f"{'; '.join(said)[:1].upper()}{'; '.join(said)[1:]}." if said else ""
