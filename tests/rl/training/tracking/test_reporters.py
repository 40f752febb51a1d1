"""Reporters are checked before the work; wandb logs offline where nobody is logged in."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rl.training.tracking.reporters import prepare_reporters
from tagger.errors import UserError


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No wandb setting from outside; what is set within is undone."""
    for name in [n for n in os.environ if n.startswith("WANDB")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("rl.training.tracking.reporters._OURS", {})
    names = ("MODE", "DIR", "PROJECT", "RUN_ID", "RESUME")
    for name in (*(f"WANDB_{one}" for one in names), "TENSORBOARD_LOGGING_DIR"):
        monkeypatch.setenv(name, "")  # so that it is restored at the end
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    return tmp_path


def fake_wandb(answer: Any) -> SimpleNamespace:
    """A wandb whose login gives the answer or raises it."""

    class Error(Exception):
        pass

    def login(*, prompt: bool, verify: bool) -> bool:
        assert not prompt and not verify
        if isinstance(answer, str):
            raise Error(answer)
        return bool(answer)

    return SimpleNamespace(Error=Error, login=login, teardown=lambda: None, __spec__=object())


@pytest.mark.parametrize("report_to", ["none", ["none"], []])
def test_prepare_reporters_without_any(report_to: str | list[str], clean: Path) -> None:
    assert prepare_reporters(report_to, clean) == []
    assert "WANDB_DIR" not in os.environ


def test_prepare_reporters_logs_offline_without_a_login(clean: Path) -> None:
    notes = prepare_reporters(["wandb"], clean / "run")
    assert len(notes) == 1
    assert f"No login to wandb found: logging offline to {clean / 'run' / 'wandb'}" in notes[0]
    assert os.environ["WANDB_MODE"] == "offline"
    assert os.environ["WANDB_DIR"] == str(clean / "run")


def test_prepare_reporters_leaves_wandb_online_with_a_login(
    clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", fake_wandb(True))
    assert prepare_reporters("wandb", clean) == []
    assert "WANDB_MODE" not in os.environ


@pytest.mark.parametrize("mode", ["offline", "dryrun", "disabled"])
def test_prepare_reporters_leaves_the_users_mode(
    mode: str, clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", fake_wandb("never asked"))
    monkeypatch.setenv("WANDB_MODE", mode)
    assert prepare_reporters("wandb", clean) == []
    assert os.environ["WANDB_MODE"] == mode


def test_prepare_reporters_refuses_online_without_a_login(
    clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", fake_wandb(False))
    monkeypatch.setenv("WANDB_MODE", "online")
    with pytest.raises(UserError, match="no login to wandb; run `wandb login`"):
        prepare_reporters("wandb", clean)


def test_prepare_reporters_tells_a_malformed_login(
    clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", fake_wandb("API key must have 40+ characters."))
    with pytest.raises(UserError, match="40\\+ characters.*WANDB_MODE=offline"):
        prepare_reporters("wandb", clean)


@pytest.mark.parametrize("name", ["tensorboard", "trackio", "mlflow", "comet_ml"])
def test_prepare_reporters_names_the_missing_package(
    name: str, clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rl.training.tracking.reporters.find_spec", lambda _: None)
    with pytest.raises(UserError, match=f"pip install {name.replace('_', '-')}, or set report_to"):
        prepare_reporters([name], clean)


def test_prepare_reporters_knows_its_names(clean: Path) -> None:
    with pytest.raises(UserError, match="did you mean 'wandb'"):
        prepare_reporters("wandbb", clean)
    with pytest.raises(UserError, match="Unknown reporter in report_to 'none'"):
        prepare_reporters(["none", "wandb"], clean)


def test_prepare_reporters_refuses_uploads_with_a_pickle(
    clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_LOG_MODEL", "end")
    with pytest.raises(UserError, match="WANDB_LOG_MODEL is set.*report_artifacts=true"):
        prepare_reporters("wandb", clean)


def test_prepare_reporters_continues_the_run_at_wandb_and_forgets_it(
    clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", fake_wandb(False))
    for name in ("offline-run-20261129_114142-nt7jfrjk", "offline-run-20261129_124142-other"):
        (clean / "one" / "wandb" / name).mkdir(parents=True)
    prepare_reporters("wandb", clean / "one")
    assert (os.environ["WANDB_RUN_ID"], os.environ["WANDB_RESUME"]) == ("nt7jfrjk", "allow")
    assert os.environ["WANDB_PROJECT"] == "suffice"
    prepare_reporters("wandb", clean / "two")  # another run of the same process
    assert os.environ["WANDB_DIR"] == str(clean / "two") and "WANDB_RUN_ID" not in os.environ
    prepare_reporters("none", clean / "three")
    assert not [name for name in os.environ if name.startswith("WANDB")]


def test_prepare_reporters_keeps_tensorboard_in_the_run_folder(
    clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rl.training.tracking.reporters.find_spec", lambda _: True)
    prepare_reporters("tensorboard", clean / "run")
    assert os.environ["TENSORBOARD_LOGGING_DIR"] == str(clean / "run" / "tensorboard")
