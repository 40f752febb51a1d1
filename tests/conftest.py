"""Settings every test runs under, made before torch is loaded."""

import compileall
import gc
import os
import sys
from contextlib import suppress
from importlib.abc import MetaPathFinder
from importlib.util import module_from_spec

import coverage
import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from launch.bootstrap import set_environment, stay_offline
from tests.world import World, make_world

# One thread: idle OpenMP threads spin and slow everything else on the machine several times.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("WANDB_MODE", "offline")
set_environment()
stay_offline()
# How long an example takes says how busy the machine is, and no test fails for that.
settings.register_profile("any", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any")

if "PYTEST_XDIST_WORKER" in os.environ:
    # pytest-cov starts a tracer when it is loaded and, in a worker, another one when the session
    # starts. The first is saved nowhere, yet would trace these imports, and every test that the
    # second one is paused for.
    if (tracer := coverage.Coverage.current()) is not None:
        tracer.stop()
    gc.disable()  # until all is imported and collected: no garbage before that
    # Every worker imports these sooner or later; here no tracer doubles what an import costs.
    import datasets  # noqa: F401
    import peft  # noqa: F401
    import sklearn.linear_model  # noqa: F401
    import trl.trainer.grpo_trainer  # noqa: F401


def pytest_configure(config: pytest.Config) -> None:
    """Compile kit and tests once, before any worker starts.

    Else each worker compiles them all, and traced: pytest rewrites asserts in Python.
    """
    hook = config.pluginmanager.rewrite_hook
    in_worker = "PYTEST_XDIST_WORKER" in os.environ
    if in_worker or not config.getoption("numprocesses", None) or sys.dont_write_bytecode:
        return
    tracer = coverage.Coverage.current()
    if tracer is not None:
        tracer.stop()
    for package in ("tagger", "rewards", "rl", "launch"):
        compileall.compile_dir(config.rootpath / package, quiet=1)
    for file in config.rootpath.glob("tests/**/test_*.py"):
        if not isinstance(hook, MetaPathFinder):  # --assert=plain
            break
        name = ".".join(file.relative_to(config.rootpath).with_suffix("").parts)
        spec = hook.find_spec(name, [str(file.parent)])
        if spec is not None and spec.loader is not None:
            module = module_from_spec(spec)
            vars(module)["__builtins__"] = {}  # compiled and written, it ends at its first import
            with suppress(ImportError):
                spec.loader.exec_module(module)
    if tracer is not None:
        tracer.start()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Count the coverage of quick examples only.

    Traced, long tests take half as long again, properties up to three times as long; and what
    random draws happen to reach is no coverage that the next run has, too.
    """
    for item in items:
        if item.get_closest_marker("slow") or is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker(pytest.mark.no_cover)


def pytest_collection_finish() -> None:
    """Keep what was imported out of the garbage collections that every training asks for."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A tiny policy, tagger and problem file on disk; tests read it and write elsewhere."""
    return make_world(tmp_path_factory.mktemp("world"))
