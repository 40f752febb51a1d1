"""The taggers that ship: small, described, and right on what they are for."""

from __future__ import annotations

import pytest

from tagger.frozen import FrozenTagger, packaged_taggers, tagger_folder
from tagger.thinking.keywords import has_keyword

BOTH = ["default", "linear"]


def tags(tagger: FrozenTagger, steps: list[str], question: str = "") -> list[str]:
    tagged = tagger.tag_text("\n\n".join(steps), question)
    return [tagger.taxonomy.get(t.type).tag for t in tagged]


def test_packaged_taggers_are_a_student_by_default_and_a_linear_one() -> None:
    assert packaged_taggers() == BOTH
    assert FrozenTagger.load().backend.name == "student"
    assert FrozenTagger.load("linear").backend.name == "linear"


@pytest.mark.parametrize("name", BOTH)
def test_packaged_taggers_are_small_with_complete_cards(
    name: str,
) -> None:
    folder = tagger_folder(name)
    assert sum(f.stat().st_size for f in folder.iterdir()) <= 8_000_000
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert FrozenTagger.load(name).fingerprint in card
    for heading in ("## Data and licences", "## Scores", "## Limits", "## How it was made"):
        assert heading in card
    assert "suffice tagger train" in card


@pytest.mark.parametrize("name", BOTH)
def test_packaged_taggers_tag_the_overthinkers_silent_verification(name: str) -> None:
    steps = ["I need to work out 7 + 3.", "7 + 3 = 10.", "So the answer is 10.", "7 + 3 = 10."]
    assert not has_keyword(steps[3])
    assert tags(FrozenTagger.load(name), steps, "7 + 3 =") == [
        "RESTATE", "SUBSTITUTE", "CONCLUDE", "VERIFY",
    ]  # fmt: skip
