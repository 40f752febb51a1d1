"""The examples in the documentation of the terms: each builds next to correctness."""

from __future__ import annotations

import textwrap

import pytest
import yaml

from rewards.stack import build_stack
from rewards.terms.registry import MODULES, term_text
from tagger.taxonomies.taxonomy import REASONTYPE

WITH_EXAMPLE = [name for name in MODULES if "Example:\n" in term_text(name)]


@pytest.mark.parametrize("name", WITH_EXAMPLE)
def test_example_of_a_term_is_a_config(name: str) -> None:
    example = yaml.safe_load(textwrap.dedent(term_text(name).partition("Example:\n")[2]))
    assert build_stack({"correctness": {}, **example}, REASONTYPE).names == ("correctness", name)
