"""The two scripts, with an interpreter that only writes down what it is asked to do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

FAKE_PYTHON = """#!/usr/bin/env bash
# Knows: --version, -c CODE, -m venv --clear FOLDER, -m pip install ARGS.
say() { echo "$*" >>"$FAKE_LOG"; }
case "$1 ${2:-}" in
  "--version "*) echo "Python 3.12.0" ;;
  "-c "*"version_info"*) exit 0 ;;
  "-c "*"m.version('torch')"*) exit 1 ;;
  "-c "*"urlopen"*) [[ "$FAKE_CASE" == index ]] ;;
  "-m venv")
    say "venv $4"
    mkdir -p "$4/bin"
    cp "$0" "$4/bin/python"
    cat >"$4/bin/suffice" <<'END'
#!/usr/bin/env bash
echo "suffice $*" >>"$FAKE_LOG"
END
    for tool in ruff mypy lint-imports pytest coverage; do
      cat >"$4/bin/$tool" <<'END'
#!/usr/bin/env bash
echo "${0##*/} $*" >>"$FAKE_LOG"
[[ "$FAKE_FAIL" != "${0##*/}" ]]
END
    done
    chmod +x "$4"/bin/*
    ;;
  "-m pip")
    shift 3
    if [[ "$*" == *--no-index* && "$FAKE_CASE" != local ]]; then exit 1; fi
    say "pip $*"
    ;;
  *) exit 3 ;;
esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    root = tmp_path / "clone"
    (root / ".ci").mkdir(parents=True)
    (root / "launch").mkdir()
    for name in ("launch/quickstart", "launch/test", "launch/setup.sh", ".ci/run"):
        shutil.copy(ROOT / name, root / name)
    (root / "constraints.txt").write_text("numpy==1\ntorch==2.13.0\n")
    (root / "pyproject.toml").write_text("[project]\n")
    fake = tmp_path / "fake" / "python3"
    fake.parent.mkdir()
    fake.write_text(FAKE_PYTHON)
    no_gpu = fake.with_name("nvidia-smi")
    no_gpu.write_text("#!/bin/sh\nexit 1\n")
    for tool in (fake, no_gpu):
        tool.chmod(0o755)
    return root


def start(
    clone: Path, *argv: str, **env: str
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    log = clone.parent / "log"
    log.write_text("")
    inherited = {k: v for k, v in os.environ.items() if k not in ("OMP_NUM_THREADS", "PYTHON")}
    path = f"{clone.parent / 'fake'}:/usr/bin:/bin"
    case = {"FAKE_LOG": str(log), "FAKE_CASE": "local", "FAKE_FAIL": "", "PATH": path}
    done = subprocess.run(
        [clone / argv[0], *argv[1:]],
        capture_output=True, text=True, cwd="/", env=inherited | case | env,
    )  # fmt: skip
    return done, log.read_text().splitlines()


def test_quickstart_installs_torch_first_then_runs(clone: Path) -> None:
    done, did = start(clone, "launch/quickstart", "--seed", "1")
    assert done.returncode == 0, done.stderr
    assert did[0] == "venv .venv"
    assert did[1].split() == ["pip", "--quiet", "--no-deps", "--no-index", "torch==2.13.0"]
    assert did[2].split()[-2:] == ["--editable", "."]
    assert "--constraint constraints.txt" in did[2]
    assert did[3:] == ["suffice quickstart --seed 1"]
    for part in ("making .venv", "local folder", "constraints.txt", "suffice quickstart --seed 1"):
        assert part in done.stderr


def test_a_second_start_installs_nothing(clone: Path) -> None:
    start(clone, "launch/quickstart")
    done, did = start(clone, "launch/quickstart")
    assert did == ["suffice quickstart"]
    assert "up to date" in done.stderr


def test_changed_pins_are_installed(clone: Path) -> None:
    start(clone, "launch/quickstart")
    with (clone / "constraints.txt").open("a") as pins:
        pins.write("rich==15.0.0\n")
    _, did = start(clone, "launch/quickstart")
    assert [line.split()[0] for line in did] == ["pip", "pip", "suffice"]


def test_an_installation_that_was_interrupted_is_done_again(clone: Path) -> None:
    start(clone, "launch/quickstart")
    next((clone / ".venv").glob("suffice-installed-*")).unlink()
    _, did = start(clone, "launch/quickstart")
    assert [line.split()[0] for line in did] == ["pip", "pip", "suffice"]


@pytest.mark.parametrize(
    ("case", "part"),
    [
        ("index", "--index-url https://download.pytorch.org/whl/cpu torch"),
        ("none", "torch==2.13.0"),
    ],
)
def test_where_torch_comes_from_without_a_local_wheel(clone: Path, case: str, part: str) -> None:
    _, did = start(clone, "launch/quickstart", FAKE_CASE=case)
    assert part in did[1]
    assert ("--no-deps" in did[1]) == (case == "index")


def test_a_gpu_machine_gets_the_cuda_build(clone: Path) -> None:
    tool = clone.parent / "fake" / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'GPU 0: some'\n")
    _, did = start(clone, "launch/quickstart", FAKE_CASE="index")
    assert did[1].split() == ["pip", "--quiet", "--constraint", "constraints.txt", "torch==2.13.0"]


def test_every_check_runs_even_if_one_fails(clone: Path) -> None:
    done, did = start(clone, ".ci/run", FAKE_FAIL="mypy")
    assert done.returncode == 1
    # mypy runs next to the others.
    checks = did[3:]
    checks.remove("mypy ")
    assert [re.split(r"\W", line)[0] for line in checks[:-4]] == ["ruff", "lint", "pytest"]
    assert " --cov " in checks[-5]
    assert sorted(checks[-4:]) == [  # side by side
        f"coverage report --include={package}/* --fail-under=90"
        for package in ("launch", "rewards", "rl", "tagger")
    ]
    assert did[2].split()[-1] == ".[dev]"
    assert "[suffice] failed: mypy" in done.stderr
    done, did = start(clone, "launch/test", "tests/rewards", "-x")
    assert done.returncode == 0
    did.remove("mypy ")
    assert did == ["ruff check .", "lint-imports --no-logo", "pytest tests/rewards -x"]
    assert "mypy passed in " in done.stderr
    assert "all checks passed" in done.stderr


def test_a_wrong_interpreter_is_refused_in_one_sentence(clone: Path) -> None:
    done, did = start(clone, "launch/quickstart", PYTHON="/bin/false")
    assert (done.returncode, did) == (2, [])
    assert done.stderr == (
        "suffice: PYTHON=/bin/false is not a Python 3.11, 3.12 or 3.13 with venv.\n"
    )
    for python in (clone.parent / "fake").glob("python*"):
        python.unlink()
    empty = str(clone.parent / "fake")
    for tool in ("bash", "dirname", "env"):
        (clone.parent / "fake" / tool).symlink_to(shutil.which(tool) or tool)
    done, did = start(clone, "launch/quickstart", PATH=empty)
    assert (done.returncode, did) == (2, [])
    assert "No Python 3.11, 3.12 or 3.13 with venv found" in done.stderr


def test_constraints_pin_everything_the_project_asks_for() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    pins = re.findall(r"^([\w.-]+)==([\w.]+)$", (ROOT / "constraints.txt").read_text(), re.M)
    names = {name.lower().replace("_", "-") for name, _ in pins}
    for requirement in asked:
        name = re.split(r"[<>=]", requirement)[0].lower()
        assert name in names, f"{name} has no exact version in constraints.txt"
    assert dict(pins)["torch"] == "2.13.0"
