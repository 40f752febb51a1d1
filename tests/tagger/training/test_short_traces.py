"""Short traces made of long ones: what is kept, and whose type can still be told."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tagger.thinking.keywords import CHECKING_KEYWORDS, has_keyword
from tagger.training.short_traces import LONGEST, SHORTEST, shorten

TEXTS = ["3 + 4 = 7.", "Let me check: 7 - 4 = 3.", "So 7."]
STEP = st.tuples(st.sampled_from(TEXTS), st.booleans())


@given(st.lists(STEP, min_size=1, max_size=80), st.integers(0, 2**32))
def test_shorten_steps_ascend_and_verification_is_clear_only_by_keyword_or_continuation(
    steps: list[tuple[str, bool]], seed: int
) -> None:
    texts, checks = [text for text, _ in steps], [check for _, check in steps]
    piece = shorten(texts, checks, Random(seed))
    assert piece.steps == sorted(set(piece.steps))
    assert min(SHORTEST, len(texts)) <= len(piece.steps) <= min(LONGEST, len(texts))
    open_check = False
    for place, (step, clear) in enumerate(zip(piece.steps, piece.clear, strict=True)):
        adjacent = place > 0 and piece.steps[place - 1] == step - 1
        says = has_keyword(texts[step], CHECKING_KEYWORDS)
        assert clear == (not checks[step] or says or (open_check and adjacent))
        open_check = checks[step] and clear


def test_shorten_is_deterministic_and_begins_anywhere() -> None:
    texts, checks = [str(i) for i in range(60)], [False] * 60
    pieces = [shorten(texts, checks, Random(seed)) for seed in range(200)]
    assert pieces[7] == shorten(texts, checks, Random(7))
    begins = {piece.steps[0] for piece in pieces}
    assert min(begins) < 5 and max(begins) > 40
    gaps = [piece.steps[-1] - piece.steps[0] + 1 - len(piece.steps) for piece in pieces]
    assert 0 in gaps and max(gaps) > 5


def test_shorten_drops_targets_of_verification_without_its_first_computation() -> None:
    texts = ["36/144 = 1/4.", "36/144 = 1/4.", "Let me verify.", "1/4 of 144 is 36."]
    checks = [False, True, True, True]
    whole = next(
        piece
        for piece in (shorten(texts, checks, Random(seed)) for seed in range(100))
        if len(piece.steps) == 4
    )
    assert whole.clear == [True, False, True, True]
