"""The comparison: policies, free and under stopping rules, and the oracle, online and paired.

Thresholds are chosen on the calibration split. On the test split every grid point runs, chosen or
not, because the claim is about all of them.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from rl import run_files
from rl.analysis.arms import BASE, TRAINED
from rl.analysis.results import build_results, write_results
from rl.analysis.training_curves import find_metrics, read_curves
from rl.comparison.arm_runs import arm_runs
from rl.comparison.arms import ArmProgress, ArmRunner
from rl.comparison.baselines import baseline_policies
from rl.comparison.cache import ArmCache
from rl.comparison.config import CompareConfig
from rl.comparison.derived import GIVEN, Row, not_applied, row
from rl.comparison.folder import CONFIG, check_folder
from rl.comparison.grid import check_rules, has_shares, with_limits
from rl.comparison.jobs import (
    Job,
    arms_at_most,
    chosen_jobs,
    independent_jobs,
    oracle_job,
)
from rl.comparison.selection import Selection, select
from rl.comparison.training_problems import (
    sentences,
    training_config,
    training_overlap,
    verification_price,
)
from rl.comparison.workers import run_jobs
from rl.evaluation.oracle import ANSWERS, ROOM
from rl.evaluation.samples import Sample
from rl.problems.overlap import listed
from rl.problems.registry import load
from rl.provenance import first_command, provenance
from rl.report.write import write_report
from tagger.errors import UserError
from tagger.files import write_atomically
from tagger.units import load_taggers, note_of

BYTES_PER_TOKEN = 4
"""Room a token takes in a compressed sample: its id, its text, its step; about 2 in practice."""
SPARE_BYTES = 20_000_000


def run_comparison(
    config: CompareConfig,
    output: Path,
    *,
    resume: bool = False,
    progress: ArmProgress | None = None,
    command: str | None = None,
    cache: Path | None = None,
) -> dict[str, Any]:
    """Run a comparison into a folder.

    Args:
        config: What to compare.
        output: A new folder. It gets ``compare.json``, ``samples/<split>/<arm>.jsonl.gz``,
            ``results.json``, ``report.html``, ``arms.csv`` and ``frontier.svg``.
        resume: Go on in a folder in which the same comparison was begun: arms that are done are
            read back, a finished comparison is computed anew from its samples.
        progress: Called with (what is running, rows done, rows in all).
        command: The command line; that which began the folder is noted in the results.
        cache: Folder in which finished arms are kept and looked for; None goes without.

    Returns:
        The content of ``results.json``.

    Raises:
        UserError: Bad settings, or the folder exists (with `resume`: holds something else).
    """
    check_folder(config, output, resume)
    metrics = find_metrics(_trained_folder(config), config.training_metrics)
    training = read_curves(metrics) if metrics else None
    runner = ArmRunner(config, output, progress, ArmCache(cache) if cache else None)
    _report_begun(runner)
    for split in ("test", "calibration") if config.rules else ("test",):
        runner.problems(split)
    _check_disjoint(runner)
    overlaps = _overlaps(runner)
    runner.derive()
    _check_disk(runner, output)
    _report_not_applied(runner)
    settings = json.dumps(config.to_dict(), indent=1)
    write_atomically(output / CONFIG, f"{settings}\n".encode())
    command = first_command(output, command)
    _resolve_shares(runner)
    config = runner.config
    samples, selection = _run_arms(runner)
    runs = arm_runs(runner, samples, selection)
    results = build_results(
        runs,
        seed=config.seed,
        selection=selection.record if selection else None,
        training=training,
        provenance=_provenance(runner, command),
        title=config.title,
        settings=runner.settings + _answer_budgets(runner),
        max_new_tokens=config.max_new_tokens,
        known_words=runner.tagger.extras.known_words,
        overlaps=overlaps,
        claims=[(a, b) for a, b in config.claims] if config.claims is not None else None,
        margin=config.margin,
        baselines=baseline_policies(config.baselines),
        token_budgets=_budgets(config),
        token_prices=config.prices.to_dict() if config.prices else None,
        prices=_verification_prices(runner),
    )
    write_results(output / run_files.RESULTS, results)
    write_report(output, replace=True)
    return results


def _report_begun(runner: ArmRunner) -> None:
    """Say that the cache holds arms of other versions, and what the taggers are not made for."""
    if runner.cache and (sentence := runner.cache.other_versions()):
        print(f"suffice: {sentence}", file=sys.stderr)
    if note := note_of(runner.tagger, runner.audit):
        print(f"suffice: WARNING: {note}", file=sys.stderr)


def _provenance(runner: ArmRunner, command: str | None) -> dict[str, Any]:
    """What the comparison was made with, and where its arms came from."""
    config = runner.config
    policies: dict[str, Any] = {}
    for name, policy in runner.policies.items():
        policies[name] = policy.name
        policies[f"{name}_sha256"] = policy.sha256
        policies[f"{name}_parameters"] = policy.parameters
    made = provenance(
        model=policies,
        tagger_fingerprint=runner.tagger.fingerprint,
        audit_fingerprint=runner.audit.fingerprint if runner.audit else None,
        config=config.to_dict(),
        seeds=sorted({config.seed, config.problems.seed, config.calibration.seed}),
        command=command,
    )
    return made | {"arms": _origins(runner)}


def _verification_prices(runner: ArmRunner) -> dict[str, Any]:
    """What the training run of each policy charged for verification, where that is known."""
    return {
        name: verification_price(config_file)
        for name, policy in runner.policies.items()
        if name in runner.config.heads
        and (config_file := training_config(policy.settings.adapter or policy.name))
    }


def _budgets(config: CompareConfig) -> list[int] | None:
    """The token budgets that completions were long enough for."""
    most = config.max_new_tokens
    if config.token_budgets is None or most is None:
        return config.token_budgets
    return [budget for budget in config.token_budgets if budget <= most]


def _trained_folder(config: CompareConfig) -> str | None:
    """Folder or Hub name of the policy that a training run made; its adapter's if it has one."""
    entry = config.policies.get(TRAINED)
    if isinstance(entry, dict):
        return str(entry.get("adapter") or entry["model"])
    return entry


