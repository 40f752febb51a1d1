"""Text of others at a terminal: nothing in it steers, and JSON says the same."""

import json

import pytest

from tagger.display.visible import json_line, visible

STEERING = [chr(c) for c in (*range(0x80, 0xA0), 0x7F, *range(0x202A, 0x202F), 0x2066, 0x2069)]


def test_visible_shows_control_characters_as_symbols() -> None:
    assert visible("a\x1b[31mb\x07\x00") == "a␛[31mb␇␀"
    assert visible("one\r\ntwo\rthree\tfour") == "one\ntwo␍three\tfour"
    assert visible("".join(STEERING)) == "\ufffd" * len(STEERING)
    assert visible("π ≈ 3,14 – مرحبا 👩‍👧") == "π ≈ 3,14 – مرحبا 👩‍👧"


@pytest.mark.parametrize("steering", [*STEERING, "\u2028", "\u2029", "\x1b"])
def test_json_line_holds_no_character_that_steers_and_says_the_same(steering: str) -> None:
    value = {f"k{steering}": [f"a{steering}b", 'é \\ " \\u009b', 0.5]}
    line = json_line(value)
    assert json.loads(line) == value
    assert steering not in line and len(line.splitlines()) == 1
    assert "é" in line
