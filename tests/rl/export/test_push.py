"""Policies onto the Hub: a server of 127.0.0.1, offline, and without the right to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from launch.cli import main
from rl.export.push import push_policy
from tagger.errors import UserError
from tests.rl.export.making import make_exported
from tests.tagger.hub_made_here import local_hub


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    folder = make_exported(tmp_path / "exported")
    (folder / "notes.txt").write_text("mine")
    return folder


def test_push_uploads_a_policy_and_names_it_in_its_card(
    exported: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with local_hub(monkeypatch, tmp_path / "cache") as hub:
        assert main(["push", str(exported), "me/policy", "--private"]) == 0
        files = hub.commits["me/policy"][hub.branches["me/policy"]["main"]]
        assert set(files) == {
            ".gitattributes", "README.md", "chat_template.jinja", "config.json",
            "model.safetensors", "provenance.json", "tokenizer.json", "tokenizer_config.json",
        }  # fmt: skip
        assert b"vllm serve me/policy\n" in files["README.md"]
        assert files["model.safetensors"] == (exported / "model.safetensors").read_bytes()
        out = capsys.readouterr().out
        assert f"Uploaded {exported} to {hub.url}/me/policy/commit/" in out
        assert "notes.txt is no part of a policy and was not uploaded" in out
        (exported / "provenance.json").unlink()
        push_policy(exported, "me/policy")
        assert "provenance.json" not in hub.commits["me/policy"][hub.branches["me/policy"]["main"]]
        monkeypatch.setenv("HF_TOKEN", "hf_another")
        with pytest.raises(UserError, match="to me/policy: the Hub answers 401.*hf auth login"):
            push_policy(exported, "me/policy")
    assert "FOLDER_OR_REPOSITORY" in (exported / "README.md").read_text()


def test_push_offline_and_bad_names_say_so(
    exported: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert main(["push", str(exported), "me/policy"]) == 2
    assert "HF_HUB_OFFLINE is set; unset it" in capsys.readouterr().err
    assert main(["push", str(exported), "me"]) == 2
    assert "'me' is no name of a Hub repository" in capsys.readouterr().err
    (exported / "pytorch_model.bin").write_text("x")
    assert main(["push", str(exported), "me/policy"]) == 2
    assert "may be a pickle" in capsys.readouterr().err
