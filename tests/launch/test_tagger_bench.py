"""`suffice tagger bench` and `suffice tagger check-stream`, for real on tiny things."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from launch.cli import main
from launch.commands.tagger import bench_worker
from tagger.evaluation.stream_check import Difference, StreamCheck

ROWS = [
    {
        "id": "a",
        "question": "3 + 4?",
        "thinking": "3 + 4 = 7.\n\nSo the answer is 7.\n\n3 + 4 = 7.",
    },
    {"id": "b", "completion": "<think>Hmm.\r\n\r\nWait, 數🙂</think>\n\n7"},
    {"id": "c", "thinking": ""},
]


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    path = tmp_path / "traces.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


class Here:
    """Stands for the measuring process, which would import transformers once more."""

    stdout = ()

    def __init__(self, command: list[str], **_: Any) -> None:
        assert command[1:3] == ["-m", bench_worker.__name__]
        self.code = bench_worker.main(command[3:])

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None: ...

    def wait(self) -> int:
        return self.code


def test_bench_measures_each_tagger_and_writes_what_it_prints(
    traces: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    here = SimpleNamespace(Popen=Here, PIPE=subprocess.PIPE)
    monkeypatch.setattr("launch.commands.tagger.bench.subprocess", here)
    # The process of the tests may have other threads.
    monkeypatch.setattr("tagger.evaluation.speed.thread_share", lambda passes: 1.0)
    file = tmp_path / "speed.json"
    argv = ["tagger", "bench", "--tagger", "default", "--traces", str(traces), "--json"]
    assert main([*argv, "--output", str(file), "repeats=2", "batch=2", "monitored=1"]) == 0
    out = capsys.readouterr().out
    result = json.loads(out[out.index("{") :])  # behind what the worker says of its progress
    assert result == json.loads(file.read_text())
    measured = result["taggers"]["default"]
    assert (measured["traces"], measured["steps"]) == (3, 5)
    assert measured["streaming"]["units"] == measured["batch"]["units"] == 5
    for kind in ("latency_ms", "latency_cpu_ms"):
        assert set(measured["streaming"][kind]) == {"mean", "median", "p95", "p99"}
        assert measured["streaming"][kind]["median"]["min"] > 0
    assert measured["monitor"]["units"] > 10
    assert measured["threads"]["one"] is True
    assert measured["parameters"] > 1000 and measured["size_bytes"] > 1000
    assert measured["load_seconds"] > 0 and measured["memory_mib"]["process_peak"] > 10
    assert result["machine"]["cores"] and result["versions"]["numpy"] and result["commit"]
    assert main([*argv, "--output", str(file)]) == 2
    assert "never overwritten" in capsys.readouterr().err


def test_bench_writes_its_own_traces_measures_in_a_process_and_shows_a_table(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["tagger", "bench", "traces=4", "repeats=1", "tokenizer=null"]) == 0
    out = capsys.readouterr().out
    for part in ("default", "4 traces", "batch, steps/s", "numbers stored", "load"):
        assert part in out


def test_more_than_one_thread_is_told_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from launch.commands.tagger import bench as tagger_bench

    real = tagger_bench._measure

    def measured(*args: Any) -> dict[str, Any]:
        return real(*args) | {"threads": {"process_to_thread_cpu": 1.9, "one": False}}

    monkeypatch.setattr(tagger_bench, "_measure", measured)
    with pytest.raises(SystemExit) as exit_:
        main(["tagger", "bench", "traces=2", "repeats=1", "tokenizer=null"])
    assert exit_.value.code == 1
    assert "not one thread: default" in capsys.readouterr().err


def test_the_measuring_process_may_use_one_thread() -> None:
    from launch.bootstrap import ONE_THREAD

    code = (
        "import threadpoolctl, numpy; numpy.ones((300, 300)) @ numpy.ones((300, 300));"
        "print({p['num_threads'] for p in threadpoolctl.threadpool_info()})"
    )
    import os

    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | ONE_THREAD, capture_output=True, text=True
    )
    assert done.stdout.strip() in ("{1}", "set()"), done.stderr


def test_check_stream_finds_nothing_and_says_so(
    traces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "check.json"
    argv = ["tagger", "check-stream", "--traces", str(traces), "--output", str(file)]
    assert main(argv) == 0
    assert "overthinker" in capsys.readouterr().out
    result = json.loads(file.read_text())
    (check,) = result["tokenizers"]
    assert result["differences"] == check["differing"] == 0
    assert (check["traces"], check["steps"], check["altered"]) == (3, 5, 0)
    assert main([*argv[:-2], "--limit", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tokenizers"][0]["traces"] == 1


def test_check_stream_exits_with_1_and_shows_where(
    traces: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = StreamCheck("overthinker", traces=1, steps=2, tokens=3)
    found.note(Difference("trace-b", "tag_text", "type", 1, "Conclude", "Other"))
    monkeypatch.setattr("tagger.evaluation.stream_check.check_stream", lambda *_, **__: found)
    with pytest.raises(SystemExit) as exit_:
        main(["tagger", "check-stream", "--traces", str(traces)])
    assert exit_.value.code == 1
    out = capsys.readouterr().out
    for part in ("trace-b", "step 1", "type", "Conclude"):
        assert part in out


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        (["bench", "--tagger", "liner"], "the packaged taggers are default"),
        (["bench", "--tagger", "./nowhere"], "there is no such folder"),
        (["bench", "--traces", "nowhere.jsonl"], "cannot be opened"),
        (["bench", "--traces", "empty.jsonl"], "holds no trace with a step"),
        (["bench", "repeats=0"], "repeats is 0"),
        (["bench", "repeat=1"], "'repeats'"),
        (["check-stream"], "required: --traces"),
        (["check-stream", "--traces", "empty.jsonl"], "holds no trace"),
        (["check-stream", "--traces", "empty.jsonl", "--limit", "0"], "at least 1"),
        (["check-stream", "--traces", "one.jsonl", "--tokenizer", "nowhere"], "'nowhere'"),
        (["check-stream", "--traces", "one.jsonl", "--output", "no/x.json"], "no folder no"),
    ],
)
def test_bad_input(refused: Callable[..., str], tmp_path: Path, argv: list[str], part: str) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "one.jsonl").write_text(json.dumps(ROWS[0]) + "\n")
    assert part in refused("tagger", *argv)
