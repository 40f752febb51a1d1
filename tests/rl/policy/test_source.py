"""Models and adapters by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rl.policy.config import PolicyConfig
from rl.policy.source import resolve_model, resolve_policy
from tagger.errors import UserError


def model(folder: Path, weights: bytes = b"1") -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(weights)
    return folder


def adapter(folder: Path, base: str | None) -> Path:
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": base}))
    (folder / "adapter_model.safetensors").write_bytes(b"2")
    return folder


def test_adapter_folder_stands_for_its_base_with_the_adapter(tmp_path: Path) -> None:
    base = model(tmp_path / "base")
    own = adapter(tmp_path / "adapter", str(base))
    found = resolve_policy(PolicyConfig(model=str(own)))
    assert (found.model, found.adapter) == (str(base), str(own))
    assert found == resolve_policy(PolicyConfig(model=str(base), adapter=str(own)))
    digest, bare = found.digest(), resolve_policy(PolicyConfig(model=str(base))).digest()
    assert digest is not None and bare is not None and digest.startswith(bare) and digest != bare


@pytest.mark.parametrize(
    ("name", "folder"), [("overthinker", "model"), ("overthinker-2", "model_2")]
)
def test_adapter_of_a_packaged_model_finds_it_wherever_it_was_installed(
    tmp_path: Path, name: str, folder: str
) -> None:
    own = adapter(tmp_path / "a", f"/elsewhere/site-packages/rl/overthinker/{folder}")
    assert resolve_policy(PolicyConfig(model=str(own))).model == resolve_model(name)
    assert resolve_policy(PolicyConfig(model=name, adapter=str(own))).adapter == str(own)


def test_base_under_another_name_is_the_same_model(tmp_path: Path) -> None:
    base, copy = model(tmp_path / "base"), model(tmp_path / "copy")
    own = adapter(tmp_path / "a", str(base))
    assert resolve_policy(PolicyConfig(model=str(copy), adapter=str(own))).model == str(copy)
    hub = adapter(tmp_path / "b", "owner/base")
    assert resolve_policy(PolicyConfig(model=str(base), adapter=str(hub))).adapter == str(hub)


def test_adapter_of_another_model_is_refused(tmp_path: Path) -> None:
    base, other = model(tmp_path / "base"), model(tmp_path / "other", b"9")
    own = adapter(tmp_path / "a", str(base))
    with pytest.raises(UserError, match=f"was trained on {base}, not on {other}; set model="):
        resolve_policy(PolicyConfig(model=str(other), adapter=str(own)))
    with pytest.raises(UserError, match="not on overthinker"):
        resolve_policy(PolicyConfig(adapter=str(own)))


@pytest.mark.parametrize(
    ("base", "said"),
    [("/not/here", "which is not here; name the base"), (None, "does not say which model")],
)
def test_adapter_without_its_base_is_refused(tmp_path: Path, base: str | None, said: str) -> None:
    with pytest.raises(UserError, match=said):
        resolve_policy(PolicyConfig(model=str(adapter(tmp_path / "a", base))))


def test_keys_that_a_folder_cannot_have_are_refused(tmp_path: Path) -> None:
    base = model(tmp_path / "base")
    with pytest.raises(UserError, match="revision is 'v1', but the model .* is a folder"):
        resolve_policy(PolicyConfig(model=str(base), revision="v1"))
    with pytest.raises(UserError, match="holds no adapter_config.json"):
        resolve_policy(PolicyConfig(model=str(base), adapter=str(base)))
    own = adapter(tmp_path / "a", str(base))
    with pytest.raises(UserError, match="is an adapter itself"):
        resolve_policy(PolicyConfig(model=str(own), adapter=str(own)))


def test_the_folder_of_a_run_is_refused_with_its_policy(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no config.json; name a model folder\.$"):
        resolve_model(str(tmp_path))
    model(tmp_path / "policy")
    with pytest.raises(UserError, match=rf"name a model folder, such as {tmp_path / 'policy'}\.$"):
        resolve_model(str(tmp_path))


def test_the_folder_of_a_run_without_a_policy_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("model: overthinker\n")
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(UserError, match="no policy yet; finish it with suffice train --resume"):
        resolve_model(str(tmp_path))
    (tmp_path / "result.json").write_text('{"no_signal": "No reward differed."}')
    with pytest.raises(UserError, match="wrote no policy: No reward differed. Name a model folder"):
        resolve_model(str(tmp_path))