def _origins(runner: ArmRunner) -> dict[str, list[str]]:
    """Arms by where their samples came from."""
    found: dict[str, list[str]] = {"sampled": [], "cache": [], "folder": []}
    for key, origin in runner.origins.items():
        found[origin].append(key)
    return found


def _run_arms(runner: ArmRunner) -> tuple[dict[str, list[Sample]], Selection | None]:
    """Run every arm that can be named before the end; the times of those compared are taken alone.

    The free arms and the chosen ones run one after the other, all others side by side. With drafts
    there are no times to compare, and all run side by side.
    """
    config, samples = runner.config, dict[str, list[Sample]]()
    jobs = independent_jobs(config)

    def run(some: Iterable[Job], *, alone: bool = False) -> None:
        samples.update(run_jobs(runner, [j for j in some if j.key not in samples], alone=alone))

    if config.drafts:
        run(jobs)
    run((job for job in jobs if job.arm == job.policy and job.split == "test"), alone=True)
    selection = None
    if config.rules:
        run(job for job in jobs if job.split == "calibration")
        selection = select(runner, samples)
        run(chosen_jobs(config, selection.overall), alone=True)
    run(jobs)
    return samples, selection


def _resolve_shares(runner: ArmRunner) -> None:
    """Sample base on the calibration problems where a budget is a share of what it uses there."""
    if not has_shares(runner.config.rules):
        return
    job = Job(BASE, BASE, "calibration")
    rules, rows = with_limits(runner.config.rules, run_jobs(runner, [job])[job.key])
    runner.settings += rows
    runner.use(replace(runner.config, rules=rules))


def _answer_budgets(runner: ArmRunner) -> list[Row]:
    """The budgets of the oracles' forced answers, for the record."""
    given = runner.config.oracle_answer_tokens is not None
    source = "{} times what {:.0%} of the finished answers of {} need"
    return [
        row(
            "oracle_answer_tokens",
            runner.answer_tokens(oracle_job(name)),
            GIVEN if given else source.format(ROOM, ANSWERS, name),
        )
        for name in (runner.config.with_grid if runner.config.oracle else ())
    ]


def _report_not_applied(runner: ArmRunner) -> None:
    """Say which settings of base's generation config have no effect."""
    for sentence in not_applied(runner.settings):
        print(f"suffice: WARNING: {sentence}", file=sys.stderr)


def check_comparison(config: CompareConfig) -> None:
    """Refuse now what the comparison would refuse only after the training."""
    tagger, _ = load_taggers(config.tagger, config.audit_tagger, config.segmenter)
    check_rules(config.grid(), tagger.taxonomy)
    for split in (config.problems, config.calibration):
        load(split)


def _check_disk(runner: ArmRunner, output: Path) -> None:
    """Refuse a disk that could not hold the samples."""
    config = runner.config
    rows = sum(
        arms * len(runner.problems(split)) * runner.samples_per_problem(split)
        for split, arms in zip(("test", "calibration"), arms_at_most(config), strict=True)
        if arms
    )
    needed = rows * (config.max_new_tokens or 1) * BYTES_PER_TOKEN + SPARE_BYTES
    near = next(p for p in (output, *output.absolute().parents) if p.exists())
    free = shutil.disk_usage(near).free
    if free < needed:
        raise UserError(
            f"Too little disk at {near}: {free / 1e6:.0f} MB free, {needed / 1e6:.0f} MB needed for"
            " the samples; free some, or lower max_new_tokens, problems.size or samples."
        )


def _check_disjoint(runner: ArmRunner) -> None:
    """No problem may both choose a threshold and judge it."""
    if not runner.config.rules:
        return
    seen = {p.question: p.id for p in runner.problems("calibration")}
    both = [(p.id, seen[p.question]) for p in runner.problems("test") if p.question in seen]
    if both:
        raise UserError(
            f"{len(both)} of the test problems are calibration problems too ({listed(both)}); take"
            " another split or seed for 'calibration'."
        )


def _overlaps(runner: ArmRunner) -> dict[str, dict[str, Any] | None]:
    """Test problems among the training problems of each policy, said before anything is sampled."""
    made = {name: runner.policies[name] for name in runner.config.heads}
    found = {
        name: training_overlap(policy.settings.adapter or policy.name, runner.problems("test"))
        for name, policy in made.items()
    }
    for text, names in sentences(found).items():
        print(f"suffice: WARNING: {', '.join(names)}: {text}", file=sys.stderr)
    return found
