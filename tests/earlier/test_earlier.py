"""Files that version 0.1.0 wrote before settings were checked by pydantic keep loading.

``run.yaml`` and ``compare.json`` are the resolved configs of a quick start, ``tagger.json`` that of
a small linear tagger, as they were written then.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import yaml
from safetensors.numpy import save_file

from rewards.stack import build_stack
from rl.comparison.config import compare_config
from rl.comparison.folder import resumed_config
from rl.problems.registry import load
from rl.training.config import load_config, write_config
from rl.training.run_folder import existing_run
from tagger.frozen import FrozenTagger
from tagger.taxonomies.taxonomy import REASONTYPE

HERE = Path(__file__).parent


def holds(part: object, whole: object) -> bool:
    """Whether all keys and values of `part` stand in `whole`."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(k in whole and holds(v, whole[k]) for k, v in part.items())
    return part == whole


def test_run_config_of_the_earlier_version_loads_with_its_values(tmp_path: Path) -> None:
    config = load_config(HERE / "run.yaml")
    assert holds(yaml.safe_load((HERE / "run.yaml").read_text()), config.to_dict())
    assert build_stack(config.reward.terms, REASONTYPE).names == ("correctness", "step_count")
    write_config(config, tmp_path / "config.yaml")
    assert load_config(tmp_path / "config.yaml") == config


def test_compare_config_of_the_earlier_version_loads_with_its_values() -> None:
    stored = json.loads((HERE / "compare.json").read_text())
    config = compare_config(stored)
    policies = {name: stored.pop(name) for name in ("base", "trained")}
    assert config.policies == {name: model for name, model in policies.items() if model}
    assert holds(stored, config.to_dict())
    assert len(config.grid()) == 9


def test_tagger_of_the_earlier_version_keeps_its_fingerprint(tmp_path: Path) -> None:
    """Its ``weight_words`` is the whole number 1: read as 1.0 it would be another tagger."""
    shutil.copy(HERE / "tagger.json", tmp_path)
    arrays = {
        "buckets": np.array([3, 77], np.int32),
        "rows": np.array([[5, -5], [-2, 2]], np.int16),
        "unit": np.array([0.5]),
        "bias": np.array([0.0, 0.25]),
    }
    save_file(arrays, str(tmp_path / "weights.safetensors"))
    stored = json.loads((HERE / "tagger.json").read_text())
    assert FrozenTagger.load(tmp_path).fingerprint == stored["fingerprint"]


def test_saved_split_next_to_a_file_is_dropped(tmp_path: Path) -> None:
    """0.1.0 wrote ``split: train`` into every run's config; for a file the key is refused today."""
    problems = tmp_path / "problems.jsonl"
    problems.write_text('{"question": "1 + 1?", "answer": "2"}\n')
    stored = yaml.safe_load((HERE / "run.yaml").read_text())
    stored["problems"] |= {"source": str(problems), "split": "train", "size": None}
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(stored))
    _, config = existing_run(folder)
    assert [p.reference for p in load(config.problems)] == ["2"]

    stored = json.loads((HERE / "compare.json").read_text())
    for part in ("problems", "calibration"):
        file = tmp_path / f"{part}.jsonl"
        stored[part] |= {"source": str(file), "split": "test", "size": None}
    (folder / "compare.json").write_text(json.dumps(stored))
    resumed = resumed_config(folder)
    assert resumed.problems.split is resumed.calibration.split is None
