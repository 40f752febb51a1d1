"""Running the arms of a comparison online, each kept on disk as soon as it is done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rl.analysis.arms import BASE
from rl.analysis.outcomes import warnings_of
from rl.comparison.cache import ArmCache, content_hash
from rl.comparison.config import CompareConfig, Split
from rl.comparison.costs import total_cost, write_cost
from rl.comparison.derived import Row, derived
from rl.comparison.folder import MadeBy
from rl.comparison.grid import check_rules
from rl.comparison.jobs import Job, arm_content, has_drafts
from rl.comparison.loaded import LoadedPolicy
from rl.evaluation.oracle import answer_budget
from rl.evaluation.samples import Sample, read_samples, write_samples
from rl.problems.problem import Problem
from rl.problems.registry import load
from rl.sampling.engine import EngineCost
from rl.sampling.vllm_policy import check_vllm_installed
from tagger.errors import UserError
from tagger.files import write_atomically
from tagger.units import load_taggers

ArmProgress = Callable[[str, int, int], None]
"""Called with (what is running, rows done, rows in all)."""


class ArmRunner:
    """Runs arms, or reads them back if this very arm is in the folder or the cache.

    Attributes:
        config: The settings; `derive` fills in those that are left out.
        settings: How they were come by, one row a setting.
        origins: Where the samples of each arm came from, by `Job.key`: ``folder``, ``cache`` or
            ``sampled``.
        side_by_side: Arms that run at the same time, this one among them; recorded with its cost.
    """

    def __init__(
        self,
        config: CompareConfig,
        folder: Path,
        progress: ArmProgress | None = None,
        cache: ArmCache | None = None,
    ) -> None:
        """Check everything that is cheap to check.

        Raises:
            UserError: A rule, a policy, a tagger, a problem set or the engine is not usable.
        """
        if config.engine == "vllm":
            check_vllm_installed("engine: vllm")
        self.config, self.folder, self.cache = config, folder, cache
        self.origins: dict[str, str] = {}
        self.settings: list[Row] = []
        self.side_by_side = 1
        self._answer_budgets: dict[str, int] = {}
        self._warned: set[str] = set()
        self._followed: tuple[str, list[Sample]] = ("", [])
        self.progress: ArmProgress = progress or (lambda _what, _done, _total: None)
        self.tagger, self.audit = load_taggers(config.tagger, config.audit_tagger, config.segmenter)
        check_rules(config.grid(), self.tagger.taxonomy)
        self.policies = {
            name: LoadedPolicy(entry, config, self.tagger, self.audit)
            for name, entry in config.policies.items()
        }
        self.made_by = MadeBy(folder / "samples", lambda name: self.policies[name].identity)
        self._problems: dict[str, list[Problem]] = {}

    def derive(self) -> None:
        """Fill in how tokens are drawn, and how many; loads tokenizers, no weights.

        Raises:
            UserError: A tokenizer is not usable, a setting cannot be derived, or the settings do
                not fit the models.
        """
        splits = ("test", "calibration") if self.config.rules else ("test",)
        questions = [p.question for split in splits for p in self.problems(split)]
        rooms = [policy.room(questions) for policy in self.policies.values()]
        for note in dict.fromkeys(policy.note for policy in self.policies.values() if policy.note):
            print(f"suffice: WARNING: {note}", file=sys.stderr)
        values, self.settings = derived(vars(self.config), rooms, self.policies[BASE].settings)
        self.use(replace(self.config, **values))

    def use(self, config: CompareConfig) -> None:
        """Continue with a config in which settings that were left out are filled in."""
        self.config = config
        for policy in self.policies.values():
            policy.config = config

    def split(self, name: str) -> Split:
        """Settings of the ``test`` or the ``calibration`` split."""
        return self.config.problems if name == "test" else self.config.calibration

    def problems(self, name: str) -> list[Problem]:
        """The problems of a split.

        Raises:
            UserError: They cannot be read, or two of them share an id.
        """
        if name not in self._problems:
            s = self.split(name)
            problems = load(s)
            ids = {p.id for p in problems}
            if len(ids) != len(problems):
                raise UserError(f"{s.source} holds a problem id twice; give every problem its own.")
            self._problems[name] = problems
        return self._problems[name]

    def samples_per_problem(self, split: str) -> int:
        """Completions of each problem of a split."""
        return self.split(split).samples or self.config.samples

    def is_done(self, job: Job) -> bool:
        """Whether this very arm is in the folder.

        Raises:
            UserError: An arm of that name does, made from other settings.
        """
        mark = self._path(job, "key")
        if not mark.is_file():
            return False
        if mark.read_text(encoding="utf-8").strip() != self._key(job):
            raise UserError(
                f"{self._path(job, 'jsonl.gz')} was made with other settings, policies or problems;"
                " compare into a new folder."
            )
        return True

    def find(self, job: Job) -> bool:
        """Whether this very arm is in the folder, perhaps copied from the cache just now.

        Raises:
            UserError: As `is_done`; or it is missing, and cannot be added, see `MadeBy`.
        """
        if job.oracle and self.answer_tokens(job) is None:
            return False
        if self.is_done(job):
            self.origins.setdefault(job.key, "folder")
            return True
        self.made_by.admit(job.policy)
        key = self._cache_key(job)
        file = self._path(job, "jsonl.gz")
        if self.cache is None or key is None or not self.cache.fetch(key, file):
            return False
        write_atomically(self._path(job, "key"), f"{self._key(job)}\n".encode())
        self.origins[job.key] = "cache"
        return True

    def answer_tokens(self, oracle: Job) -> int | None:
        """Budget of an oracle's forced answers.

        Returns:
            That of the config, else derived from the free arm; None while that is not sampled.
        """
        if self.config.oracle_answer_tokens is not None:
            return self.config.oracle_answer_tokens
        if oracle.key not in self._answer_budgets:
            if not self.find(oracle.free):
                return None
            free = read_samples(self._path(oracle.free, "jsonl.gz"))
            most = self.config.max_new_tokens or 1
            self._answer_budgets[oracle.key] = answer_budget(free, most)
        return self._answer_budgets[oracle.key]

    def run(self, job: Job) -> list[Sample]:
        """Sample one arm, or read it back if it is there."""
        file = self._path(job, "jsonl.gz")
        if self.find(job):
            found = read_samples(file)
            if self.origins[job.key] == "cache":
                self._warn(job, found)
            return found
        if has_drafts(job, self.config):
            return self.run_each([job])[0]
        free = self._free(job) if job.oracle else []
        engine = self.policies[job.policy].engine
        before = engine.cost
        samples = self._search(job, free) if job.oracle else self._sample(job)
        self._keep(job, samples, engine.cost - before)
        return samples

    def run_each(self, jobs: Sequence[Job]) -> list[list[Sample]]:
        """Sample arms of one policy and split under their rules, with drafts."""
        from rl.evaluation.evaluate import evaluate_each

        one, free = jobs[0], self._free(jobs[0])
        loaded, what = self.policies[one.policy], f"{one.split}: {', '.join(j.arm for j in jobs)}"
        found = evaluate_each(
            loaded.engine,
            self.problems(one.split),
            loaded.judge,
            [loaded.monitor(job.point, free) for job in jobs if job.point],
            free,
            samples=self.samples_per_problem(one.split),
            seed=self.config.seed,
            batch_size=self.config.batch_size,
            progress=lambda done, total: self.progress(what, done, total),
        )
        for job, (samples, cost) in zip(jobs, found, strict=True):
            self._keep(job, samples, cost)
        return [samples for samples, _ in found]

    def _keep(self, job: Job, samples: list[Sample], cost: EngineCost) -> None:
        """Write an arm down; the key last."""
        file = self._path(job, "jsonl.gz")
        self.origins[job.key] = "sampled"
        write_cost(file, cost, self.side_by_side, has_drafts(job, self.config))
        self._warn(job, samples)
        write_samples(file, samples)
        write_atomically(self._path(job, "key"), f"{self._key(job)}\n".encode())
        key = self._cache_key(job)
        if self.cache is not None and key is not None:
            self.cache.store(key, file)

    def _free(self, job: Job) -> list[Sample]:
        """The samples that an arm follows, at costs of their own; the same list for the next."""
        if self._followed[0] != job.free.key:
            self._followed = job.free.key, self.run(job.free)
        return self._followed[1]

    def _warn(self, job: Job, samples: list[Sample]) -> None:
        """Say, once, that a policy as it is, without any rule, gives no signal."""
        if job.arm == job.policy and job.key not in self._warned:
            self._warned.add(job.key)
            silent = () if self.policies[job.policy].settings.thinking else (job.arm,)
            for warning in warnings_of({job.arm: samples}, self.config.max_new_tokens, silent):
                print(f"suffice: WARNING: {job.split}: {warning['text']}", file=sys.stderr)

    def cost(self, jobs: Sequence[Job]) -> dict[str, Any] | None:
        """What the engine spent on jobs in all, see `total_cost`."""
        return total_cost([self._path(job, "jsonl.gz") for job in jobs])

    def _path(self, job: Job, ending: str) -> Path:
        return self.folder / "samples" / job.split / f"{job.arm}.{ending}"

    def _sample(self, job: Job) -> list[Sample]:
        from rl.evaluation.evaluate import evaluate

        loaded = self.policies[job.policy]
        return evaluate(
            loaded.engine,
            self.problems(job.split),
            loaded.judge,
            samples=self.samples_per_problem(job.split),
            seed=self.config.seed,
            batch_size=self.config.batch_size,
            monitor=loaded.monitor(job.point) if job.point else None,
            progress=lambda done, total: self.progress(f"{job.split}: {job.arm}", done, total),
        )

    def _search(self, job: Job, free: list[Sample]) -> list[Sample]:
        from rl.evaluation.oracle import oracle_samples

        loaded = self.policies[job.policy]
        return oracle_samples(
            free,
            self.problems(job.split),
            loaded.engine,
            loaded.judge,
            loaded.closing,
            seed=self.config.seed,
            answer_tokens=self.answer_tokens(job) or 1,
            batch_size=self.config.batch_size,
            progress=lambda done, total: self.progress(f"{job.split}: {job.arm}", done, total),
        )

    def _key(self, job: Job) -> str:
        """Hash of what made an arm of this folder."""
        policy = self.policies[job.policy]
        own = {"policy": job.policy, "weights": policy.sha256 or policy.path}
        return content_hash({**self._content(job), **own})

    def _cache_key(self, job: Job) -> str | None:
        """Hash of what an arm's samples depend on; None if the policy's files are not known."""
        policy = self.policies[job.policy]
        if self.cache is None or policy.identity is None:
            return None
        own = {"identity": policy.identity, "device": policy.device}
        return content_hash({**self._content(job), **own})

    def _content(self, job: Job) -> dict[str, Any]:
        return arm_content(
            job,
            self.config,
            self.policies[job.policy].settings,
            self.problems(job.split),
            self.samples_per_problem(job.split),
            (self.tagger.fingerprint, self.audit.fingerprint if self.audit else None),
            self.answer_tokens(job) if job.oracle else None,
        )
