"""The frozen tagger: weights on disk that never change, known by their fingerprint.

A tagger is a folder of two files: ``tagger.json`` (taxonomy, segmenter, back end, temperature,
fingerprint) and ``weights.safetensors``. A card (``README.md``) says what it was trained on;
calibrations for other steps and known words may be next to them (`tagger.extras`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from tagger.backends.base import Backend, FeatureExtractor, extract_features
from tagger.backends.registry import BACKENDS
from tagger.errors import UserError
from tagger.extras import Extras
from tagger.hub import card_for_hub, upload_tagger
from tagger.location import PACKAGED, packaged_taggers, tagger_folder
from tagger.scoring import Scoring
from tagger.steps import Segmenter, Step, TagContext, TaggedStep
from tagger.storage import fingerprint_of, read_folder, write_folder
from tagger.taxonomies.taxonomy import Taxonomy

if TYPE_CHECKING:
    from huggingface_hub import CommitInfo

__all__ = ["PACKAGED", "FrozenSession", "FrozenTagger", "packaged_taggers", "tagger_folder"]


class FrozenTagger:
    """A tagger whose weights cannot change; implements `tagger.steps.StepTagger`.

    Args:
        taxonomy: The types, in the order of the back end's scores.
        segmenter: What cut the steps it was trained on.
        backend: The classifier.
        temperature: Scores are divided by it before the softmax; above 1 softens.
        about: Its origin (data, scores, seed); stored with it, not fingerprinted.
        logit_bias: Added to the scores of types, by tag, when a type is predicted
            (`tagger.training.calibration.count_biases`); probabilities are computed without it.
        extras: What comes with it.
        calibrated: Whether temperature and logit bias are for steps of this segmenter.
        probability_bias: Added to the scores of types, by tag, before the softmax
            (`tagger.scoring`).

    Raises:
        UserError: The back end scores another number of types, temperature is not positive, or
            a bias is for an unknown type.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        segmenter: Segmenter,
        backend: Backend,
        temperature: float = 1.0,
        about: Mapping[str, Any] | None = None,
        logit_bias: Mapping[str, float] | None = None,
        extras: Extras | None = None,
        calibrated: bool = True,
        probability_bias: Mapping[str, float] | None = None,
    ) -> None:
        if backend.types != len(taxonomy.types) or not temperature > 0:
            raise UserError(
                f"A tagger with {backend.types} scores and temperature {temperature} does not fit "
                f"taxonomy {taxonomy.name!r} of {len(taxonomy.types)} types; it needs a score for "
                "each type and a temperature above 0."
            )
        self._taxonomy = taxonomy
        self._segmenter = segmenter
        self._backend = backend
        self._scoring = Scoring(taxonomy, temperature, logit_bias or {}, probability_bias or {})
        self._about = dict(about or {})
        self._extras = extras or Extras()
        self._calibrated = calibrated
        self._fingerprint = self.recompute_fingerprint()

    @property
    def taxonomy(self) -> Taxonomy:
        """The types it knows."""
        return self._taxonomy

    @property
    def segmenter(self) -> Segmenter:
        """What cuts the thinking into the steps it tags."""
        return self._segmenter

    @property
    def backend(self) -> Backend:
        """The classifier."""
        return self._backend

    @property
    def temperature(self) -> float:
        """Softmax temperature of the probabilities."""
        return self._scoring.temperature

    @property
    def logit_bias(self) -> dict[str, float]:
        """What is added to the scores of types when a type is predicted, by tag."""
        return dict(self._scoring.logit_bias)

    @property
    def probability_bias(self) -> dict[str, float]:
        """What is added to the scores of types before the softmax, by tag."""
        return dict(self._scoring.probability_bias)

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All weights by name, read-only."""
        return self._backend.arrays

    @property
    def about(self) -> dict[str, Any]:
        """Its origin: data, scores, seed."""
        return dict(self._about)

    @property
    def extras(self) -> Extras:
        """What comes with it: calibrations for other steps and types, words it knows."""
        return self._extras

    @property
    def calibrated(self) -> bool:
        """Whether it is calibrated for the steps its segmenter cuts."""
        return self._calibrated

    @property
    def fingerprint(self) -> str:
        """SHA-256 over weights, taxonomy, segmentation and features, as hex."""
        return self._fingerprint

    def recompute_fingerprint(self) -> str:
        """Read the weights again and hash them; equals `fingerprint` unless memory was tampered."""
        return fingerprint_of(self._taxonomy, self._segmenter, self._backend, self._scoring)

    @classmethod
    def load(cls, path: str | Path | None = None) -> FrozenTagger:
        """Load a tagger.

        Args:
            path: Its folder; the name of a packaged tagger (`packaged_taggers`), e.g.
                ``"linear"``; or a Hub repository, ``"owner/name"`` or ``"owner/name@revision"``.
                A folder of that name wins. None for the default one.

        Returns:
            The tagger, its fingerprint recomputed from what was read.

        Raises:
            UserError: No such folder, packaged name or repository, a missing or malformed file,
                an unknown segmenter or back end, or a fingerprint that does not match.
        """
        folder = tagger_folder(path)
        parts = read_folder(folder, BACKENDS)
        extras = Extras.read(folder, parts.fingerprint)
        try:
            tagger = cls(
                parts.taxonomy, parts.segmenter, parts.backend, parts.temperature, parts.about,
                parts.logit_bias, extras, True, parts.probability_bias,
            )  # fmt: skip
        except UserError as error:
            raise UserError(f"{folder}: {error}") from error
        if tagger.fingerprint != parts.fingerprint:
            raise UserError(
                f"The tagger in {folder} has fingerprint {tagger.fingerprint[:12]}, but its "
                f"tagger.json says {parts.fingerprint[:12]}: its files were changed or mixed up; "
                "fetch or train it again."
            )
        return tagger

    def save(self, folder: str | Path, card: str = "") -> Path:
        """Write the tagger to a new folder.

        Args:
            folder: Must not exist; written under a temporary name, then renamed.
            card: Text of its README.md, none if empty.

        Returns:
            The folder.

        Raises:
            UserError: The folder exists.
        """
        target = Path(folder)
        write_folder(
            target, self._taxonomy, self._segmenter, self._backend, self._scoring, self._about,
            self._fingerprint, card, lambda draft: self._extras.write(draft, self._fingerprint),
        )  # fmt: skip
        return target

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        *,
        revision: str | None = None,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        local_files_only: bool = False,
        force_download: bool = False,
    ) -> FrozenTagger:
        """Load a tagger from a Hub repository, or as `load` does, with transformers' arguments.

        Args:
            name: As `load`.
            revision: Branch, tag or commit of the repository.
            token, cache_dir, local_files_only, force_download: See `tagger.hub.download_tagger`.

        Raises:
            UserError: As `load` and `tagger_folder`.
        """
        folder = tagger_folder(
            name, revision, token=token, cache_dir=cache_dir, local_files_only=local_files_only,
            force_download=force_download,
        )  # fmt: skip
        return cls.load(folder)

    def push_to_hub(self, repo_id: str, *, card: str = "", **options: Any) -> CommitInfo:
        """Commit the tagger to a Hub repository, from where `from_pretrained` loads it.

        Args:
            repo_id: ``owner/name``; made if there is none.
            card: Text of its README.md; header, fingerprint and use are added.
            options: ``revision``, ``commit_message``, ``private``, ``token`` and ``create_pr``, as
                `tagger.hub.upload_tagger` takes them.

        Returns:
            The commit; its ``oid`` is a revision to load the tagger by.

        Raises:
            UserError: As `tagger.hub.upload_tagger`.
        """
        with TemporaryDirectory() as place:
            text = card_for_hub(card, repo_id, self._fingerprint)
            return upload_tagger(self.save(Path(place) / "tagger", text), repo_id, **options)

    def tag(self, steps: Sequence[Step], context: TagContext = TagContext()) -> list[TaggedStep]:
        """Tag consecutive steps of one trace, given the question and the steps before them."""
        extractor = self._backend.start(context.question)
        extract_features(extractor, context.earlier)
        return self._finish(steps, extract_features(extractor, steps))

    def tag_batch(
        self, traces: Sequence[Sequence[Step]], questions: Sequence[str]
    ) -> list[list[TaggedStep]]:
        """Tag whole traces in a batch; same labels as `tag` on each.

        Args:
            traces: The steps of each trace.
            questions: The question of each, empty where unknown.

        Returns:
            The tagged steps of each trace.
        """
        flat: list[Step] = []
        features: list[Any] = []
        for steps, question in zip(traces, questions, strict=True):
            extractor = self._backend.start(question)
            flat.extend(steps)
            features.extend(extract_features(extractor, steps))
        tagged = iter(self._finish(flat, features))
        return [[next(tagged) for _ in steps] for steps in traces]

    def tag_text(self, text: str, question: str = "") -> list[TaggedStep]:
        """Segment a finished thinking with the tagger's own segmenter and tag it."""
        return self.tag(self._segmenter.split(text), TagContext(question))

    def session(self, question: str = "") -> FrozenSession:
        """Start tagging a trace that is still being written."""
        return FrozenSession(self, self._backend.start(question))

    def _finish(self, steps: Sequence[Step], features: Sequence[Any]) -> list[TaggedStep]:
        """Score features and predict types; of equal scores the first wins."""
        if not steps:
            return []
        best, rows = self._scoring.predict(self._backend.logits(features))
        names = self._taxonomy.names
        return [
            TaggedStep(step, names[i], row[i], tuple(row))
            for step, i, row in zip(steps, best, rows, strict=True)
        ]


class FrozenSession:
    """Tags one trace step by step; made by `FrozenTagger.session`."""

    def __init__(self, tagger: FrozenTagger, extractor: FeatureExtractor) -> None:
        self._tagger = tagger
        self._extractor = extractor

    def tag_next(self, step: Step) -> TaggedStep:
        """Tag the next step; it becomes context for the ones after it."""
        return self._tagger._finish([step], [self._extractor.read(step.text)])[0]
