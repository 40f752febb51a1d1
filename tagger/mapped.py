"""A ReasonType tagger mapped to another taxonomy: probabilities of mapped types are summed."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from operator import mul
from pathlib import Path
from typing import Protocol

from tagger.calibrations import UnitCalibration, calibration_for
from tagger.errors import UserError
from tagger.frozen import FrozenTagger
from tagger.steps import Segmenter, Step, StepTagger, TagContext, TaggedStep, TaggingSession
from tagger.taxonomies.files import TypeMap, load_type_map
from tagger.taxonomies.taxonomy import Taxonomy
from tagger.variants import with_parts


class TextTagger(StepTagger, Protocol):
    """A step tagger with its segmenter, as `tagger.frozen.FrozenTagger` does."""

    @property
    def segmenter(self) -> Segmenter:
        """What cuts the thinking into the steps it tags."""
        ...


def tagger_in_taxonomy(tagger: TextTagger, name_or_path: str | Path) -> TextTagger:
    """Make a tagger predict the types of a taxonomy.

    Args:
        tagger: Any tagger.
        name_or_path: As for `tagger.taxonomies.files.load_type_map`.

    Returns:
        The tagger itself if it predicts those types already, else a `MappedTagger` around it, with
        the tagger's calibration for these types and its steps if it has one.

    Raises:
        UserError: As `load_type_map` and `MappedTagger`.
    """
    type_map = load_type_map(name_or_path)
    if tagger.taxonomy.names == type_map.taxonomy.names:
        return tagger
    found = None
    if isinstance(tagger, FrozenTagger):
        name = type_map.taxonomy.name
        found = calibration_for(tagger.extras.calibrations, tagger.segmenter, name)
    return MappedTagger(tagger, type_map, found)


class MappedTagger:
    """A tagger behind a type map; implements `tagger.steps.StepTagger`.

    A type's probability is the sum over the types that map to it, so the best type may differ
    from the map of the best type: three likely kinds of computation outweigh one of verification.
    When a type is predicted, each of the tagger's own types counts in its sum with its logit bias,
    as it does when one of these is predicted; a calibration brings biases for the types mapped to
    in their place, and may move the probabilities of these.

    Args:
        tagger: Gives the types the map starts from.
        type_map: Maps them to the other taxonomy.
        calibration: Temperature and logit bias for these types on the tagger's steps.

    Raises:
        UserError: The tagger gives other types than the map takes, or the calibration has a bias
            for a type the taxonomy does not know.
    """

    def __init__(
        self, tagger: TextTagger, type_map: TypeMap, calibration: UnitCalibration | None = None
    ) -> None:
        check_mappable(tagger.taxonomy, type_map)
        self._calibrated = calibration is not None or getattr(tagger, "calibrated", True)
        self._calibration = calibration
        self._own_factors: list[float] = []
        self._factors: list[float] = []
        self._moved: list[float] = []
        if isinstance(tagger, FrozenTagger):
            if calibration is not None:
                tagger = with_parts(
                    tagger,
                    temperature=calibration.temperature,
                    logit_bias=None,
                    probability_bias=None,
                )
                self._factors = _factors(calibration.logit_bias, type_map.taxonomy)
                if calibration.probability_bias:
                    self._moved = _factors(calibration.probability_bias, type_map.taxonomy)
            else:
                self._own_factors = own_factors(tagger)
        self._tagger = tagger
        self._taxonomy = type_map.taxonomy
        position = {name: i for i, name in enumerate(type_map.taxonomy.names)}
        self._target = [position[type_map.from_reasontype[n]] for n in tagger.taxonomy.names]
        self._fingerprint = self._hash()

    @property
    def taxonomy(self) -> Taxonomy:
        """The types it gives."""
        return self._taxonomy

    @property
    def fingerprint(self) -> str:
        """SHA-256, as hex, over the tagger's fingerprint, the taxonomy and the mapping."""
        return self._fingerprint

    @property
    def segmenter(self) -> Segmenter:
        """What cuts the thinking into the steps it tags."""
        return self._tagger.segmenter

    @property
    def calibrated(self) -> bool:
        """Whether it, or the tagger it maps, is calibrated for the steps its segmenter cuts."""
        return self._calibrated

    @property
    def calibration(self) -> UnitCalibration | None:
        """For its types on these steps; None if there is none."""
        return self._calibration

    @property
    def mapped(self) -> TextTagger:
        """The tagger that it maps."""
        return self._tagger

    def tag(self, steps: Sequence[Step], context: TagContext = TagContext()) -> list[TaggedStep]:
        """Tag consecutive steps of one trace."""
        return [self._mapped(step) for step in self._tagger.tag(steps, context)]

    def tag_batch(
        self, traces: Sequence[Sequence[Step]], questions: Sequence[str]
    ) -> list[list[TaggedStep]]:
        """Tag many whole traces at once; same labels as `tag` on each."""
        tagged = self._tagger.tag_batch(traces, questions)
        return [[self._mapped(step) for step in steps] for steps in tagged]

    def tag_text(self, text: str, question: str = "") -> list[TaggedStep]:
        """Cut a finished thinking with the tagger's own segmenter and tag it."""
        return self.tag(self.segmenter.split(text), TagContext(question))

    def session(self, question: str = "") -> MappedSession:
        """Start tagging a trace that is still being written."""
        return MappedSession(self, self._tagger.session(question))

    def _mapped(self, tagged: TaggedStep) -> TaggedStep:
        """Sum probabilities; of equal ones, after the bias, the first type wins."""
        sums = self._sums(tagged.probabilities)
        if self._moved:
            sums = list(map(mul, sums, self._moved))
            total = sum(sums)
            sums = [value / total for value in sums]
        scores = sums
        if self._own_factors:
            scores = self._sums(map(mul, tagged.probabilities, self._own_factors))
        if self._factors:
            scores = list(map(mul, sums, self._factors))
        best = max(range(len(sums)), key=scores.__getitem__)
        return TaggedStep(tagged.step, self._taxonomy.names[best], sums[best], tuple(sums))

    def _sums(self, of_own_types: Iterable[float]) -> list[float]:
        sums = [0.0] * len(self._taxonomy.types)
        for target, value in zip(self._target, of_own_types, strict=True):
            sums[target] += value
        return sums

    def _hash(self) -> str:
        described = {
            "tagger": self._tagger.fingerprint,
            "taxonomy": self._taxonomy.name,
            "types": [asdict(t) for t in self._taxonomy.types],
            "map": self._target,
        }
        for key, factors in (
            ("factors", self._factors),
            ("own_factors", self._own_factors),
            ("moved", self._moved),
        ):
            if factors:
                described[key] = factors
        text = json.dumps(described, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def check_mappable(taxonomy: Taxonomy, type_map: TypeMap) -> None:
    """Refuse to map the types of a taxonomy that is not ReasonType.

    Raises:
        UserError: They are not those that the map takes.
    """
    if set(taxonomy.names) != set(type_map.from_reasontype):
        raise UserError(
            f"The tagger's taxonomy is {taxonomy.name!r}, but the mapping to "
            f"{type_map.taxonomy.name!r} starts from ReasonType; use a ReasonType tagger."
        )


def own_factors(tagger: StepTagger) -> list[float]:
    """What the probability of each of a tagger's own types is multiplied by when one is predicted.

    Returns:
        The factors of its logit bias; none if it has no bias.
    """
    bias = tagger.logit_bias if isinstance(tagger, FrozenTagger) else {}
    return _factors(bias, tagger.taxonomy) if bias else []


def _factors(logit_bias: Mapping[str, float], taxonomy: Taxonomy) -> list[float]:
    """What a bias of the logarithm multiplies the probability of each type by."""
    unknown = logit_bias.keys() - set(taxonomy.tags)
    if unknown:
        raise UserError(
            f"The calibration has a logit bias for {sorted(unknown)[0]!r}, which is no type of "
            f"{taxonomy.name!r}; calibrate the tagger again."
        )
    return [math.exp(logit_bias.get(tag, 0.0)) for tag in taxonomy.tags]


class MappedSession:
    """Tags one trace step by step; made by `MappedTagger.session`."""

    def __init__(self, tagger: MappedTagger, session: TaggingSession) -> None:
        self._tagger = tagger
        self._session = session

    def tag_next(self, step: Step) -> TaggedStep:
        """Tag the next step; it becomes context for the ones after it."""
        return self._tagger._mapped(self._session.tag_next(step))
