"""Where a net computes: what is asked for, what there is, and who asks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tagger.backends.causal.settings import CausalFit
from tagger.backends.encoder.settings import FitSettings
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.segmentation import ParagraphSegmenter
from tagger.taxonomies.taxonomy import REASONTYPE
from tagger.training.causal.train import train_causal
from tagger.training.devices import resolve_device
from tagger.training.distillation import Distillation
from tagger.training.encoder.train import train_encoder
from tests.tagger.student.small import random_backend


def with_gpu(monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: there)


@pytest.mark.parametrize(
    ("name", "there", "device"),
    [("cpu", True, "cpu"), ("cpu", False, "cpu"), ("auto", True, "cuda"), ("auto", False, "cpu"),
     ("cuda", True, "cuda")],
)  # fmt: skip
def test_resolve_device_auto_is_the_gpu_if_there_is_one(
    monkeypatch: pytest.MonkeyPatch, name: str, there: bool, device: str
) -> None:
    with_gpu(monkeypatch, there)
    assert resolve_device(name) == device


def test_resolve_device_cpu_needs_no_torch() -> None:
    code = (
        "import sys, tagger.training.devices as d; d.resolve_device('cpu'); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_resolve_device_refuses_a_missing_gpu_before_any_file_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_gpu(monkeypatch, False)
    nowhere = [tmp_path / "nowhere.jsonl"]
    with pytest.raises(UserError, match="device=cuda: PyTorch finds no GPU"):
        train_causal(nowhere, fit=CausalFit(device="cuda"))
    with pytest.raises(UserError, match="device=cuda: PyTorch finds no GPU"):
        train_encoder(nowhere, fit=FitSettings(device="cuda"))


class ManyBackend:
    """Has a fast path, and notes where it was asked to compute."""

    name = "many"
    settings: dict[str, Any] = {}
    arrays: dict[str, NDArray[Any]] = {}
    types = 14

    def __init__(self) -> None:
        self.devices: list[str] = []

    def logits_batch(
        self, traces: Sequence[Sequence[str]], questions: Sequence[str], device: str = "cpu"
    ) -> list[NDArray[np.float64]]:
        self.devices.append(device)
        return [np.zeros((len(texts), 14)) for texts in traces]


@pytest.mark.parametrize(("there", "device"), [(True, "cuda"), (False, "cpu")])
def test_distillation_uses_the_gpu_if_there_is_one(
    monkeypatch: pytest.MonkeyPatch, there: bool, device: str
) -> None:
    with_gpu(monkeypatch, there)
    backend: Any = ManyBackend()
    teacher = FrozenTagger(REASONTYPE, ParagraphSegmenter(), backend, 1.0)
    rows = Distillation([teacher], []).probabilities([["a", "b"]], [""], lambda line: None)
    assert backend.devices == [device]
    np.testing.assert_allclose(rows[0], np.full((2, 14), 1 / 14), rtol=1e-3)


def test_distillation_without_a_batch_scorer_needs_no_device(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def asked(name: str) -> str:
        raise AssertionError("this would load torch")

    monkeypatch.setattr("tagger.training.distillation.resolve_device", asked)
    teacher = FrozenTagger(REASONTYPE, ParagraphSegmenter(), random_backend(), 1.0)
    rows = Distillation([teacher], []).probabilities([["a", "b"]], [""], lambda line: None)
    assert rows[0].shape == (2, 14)
