"""The tables of a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rl.analysis.arms import BASE, policy_names, reference_of
from rl.analysis.claims.base import percent
from rl.report.style import (
    arm_look,
    grid_arms,
    has_times,
    interval,
    main_arms,
    number,
    rule_looks,
    rule_of,
    rule_text,
    signed,
)
from tagger.display.cells import Cell, Row, Table


def with_interval(estimate: Mapping[str, Any], scale: float = 1, digits: int | None = None) -> Cell:
    """An estimate, scaled, with its interval below."""
    mean = estimate["mean"]
    shown = number(None if mean is None else mean * scale, digits)
    return Cell(shown, interval(estimate, scale, digits))


def difference(pair: Mapping[str, Any] | None, key: str) -> Cell:
    """A paired difference in points, or a relative change in per cent."""
    if pair is None:
        return Cell()
    e = pair[key]
    shown = signed(None if e["mean"] is None else e["mean"] * 100)
    if e["low"] is None:
        return Cell(shown)
    return Cell(shown, f"{signed(e['low'] * 100)} to {signed(e['high'] * 100)}")


def _arm_head(reference: str, timed: bool) -> tuple[str, ...]:
    head = (
        "arm", "correct, %", f"against {reference}, points", "tokens", f"against {reference}, %",
        "thinking tokens", "verification steps", "stopped, %", "not finished, %",
    )  # fmt: skip
    return (*head, "time per answer, ms") if timed else head


def _arm_row(
    m: Mapping[str, Any], name: Cell, pair: Mapping[str, Any] | None, timed: bool, kind: str = ""
) -> Row:
    unfinished = (1 - m["finished"]["mean"]) * 100
    forced = m["forced_tokens"]["mean"]
    return Row(
        [
            name,
            with_interval(m["accuracy"], 100, 1),
            difference(pair, "accuracy"),
            with_interval(m["tokens"]),
            difference(pair, "tokens_change"),
            number(m["thinking_tokens"]["mean"]),
            with_interval(m["verification_steps"], 1, 2),
            Cell(
                number(m["stopped"]["mean"] * 100, 1) if m["stopped"]["mean"] else "",
                f"{number(forced, 1)} forced" if forced else "",
            ),
            number(unfinished, 1),
            *([_time_cell(m)] if timed else []),
        ],
        kind,
    )


def _time_cell(m: Mapping[str, Any]) -> Cell:
    if not has_times(m):
        return Cell()
    watching = (m["monitor_seconds"]["mean"] or 0) * 1000
    note = f"monitor {number(watching, 1)}" if watching else ""
    return Cell(number(m["seconds"]["mean"] * 1000, 1), note)


def arm_cell(results: Mapping[str, Any], arm: str, detail: bool = False) -> Cell:
    """Name of an arm with its colour; with `detail` the rule that was chosen for it."""
    note, kind = "", results["arms"][arm]["kind"]
    label, _, colour = arm_look(results, arm)
    if detail and kind == "monitored":
        note = rule_text(results["arms"][arm])
    if detail and kind == "oracle":
        note = "reads the reference; a bound"
    return Cell(label, note, dot=colour)


def arms_table(results: Mapping[str, Any]) -> Table:
    """Every arm on the whole test split: the main ones, then each grid point."""
    arms, pairs = results["arms"], results["paired"]
    reference = reference_of(policy_names(results))
    timed = any(has_times(arm) for arm in arms.values())
    head = _arm_head(reference, timed)
    rows = [
        _arm_row(
            arms[n],
            arm_cell(results, n, detail=True),
            pairs.get(f"{n}_vs_{reference}"),
            timed,
            "hero",
        )
        for n in main_arms(results)
    ]
    selection = results["selection"] or {}
    choices = [selection, *selection.get("policies", {}).values()]
    chosen = {r["chosen"] for s in choices for r in s.get("rules", {}).values()}
    looks, group = rule_looks(results), ""
    for n in grid_arms(results):
        if arms[n]["policy"] != group:
            group = arms[n]["policy"]
            of = "" if group == BASE else f" of {group}"
            rows.append(Row([f"every monitored grid point{of}"], "group", len(head)))
        colour = looks[rule_of(arms[n])][1]
        name = Cell(arms[n]["label"], dot=colour, chosen=n in chosen)
        rows.append(_arm_row(arms[n], name, pairs.get(f"{n}_vs_{reference}"), timed))
    return Table(head, rows)


def bands_table(results: Mapping[str, Any]) -> Table:
    """The main arms in each difficulty band."""
    arms, pairs = results["arms"], results["paired"]
    bands, reference = list(arms["base"]["bands"]), reference_of(policy_names(results))
    rows = []
    for band in bands:
        count = results["problems"]["bands"][band]
        rows.append(Row([f"{band}, {count} problems"], "group", 8))
        for n in main_arms(results):
            m = arms[n]["bands"][band]
            pair = pairs.get(f"{n}_vs_{reference}", {}).get("bands", {}).get(band)
            rows.append(
                Row(
                    [
                        arm_cell(results, n),
                        with_interval(m["first_answer_accuracy"], 100, 1),
                        with_interval(m["accuracy"], 100, 1),
                        difference(pair, "accuracy"),
                        with_interval(m["tokens"]),
                        difference(pair, "tokens_change"),
                        with_interval(m["verification_steps"], 1, 2),
                        difference(pair, "verification_steps_change"),
                    ],
                    "hero",
                )
            )
    head = (
        "arm", "first answer correct, %", "final answer correct, %",
        f"against {reference}, points", "tokens", f"against {reference}, %", "verification steps",
        f"against {reference}, %",
    )  # fmt: skip
    return Table(head, rows)


def selectivity_table(results: Mapping[str, Any]) -> Table:
    """Verification by the arm's own first answer, overall, per band and within problems."""
    rows = []
    for n in main_arms(results):
        sel = results["arms"][n]["selectivity"]
        within = sel["within_problem"]
        rows.append(
            Row(
                [
                    arm_cell(results, n),
                    with_interval(sel["steps_if_first_right"], 1, 2),
                    with_interval(sel["steps_if_first_wrong"], 1, 2),
                    percent(sel["verified_if_first_right"]["mean"], 1),
                    percent(sel["verified_if_first_wrong"]["mean"], 1),
                    _rate_difference(sel),
                    with_interval(within["difference"], 1, 2),
                    str(within["problems"]),
                ],
                "hero",
            )
        )
        for band, part in sel["bands"].items() if len(sel["bands"]) > 1 else ():
            rows.append(
                Row(
                    [
                        f"\u2003{band}",
                        number(part["steps_if_first_right"]["mean"], 2),
                        number(part["steps_if_first_wrong"]["mean"], 2),
                        percent(part["verified_if_first_right"]["mean"], 1),
                        percent(part["verified_if_first_wrong"]["mean"], 1),
                        _rate_difference(part),
                        "",
                        "",
                    ]
                )
            )
    head = (
        "arm", "verification steps if first answer correct", "… if incorrect",
        "verifies at all if correct", "… if incorrect", "incorrect − correct, points",
        "within problems: incorrect − correct", "such problems",
    )  # fmt: skip
    return Table(head, rows)


