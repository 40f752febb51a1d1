"""Keyword lists: whole words of English, phrases of Chinese wherever they stand."""

from __future__ import annotations

import pytest

from tagger.thinking.keywords import (
    ALL_KEYWORDS,
    CHINESE_VERIFICATION,
    REFLECTION_KEYWORDS,
    count_keywords,
    has_keyword,
)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("等等，我再检查一遍。", 2),
        ("让我检查一下：７＋８＝１５。", 1),
        ("我们来验证一下，然后核对答案。", 2),
        ("重新计算一次。", 1),
        ("嗯，等一下。不对，应该重新验算。", 4),
        ("讓我檢查並驗證。", 2),
        ("苹果、香蕉等等都是水果。", 0),
        ("所以答案是 15。", 0),
        ("Wait, let me check.", 0),
    ],
)
def test_chinese_phrases_are_counted(text: str, count: int) -> None:
    assert count_keywords(text, CHINESE_VERIFICATION) == count
    assert has_keyword(text, CHINESE_VERIFICATION) == (count > 0)
    assert has_keyword(text, ALL_KEYWORDS) == (count > 0 or text.startswith("Wait"))


def test_the_published_list_stays_as_it_is() -> None:
    assert len(REFLECTION_KEYWORDS) == 13
    assert count_keywords("Wait, check again. 等等，检查。 Checking waits.") == 2
