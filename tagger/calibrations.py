"""Calibrations of a tagger for steps of other segmentations, and in other taxonomies.

A tagger is calibrated for the segmentation it was trained on. Steps that are cut otherwise have
other types in other proportions: a sentence is no short paragraph. ``calibrations.json`` in a
tagger's folder says what corrects it there; `suffice tagger calibrate` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tagger.config.numbers import finite_number
from tagger.errors import UserError
from tagger.steps import Segmenter

CALIBRATIONS_FILE = "calibrations.json"
_FORMAT = 1
_LARGEST = 100  # bias whose exponential can still be computed with


@dataclass(frozen=True)
class UnitCalibration:
    """What corrects a tagger on steps of one segmentation, with types of one taxonomy.

    Attributes:
        tagger: Fingerprint of the tagger it was fitted for.
        taxonomy: Name of the taxonomy.
        segmenter: Name of the segmenter.
        settings: Of the segmenter.
        temperature: The tagger's scores are divided by it before the softmax.
        logit_bias: Added to the logarithm of a type's probability when a type is predicted, by
            tag; probabilities are given without it.
        about: Label files and figures.
        version: Of the segmenter that cut the steps; 1 in files that do not say it.
        probability_bias: Added to the logarithm of a type's probability, by tag, before the
            probabilities are made to sum to 1 again; none in older files.
    """

    tagger: str
    taxonomy: str
    segmenter: str
    settings: dict[str, Any]
    temperature: float
    logit_bias: dict[str, float]
    about: dict[str, Any] = field(default_factory=dict)
    version: int = 1
    probability_bias: dict[str, float] = field(default_factory=dict)

    def fits(self, segmenter: Segmenter, taxonomy: str) -> bool:
        """Whether it is for steps of this segmenter, of any version, and types of this taxonomy."""
        theirs = (segmenter.name, _plain(segmenter.settings), taxonomy)
        return (self.segmenter, self.settings, self.taxonomy) == theirs


def calibration_for(
    calibrations: Iterable[UnitCalibration], segmenter: Segmenter, taxonomy: str
) -> UnitCalibration | None:
    """The one for steps of a segmenter and types of a taxonomy; None if there is none."""
    return next((c for c in calibrations if c.fits(segmenter, taxonomy)), None)


def same_segmentation(one: Segmenter, other: Segmenter) -> bool:
    """Whether two segmenters cut alike: name and settings are equal."""
    return (one.name, _plain(one.settings)) == (other.name, _plain(other.settings))


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as JSON brings them back."""
    plain: dict[str, Any] = json.loads(json.dumps(settings))
    return plain


def read_calibrations(folder: Path, fingerprint: str) -> tuple[UnitCalibration, ...]:
    """Read the calibrations in a tagger's folder.

    Args:
        folder: The folder.
        fingerprint: Of the tagger.

    Returns:
        The calibrations; none if there is no such file.

    Raises:
        UserError: The file is malformed, or was made for another tagger.
    """
    path = folder / CALIBRATIONS_FILE
    if not path.is_file():
        return ()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != _FORMAT:
            raise ValueError(f"format {content['format']}")
        found = tuple(_entry(**entry) for entry in content["calibrations"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path} is malformed ({type(error).__name__}: {error}); delete it, or calibrate the "
            "tagger again."
        ) from error
    for one in found:
        if one.tagger != fingerprint:
            raise UserError(
                f"{path} was made for the tagger {one.tagger[:12]}, and this is "
                f"{fingerprint[:12]}; delete it, or calibrate the tagger again."
            )
    return found


def _entry(**values: Any) -> UnitCalibration:
    """Build one, its values checked."""
    made = UnitCalibration(**values)
    for key in ("tagger", "taxonomy", "segmenter"):
        if not isinstance(getattr(made, key), str):
            raise ValueError(f"{key} {getattr(made, key)!r} is no text")
    for key in ("settings", "logit_bias", "probability_bias", "about"):
        if not isinstance(getattr(made, key), dict):
            raise ValueError(f"{key} {getattr(made, key)!r} is no mapping")
    if isinstance(made.version, bool) or not isinstance(made.version, int):
        raise ValueError(f"version {made.version!r} is no whole number")
    if not (finite_number(made.temperature) and made.temperature > 0):
        raise ValueError(f"temperature {made.temperature!r} is no number above 0")
    for key in ("logit_bias", "probability_bias"):
        for tag, value in getattr(made, key).items():
            if not finite_number(value):
                raise ValueError(f"{key} of {tag} {value!r} is no number")
            if abs(value) > _LARGEST:
                raise ValueError(f"{key} of {tag} {value!r} is beyond {_LARGEST}")
    return made


def calibrations_text(calibrations: Sequence[UnitCalibration]) -> str:
    """What the file holds."""
    content = {"format": _FORMAT, "calibrations": [asdict(c) for c in calibrations]}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
