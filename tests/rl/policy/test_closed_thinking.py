"""Where a policy that never thinks is told to its user: once, by training and by comparison."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rl.comparison.arms import ArmRunner
from rl.comparison.config import compare_config
from rl.training.config import config_from_dict
from rl.training.plan import make_plan
from rl.training.run_folder import RunFolder
from tests.world import World

SAID = "ends prompts with a thinking that is closed already, so the policy never thinks"


@pytest.fixture
def closed(world: World, tmp_path: Path) -> Path:
    """A model whose chat template has a switch that closes the thinking, as Qwen3's has."""
    folder = tmp_path / "closed"
    shutil.copytree(world.model, folder)
    template = (
        "{{ messages[-1].content }}{% if add_generation_prompt %}<think>\n"
        "{% if enable_thinking is defined and not enable_thinking %}\n</think>\n\n{% endif %}"
        "{% endif %}"
    )
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    return folder


def notes(world: World, model: Path, tmp_path: Path, **changes: object) -> list[str]:
    config = world.config(tmp_path / "run", model=str(model), **changes)
    return list(make_plan(RunFolder(tmp_path / "run"), config_from_dict(config)).notes)


def test_training_notes_a_policy_that_never_thinks(
    world: World, closed: Path, tmp_path: Path
) -> None:
    off = {"chat_template_kwargs": {"enable_thinking": False}}
    (said,) = (n for n in notes(world, closed, tmp_path, **off) if SAID in n)
    assert "set chat_template_kwargs.enable_thinking to true" in said
    for changes in ({}, {"thinking": False}):
        assert not any(SAID in n for n in notes(world, closed, tmp_path, **changes))


def test_comparison_warns_once_of_policies_that_never_think(
    world: World, closed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = {
        "policies": {
            "base": {"model": str(closed), "chat_template_kwargs": {"enable_thinking": False}},
            "again": {"model": str(closed), "chat_template_kwargs": {"enable_thinking": False}},
            "thinks": str(closed),
            "silent": {"model": str(closed), "thinking": False},
        },
        "tagger": str(world.tagger),
        "problems": {"source": str(world.problems), "size": None},
        "max_new_tokens": 20,
        "rules": {},
    }
    ArmRunner(compare_config(values), tmp_path / "run").derive()
    assert capsys.readouterr().err.count(SAID) == 1
