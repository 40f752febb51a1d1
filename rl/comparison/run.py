"""The comparison: base, monitored, trained, trained + monitored and oracle, online and paired.

Thresholds are chosen on the calibration split. On the test split every grid point runs, chosen or
not, because the claim is about all of them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rl.analysis.estimates import make_panel
from rl.analysis.frontier import Choice, Point, choose, point_of
from rl.analysis.results import ArmRun, build_results, write_results
from rl.analysis.training_curves import find_metrics, read_curves
from rl.comparison.arms import ArmProgress, ArmRunner, Job
from rl.comparison.config import CompareConfig, GridPoint
from rl.comparison.folder import CONFIG, check_folder
from rl.comparison.training_problems import training_overlap
from rl.comparison.workers import run_jobs
from rl.evaluation.samples import Sample
from rl.problems.registry import load_problems
from rl.provenance import provenance
from rl.report.write import write_report
from tagger.errors import UserError
from tagger.files import write_atomically
from tagger.frozen import FrozenTagger
from tagger.stopping.rules.registry import build_rule

RESULTS = "results.json"
BYTES_PER_TOKEN = 4
"""Room a token takes in a compressed sample: its id, its text, its step; about 2 in practice."""
SPARE_BYTES = 20_000_000


@dataclass(frozen=True)
class Selection:
    """What the calibration split decided.

    Attributes:
        record: The ``selection`` part of the results.
        trained_point: The rule for trained + monitored, None if there is none.
    """

    record: dict[str, Any]
    trained_point: GridPoint | None


def run_comparison(
    config: CompareConfig,
    output: Path,
    *,
    resume: bool = False,
    progress: ArmProgress | None = None,
    command: str | None = None,
) -> dict[str, Any]:
    """Run a comparison into a folder.

    Args:
        config: What to compare.
        output: A new folder. It gets ``compare.json``, ``samples/<split>/<arm>.jsonl.gz``,
            ``results.json``, ``report.html`` and ``frontier.svg``.
        resume: Go on in a folder in which the same comparison was begun: arms that are done are
            read back, a finished comparison is computed anew from its samples.
        progress: Called with (what is running, rows done, rows in all).
        command: The command line, noted in the results.

    Returns:
        The content of ``results.json``.

    Raises:
        UserError: Bad settings, or the folder exists (with `resume`: holds something else).
    """
    check_folder(config, output, resume)
    metrics = find_metrics(config.trained, config.training_metrics)
    training = read_curves(metrics) if metrics else None
    runner = ArmRunner(config, output, progress)
    for split in ("test", "calibration") if config.rules else ("test",):
        runner.problems(split)
    _check_disjoint(runner)
    _check_disk(runner, output)
    for policy in runner.policies.values():
        policy.check_tokenizer()
    settings = json.dumps(config.to_dict(), indent=1)
    write_atomically(output / CONFIG, f"{settings}\n".encode())
    samples = run_jobs(runner, _independent_jobs(config))
    selection = _select(runner, samples) if config.rules else None
    runs = _test_arms(runner, samples, selection)
    policies = {
        key: value
        for name, policy in runner.policies.items()
        for key, value in ((name, policy.name), (f"{name}_sha256", policy.sha256))
    }
    results = build_results(
        runs,
        seed=config.seed,
        selection=selection.record if selection else None,
        training=training,
        provenance=provenance(
            model=policies,
            tagger_fingerprint=runner.tagger.fingerprint,
            audit_fingerprint=runner.audit.fingerprint if runner.audit else None,
            config=config.to_dict(),
            seeds=sorted({config.seed, config.problems.seed, config.calibration.seed}),
            command=command,
        ),
        title=config.title,
        max_new_tokens=config.max_new_tokens,
        overlap=training_overlap(config.trained or config.base, runner.problems("test")),
    )
    write_results(output / RESULTS, results)
    write_report(output, replace=True)
    return results


def check_comparison(config: CompareConfig) -> None:
    """Refuse now what the comparison would refuse only after the training."""
    tagger = FrozenTagger.load(config.tagger)
    if config.audit_tagger is not None:
        FrozenTagger.load(config.audit_tagger)
    for point in config.grid():
        build_rule(point.config(), tagger.taxonomy)
    for split in (config.problems, config.calibration):
        load_problems(split.source, split.split, split.size, split.seed)


def _check_disk(runner: ArmRunner, output: Path) -> None:
    """Refuse a disk that could not hold the samples."""
    config, grid = runner.config, len(runner.config.grid())
    rows = (4 + grid) * len(runner.problems("test")) * runner.samples_per_problem("test")
    if grid:
        calibration = len(runner.problems("calibration"))
        rows += 2 * (1 + grid) * calibration * runner.samples_per_problem("calibration")
    needed = rows * config.max_new_tokens * BYTES_PER_TOKEN + SPARE_BYTES
    near = next(p for p in (output, *output.absolute().parents) if p.exists())
    free = shutil.disk_usage(near).free
    if free < needed:
        raise UserError(
            f"Too little disk at {near}: {free / 1e6:.0f} MB free, {needed / 1e6:.0f} MB needed for"
            " the samples; free some, or lower problems.size or samples."
        )


def _check_disjoint(runner: ArmRunner) -> None:
    """No problem may both choose a threshold and judge it."""
    if not runner.config.rules:
        return
    seen = {p.question for p in runner.problems("calibration")}
    both = sum(p.question in seen for p in runner.problems("test"))
    if both:
        raise UserError(
            f"{both} of the test problems are calibration problems too; take another split or"
            " seed for 'calibration'."
        )


def _independent_jobs(config: CompareConfig) -> list[Job]:
    """Every arm that no choice on the calibration split decides about, the longest first."""
    grid, trained = config.grid(), config.trained is not None
    jobs = [Job("base", "base", "test")]
    if trained:
        jobs.append(Job("trained", "trained", "test"))
    jobs += [Job(p.name, "base", "test", p) for p in grid]
    if grid:
        jobs.append(Job("base", "base", "calibration"))
        jobs += [Job(p.name, "base", "calibration", p) for p in grid]
        if trained and config.trained_monitored:
            jobs.append(Job("trained", "trained", "calibration"))
    if config.oracle:
        jobs.append(Job("oracle", "base", "test", oracle=True))
    return jobs


def _select(runner: ArmRunner, samples: Mapping[str, list[Sample]]) -> Selection:
    """Choose each rule's threshold for the base, then one for trained + monitored."""
    config, grid = runner.config, runner.config.grid()

    def calibrated(arm: str) -> Point:
        return point_of(arm, make_panel(samples[f"calibration/{arm}"]))

    base = calibrated("base")
    floor = base.accuracy - config.tolerance
    points = {p.name: calibrated(p.name) for p in grid}
    rules = {}
    for rule in config.rules:
        own = [points[p.name] for p in grid if p.rule == rule]
        rules[rule] = _record(choose(own, floor), own)
    overall = choose(list(points.values()), floor)
    record: dict[str, Any] = {
        "split": config.calibration.split,
        "problems": len(runner.problems("calibration")),
        "samples_per_problem": runner.samples_per_problem("calibration"),
        "tolerance": config.tolerance,
        "base_accuracy": round(base.accuracy, 6),
        "base_tokens": round(base.tokens, 6),
        "rules": rules,
        "overall": overall.chosen,
        "overall_kept_accuracy": overall.kept_accuracy,
        "trained_monitored": None,
    }
    if config.trained is None or not config.trained_monitored:
        return Selection(record, None)
    rule = next(p.rule for p in grid if p.name == overall.chosen)
    jobs = {
        p.name: Job(f"trained_{p.name}", "trained", "calibration", p)
        for p in grid
        if p.rule == rule
    }
    ran = run_jobs(runner, list(jobs.values()))
    mine = [point_of(name, make_panel(ran[job.key])) for name, job in jobs.items()]
    trained = calibrated("trained")
    choice = choose(mine, trained.accuracy - config.tolerance)
    record["trained_monitored"] = {
        "trained_accuracy": round(trained.accuracy, 6),
        **_record(choice, mine),
    }
    return Selection(record, next(p for p in grid if p.name == choice.chosen))


