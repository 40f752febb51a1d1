"""The examples in the documentation of the terms on steps: each builds next to correctness."""

from __future__ import annotations

import textwrap

import pytest
import yaml

from rewards.stack import build_stack
from rewards.terms.registry import term_text
from rewards.terms.steps import NAMES
from tagger.taxonomies.taxonomy import REASONTYPE


@pytest.mark.parametrize("name", NAMES)
def test_example_of_a_term_is_a_config(name: str) -> None:
    example = yaml.safe_load(textwrap.dedent(term_text(name).partition("Example:\n")[2]))
    assert build_stack({"correctness": {}, **example}, REASONTYPE).names == ("correctness", name)
