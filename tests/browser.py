"""What a browser makes of a page: whether its content fits a width."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium to open the page with")

_PROBE = """<script>
document.querySelectorAll("details").forEach((node) => { node.open = true; });
const width = document.documentElement.clientWidth;
const wide = [...document.querySelectorAll("main *")].filter((node) =>
  !node.closest("svg *, .scroll *") && (node.getBoundingClientRect().right > width + 1 ||
  (node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).display !== "inline" &&
  getComputedStyle(node).overflowX === "visible")));
parent.document.title = "found " + JSON.stringify(
  [width, wide.map((node) => `${node.tagName} ${node.textContent.trim().slice(0, 60)}`)]);
</script></body>"""


def beyond(text: str, width: int, folder: Path) -> list[str]:
    """Elements of a page that reach beyond its right edge or their own, all details opened.

    Args:
        text: The page.
        width: Pixels of the window, of which a bar to scroll takes some.
        folder: Where to put it.
    """
    assert CHROMIUM is not None
    framed = html.escape(text.replace("</body>", _PROBE))
    file = folder / f"framed-{width}.html"  # a window of its own is at least 500 pixels wide
    file.write_text(f'<iframe width="{width}" height="900" srcdoc="{framed}"></iframe>', "utf-8")
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000",
        "--dump-dom", f"file://{file}",
    ]  # fmt: skip
    seen = subprocess.run(command, capture_output=True, timeout=300).stdout.decode()
    (title,) = re.findall(r"<title>found (.*?)</title>", seen, re.DOTALL)
    inner, wide = json.loads(html.unescape(title))
    assert width - 30 < inner <= width
    return [str(one) for one in wide]
