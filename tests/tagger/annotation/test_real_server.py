"""The whole command against a real server: `transformers serve` with a small model.

A model of 135 million parameters answers much nonsense; what is asserted is that every answer is
kept and every step accounted for, whatever it said. The number of labels is printed.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.traces.labelled import read_labelled
from tests.tagger import small_data

MODEL = os.environ.get("SUFFICE_ANNOTATE_MODEL", "")
PATIENCE = 180

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not MODEL,
        reason="set SUFFICE_ANNOTATE_MODEL to the folder of a small chat model to ask it for real",
    ),
]


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A running `transformers serve`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    tool = Path(sys.executable).with_name("transformers")
    argv = [str(tool), "serve", "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    argv += ["--dtype", "float32"]
    with (tmp_path / "serve.log").open("wb") as log:
        server = subprocess.Popen(argv, stdout=log, stderr=log)
        try:
            base = f"http://127.0.0.1:{port}"
            began = time.monotonic()
            while time.monotonic() - began < PATIENCE:
                assert server.poll() is None, (tmp_path / "serve.log").read_text()
                try:
                    urllib.request.urlopen(f"{base}/health", timeout=2)
                    break
                except (urllib.error.URLError, OSError):
                    time.sleep(1)
            yield f"{base}/v1"
        finally:
            server.terminate()
            server.wait(30)


def short_guide(folder: Path) -> Path:
    """A guide that a CPU reads in seconds; the packaged one takes it half a minute a step."""
    words = [f"{t.tag}: {t.definition.partition(';')[0]}" for t in REASONTYPE.types]
    file = folder / "guide.md"
    file.write_text("Give each step its tag.\n" + "\n".join(words) + "\n", encoding="utf-8")
    return file


def test_every_answer_of_a_real_model_is_kept(tmp_path: Path, url: str) -> None:
    content = small_data.rows(2)
    traces = small_data.write(tmp_path / "traces.jsonl", content)
    output = tmp_path / "labels.jsonl"
    argv = ["tagger", "annotate", traces, "--output", output, "--model", MODEL, "--base-url", url]
    argv += ["--guide", short_guide(tmp_path), "--yes", "context=2", "steps=1", "concurrency=2"]
    argv += ["answer_tries=2", "answer_tokens=60", "max_failures=1000", "timeout=300"]
    command = [sys.executable, "-m", "launch.cli", *map(str, argv)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

    rows = [json.loads(line) for line in (tmp_path / "labels.raw.jsonl").open()]
    answers = [row for row in rows if row["kind"] == "answer"]
    failures = [row for row in rows if row["kind"] == "failure"]
    assert failures == []
    steps = sum(len(row["steps"]) for row in content)
    assert {(a["trace"], a["steps"][0]) for a in answers} == {
        (row["id"], i) for row in content for i in range(len(row["steps"]))
    }
    assert all(json.loads(a["body"])["choices"][0]["message"]["content"] for a in answers)
    labelled = sum(len(t.labels) for t in read_labelled(output)) if output.exists() else 0
    assert f"Without a label: {steps - labelled} steps" in done.stdout
    again = subprocess.run([*command, "--resume"], capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert len([1 for line in (tmp_path / "labels.raw.jsonl").open() if '"body"' in line]) == len(
        answers
    )
    print(f"{steps} steps asked, {len(answers)} answers kept, {labelled} valid labels")
