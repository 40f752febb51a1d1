"""Writes the page of tagged traces, trace by trace, so that no corpus has to fit into memory.

Traces go into the page as data that the browser never reads as markup: JSON with every ``<``
escaped, put on the page as text only. A content security policy admits the page's own script by
its hash and nothing else, so even a hole would run nothing and fetch nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tagger.display.colours import taxonomy_colours
from tagger.display.templates import markup, render
from tagger.steps import TaggedStep
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.traces.rows import SourceTrace

_HERE = Path(__file__).parent
_SCRIPTS = ("model.js", "draw.js", "overview.js", "trace.js", "list.js", "app.js")


@dataclass(frozen=True)
class PageAbout:
    """What the page says about itself.

    Attributes:
        title: Its heading, e.g. the name of the input.
        taxonomy: The types.
        fingerprint: Of the tagger.
        version: Of the package.
        date: When it was made.
        check: Full name of the type that verification steps have; None if there is none.
        note: What is to be known about all types, e.g. that the tagger is not calibrated.
    """

    title: str
    taxonomy: Taxonomy
    fingerprint: str
    version: str = ""
    date: str = ""
    check: str | None = None
    note: str = ""


class PageWriter:
    """Writes one page.

    Args:
        out: Where the text goes, opened as UTF-8.
        about: What the page says about itself.
    """

    def __init__(self, out: IO[str], about: PageAbout) -> None:
        self._out = out
        self._types = {name: i for i, name in enumerate(about.taxonomy.names)}
        self._first = True
        script = "".join(_text(name) for name in _SCRIPTS)
        self._script = f'(() => {{\n"use strict";\n{script}}})();\n'
        out.write(_head(about, self._script))

    def add(
        self,
        trace: SourceTrace,
        steps: Sequence[TaggedStep],
        answer_step: int | None = None,
        flags: Sequence[str] = (),
    ) -> None:
        """Add a trace.

        Args:
            trace: Where it comes from.
            steps: Its tagged steps, in order.
            answer_step: Index of the first step that states the right answer, -1 if none does;
                None if the right answer is unknown.
            flags: As for `trace_data`.
        """
        self.add_item(page_item(trace, steps, self._types, answer_step, flags))

    def add_item(self, item: str) -> None:
        """Add a trace that `page_item` has made ready."""
        self._out.write("\n" if self._first else ",\n")
        self._first = False
        self._out.write(item)

    def close(self) -> None:
        """Write the rest of the page; the file stays open."""
        self._out.write(f"\n]</script>\n<script>{self._script}</script>\n</body></html>\n")


def page_item(
    trace: SourceTrace,
    steps: Sequence[TaggedStep],
    types: dict[str, int],
    answer_step: int | None = None,
    flags: Sequence[str] = (),
) -> str:
    """A trace as it stands on the page; arguments as for `trace_data`."""
    return _json(trace_data(trace, steps, types, answer_step, flags))


def trace_data(
    trace: SourceTrace,
    steps: Sequence[TaggedStep],
    types: dict[str, int],
    answer_step: int | None = None,
    flags: Sequence[str] = (),
) -> dict[str, Any]:
    """A trace as the page's script reads it, with short keys because there are many.

    Args:
        trace: Where it comes from.
        steps: Its tagged steps.
        types: Number of each type, by full name.
        answer_step: As for `PageWriter.add`.
        flags: What is to be said of each type (`tagger.novelty.flag_of`); nothing if left out.

    Returns:
        ``id``, ``t`` texts, ``k`` types, ``p`` confidences in percent, ``o`` the second and third
        type each with its percent, ``w`` words; and where known ``q`` question, ``d`` dataset,
        ``m`` model, ``r`` reference, ``a`` answer, ``s`` scores, ``c`` correct, ``f`` finished,
        ``z`` answer step, ``u`` flags by the number of the step.
    """
    known = {
        "q": trace.question,
        "d": trace.dataset,
        "m": trace.model,
        "r": trace.reference,
        "a": trace.answer,
        "s": {name: round(score, 4) for name, score in trace.scores.items()},
    }
    return {
        "id": trace.id,
        **{key: value for key, value in known.items() if value},
        **({} if trace.correct is None else {"c": int(trace.correct)}),
        **({} if trace.finished is None else {"f": int(trace.finished)}),
        **({} if answer_step is None else {"z": answer_step}),
        **({"u": {i: flag for i, flag in enumerate(flags) if flag}} if any(flags) else {}),
        "t": [tagged.step.text for tagged in steps],
        "k": [types[tagged.type] for tagged in steps],
        "p": [round(100 * tagged.confidence) for tagged in steps],
        "o": [_runners_up(tagged, types[tagged.type]) for tagged in steps],
        "w": [len(tagged.step.text.split()) for tagged in steps],
    }


def _runners_up(tagged: TaggedStep, best: int) -> list[int]:
    """Second and third type, each followed by its percent; those below 1 % are left out."""
    ranked = sorted(
        (i for i, p in enumerate(tagged.probabilities) if i != best and p >= 0.005),
        key=lambda i: -tagged.probabilities[i],
    )
    return [n for i in ranked[:2] for n in (i, round(100 * tagged.probabilities[i]))]


def _head(about: PageAbout, script: str) -> str:
    """Everything before the traces."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    colours = taxonomy_colours(about.taxonomy, about.check)
    data = {
        "title": about.title,
        "taxonomy": about.taxonomy.name,
        "fingerprint": about.fingerprint,
        "version": about.version,
        "date": about.date,
        "note": about.note,
        "check": -1 if about.check is None else about.taxonomy.index(about.check),
        "types": [
            {
                "name": t.name,
                "tag": t.tag,
                "role": t.role,
                "definition": t.definition,
                "colour": c,
            }
            for t, c in zip(about.taxonomy.types, colours, strict=True)
        ],
    }
    return render(
        f"{__package__}/head.html.j2",
        policy=policy,
        title=about.title,
        css=markup(_text("page.css")),
        about=markup(_json(data)),
    )


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _json(value: Any) -> str:
    r"""Compact JSON in which no ``<`` stands, so that no text can end the script element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
