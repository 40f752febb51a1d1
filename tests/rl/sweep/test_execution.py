"""A sweep run by a stand-in: killed, resumed, failed, refused, and its results."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import yaml
from filelock import FileLock

from rl.sweep.execution.aside import renew_comparison
from rl.sweep.execution.process import TAKEN, claim, describe, main
from rl.sweep.execution.runner import Runner, retry_failed
from rl.sweep.execution.slurm import array_script, check_slurm
from rl.sweep.execution.tasks import tasks_of
from rl.sweep.execution.wandb_agents import agent_sweep, figures
from rl.sweep.execution.work import note_start
from rl.sweep.folder import SweepFolder, begin, check_begun, open_sweep
from rl.sweep.planned import planned_runs
from rl.sweep.results import build_results
from rl.sweep.sweep import finish, refuse_failures
from rl.sweep.table import print_sweep, settings_csv
from tagger.config.yaml import yaml_loader
from tagger.errors import UserError
from tagger.files import write_json
from tests.rl.sweep.making import FAILS, WEIGHT, kill_at, make_sweep, stand_in


def _begin(root: Path, **changes: Any) -> SweepFolder:
    return begin(root, make_sweep(**changes), 64, None)


def _work_through(sweep: SweepFolder, moment: int = -1) -> int:
    """Do all tasks in a process that is killed at a moment; return its exit code."""
    pid = os.fork()
    if pid == 0:
        try:
            kill_at(moment)
            for task in tasks_of(sweep, planned_runs(sweep)):
                main(sweep.root, task.key, stand_in)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _results(sweep: SweepFolder) -> dict[str, Any]:
    return build_results(sweep, planned_runs(sweep))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a forked process")
def test_sweep_killed_three_times_has_the_table_of_one_that_was_not(tmp_path: Path) -> None:
    whole, killed = _begin(tmp_path / "whole", seeds=[0, 1]), _begin(tmp_path / "k", seeds=[0, 1])
    assert _work_through(whole) == 0
    for moment in (3, 5, 9):  # while base is sampled, after a step, before a run is written down
        assert _work_through(killed, moment) == -signal.SIGKILL
    partial = _results(killed)
    assert not partial["complete"]
    done = {f: f.stat().st_mtime_ns for f in killed.root.glob("runs/*/done.json")}
    assert _work_through(killed) == 0
    assert all(f.stat().st_mtime_ns == time for f, time in done.items())
    for file in killed.root.glob("runs/*/training/metrics.jsonl"):
        assert file.read_text().count("\n") == 3
    one, two = _results(whole), _results(killed)
    assert one == two and one["complete"]
    assert settings_csv(one) == settings_csv(two)


def test_runner_lists_what_failed_and_writes_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    overlap = {"test": {"text": "1 of 6 test problems are also"}, "calibration": {"text": ""}}
    begin(tmp_path / "s", make_sweep(vary={WEIGHT: [0.1, FAILS]}), 64, None, overlap)
    sweep = _begin(tmp_path / "s", vary={WEIGHT: [0.1, FAILS]})  # as one that is resumed
    (name,) = (run.name for run in planned_runs(sweep).runs if run.arm == "control")
    stand_in(sweep.root, "references/base")
    stand_in(sweep.root, f"runs/{name}")
    progress: list[tuple[str, int, int]] = []
    plan = Runner(
        sweep, workers=2, work=stand_in, progress=lambda *what: progress.append(what)
    ).run()
    results = finish(sweep, plan, "suffice sweep x.yaml")
    assert progress[-1] == ("runs of the sweep", 3, 3) and len(progress) == len(set(progress))
    assert [lost["reason"] for lost in results["failed"]] == ["no rollout had a reward."]
    assert [run["state"] for run in results["runs"]] == ["done", "done", "failed"]
    assert results["problems"]["training_overlap"] == overlap
    assert results["complete"] and results["control"] == results["settings"][0]["name"]
    print_sweep(results)
    assert "FAILED step_count, weight 0.4" in capsys.readouterr().out
    with pytest.raises(UserError, match="1 task of the sweep failed") as refused:
        refuse_failures(results, "suffice sweep --resume s --retry-failed")
    assert refused.value.exit_code == 4
    assert json.loads((sweep.root / "results.json").read_text()) == results
    page = (sweep.root / "report.html").read_text()
    for part in (
        "Failed and missing here:\n1 task;",
        "<b>Warning.</b> 1 of 6 test problems are also",
        "Pareto front",
        "no rollout had a reward.",
        "<svg",
    ):
        assert part in page
    assert page.count("<b>Warning.</b>") == 2
    assert "NaN" not in page and "http" not in page.replace("http://www.w3.org", "")
    rows = (sweep.root / "runs.csv").read_text().splitlines()
    assert len(rows) == 4 and "no rollout had a reward." in rows[3]
    done = [sweep.run(run["name"]) for run in results["runs"] if run["state"] == "done"]
    for folder, commit in zip(done, ("a" * 40, "b" * 40), strict=True):
        write_json(
            folder.training / "provenance.json", {"commit": commit, "versions": {"trl": "1"}}
        )
    text = "The runs were not all trained with the same commit: aaaaaaaa (1), bbbbbbbb (1)."
    assert [row["text"] for row in finish(sweep, plan)["mixed"]] == [text]
    assert text in (sweep.root / "report.html").read_text()
    made = {"code": "aaaaaaaa", "versions": {"processor": "EPYC"}}
    write_json(sweep.reference("base").root / "samples" / "made_by.json", made)
    write_json(done[0].root / "samples" / "made_by.json", made | {"versions": {}})
    told = [row["what"] for row in finish(sweep, plan)["mixed"]]
    assert told == ["commit", "sampling processor"]
    note_start(done[0])
    note_start(done[0])
    assert len(done[0].starts()) == 1
    write_json(done[0].started, {"starts": [{"commit": "d" * 40}, *done[0].starts()]})
    told = [row["what"] for row in finish(sweep, plan)["mixed"]]
    assert "resumed commit" in told and "resumed processor" in told
    assert retry_failed(sweep) == 1
    assert not any(task.folder(sweep).failed.is_file() for task in tasks_of(sweep, plan))


def test_a_comparison_without_a_run_of_control_is_made_anew_once_that_is_done(
    tmp_path: Path,
) -> None:
    sweep = _begin(tmp_path / "s", seeds=[0, 1])
    plan = planned_runs(sweep)
    one, two = (sweep.run(run.name) for run in plan.runs if run.arm == "control")
    compared = sweep.comparison
    for folder in (one, two, compared):
        folder.root.mkdir(parents=True)
    write_json(one.done, {})
    write_json(compared.done, {"arms": [], "controls": {"control": one.name}})
    two.fail("no rollout had a reward.", 1)
    renew_comparison(sweep, plan.runs)
    assert retry_failed(sweep) == 1
    renew_comparison(sweep, plan.runs)
    assert compared.done.is_file(), "control has no other runs that are done"
    write_json(two.done, {})
    with FileLock(compared.lock, timeout=0):
        renew_comparison(sweep, plan.runs)
    assert compared.done.is_file(), "a process works on it"
    renew_comparison(sweep, plan.runs)
    assert not compared.root.exists() and (sweep.root / "comparison-1" / "done.json").is_file()
    renew_comparison(sweep, plan.runs)


def test_control_and_the_comparison_under_rules_are_retried_together(tmp_path: Path) -> None:
    sweep = _begin(tmp_path / "s")
    (control,) = (sweep.run(r.name) for r in planned_runs(sweep).runs if r.arm == "control")
    aside = type(control)(sweep.root / "comparison-1")
    for folder in (control, sweep.comparison, aside):
        folder.root.mkdir(parents=True)
        folder.fail("no rollout had a reward.", 1)
    assert retry_failed(sweep) == 2
    assert not control.failed.exists() and not sweep.comparison.failed.exists()
    assert aside.failed.is_file(), "what was put aside stays as it is"


def test_task_is_done_once_and_by_one_process(tmp_path: Path) -> None:
    sweep = _begin(tmp_path / "s")
    folder = sweep.run("taken")
    folder.root.mkdir(parents=True)
    lock = claim(folder)
    assert lock is not None and claim(folder) is None
    assert main(sweep.root, "runs/taken", stand_in) == TAKEN


def test_folder_of_another_sweep_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "s"
    _begin(root)
    check_begun(root, make_sweep(workers=2, title="other words"))
    with pytest.raises(UserError, match=r"another sweep, with another value of seeds"):
        check_begun(root, make_sweep(seeds=[1]))
    with pytest.raises(UserError, match=r"another value of train.grpo.max_steps"):
        check_begun(root, make_sweep(train={**make_sweep().train, "grpo": {"max_steps": 4}}))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(UserError, match="holds no sweep"):
        check_begun(tmp_path / "full", make_sweep())
    with pytest.raises(UserError, match="is no folder of a sweep"):
        open_sweep(tmp_path / "full")


def test_files_that_were_damaged_are_named(tmp_path: Path) -> None:
    sweep = _begin(tmp_path / "s")
    (sweep.root / "references" / "base").mkdir(parents=True)
    sweep.reference("base").done.write_text("{")
    with pytest.raises(UserError, match=r"base/done.json is not valid JSON .*; delete it and"):
        sweep.reference("base").outcome()
    sweep.reference("base").failed.write_text("{}")
    with pytest.raises(UserError, match=r"base/failed.json lacks 'reason'; delete it and resume"):
        sweep.reference("base").failure()
    (sweep.root / "sweep.json").write_text("{")
    with pytest.raises(UserError, match=r"sweep.json is not valid JSON"):
        open_sweep(sweep.root)


def test_samples_that_are_gone_are_named(tmp_path: Path) -> None:
    sweep = _begin(tmp_path / "s")
    stand_in(sweep.root, "references/base")
    sweep.reference("base").samples("test").unlink()
    with pytest.raises(UserError, match=r"samples/test holds no files of samples.*resume the swe"):
        _results(sweep)


def test_results_need_base(tmp_path: Path) -> None:
    sweep = _begin(tmp_path / "s")
    with pytest.raises(UserError, match="base was not sampled"):
        _results(sweep)


def test_exit_of_a_process_is_described() -> None:
    assert describe(-9) == "ended by SIGKILL, perhaps for want of memory"
    assert describe(143).startswith("interrupted by SIGTERM; a training has written a checkpoint")
    assert describe(3) == "ended with exit code 3 and no word"


def test_slurm_script_has_one_element_a_run() -> None:
    options = {"partition": "gpu", "exclusive": True, "comment": "two words"}
    text = array_script(Path("/s"), 6, 2, options, ["suffice", "sweep", "work", "/a b"])
    assert text.splitlines() == [
        "#!/bin/bash",
        "#SBATCH --job-name=suffice-sweep",
        "#SBATCH --array=0-5%2",
        "#SBATCH --output=/s/slurm-%A_%a.log",
        "#SBATCH --partition=gpu",
        "#SBATCH --exclusive",
        '#SBATCH --comment="two words"',
        "exec suffice sweep work '/a b'",
    ]


@pytest.mark.parametrize(
    "options",
    [
        {"--partition": "x"},
        {"array": "0-3"},
        {"time": "1\n2"},
        {"exclusive": False},
        {"time": 7200},
        {"comment": 'two "words"'},
    ],
)
def test_slurm_refuses(options: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="slurm"):
        check_slurm(options)


def test_slurm_times_that_yaml_read_as_numbers_are_refused() -> None:
    options = yaml.load("{time: 2:00:00, begin: '16:00'}", Loader=yaml_loader())
    with pytest.raises(UserError, match=r'slurm.time is 7200; .* time: "2:00:00"'):
        check_slurm(options)
    check_slurm({**options, "time": "2:00:00"})


def test_slurm_log_stands_in_a_folder_with_a_percent_sign() -> None:
    assert "--output=/50%%/slurm-%A_%a.log" in array_script(Path("/50%"), 1, 1, {}, ["x"])


def test_wandb_agents_get_one_task_each(tmp_path: Path) -> None:
    sweep = _begin(tmp_path / "s")
    plan = planned_runs(sweep)
    made = agent_sweep(sweep, plan, "p", ["suffice"])
    tasks = made["parameters"]["task"]["values"]
    assert tasks == ["references/base", *(f"runs/{run.name}" for run in plan.runs)]
    assert made["method"] == "grid" and made["command"] == ["suffice", "${args}"]
    more = _begin(tmp_path / "m", seeds=[0, 1], more_seeds_within=0.1)
    with pytest.raises(UserError, match="need all runs to be known"):
        agent_sweep(more, planned_runs(more), "p", ["suffice"])


def test_figures_for_wandb_name_the_split_unless_it_is_test() -> None:
    done = {"test": {"accuracy": 0.9}, "calibration": {"accuracy": 0.8}, "steps": 3}
    assert figures(done) == {"accuracy": 0.9, "calibration/accuracy": 0.8}
