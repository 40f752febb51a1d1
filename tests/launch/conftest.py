from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from launch.cli import main


@pytest.fixture
def refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., str]:
    """Run a command that must be refused: exit 2, one sentence, no weights loaded."""
    monkeypatch.chdir(tmp_path)

    def run(*argv: object) -> str:
        from transformers import PreTrainedModel

        def loaded(*_: object, **__: object) -> None:
            raise AssertionError("a model was loaded")

        monkeypatch.setattr(PreTrainedModel, "from_pretrained", loaded)
        assert main([str(word) for word in argv]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("suffice: ")
        assert err.count("\n") == 1
        assert err.rstrip().endswith((".", "?"))
        return err

    return run
