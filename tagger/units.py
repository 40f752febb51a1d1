"""A tagger for steps that are cut otherwise than those it was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tagger.calibrations import calibration_for, same_segmentation
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.mapped import MappedTagger, tagger_in_taxonomy
from tagger.segmentation import get_segmenter
from tagger.steps import Segmenter
from tagger.traces.rows import SourceTrace
from tagger.variants import with_parts

_WHY = (
    "uncalibrated, 2.3 and 7.9 times as many sentences of two label sets were predicted to be "
    "verification as are labelled so (precision 0.40 and 0.12; docs/taxonomies.md)."
)


def for_segmenter(tagger: FrozenTagger, segmenter: Segmenter) -> FrozenTagger:
    """A tagger for steps of another segmentation, with its calibration for them.

    Args:
        tagger: A tagger.
        segmenter: What cuts the steps.

    Returns:
        The tagger itself if it is for these steps already. Else another one, with another
        fingerprint; where it has no calibration for them it keeps its own, and its `calibrated`
        is False.
    """
    if same_segmentation(segmenter, tagger.segmenter):
        return tagger
    found = calibration_for(tagger.extras.calibrations, segmenter, tagger.taxonomy.name)
    if found is None:
        return with_parts(tagger, segmenter=segmenter, calibrated=False)
    return with_parts(
        tagger,
        segmenter=segmenter,
        temperature=found.temperature,
        logit_bias=found.logit_bias,
        probability_bias=found.probability_bias,
        calibrated=True,
    )


def load_taggers(
    name: str | None, audit: str | None, segmenter: str | None
) -> tuple[FrozenTagger, FrozenTagger | None]:
    """Load the tagger of a run and the one that audits it, for the steps of the run.

    Args:
        name: As for `FrozenTagger.load`.
        audit: The same; None goes without.
        segmenter: As for `tagger.segmentation.get_segmenter`; None is each tagger's own.

    Returns:
        The two taggers.

    Raises:
        UserError: As these.
    """
    cut = None if segmenter is None else get_segmenter(segmenter)

    def load(one: str | None) -> FrozenTagger:
        tagger = FrozenTagger.load(one)
        return tagger if cut is None else for_segmenter(tagger, cut)

    return load(name), None if audit is None else load(audit)


def in_taxonomy(tagger: FrozenTagger, name_or_path: str | Path) -> FrozenTagger | MappedTagger:
    """A tagger with the types of another taxonomy, if its steps allow that.

    Args:
        tagger: For the steps that will come.
        name_or_path: As for `tagger.mapped.tagger_in_taxonomy`.

    Returns:
        The tagger, mapped where the taxonomy is not its own.

    Raises:
        UserError: As `tagger_in_taxonomy`; or the types are another taxonomy's, and there is no
            calibration for them on such steps.
    """
    mapped = tagger_in_taxonomy(tagger, name_or_path)
    if not isinstance(mapped, MappedTagger):
        return tagger
    if not mapped.calibrated:
        name, unit = mapped.taxonomy.name, tagger.segmenter.name
        raise UserError(
            f"Types of {name} are not given to steps of segmenter {unit!r}: {_WHY} Calibrate the "
            f"tagger on labels of {name} (suffice tagger calibrate LABELS --taxonomy {name} "
            f"--segmenter {unit}), or leave segmenter or taxonomy out."
        )
    return mapped


def refuse_unknown_unit(tagger: FrozenTagger | MappedTagger, traces: Sequence[SourceTrace]) -> None:
    """Refuse to map the types of steps that came with their rows, which do not say what cut them.

    Args:
        tagger: Whose types are wanted.
        traces: Among which there are such.

    Raises:
        UserError: The types are another taxonomy's.
    """
    if isinstance(tagger, MappedTagger):
        first = next(t.id for t in traces if t.steps is not None and not t.segmenter)
        raise UserError(
            f"Trace {first} brings its own steps; say how they were cut, e.g. segmenter=paragraph "
            f"or segmenter=sentence, for types of {tagger.taxonomy.name} depend on it: {_WHY}"
        )


def calibration_note(tagger: FrozenTagger | MappedTagger, by_rows: bool = False) -> str:
    """A sentence about a tagger that is not calibrated for the steps it gets; empty if it is.

    Args:
        tagger: For these steps.
        by_rows: Whether the rows name the segmenter, and not the user.
    """
    named = ", which rows name" if by_rows else ""
    if tagger.calibrated:
        return _version_note(tagger, named)
    return (
        f"The tagger is not calibrated for steps of segmenter {tagger.segmenter.name!r}{named}: "
        "how often its types and counts are correct there is not known; calibrate it on labels "
        "(suffice tagger calibrate)."
    )


def _version_note(tagger: FrozenTagger | MappedTagger, named: str) -> str:
    """A sentence about a calibration for steps that the segmenter has cut otherwise since then."""
    found = tagger.calibration if isinstance(tagger, MappedTagger) else None
    own = tagger.mapped if isinstance(tagger, MappedTagger) else tagger
    if found is None and isinstance(own, FrozenTagger):
        found = calibration_for(own.extras.calibrations, own.segmenter, own.taxonomy.name)
    cut = tagger.segmenter
    if found is None or found.version == cut.version:
        return ""
    return (
        f"The tagger was calibrated for steps of segmenter {cut.name!r}{named} as its version "
        f"{found.version} cut them, and this is version {cut.version}: counts may be off; "
        "calibrate it on labels again (suffice tagger calibrate)."
    )


def note_of(*taggers: FrozenTagger | None) -> str:
    """One `calibration_note` for the taggers of a run; empty if all are calibrated."""
    return next((note for t in taggers if t is not None and (note := calibration_note(t))), "")
