"""A comparison is resumed from its folder alone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from rl.comparison import folder as module
from rl.comparison.config import compare_config
from rl.comparison.folder import CONFIG, MADE_BY, MadeBy, check_folder, resumed_config
from tagger.errors import UserError

VALUES: dict[str, Any] = {
    "base": "some/policy",
    "problems": {"source": "mine.jsonl", "size": 7},
    "calibration": {"source": "other.jsonl"},
    "rules": {"count": {"types": ["VERIFY"], "limit": [2, 3]}},
    "samples": 2,
    "workers": 2,
}


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / CONFIG).write_text(json.dumps(compare_config(VALUES).to_dict()))
    return folder


def test_resumed_config_needs_the_folder_alone(begun: Path) -> None:
    assert resumed_config(begun) == compare_config(VALUES)


def test_resumed_config_takes_overrides_that_say_the_same_and_other_workers(begun: Path) -> None:
    config = resumed_config(begun, ["samples=2", "problems.size=7", "workers=1"])
    assert config == compare_config({**VALUES, "workers": 1})
    check_folder(config, begun, resume=True)


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("samples=3", "samples"),
        ("problems.size=8", "problems.size"),
        ("rules.count.limit=[2]", "rules.count.limit"),
        ("rules={}", "rules"),
        ("rules.ratio={threshold: [0.3]}", "rules.ratio"),
        ("trained=x", "policies.trained"),
    ],
)
def test_resumed_config_refuses_what_contradicts_the_folder(
    begun: Path, override: str, key: str
) -> None:
    with pytest.raises(UserError, match=f"begun with another value of {key}; leave that setting"):
        resumed_config(begun, [override])


def test_resumed_config_fills_what_an_earlier_version_did_not_save(begun: Path) -> None:
    saved = json.loads((begun / CONFIG).read_text())
    del saved["top_k"], saved["oracle"]
    (begun / CONFIG).write_text(json.dumps(saved))
    config = resumed_config(begun)
    assert config == compare_config(VALUES)
    check_folder(config, begun, resume=True)


def test_resumed_config_says_what_is_no_comparison(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is no comparison: it holds no compare\.json; check"):
        resumed_config(tmp_path)


def admitted(samples: Path, identities: dict[str, str | None]) -> None:
    """Have an arm of base be there."""
    MadeBy(samples, identities.get).admit("base")
    (samples / "test").mkdir(parents=True)
    (samples / "test" / "base.key").write_text("k")


def test_arms_are_added_where_the_same_code_and_policies_made_those_that_are_there(
    tmp_path: Path,
) -> None:
    identities: dict[str, str | None] = {"base": "b", "trained": None}
    admitted(tmp_path / "samples", identities)
    again = MadeBy(tmp_path / "samples", identities.get)
    again.admit("trained")
    again.admit("base")
    recorded = json.loads((tmp_path / "samples" / MADE_BY).read_text())
    assert recorded["policies"] == identities and recorded["versions"]["torch"]


def test_arms_of_a_policy_whose_files_changed_are_not_added(tmp_path: Path) -> None:
    admitted(tmp_path, {"base": "b"})
    before = (tmp_path / MADE_BY).read_bytes()
    with pytest.raises(UserError, match=r"with other files of base .*: take a new folder, or"):
        MadeBy(tmp_path, {"base": "other", "trained": "t"}.get).admit("trained")
    assert (tmp_path / MADE_BY).read_bytes() == before


def test_arms_of_other_code_or_libraries_are_not_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admitted(tmp_path, {"base": "b"})
    monkeypatch.setattr(module, "code_version", lambda: "0" * 16)
    with pytest.raises(UserError, match="were sampled with another version of this code; arms"):
        MadeBy(tmp_path, {"base": "b"}.get).admit("base")
    now = module.made_with()
    monkeypatch.setattr(module, "made_with", lambda: now | {"torch": "9.9", "vllm": "0.1"})
    with pytest.raises(UserError, match=r"torch .* \(now 9.9\), vllm missing \(now"):
        MadeBy(tmp_path, {"base": "b"}.get).admit("base")


def test_arms_of_another_processor_are_not_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    admitted(tmp_path, {"base": "b"})
    here = module.made_with()["processor"]
    monkeypatch.setattr(module, "code_version", lambda: "0" * 16)
    now = module.made_with() | {"processor": "another"}
    monkeypatch.setattr(module, "made_with", lambda: now)
    with pytest.raises(UserError, match=rf"with processor {re.escape(here)} \(now another\); arms"):
        MadeBy(tmp_path, {"base": "b"}.get).admit("base")


def test_a_record_without_arms_is_no_obstacle(tmp_path: Path) -> None:
    MadeBy(tmp_path, {"base": "b"}.get).admit("base")  # interrupted before an arm was done
    MadeBy(tmp_path, {"base": "other"}.get).admit("base")
    assert json.loads((tmp_path / MADE_BY).read_text())["policies"] == {"base": "other"}
