"""A segmenter whose cuts change has another version, so that what was fitted for them can tell."""

from __future__ import annotations

import hashlib
import json

import pytest

from tagger.segmentation import SEGMENTERS, get_segmenter
from tagger.segmentation.given import GivenSpans
from tagger.steps import ScoredToken, needs_scores

TEXTS = (
    "So x = 5.\n\nWait. Is it? Yes! So 5.\n \nHmm... let me see. Alternatively, e.g. for n. 3.5. B",
    'We get 3.5, i.e. 5! = 120. Dr. X said: "Is it?" he asks. See eq. 3 and Fig. A. Step 2. Add.',
    "Say $x. Y$ or $5 each. It holds \\[x.\\] Then \\(a. B\\) so.\n"
    "\\[\ny = 2.\n\\]\nNow \\\\[2mm] z.",
    "We get \\(x = 2\\).\nSo \\[x = 2\\].\nThen it is\n"
    "\\[ x = 2. \\]\nWait, $$y. Z$$ is. But $ 3. X",
    "To \\begin{align}\na. B \\\\\nc.\n\\end{align}\nSo. "
    "\\begin{proof} A. B \\end{proof} However, no.",
    "Run ```py\na. B\n\nc. D\n``` then `x. Y`.\n~~~\na. B\n~~~\nSo. Next, `a. B\nC. D` it is.",
    "| 1. A | b! C |\n|---|---|\n| d. E | f |\nNow |x| = 7. So |y| = 6. |v| is. Done.",
    "We need:\n1. Add. Then\n2) Sub\n- a. B\n(c) So\n* d\n\n\n**Check.** Let me check: (yes.) No.",
    "好的，小明有3个苹果！一共是多少？所以是7。等等。\n\n"
    "Okay, 让我 check 一下。3.5 + 4 = 7.5. 对吗? Yes.",
    'One.\r\n\r\nTwo.\r\nThree. \u200bFour.\u00a0Five.\u3000Six…  Seven?! eight. "Nine." Ten.',
    "Thus, x<y. Wait\u2014no. A. B. C. n! > 2. First, so. Second. To verify, x. Therefore: y.\n\n"
    "\n",
    "``` \n" + "a. B\n" * 1700 + "```\nSo. Then " + "$x" * 1100 + ". Y. Z",
)
CUTS = {
    "paragraph": (1, "c301b6e14dfa"),
    "sentence_paragraph": (1, "2d5cc27ff8e3"),
    "sentence": (3, "0759c08e25da"),
    "marker": (3, "c4e318590468"),
    "confidence": (1, "412d07d9b43f"),
}
"""Version, and what it makes of `TEXTS`."""


def cuts_of(name: str) -> str:
    segmenter = get_segmenter(name, **({"tau": 0.3} if name == "confidence" else {}))
    spans = []
    for text in TEXTS:
        tokens = [ScoredToken(i, i + 1, -(i % 7) / 4) for i in range(len(text))]
        given = {"tokens": tokens} if needs_scores(segmenter) else {}
        spans.append([(step.start, step.end) for step in segmenter.split(text, **given)])
    return hashlib.sha256(json.dumps(spans).encode()).hexdigest()[:12]


@pytest.mark.parametrize("name", SEGMENTERS)
def test_segmenter_version_is_of_these_cuts(name: str) -> None:
    assert (SEGMENTERS[name].version, cuts_of(name)) == CUTS[name], (
        "the segmenter cuts otherwise than its version: raise `version`, then put the new one here"
    )


def test_segmenter_version_every_segmenter_has_one() -> None:
    assert set(CUTS) == set(SEGMENTERS) and GivenSpans.version == 1
