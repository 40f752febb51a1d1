"""What a run says of the environment it ran in."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from rl.provenance import first_command, graphics, installed_packages, library_versions, processor


def test_installed_packages_are_those_that_pip_knows_each_once() -> None:
    found = installed_packages()
    for name in ("numpy", "torch", "scikit-learn", "math-verify"):
        assert f"{name}=={version(name)}" in found
    names = [line.partition("==")[0] for line in found]
    assert names == sorted(set(names)) and len(names) > 20


def test_library_versions_cannot_be_changed_by_who_has_them() -> None:
    library_versions()["torch"] = "0"
    assert library_versions()["torch"] == version("torch")


def test_graphics_are_the_models_that_the_driver_tells(tmp_path: Path) -> None:
    assert graphics(tmp_path / "none") is None
    for number, model in enumerate(("NVIDIA H200", "NVIDIA A100", "NVIDIA H200")):
        folder = tmp_path / f"0000:0{number}:00.0"
        folder.mkdir()
        (folder / "information").write_text(f"Model: \t\t {model}\nIRQ:   \t\t 1\n")
    assert graphics(tmp_path) == "NVIDIA A100, NVIDIA H200"
    assert processor()


def test_first_command_stays_whatever_resumes(tmp_path: Path) -> None:
    assert first_command(tmp_path) is None and not (tmp_path / "command.txt").exists()
    assert first_command(tmp_path, "suffice compare a.yaml") == "suffice compare a.yaml"
    assert first_command(tmp_path, "suffice compare --resume a") == "suffice compare a.yaml"
    assert first_command(tmp_path) == "suffice compare a.yaml"
    (tmp_path / "command.txt").write_text("")  # emptied: nothing is known of the first
    assert first_command(tmp_path, "suffice compare --resume a") == "suffice compare --resume a"
