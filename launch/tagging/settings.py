"""Settings of `suffice tag`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Interval

from rl.training.config import DelimitersConfig
from tagger.config.settings import Settings

MOST_WORKERS = 256
"""Each takes a core, and holds batches in memory."""


@dataclass(frozen=True)
class TagSettings(Settings):
    """Settings of `suffice tag`.

    Attributes:
        tagger: The frozen tagger: a folder, a packaged name or a Hub repository
            (``owner/name`` or ``owner/name@revision``); None takes the packaged one.
        taxonomy: Taxonomy to show the types in, a name or a YAML file; None is the tagger's own.
        segmenter: What cuts the steps, a name or a YAML file, or has cut those that come with the
            rows (then also ``span``), whatever they say; None is the tagger's own, and for steps
            that come with the rows the one that these name.
        limit: Most traces to tag; None tags all.
        view: ``steps`` shows traces step by step, ``strips`` a line a trace, ``table`` none; None
            is ``steps``, or ``table`` where a page is written.
        show: Most traces to print, None for 10 step by step or all strips; the table counts all.
        kind: What the files hold: ``jsonl``, ``text``, or ``auto``.
        batch: Traces tagged at once.
        workers: Processes that tag, each on a core of its own.
        delimiters: Strings around the thinking of completions, as a training run has them; None
            finds known ones.
    """

    tagger: str | None = None
    taxonomy: str | None = None
    segmenter: str | None = None
    limit: Annotated[int, Ge(0)] | None = None
    view: str | None = None
    show: Annotated[int, Ge(0)] | None = None
    kind: str = "auto"
    batch: Annotated[int, Ge(1)] = 64
    workers: Annotated[int, Interval(ge=1, le=MOST_WORKERS)] = 1
    delimiters: DelimitersConfig | None = None
