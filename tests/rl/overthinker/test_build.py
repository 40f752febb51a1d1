"""What a build refuses before it begins.

pytest tests/rl/overthinker/test_build.py
"""

from __future__ import annotations

from pathlib import Path

import pytest

from rl.overthinker.build import BuildSettings, build
from tagger.errors import UserError


def test_a_start_of_other_sizes_than_the_settings_is_refused(tmp_path: Path) -> None:
    settings = BuildSettings(edition=2, start="overthinker", layers=4, traces=1)
    with pytest.raises(UserError, match=r"layers is 4, but the model 'overthinker' .* has 3"):
        build(tmp_path / "new", settings)
    assert not (tmp_path / "new").exists()


def test_an_unknown_edition_and_a_folder_that_exists_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="edition is 3"):
        BuildSettings(edition=3)
    with pytest.raises(UserError, match="exists"):
        build(tmp_path, BuildSettings(traces=1))