def _record(choice: Choice, points: Sequence[Point]) -> dict[str, Any]:
    return {
        "chosen": choice.chosen,
        "kept_accuracy": choice.kept_accuracy,
        "points": [
            {"name": p.name, "tokens": round(p.tokens, 6), "accuracy": round(p.accuracy, 6)}
            for p in points
        ],
    }


def _test_arms(
    runner: ArmRunner, samples: Mapping[str, list[Sample]], selection: Selection | None
) -> list[ArmRun]:
    """The arms of the test split, in reading order."""
    config = runner.config
    runs = [ArmRun("base", "base", "base", samples["test/base"])]
    runs += [
        ArmRun(p.name, "monitored", p.label, samples[f"test/{p.name}"], p.config())
        for p in config.grid()
    ]
    if config.trained is not None:
        runs.append(ArmRun("trained", "trained", "trained", samples["test/trained"]))
    if selection and selection.trained_point:
        point, name = selection.trained_point, "trained_monitored"
        job = Job(name, "trained", "test", point)
        label = f"trained + monitored ({point.label})"
        runs.append(ArmRun(name, name, label, run_jobs(runner, [job])[job.key], point.config()))
    if config.oracle:
        runs.append(ArmRun("oracle", "oracle", "oracle stop", samples["test/oracle"]))
    return runs
