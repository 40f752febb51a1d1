"""Formatting of metrics, in the terminal and on pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Figure = Mapping[str, Any]
"""An estimate as JSON holds it: ``{mean, low, high}``."""

NOTHING = "–"


def number(
    value: float | None, digits: int = 3, *, percent: bool = False, sign: bool = False
) -> str:
    """A figure with a proper minus; a dash for None; ``percent`` scales a share by 100."""
    if value is None:
        return NOTHING
    shown = round(100 * value if percent else value, digits) + 0.0
    text = f"{shown:{'+' if sign and shown else ''}.{digits}f}".replace("-", "\u2212")
    return f"{text} %" if percent else text


def interval(figure: Figure, digits: int = 3, *, percent: bool = False, sign: bool = False) -> str:
    """``low to high``, empty where there is none."""
    if figure["low"] is None:
        return ""
    scale = 100 if percent else 1
    low, high = (number(scale * figure[k], digits, sign=sign) for k in ("low", "high"))
    return f"{low} to {high}{' %' if percent else ''}"


def headline_figures(record: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The metrics to show first.

    Args:
        record: From `tagger.evaluation.figures.Evaluation.as_dict`.

    Returns:
        ``(name, figure, interval)`` rows.
    """
    rows: list[tuple[str, Figure, dict[str, Any]]] = []
    check = record["verification"]
    if check is not None:
        counts = record["counts"]["verification"]
        silent = check["marker_free"]
        bias = {"digits": 1, "percent": True, "sign": True}
        rows += [
            ("verification F1", check["f1"], {}),
            ("verification precision", check["precision"], {}),
            ("verification recall", check["recall"], {}),
            (f"recall on {silent['support']} marker-free steps", silent["recall"], {}),
            ("verification count bias", counts["predicted"]["bias"], bias),
            ("… from summed probabilities", counts["summed"]["bias"], bias),
            ("… error a trace, steps", counts["predicted"]["mae"], {"digits": 2}),
        ]
    rows += [
        ("micro-F1", record["micro_f1"], {}),
        ("… or the stated alternative", record["micro_f1_or_alternative"], {}),
        ("macro-F1", record["macro_f1"], {}),
        ("Cohen's κ", record["kappa"], {}),
        ("role macro-F1", record["roles"]["macro_f1"], {}),
        ("ECE", record["ece"], {}),
        ("… refitted on other questions", record["calibration"]["ece_refitted"], {}),
    ]
    return [(name, number(f["mean"], **how), interval(f, **how)) for name, f, how in rows]


def size_text(record: Mapping[str, Any]) -> str:
    """``116 traces, 2260 labelled steps, taxonomy reasontype``, and what was left out."""
    text = (
        f"{record['traces']} traces, {record['steps']} labelled steps, "
        f"taxonomy {record['taxonomy']}"
    )
    if record["left_out"]:
        text += f"; {record['left_out']} labels of types without a counterpart left out"
    return text
