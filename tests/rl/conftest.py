"""Fixtures shared by the tests of rl."""

from __future__ import annotations

import pytest

from tests.rl.world import World, make_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A tiny policy, tagger and problem file on disk."""
    return make_world(tmp_path_factory.mktemp("world"))
