"""Tagger folders: what earlier versions wrote loads, with the fingerprint they gave it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tagger.frozen import FrozenTagger
from tagger.segmentation import ParagraphSegmenter
from tagger.taxonomies.taxonomy import REASONTYPE
from tests.tagger.student.small import random_backend

TEXT = "One.\n\nTwo is 2.\n\nThen three.\n\nFour = 4."


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """A folder in the form of earlier versions: the key ``handicaps`` holds what is subtracted."""
    backend = random_backend()
    described = {
        "format": 1,
        "taxonomy": {"name": REASONTYPE.name, "types": [asdict(t) for t in REASONTYPE.types]},
        "segmenter": {"name": "paragraph", "settings": ParagraphSegmenter().settings},
        "backend": {"name": "student", "settings": backend.settings},
        "temperature": 1.25,
        "handicaps": {"VERIFY": 0.375, "META": 0.0, "OTHER": -20.0},
    }
    digest = hashlib.sha256(json.dumps(described, sort_keys=True, ensure_ascii=False).encode())
    for name, array in sorted(backend.arrays.items()):
        digest.update(f"{name}:{array.dtype.name}:{array.shape}:".encode())
        digest.update(array.tobytes())
    about = {"data": ["labels.jsonl"], "teachers": ["ab"], "taught_on": ["traces.jsonl"]}
    folder = tmp_path / "earlier"
    folder.mkdir()
    save_file(backend.arrays, str(folder / "weights.safetensors"))
    config = described | {"fingerprint": digest.hexdigest(), "about": about}
    (folder / "tagger.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def test_load_reads_a_folder_of_an_earlier_version(earlier: Path) -> None:
    tagger = FrozenTagger.load(earlier)
    assert tagger.logit_bias == {"VERIFY": -0.375, "META": 0.0, "OTHER": 20.0}
    assert tagger.about["taught_on"] == ["traces.jsonl"]
    other = REASONTYPE.get("OTHER").name
    for tagged in tagger.tag_text(TEXT):
        scores = np.log(tagged.probabilities)
        scores[REASONTYPE.index("VERIFY")] -= 0.375
        scores[REASONTYPE.index("OTHER")] += 20.0
        assert tagged.type == REASONTYPE.names[int(scores.argmax())]
        assert tagged.type == other, "its bias decides"


def test_save_writes_what_the_earlier_version_wrote(earlier: Path, tmp_path: Path) -> None:
    tagger = FrozenTagger.load(earlier)
    again = tagger.save(tmp_path / "again")
    before, after = (
        json.loads((folder / "tagger.json").read_text(encoding="utf-8"))
        for folder in (earlier, again)
    )
    assert after == before
    assert FrozenTagger.load(again).fingerprint == tagger.fingerprint
