"""``KEY=VALUE`` words: values are YAML, and text that YAML would change is refused."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.config.settings import apply_overrides
from tagger.errors import UserError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("1e-5", 1e-5),
        ("[1, 2]", [1, 2]),
        ("{a: 1}", {"a": 1}),
        ("<think>", "<think>"),
        ('"**"', "**"),
        ("'# a'", "# a"),
        ("my file.jsonl", "my file.jsonl"),
        ("", None),
        ("null", None),
    ],
)
def test_apply_overrides_reads_values_as_yaml(text: str, value: Any) -> None:
    assert apply_overrides({}, [f"a.b={text}"]) == {"a": {"b": value}}


@pytest.mark.parametrize(
    "text",
    ["**Thinking**", "*", "&x", "!a", "#### ", "a # b", "|", "> ", "@a", "`a`", "%a", "a: b: c"],
)
def test_apply_overrides_names_the_quoting_of_text_with_yaml_characters(text: str) -> None:
    with pytest.raises(UserError, match="needs quotes") as caught:
        apply_overrides({}, [f"delimiters.open={text}"])
    word = str(caught.value).rpartition("shell: ")[2]
    assert apply_overrides({}, shlex.split(word)) == {"delimiters": {"open": text}}


def test_apply_overrides_shows_the_word_to_type() -> None:
    with pytest.raises(UserError) as caught:
        apply_overrides({}, ["delimiters.open=**"])
    assert str(caught.value).endswith("""delimiters.open='"**"'""")


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1))
def test_apply_overrides_never_changes_a_text_it_takes(text: str) -> None:
    try:
        value = apply_overrides({}, [f"a={text}"])["a"]
    except UserError:
        return
    if isinstance(value, str) and text.strip()[0] not in "'\"":
        assert value == text.strip()
