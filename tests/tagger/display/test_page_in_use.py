"""The page as its reader uses it: steps gone to, filters, and text that would turn its order."""

from __future__ import annotations

import io
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tagger.display.page import PageAbout, PageWriter
from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.traces.rows import SourceTrace
from tests.tagger.display.test_page import CHROMIUM, VERIFY, opened, page, tagged

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium to open the page with")


def probed(file: Path, text: str, probe: str, address: str = "") -> Any:
    """What a script finds on a page that it uses as a reader would.

    Args:
        file: Where to put the page, without the policy that keeps other scripts out.
        text: The page.
        probe: Body of a function; what it returns is returned, by way of JSON.
        address: What stands behind the page's name, ``#`` included.
    """
    without = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    helpers = """
      const key = (key) => document.dispatchEvent(new KeyboardEvent("keydown", {key}));
      const set = (node, value, kind) => {
        node.value = value;
        node.dispatchEvent(new Event(kind));
      };
      const all = (selector) => [...document.querySelectorAll(selector)];
      const texts = (selector) => all(selector).map((node) => node.textContent);
    """
    script = f"document.title = 'found ' + JSON.stringify((() => {{{helpers}{probe}}})());"
    file.write_text(without.replace("</body>", f"<script>{script}</script></body>"), "utf-8")
    (title,) = re.findall(r"<title>found (.*?)</title>", opened(file, address)[1])
    return json.loads(unescape(title))


def test_a_step_that_is_gone_to_lies_right_below_the_header(tmp_path: Path) -> None:
    steps = tagged(*(f"step {i} of many " * 30 for i in range(90)))
    wrapped = SourceTrace("t", "Q", "x", None, "long-name " * 12, "long-name " * 12, finished=False)
    text = page((SourceTrace("t", "Q", "x"), steps), (wrapped, steps))
    probe = """
      const seen = [];
      const look = () => {
        const [head, step] = [".head", ".here"].map((name) => document.querySelector(name));
        const [above, box] = [head, step].map((node) => node.getBoundingClientRect());
        seen.push([Number(step.dataset.i), box.top - above.bottom, above.height]);
      };
      look();
      for (const letter of "jjk") { key(letter); look(); }
      const strip = document.getElementById("strip");
      const box = strip.getBoundingClientRect();
      strip.dispatchEvent(new MouseEvent("click", {clientX: box.left + box.width / 2 + 2}));
      look();
      return seen;
    """
    heights = []
    for number in (0, 1):
        seen = probed(tmp_path / f"{number}.html", text, probe, f"#t={number}&s=12")
        assert [step for step, _, _ in seen] == [12, 13, 14, 13, 45]
        assert all(0 < gap < 12 for _, gap, _ in seen), seen
        heights.append(seen[0][2])
    assert heights[1] > heights[0] + 20, "badges that need two lines make the header higher"


def test_flagged_steps_are_counted_and_found(tmp_path: Path) -> None:
    out = io.StringIO()
    writer = PageWriter(out, PageAbout("Title", REASONTYPE, "f" * 64, "1", "today", VERIFY))
    writer.add(SourceTrace("none", "", "x"), tagged("a", "b"))
    for name, flags in (("one", ["", "unsure", "unfamiliar"]), ("two", ["unsure", "unsure", ""])):
        writer.add(SourceTrace(name, "", "x"), tagged("a", "b", "c"), flags=flags)
    writer.close()
    probe = """
      const select = document.querySelector("select[data-key=flag]");
      const seen = [texts(".tile span"), texts(".tile b"), texts("select[data-key=flag] option")];
      set(select, "unfamiliar", "change");
      seen.push(texts("#found"));
      key("n");
      seen.push([document.querySelector(".here").dataset.i, ...texts(".step.dim a")]);
      set(select, "unsure", "change");
      seen.push(texts("#found"));
      document.querySelectorAll(".chip")[0].click();
      seen.push(texts("#found"));
      document.getElementById("reset").click();
      seen.push(texts("#found"), [select.value]);
      return seen;
    """
    words, figures, options, *found = probed(tmp_path / "page.html", out.getvalue(), probe)
    tiles = dict(zip(words, figures, strict=True))
    assert tiles["unfamiliar steps (12.5\u00a0%)"] == "1"
    assert tiles["unsure steps (37.5\u00a0%)"] == "3"
    assert options == ["any flag", "unfamiliar", "unsure"]
    assert found == [
        ["1 of 3 traces, 1 step found"], ["2", "1", "2"], ["2 of 3 traces, 3 steps found"],
        ["0 of 3 traces, 0 steps found"], ["3 of 3 traces"], [""],
    ]  # fmt: skip


def test_a_page_without_flags_says_nothing_of_them(tmp_path: Path) -> None:
    out = io.StringIO()
    writer = PageWriter(out, PageAbout("Title", REASONTYPE, "f" * 64))
    writer.add(SourceTrace("none", "", "x"), tagged("a", "b"))
    writer.close()
    probe = 'return [texts("select[data-key=flag]").length, ...texts(".tile span")];'
    selects, *words = probed(tmp_path / "page.html", out.getvalue(), probe)
    assert selects == 0 and "steps" in words
    assert not [word for word in words if "unsure" in word or "unfamiliar" in word]


def test_a_step_cannot_be_put_in_another_order(tmp_path: Path) -> None:
    turning = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    text = page((SourceTrace(turning, turning, "x"), tagged(f"a{turning}b שלום")), title=turning)
    assert turning in text, "the data is as it was written"
    probe = """
      const shown = document.body.innerText;
      const style = getComputedStyle(document.querySelector(".step .text")).unicodeBidi;
      return [texts(".step .text")[0], /[\\u202a-\\u202e\\u2066-\\u2069]/.test(shown), style];
    """
    seen = probed(tmp_path / "page.html", text, probe, "#t=0")
    marks = "\ufffd" * len(turning)
    assert seen == [f"a{marks}b שלום", False, "plaintext"]
