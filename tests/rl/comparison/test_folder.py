"""A comparison is resumed from its folder alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rl.comparison.config import compare_config
from rl.comparison.folder import CONFIG, check_folder, resumed_config
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


@pytest.mark.parametrize("content", [None, "no json", "[1]"])
def test_resumed_config_says_what_is_no_comparison(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / CONFIG).write_text(content)
    with pytest.raises(UserError, match=r"is no comparison: it holds no compare\.json; check"):
        resumed_config(tmp_path)