def _rate_difference(part: Mapping[str, Any]) -> Cell | str:
    """Verification rate if the first answer is incorrect, less that if it is correct."""
    return difference(part, "difference") if "difference" in part else ""


AUDIT_ROWS = (
    ("verification_steps", "verification steps (tagger)", 2),
    ("audit_verification", "verification steps (audit tagger)", 2),
    ("outside_verification", "verification steps outside the thinking", 2),
    ("keywords", "reflection keywords (13 of ARLCP)", 2),
    ("steps_per_1k", "steps per 1,000 tokens", 1),
    ("step_tokens", "tokens per step", 1),
    ("confidence", "tagger confidence", 3),
    ("unfamiliar", "share of steps unlike the tagger's training data", 3),
)


def audit_table(results: Mapping[str, Any]) -> Table:
    """What a policy that games the tagger would move, for each main arm."""
    names = main_arms(results)
    head = ("per answer", *(arm_look(results, n)[0] for n in names))
    rows = []
    for key, label, digits in AUDIT_ROWS:
        audits = [results["arms"][n]["audit"] for n in names]
        if not all(key in audit for audit in audits):
            continue  # results of an earlier version
        cells = [with_interval(audit[key], 1, digits) for audit in audits]
        rows.append(Row([label, *cells]))
    return Table(head, rows)


def flips_table(results: Mapping[str, Any]) -> Table:
    """Counts behind the picture of flips, by arm and band."""
    rows = []
    for n in main_arms(results):
        arm = results["arms"][n]
        rows.append(Row([arm_cell(results, n), *_flip_cells(arm["flips"])], "hero"))
        for band, part in arm["bands"].items() if len(arm["bands"]) > 1 else ():
            if "flips" in part:  # not in results of an earlier version
                rows.append(Row([f"\u2003{band}", *_flip_cells(part["flips"])]))
    head = (
        "arm", "answers with a first answer", "helpful: incorrect → correct", "of the incorrect",
        "harmful: correct → incorrect", "of the correct",
    )  # fmt: skip
    return Table(head, rows)


def _flip_cells(flips: Mapping[str, Any]) -> list[str]:
    """Answers with a first answer, and what became of the incorrect and the correct ones."""
    cells = [f"{flips['stated']} of {flips['samples']}"]
    for kind in ("wrong_to_right", "right_to_wrong"):
        cells += [str(flips[kind]["count"]), percent(flips[kind]["rate"]["mean"], 1)]
    return cells


def pair_flips_table(results: Mapping[str, Any]) -> Table:
    """Answers that change with the arm: each main arm against base, each policy against others."""
    names, policies = main_arms(results), policy_names(results)
    rows = []
    for b in policies:
        for a in names:
            pair = results["paired"].get(f"{a}_vs_{b}", {}).get("flips")
            if pair is None or (b != BASE and results["arms"][a]["kind"] == "oracle"):
                continue
            rows.append(
                Row(
                    [
                        arm_cell(results, a),
                        arm_look(results, b)[0],
                        str(pair["samples"]),
                        *(
                            cell
                            for kind in ("harmful", "helpful")
                            for cell in (
                                str(pair[kind]["count"]),
                                with_interval(pair[kind]["share"], 100, 1),
                            )
                        ),
                    ],
                    "hero",
                )
            )
    head = (
        "arm", "against", "pairs of answers", "harmful: correct → incorrect", "share, %",
        "helpful: incorrect → correct", "share, %",
    )  # fmt: skip
    return Table(head, rows)
