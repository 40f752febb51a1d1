"""What a run says of the environment it ran in."""

from __future__ import annotations

from importlib.metadata import version

from rl.provenance import installed_packages, library_versions


def test_installed_packages_are_those_that_pip_knows_each_once() -> None:
    found = installed_packages()
    for name in ("numpy", "torch", "scikit-learn", "math-verify"):
        assert f"{name}=={version(name)}" in found
    names = [line.partition("==")[0] for line in found]
    assert names == sorted(set(names)) and len(names) > 20


def test_library_versions_cannot_be_changed_by_who_has_them() -> None:
    library_versions()["torch"] = "0"
    assert library_versions()["torch"] == version("torch")
