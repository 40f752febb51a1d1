"""The file of a tagger's calibrations: what is read, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tagger.calibrations import CALIBRATIONS_FILE, read_calibrations
from tagger.errors import UserError


def test_read_calibrations_of_older_files_are_of_the_first_version_and_move_no_probability(
    tmp_path: Path,
) -> None:
    row = {
        "tagger": "f", "taxonomy": "t", "segmenter": "s", "settings": {}, "temperature": 1.0,
        "logit_bias": {},
    }  # fmt: skip
    content = {"format": 1, "calibrations": [row]}
    (tmp_path / CALIBRATIONS_FILE).write_text(json.dumps(content))
    (found,) = read_calibrations(tmp_path, "f")
    assert (found.version, found.probability_bias) == (1, {})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"tagger": "0" * 64}, "made for the tagger 000000000000"),
        ({"temperature": 0}, "malformed"),
        ({"more": 1}, "malformed"),
        ({"logit_bias": {"VERIFY": "much"}}, "malformed"),
        ({"temperature": True}, "temperature True is no number above 0"),
        ({"temperature": "1.0"}, "temperature '1.0' is no number above 0"),
        ({"temperature": float("nan")}, "temperature nan is no number above 0"),
        ({"logit_bias": {"VERIFY": "0.1"}}, "logit_bias of VERIFY '0.1' is no number"),
        ({"logit_bias": {"VERIFY": True}}, "logit_bias of VERIFY True is no number"),
        ({"logit_bias": {"VERIFY": 10**400}}, "logit_bias of VERIFY 10{400} is no number"),
        ({"logit_bias": []}, "logit_bias .* is no mapping"),
        ({"logit_bias": {"VERIFY": -101}}, "logit_bias of VERIFY -101 is beyond 100"),
        ({"probability_bias": None}, "probability_bias None is no mapping"),
        ({"probability_bias": {"VERIFY": "1"}}, "probability_bias of VERIFY '1' is no number"),
        ({"about": None}, "about None is no mapping"),
        ({"tagger": 5}, "tagger 5 is no text"),
        ({"version": "2"}, "version '2' is no whole number"),
        ({"version": True}, "version True is no whole number"),
    ],
)
def test_read_calibrations_refuses_what_does_not_fit(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    row = {
        "tagger": "f", "taxonomy": "t", "segmenter": "s", "settings": {}, "temperature": 1.0,
        "logit_bias": {},
    }  # fmt: skip
    content = {"format": 1, "calibrations": [row | change]}
    (tmp_path / CALIBRATIONS_FILE).write_text(json.dumps(content))
    with pytest.raises(UserError, match=says):
        read_calibrations(tmp_path, "f")
