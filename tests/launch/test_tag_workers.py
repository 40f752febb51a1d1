"""`suffice tag --workers`: the same output from several processes, and how they end."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import active_children
from pathlib import Path

import pytest

from launch.cli import main
from launch.tagging.stream import batches_of
from launch.tagging.work import BatchTagger, TagJob
from launch.tagging.workers import AHEAD, tagged_batches
from tagger.errors import UserError
from tagger.location import PACKAGED
from tagger.traces.rows import SourceTrace

JOB = TagJob(str(PACKAGED.parent / "linear"), lines=True)


def traces(count: int) -> Iterator[SourceTrace]:
    for i in range(count):
        thinking = f"{i} + 4 = {i + 4}.\n\nWait, is it {i + 4}?\n\nSo the answer is {i + 4}."
        yield SourceTrace(str(i), "", thinking, reference=str(i + 4))


def test_workers_give_the_same_bytes_in_the_same_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rows.jsonl"
    rows = [{"id": t.id, "thinking": t.thinking, "reference": t.reference} for t in traces(11)]
    rows.insert(5, {"id": "none", "thinking": ""})
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = []
    for workers in "12":
        output, page = tmp_path / f"{workers}.jsonl", tmp_path / f"{workers}.html"
        words = [str(file), "--output", str(output), "--html", str(page), "batch=2", "view=steps"]
        assert main(["tag", *words, "show=5", "--workers", workers]) == 0
        out, err = capsys.readouterr()
        out = out.replace(str(page), "page")
        err = re.sub(r"(?m)^.* steps/s\n", "", err)  # progress, of which a slow machine shows more
        found.append((out, err, output.read_bytes(), page.read_bytes()))
    assert found[0] == found[1]
    assert [json.loads(line)["id"] for line in found[0][2].splitlines()] == list(
        map(str, range(11))
    )
    assert (
        "6 more traces not shown" in found[0][0] and "1 of 12 rows has no thinking" in found[0][1]
    )
    assert not active_children()


def test_workers_read_no_more_than_two_batches_each_ahead() -> None:
    read: list[str] = []

    def counted() -> Iterator[SourceTrace]:
        for trace in traces(60):
            read.append(trace.id)
            yield trace

    stream = tagged_batches(BatchTagger(JOB), batches_of(counted(), 3), 2)
    assert len(next(stream).lines) == 3
    assert len(read) <= 3 * AHEAD * 2
    stream.close()
    assert not active_children(), "whoever stops reading stops the workers"


@pytest.mark.parametrize("stop", [KeyboardInterrupt, UserError])
def test_workers_end_with_an_interruption_or_an_error_of_the_reader(
    stop: type[BaseException],
) -> None:
    def broken() -> Iterator[list[SourceTrace]]:
        yield list(traces(2))
        assert active_children()
        raise stop("line 3: not valid JSON")

    with pytest.raises(stop, match="line 3"):
        list(tagged_batches(BatchTagger(JOB), broken(), 2))
    assert not active_children()


def test_workers_that_die_are_told_of_in_one_sentence() -> None:
    def killed() -> Iterator[list[SourceTrace]]:
        yield list(traces(2))
        for worker in active_children():
            os.kill(worker.pid or 0, signal.SIGKILL)
        yield list(traces(2))

    with pytest.raises(UserError, match=r"^One of 2 workers died, .* --workers 1\.$"):
        list(tagged_batches(BatchTagger(JOB), killed(), 2))
    assert not active_children()


@pytest.mark.parametrize(
    "error", [OSError("handle is closed"), ValueError("bad value(s) in fds_to_keep")]
)
def test_a_worker_started_while_the_pool_closes_is_told_of_alike(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refused(*_: object) -> None:
        raise error

    monkeypatch.setattr(ProcessPoolExecutor, "submit", refused)
    with pytest.raises(UserError, match=r"^One of 2 workers died, .* --workers 1\.$"):
        list(tagged_batches(BatchTagger(JOB), iter([list(traces(2))]), 2))


def test_workers_refuse_a_tagger_that_was_changed_meanwhile() -> None:
    with pytest.raises(UserError, match="was changed meanwhile; tag again"):
        BatchTagger(TagJob(JOB.tagger, fingerprint="0" * 64))


@pytest.mark.parametrize("words", [["--workers", "0"], ["--workers", "two"], ["workers=257"]])
def test_workers_refuse_bad_numbers(refused: Callable[..., str], words: list[str]) -> None:
    said = refused("tag", "-", *words)
    assert said.count("\n") == 1 and "workers" in said and "256" in said
