"""Numbers, quantities and units as people and models write them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.answers.numbers import exact_value
from rewards.answers.quantities import read_quantity, read_time


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        (" -3.50 ", Fraction(-7, 2)),
        ("−5", -5),
        ("1,024", 1024),
        ("1{,}024", 1024),
        ("3/4", Fraction(3, 4)),
        (r"\frac{3}{4}", Fraction(3, 4)),
        (r"\dfrac{-3}{4}", Fraction(-3, 4)),
        ("$7.$", 7),
        (".5", Fraction(1, 2)),
        (r"3\frac{1}{2}", Fraction(7, 2)),
        ("-3 1/2", Fraction(-7, 2)),
        ("3½", Fraction(7, 2)),
        ("1.5e3", 1500),
        (r"1.5 \times 10^{3}", 1500),
        ("2.5 million", 2_500_000),
        (r"0.\overline{3}", Fraction(1, 3)),
        ("３rd", 3),
        ("twenty-one", 21),
        ("x", None),
        ("1.2.3", None),
        ("3/0", None),
        ("465\n120", None),
        ("1 2", None),
        ("12,34", None),
        ("1e99", None),
        ("", None),
        ("9" * 80, None),
    ],
)
def test_exact_value(text: str, value: Fraction | int | None) -> None:
    assert exact_value(text) == value


@given(st.fractions(max_denominator=999))
def test_exact_value_reads_what_python_writes(value: Fraction) -> None:
    assert exact_value(str(value)) == value
    whole, rest = divmod(abs(value), 1)
    sign = "-" if value < 0 else ""
    mixed = rf"{sign}{whole}\frac{{{rest.numerator}}}{{{rest.denominator}}}"
    assert exact_value(mixed) == value


@given(st.integers(0, 10**12))
def test_exact_value_reads_thousands(value: int) -> None:
    for mark in (",", "{,}", r",\!", r"\,", " ", "\u202f"):
        assert exact_value(f"{value:,}".replace(",", mark)) == value


@pytest.mark.parametrize(
    ("text", "value", "dimension"),
    [
        ("20 km", 20, "length"),
        (r"\$3.50", Fraction(7, 2), "dollars"),
        ("$20 per hour", 20, "dollars per time"),
        (r"2400 \mbox{ cm}^2", 2400, "length2"),
        (r"90^\circ", 90, "angle"),
        ("20 °C", 20, "celsius"),
        (r"50\%", 50, "percent"),
        ("20 apples", 20, "label"),
        ("2 hours and 30 minutes", 9000, "time"),
        ("20 in total", 20, "units"),
    ],
)
def test_read_quantity(text: str, value: Fraction | int, dimension: str) -> None:
    quantity = read_quantity(text)
    assert quantity is not None and quantity.unit is not None
    assert (quantity.value, quantity.unit.dimension) == (value, dimension)


@pytest.mark.parametrize(
    "text", ["19 or 20", "20 + 5", "20 apples and 5 pears", "5x", r"5\pi", "2^5", "20!", "20 or so"]
)
def test_read_quantity_takes_one_number_only(text: str) -> None:
    assert read_quantity(text) is None


def test_read_quantity_leaves_variables_of_a_formula_alone() -> None:
    assert read_quantity("6m") is not None
    assert read_quantity("6m", variables=True) is None
    assert read_quantity("$6 m$", variables=True) is None
    assert read_quantity("6 m", variables=True) is not None


def test_read_time() -> None:
    assert read_time("8:34 p.m.") == (20 * 3600 + 34 * 60, "p")
    assert read_time(r"4\!:\!51\!:\!06 \text{ p.m.}") == (16 * 3600 + 51 * 60 + 6, "p")
    assert read_time("12:05 am") == (300, "a")
    assert read_time("8:64") is None
    assert read_time("1:2") is None
