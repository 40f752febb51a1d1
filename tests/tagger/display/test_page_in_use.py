"""The page as its reader uses it: steps gone to, filters, and text that would turn its order."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tagger.traces.rows import SourceTrace
from tests.tagger.display.test_page import CHROMIUM, opened, page, tagged

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
