"""The environment and the signals of a command, and the sentence that says how to resume."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from launch.bootstrap import (
    SMALL_BYTES,
    one_thread_if_small,
    one_thread_if_small_tagger,
    set_environment,
    stay_offline,
    stop_on_sigterm,
)
from launch.cli import main
from launch.resuming import resumable
from tagger.errors import Interrupted


def test_set_environment_keeps_what_the_user_has_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_HUB_DISABLE_TELEMETRY", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "true")
    set_environment()
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "1"
    assert os.environ["TOKENIZERS_PARALLELISM"] == "true"
    assert "HF_HUB_OFFLINE" not in os.environ
    stay_offline()
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def model_of(folder: Path, size: int) -> str:
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    with (folder / "model.safetensors").open("wb") as file:
        file.truncate(size)  # sparse: takes no room
    return str(folder)


def test_one_thread_is_for_small_models_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = model_of(tmp_path / "small", 3_000_000)
    large = model_of(tmp_path / "large", SMALL_BYTES + 1)
    for models, threads in (
        (["overthinker"], "1"),
        (["overthinker", None], "1"),
        (["overthinker", small], "1"),
        ([large], None),
        (["overthinker", large], None),
        (["owner/name"], None),
        ([None], None),
    ):
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        set_environment()
        one_thread_if_small(*models)
        assert os.environ.get("OMP_NUM_THREADS") == threads, models
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    one_thread_if_small("overthinker")
    assert os.environ["OMP_NUM_THREADS"] == "3"


def test_one_thread_is_for_small_taggers_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size, name in ((1000, "small"), (SMALL_BYTES + 1, "large")):
        (tmp_path / name).mkdir()
        with (tmp_path / name / "weights.safetensors").open("wb") as file:
            file.truncate(size)
    for tagger, threads in (
        (None, "1"),
        ("linear", "1"),
        (str(tmp_path / "small"), "1"),
        (str(tmp_path / "large"), None),
    ):
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        one_thread_if_small_tagger(tagger)
        assert os.environ.get("OMP_NUM_THREADS") == threads, tagger


def test_tagging_computes_on_one_thread() -> None:
    code = (
        "import threadpoolctl; from launch.cli import main; main(['tag', '-']); "
        "print([p['num_threads'] for p in threadpoolctl.threadpool_info()])"
    )
    env = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", code], input='{"thinking": "3 + 4 = 7."}\n', env=env,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert set(json.loads(done.stdout.splitlines()[-1])) == {1}


def test_one_thread_is_settled_before_torch_is_imported() -> None:
    code = """
import sys
import launch.bootstrap
def settled(*models):
    assert models == ("overthinker",), models
    assert "torch" not in sys.modules
    sys.exit(7)
launch.bootstrap.one_thread_if_small = settled
from launch.cli import main
main(sys.argv[1:])
"""
    for command in (["train"], ["quickstart"]):
        done = subprocess.run([sys.executable, "-c", code, *command], timeout=60)
        assert done.returncode == 7, command


def test_stop_on_sigterm_raises_in_the_main_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGTERM)
    try:
        stop_on_sigterm()
        with pytest.raises(Interrupted) as caught:
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert caught.value.number == signal.SIGTERM


@pytest.mark.parametrize(
    ("stop", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "suffice: interrupted.\n"),
        (Interrupted(number=signal.SIGTERM), 143, "suffice: interrupted.\n"),
        (
            Interrupted("suffice train --resume runs/a"),
            130,
            "suffice: interrupted; what is done is kept, resume with: "
            "suffice train --resume runs/a\n",
        ),
    ],
)
def test_main_says_how_to_resume(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stop: BaseException,
    code: int,
    said: str,
) -> None:
    def interrupted(*_: object) -> None:
        raise stop

    monkeypatch.setattr("launch.cli.parse", interrupted)
    assert main(["tag", "-"]) == code
    assert capsys.readouterr().err == said


def test_resumable_names_the_command_once_there_is_something_to_resume(tmp_path: Path) -> None:
    folder = tmp_path / "my run"
    words = ("compare", "--resume", folder)
    with pytest.raises(Interrupted) as caught, resumable(folder / "compare.json", *words):
        raise KeyboardInterrupt
    assert caught.value.resume is None
    folder.mkdir()
    (folder / "compare.json").touch()
    with pytest.raises(Interrupted) as caught, resumable(folder / "compare.json", *words):
        raise Interrupted(number=signal.SIGTERM)
    assert caught.value.resume == f"suffice compare --resume '{folder}'"
    assert caught.value.number == signal.SIGTERM


def test_resumable_lets_results_and_errors_pass() -> None:
    with resumable(None, "train"):
        pass
    with pytest.raises(ValueError, match="mine"), resumable(None, "train"):
        raise ValueError("mine")


def test_sigterm_ends_a_command_in_a_sentence() -> None:
    code = "import sys; from launch.cli import main; sys.exit(main(['tag', '-', '--json']))"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None and process.stdout is not None and process.stderr
        # More than a batch, so that a first line shows that the command is at work.
        process.stdin.write('{"thinking": "3 + 4 is 7."}\n' * 200)
        process.stdin.flush()
        process.stdout.readline()
        process.terminate()
        said = process.stderr.read()
        assert process.wait() == 143
    assert said == "suffice: interrupted.\n"
