"""Settings every test runs under, made before torch is loaded."""

import os

import pytest

from launch.bootstrap import set_environment, stay_offline
from tests.world import World, make_world

# One thread: idle OpenMP threads spin and slow everything else on the machine several times.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("WANDB_MODE", "offline")
set_environment()
stay_offline()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A tiny policy, tagger and problem file on disk; tests read it and write elsewhere."""
    return make_world(tmp_path_factory.mktemp("world"))
