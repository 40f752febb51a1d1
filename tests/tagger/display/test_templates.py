"""Templates: everything is escaped, nothing missing goes unnoticed, and all are packaged."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from tagger.display.cells import Cell, Row, Table
from tagger.display.templates import _environment, markup, render

ROOT = Path(__file__).parents[3]


def drawn(table: Table) -> str:
    source = '{% import "tagger.display/parts.html.j2" as parts %}{{ parts.table(table) }}'
    return "".join(_environment().from_string(source).render(table=table).split("\n"))


def test_render_refuses_a_missing_value() -> None:
    with pytest.raises(UndefinedError, match="'css' is undefined"):
        render("tagger.display/document.html.j2", title="t")


def test_render_escapes_all_but_markup() -> None:
    page = render("tagger.display/document.html.j2", title="<b>&\"'", css=markup("a>b{}"))
    assert "<title>&lt;b&gt;&amp;&#34;&#39;</title><style>a>b{}</style>" in page


def test_table_draws_cells_notes_dots_and_groups() -> None:
    table = Table(
        ["<h>", Cell("a_b-c", breakable=True)],
        [
            Row(["all <of> them"], "group", 2),
            Row([Cell("x", "1 to 2", dot="red", chosen=True), "y"], "hero"),
            [Cell("b", kind="b"), Cell("i", kind="i", style="color:red")],
        ],
    )
    assert drawn(table) == (
        '<div class="scroll"><table><thead><tr><th>&lt;h&gt;</th><th>a_<wbr>b-<wbr>c</th></tr>'
        '</thead><tbody><tr class="group"><td colspan="2">all &lt;of&gt; them</td></tr>'
        '<tr class="hero"><td><span class="dot" style="background:red"></span>x'
        '<small>1 to 2</small><small class="chosen">chosen</small></td><td>y</td></tr>'
        '<tr><td><b>b</b></td><td><div style="color:red"><i>i</i></div></td></tr>'
        "</tbody></table></div>"
    )


@given(st.text(), st.text())
def test_no_cell_breaks_out_of_its_table(text: str, note: str) -> None:
    plain = drawn(Table([], [[Cell("x", "x")]]))
    wild = drawn(Table([], [[Cell(text, note or "x", breakable=True)]])).replace("<wbr>", "")
    assert wild.count("<") == plain.count("<")


def test_every_template_is_packaged() -> None:
    package_data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    kept = {
        path
        for package, patterns in package_data["package-data"].items()
        for pattern in patterns
        for path in ROOT.joinpath(*package.split(".")).glob(pattern)
    }
    templates = {p for room in ("tagger", "rl", "launch") for p in (ROOT / room).rglob("*.j2")}
    assert templates and templates <= kept
