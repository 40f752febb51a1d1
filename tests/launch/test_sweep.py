"""The commands of a sweep: their words, and what they refuse before anything heavy."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from launch.cli import main, parse
from launch.commands.sweep import report, run, work
from launch.commands.sweep.begun_in import there
from rl.sweep.execution.process import claim
from rl.sweep.folder import begin, open_sweep
from rl.sweep.planned import planned_runs
from tagger.errors import UserError
from tests.rl.sweep.making import make_sweep, stand_in, values

ROOT = Path(__file__).resolve().parents[2]


def test_sweep_of_a_file_is_sweep_run(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["sweep", "--help"])
    assert "Without one of these, sweep run is meant." in capsys.readouterr().out
    assert parse(["sweep", "a.yaml", "--workers", "2"]).run is run.run
    assert parse(["sweep", "--resume", "x"]).run is run.run
    assert parse(["sweep", "work", "x", "--runs", "1"]).run is work.run
    assert parse(["sweep", "report", "x"]).run is report.run


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["seeds=1"], "name the sweep file first"),
        (["--retry-failed"], "Name a sweep file"),
        (["--resume", "x", "--tiny"], "keeps its own settings"),
        (["--resume", "x", "--output", "y"], "keeps its own settings"),
        (["--resume", "x"], "is no folder of a sweep"),
        (["a.yaml", "--tiny", "--slurm"], "--tiny and --slurm contradict"),
        (["a.yaml", "--slurm", "--retry-failed"], "--retry-failed has no effect"),
        (["a.yaml", "--wandb", "p", "--workers", "2"], "--workers has no effect with --wandb"),
        (["a.yaml"], "Cannot read the config a.yaml"),
        (["work", "x", "--task", "a", "--runs", "1"], "--task and --runs contradict"),
        (["report", "x"], "is no folder of a sweep"),
        (["--resume", "x", "--extend"], "keeps its own settings"),
        (["a.yaml", "--extend"], "name its folder with --output"),
        (["a.yaml", "--workers", "0"], "no number of workers"),
    ],
)
def test_sweep_refuses_words(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", *words]) == 2
    error = capsys.readouterr().err
    assert sentence in error and len(error.splitlines()) == 1


def test_sweep_refuses_the_folder_of_another_sweep_before_it_is_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(tmp_path / "s", make_sweep(), 64, None)
    file = tmp_path / "other.yaml"
    file.write_text(yaml.safe_dump(values(seeds=[3])))
    assert main(["sweep", str(file), "--output", str(tmp_path / "s")]) == 2
    assert "another sweep, with another value of seeds" in capsys.readouterr().err


def test_work_refuses_a_task_that_does_not_exist(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(tmp_path / "s", make_sweep(), 64, None)
    assert main(["sweep", "work", str(tmp_path / "s"), "--task", "references/bas"]) == 2
    assert "did you mean 'references/base'" in capsys.readouterr().err


def test_slurm_and_wandb_files_are_written_for_a_sweep_that_was_begun(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "s"
    begin(root, make_sweep(slurm={"partition": "gpu"}), 64, None)
    assert main(["sweep", "--resume", str(root), "--slurm", "--workers", "3"]) == 0
    script = (root / "slurm.sh").read_text()
    assert "#SBATCH --array=0-2%3" in script and f"sweep work {root} --runs 1" in script
    assert main(["sweep", "--resume", str(root), "--wandb", "p"]) == 0
    assert yaml.safe_load((root / "wandb.yaml").read_text())["project"] == "p"
    assert f"sbatch {root}/slurm.sh" in capsys.readouterr().out
    assert main(["sweep", "report", str(root)]) == 0  # "at any time"
    shown = capsys.readouterr().out
    assert "Nothing to show yet: 0 of 3 runs done, not complete, and base is not sampled" in shown
    assert f"Start:   sbatch {root}/slurm.sh\nStart:   wandb sweep {root}/wandb.yaml\n" in shown
    assert not (root / "report.html").exists()


def test_report_before_anything_is_sampled_names_a_worker_unless_one_is_at_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "s"
    sweep = begin(root, make_sweep(), 64, None)
    stand_in(root, f"runs/{planned_runs(sweep).runs[0].name}")
    assert main(["sweep", "report", str(root)]) == 0
    shown = capsys.readouterr().out
    assert "1 of 3 runs done" in shown and f"Start:   suffice sweep work {root}\n" in shown
    sweep.reference("base").root.mkdir(parents=True)
    lock = claim(sweep.reference("base"))
    assert lock is not None and main(["sweep", "report", str(root)]) == 0
    assert "Start:" not in capsys.readouterr().out
    del lock
    sweep.reference("base").fail("no memory", 1)
    assert main(["sweep", "report", str(root)]) == 2
    assert "base was not sampled in" in capsys.readouterr().err


def test_a_tiny_sweep_is_warned_of_once_for_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise UserError("enough")

    monkeypatch.setattr("rl.sweep.sweep.run_begun", stop)
    file = tmp_path / "sweep.yaml"
    shared = {"source": "overthinker", "size": 6, "split": "train"}
    train = {**values()["train"], "problems": shared}
    compare = {"problems": shared, "samples": 2}
    file.write_text(yaml.safe_dump(values(train=train, compare=compare)))
    assert main(["sweep", str(file), "--tiny", "--output", str(tmp_path / "s")]) == 2
    error = capsys.readouterr().err
    assert error.count("test problems were training problems too") == 1 and "enough" in error


def test_a_sweep_is_worked_on_where_it_was_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("here", "elsewhere"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert there(begin(Path("s"), make_sweep(), 64, None)).root == Path("s")
    monkeypatch.chdir(tmp_path / "elsewhere")
    sweep = there(open_sweep(Path("../here/s")))
    assert Path.cwd() == tmp_path / "here" and sweep.root.resolve() == tmp_path / "here" / "s"
    sweep = open_sweep(sweep.root)
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert there(replace(sweep, directory=tmp_path / "gone")).root == sweep.root
    assert Path.cwd() == tmp_path / "elsewhere"


def test_the_sweep_of_the_document_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    from rl.sweep.planning.runs import make_runs
    from rl.sweep.settings.config import sweep_config
    from rl.sweep.settings.space import grid, read_space

    monkeypatch.chdir(ROOT)
    (text,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "sweeps.md").read_text(), re.S)
    config = sweep_config(yaml.safe_load(text), "docs/sweeps.md")
    points = {arm: grid(read_space(config.varied(arm))) for arm in config.arm_names}
    assert len(make_runs(config, points, config.seeds or [])) == 3 * (1 + 4 + 4)


def test_a_report_takes_other_values_of_what_changes_no_run_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "s"
    begin(root, make_sweep(), 64, None)
    assert main(["sweep", "report", str(root), "seeds=[1]"]) == 2
    assert "seeds was settled when the sweep was begun" in capsys.readouterr().err
    assert main(["sweep", "report", str(root), "contrast={arm: step_coun}"]) == 2
    assert "did you mean 'step_count'" in capsys.readouterr().err
