"""A frozen tagger made of another one's parts."""

from __future__ import annotations

from typing import Any

from tagger.frozen import FrozenTagger

_PARTS = (
    "taxonomy", "segmenter", "backend", "temperature", "about", "logit_bias", "extras",
    "calibrated", "probability_bias",
)  # fmt: skip


def with_parts(tagger: FrozenTagger, **parts: Any) -> FrozenTagger:
    """The same tagger but for some parts; its fingerprint follows from them.

    Args:
        tagger: The tagger.
        parts: Arguments of `FrozenTagger` by name; the others are the tagger's.

    Raises:
        UserError: The parts do not fit each other.
    """
    own: dict[str, Any] = {name: getattr(tagger, name) for name in _PARTS}
    return FrozenTagger(**(own | parts))
