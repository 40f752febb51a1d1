"""The key `segmenter` of training and comparison: steps that the tagger is not calibrated for."""

from __future__ import annotations

from pathlib import Path

import pytest

from rl.comparison.arms import ArmRunner
from rl.comparison.config import compare_config
from rl.training.config import config_from_dict
from rl.training.plan import make_plan
from rl.training.run_folder import RunFolder
from tagger.errors import UserError
from tagger.segmentation.sentence import SentenceSegmenter


def test_segmenter_of_a_comparison_cuts_the_steps_of_both_taggers(tmp_path: Path) -> None:
    config = compare_config({"segmenter": "sentence", "audit_tagger": "linear"})
    runner = ArmRunner(config, tmp_path)
    assert runner.audit is not None
    assert runner.tagger.segmenter == runner.audit.segmenter == SentenceSegmenter()
    assert not runner.tagger.calibrated


def test_segmenter_of_a_training_run_is_checked_first(tmp_path: Path) -> None:
    config = config_from_dict({"segmenter": "sentense"}, "settings")
    with pytest.raises(UserError, match="Unknown segmenter 'sentense'; did you mean 'sentence'"):
        make_plan(RunFolder(tmp_path), config)
