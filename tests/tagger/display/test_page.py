"""The page: whole, self-contained, and deaf to whatever stands in a trace."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape

from tagger.display.colours import TYPE_COLOURS, taxonomy_colours
from tagger.display.page import PageAbout, PageWriter
from tagger.display.page.writer import trace_data
from tagger.novelty import UNFAMILIAR_BELOW
from tagger.steps import Step, TaggedStep
from tagger.taxonomies.taxonomy import REASONTYPE, StepType, Taxonomy
from tagger.traces.rows import SourceTrace

VERIFY = REASONTYPE.get("VERIFY").name
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
EVIL = (
    '</script><script>document.title="owned"</script><img src=x onerror="document.title=\'owned\'">'
    "<!--<script>]]>&lt;\u2028\u2029\x00\"'`${document.title='owned'}"
)


def tagged(*texts: str, kind: str = "VERIFY") -> list[TaggedStep]:
    index = REASONTYPE.index(kind)
    rest = [0.02] * 14
    rest[index], rest[0] = 0.5, 0.26
    return [
        TaggedStep(Step(t, 0, len(t)), REASONTYPE.names[index], 0.5, tuple(rest)) for t in texts
    ]


def page(*traces: tuple[SourceTrace, list[TaggedStep]], title: str = "Title") -> str:
    out = io.StringIO()
    writer = PageWriter(out, PageAbout(title, REASONTYPE, "f" * 64, "1", "today", VERIFY))
    for source, steps in traces:
        flags = ["unfamiliar", *[""] * (len(steps) - 1)]
        writer.add(source, steps, answer_step=0, flags=flags[: len(steps)])
    writer.close()
    return out.getvalue()


class Elements(HTMLParser):
    """Collects elements as a browser would see them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._id = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._id = dict(attrs).get("id") or tag

    def handle_data(self, data: str) -> None:
        self.texts[self._id] = self.texts.get(self._id, "") + data


def test_reward_and_advantage_of_a_training_rollout_are_shown() -> None:
    source = SourceTrace("t", "Q", "x", scores={"advantage": -0.25, "reward": 0.123456})
    types = {n: i for i, n in enumerate(REASONTYPE.names)}
    assert trace_data(source, tagged("one"), types)["s"] == {"advantage": -0.25, "reward": 0.1235}
    assert "Object.entries(trace.s" in page((source, tagged("one")))
    assert "s" not in trace_data(SourceTrace("t", "Q", "x"), tagged("one"), types)


def test_a_trace_as_data() -> None:
    source = SourceTrace(
        "t", "Q", "x", None, "d", "m", "4", correct=True, finished=False, answer="A"
    )
    data = trace_data(
        source, tagged("one two", "three"), {n: i for i, n in enumerate(REASONTYPE.names)}, 1
    )
    assert data == {
        "id": "t", "q": "Q", "d": "d", "m": "m", "r": "4", "a": "A", "c": 1, "f": 0, "z": 1,
        "t": ["one two", "three"], "k": [7, 7], "p": [50, 50], "o": [[0, 26, 1, 2]] * 2,
        "w": [2, 1],
    }  # fmt: skip
    bare = trace_data(SourceTrace("t", "", "x"), [], {})
    assert bare == {"id": "t", "t": [], "k": [], "p": [], "o": [], "w": []}


def test_whatever_stands_in_a_trace_stays_text() -> None:
    source = SourceTrace(EVIL, EVIL, EVIL, None, EVIL, EVIL, EVIL, answer=EVIL)
    text = page((source, tagged(EVIL, "fine")), (source, tagged("x")), title=EVIL)
    seen = Elements(text)
    assert [tag for tag, _ in seen.tags].count("script") == 3, "two of data, one of ours"
    assert "img" not in [tag for tag, _ in seen.tags]
    traces = json.loads(seen.texts["data"])
    assert [t["t"] for t in traces] == [[EVIL, "fine"], ["x"]]
    assert traces[0]["q"] == traces[0]["id"] == traces[0]["a"] == EVIL
    assert json.loads(seen.texts["about"])["title"] == EVIL
    assert escape(EVIL) in text[: text.index("<style>")]


def test_the_policy_admits_this_script_and_nothing_from_elsewhere() -> None:
    text = page((SourceTrace("t", "", "x"), tagged("x")))
    seen = Elements(text)
    (policy,) = [a["content"] for _, a in seen.tags if a.get("http-equiv")]
    script = re.findall(r"<script>(.*?)</script>", text, re.S)[-1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy is not None
    assert f"script-src 'sha256-{digest}'" in policy and "default-src 'none'" in policy
    links = [v for _, a in seen.tags for k, v in a.items() if k in ("src", "href")]
    assert links == ["data:,"]
    assert "innerHTML" not in script and "eval(" not in script


def test_flag_of_a_step_is_explained_by_its_threshold() -> None:
    assert f"less than {UNFAMILIAR_BELOW:.0%} of the letters".replace("%", " %") in page()


def test_no_traces_make_a_page_too() -> None:
    assert json.loads(Elements(page()).texts["data"]) == []


def test_colours_of_other_taxonomies_differ_and_checks_keep_theirs() -> None:
    names = [f"n{i}" for i in range(9)]
    other = Taxonomy("own", tuple(StepType(n, n.upper(), "other", "") for n in names))
    colours = taxonomy_colours(other, "n4")
    assert colours[4] == TYPE_COLOURS["VERIFY"]
    assert len(set(colours)) == 9
    assert taxonomy_colours(REASONTYPE) == [TYPE_COLOURS[t] for t in REASONTYPE.tags]


def opened(file: Path, address: str = "") -> tuple[Elements, str]:
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1200,900",
            "--virtual-time-budget=4000", "--dump-dom", f"file://{file}{address}",
        ],
        capture_output=True, timeout=120,
    )  # fmt: skip
    text = done.stdout.decode()
    return Elements(text), text


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium to open the page with")
def test_a_browser_shows_it_and_runs_nothing_of_it(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    source = SourceTrace(EVIL, EVIL, "x", None, EVIL, "m", EVIL, correct=False, answer=EVIL)
    many: list[Any] = [(SourceTrace(f"trace {i}", "", "x"), tagged("x")) for i in range(500)]
    steps = tagged("first <b>", EVIL, "y" * 1_000_000)
    file.write_text(page((source, steps), *many), encoding="utf-8")
    seen, text = opened(file)
    assert "data-ready" in text, "the script came to its end"
    assert "<title>owned" not in text
    classes = [a.get("class") or "" for _, a in seen.tags]
    assert 3 < sum("row" in c.split() for c in classes) < 40, "only the rows in sight exist"

    seen, text = opened(file, "#t=0")
    assert "<title>owned" not in text
    classes = [a.get("class") or "" for _, a in seen.tags]
    assert classes.count("step check") == 3
    assert "show more" in text and len(text) < 2_000_000 + 900_000, "the long step is folded"
    assert "first states the reference answer" in text
    assert text.count(">⚠ unfamiliar<") == 1
    assert "img" not in [tag for tag, _ in seen.tags]
