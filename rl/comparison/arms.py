"""Running the arms of a comparison online, each kept on disk as soon as it is done."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl.analysis.outcomes import warnings_of
from rl.comparison.config import CompareConfig, GridPoint, Split
from rl.evaluation.samples import Sample, read_samples, write_samples
from rl.policy.config import changed_settings, policy_config
from rl.policy.prompts import Prompting
from rl.problems.problem import Problem
from rl.problems.registry import load_problems
from tagger.errors import UserError
from tagger.files import write_atomically
from tagger.frozen import FrozenTagger
from tagger.stopping.rules.registry import build_rule

if TYPE_CHECKING:
    from rl.evaluation.evaluate import Judge, MonitorMaker
    from rl.sampling.engine import Engine
    from tagger.stopping.closing import ClosingSequence

ArmProgress = Callable[[str, int, int], None]
"""Called with (what is running, rows done, rows in all)."""


def silent(_what: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class Job:
    """One arm on one split.

    Attributes:
        arm: Its name; names its file too.
        policy: ``base`` or ``trained``.
        split: ``test`` or ``calibration``.
        point: The stopping rule that monitors it, or None.
        oracle: Search the base arm's samples for the first sufficient step instead.
    """

    arm: str
    policy: str
    split: str
    point: GridPoint | None = None
    oracle: bool = False

    @property
    def key(self) -> str:
        """Split and arm, as in the file's path."""
        return f"{self.split}/{self.arm}"

    @property
    def base_key(self) -> str:
        """Key of the arm an oracle searches."""
        return f"{self.split}/base"

    def about(self) -> dict[str, Any]:
        """What tells it from other arms of the same settings."""
        rule = self.point.config() if self.point else None
        return {"policy": self.policy, "rule": rule, "oracle": self.oracle}


class LoadedPolicy:
    """One policy with its engine, judge and closing text, loaded when first used."""

    def __init__(
        self, name: str, config: CompareConfig, tagger: FrozenTagger, audit: FrozenTagger | None
    ) -> None:
        """Resolve the policy; nothing heavy is loaded yet.

        Raises:
            UserError: There is no such policy.
        """
        from rl.policy.source import resolve_policy

        self.settings = policy_config(name, config)
        source = resolve_policy(self.settings)
        self.name, self.path, self.sha256 = self.settings.model, source.model, source.digest()
        self._config, self._tagger, self._audit = config, tagger, audit

    def check_tokenizer(self) -> None:
        """Load the tokenizer alone.

        Raises:
            UserError: It cannot be loaded, has no thinking delimiters, or a chat template that
                cannot make its prompts; or the device lacks its data type.
        """
        import torch

        from rl.policy.load import check_device, load_tokenizer

        load_tokenizer(self.settings)
        check_device(self.settings, torch.cuda.device_count())

    @cached_property
    def engine(self) -> Engine:
        """What generates the policy's completions; loads the weights."""
        from transformers.utils import logging

        from rl.policy.load import load_policy
        from rl.sampling.decoding import SamplingSettings
        from rl.sampling.registry import build_engine

        logging.disable_progress_bar()
        c = self._config
        policy = load_policy(self.settings)
        settings = SamplingSettings(
            temperature=c.temperature,
            top_p=c.top_p,
            top_k=c.top_k,
            max_new_tokens=c.max_new_tokens,
        )
        return build_engine(c.engine, policy.model, policy.tokenizer, policy.delimiters, settings)

    @cached_property
    def judge(self) -> Judge:
        """Scores and tags this policy's completions."""
        from rl.evaluation.evaluate import Judge

        s = self.engine
        return Judge(
            self._tagger,
            s.tokenizer,
            s.delimiters,
            s.end_ids,
            self._audit,
            prompting=Prompting.of(self.settings),
        )

    @cached_property
    def closing(self) -> ClosingSequence:
        """What a monitor forces to close this policy's thinking."""
        from tagger.stopping.closing import ClosingSequence

        return ClosingSequence(self.engine.tokenizer, self.engine.delimiters)

    def monitor(self, point: GridPoint) -> MonitorMaker:
        """A maker of monitors with one rule, one for each row."""
        from tagger.stopping.monitor import StepMonitor

        rule = build_rule(point.config(), self._tagger.taxonomy)
        s, closing, tagger = self.engine, self.closing, self._tagger
        after = self.judge.analyze.prompt_end
        return lambda problem: StepMonitor(
            tagger, rule, problem.question, s.delimiters, s.tokenizer, closing, after
        )


class ArmRunner:
    """Runs arms, or reads them back if this very arm has been run into the same folder."""

    def __init__(
        self, config: CompareConfig, folder: Path, progress: ArmProgress | None = None
    ) -> None:
        """Check everything that is cheap to check.

        Raises:
            UserError: A rule, a policy, a tagger or a problem set is not usable.
        """
        self.config, self.folder = config, folder
        self.progress = progress or silent
        self.tagger = FrozenTagger.load(config.tagger)
        self.audit = FrozenTagger.load(config.audit_tagger) if config.audit_tagger else None
        for point in config.grid():
            build_rule(point.config(), self.tagger.taxonomy)
        self.policies = {"base": LoadedPolicy(config.base, config, self.tagger, self.audit)}
        if config.trained is not None:
            self.policies["trained"] = LoadedPolicy(config.trained, config, self.tagger, self.audit)
        self._problems: dict[str, list[Problem]] = {}

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
            problems = load_problems(s.source, s.split, s.size, s.seed)
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

    def run(self, job: Job) -> list[Sample]:
        """Sample one arm, or read it back if it is there; the key is written last.

        Returns:
            Its samples, problem by problem.
        """
        file = self._path(job, "jsonl.gz")
        if self.is_done(job):
            return read_samples(file)
        samples = self._search(job) if job.oracle else self._sample(job)
        if job.arm == job.policy:  # the policy as it is, before any rule is tried on it
            for warning in warnings_of({job.arm: samples}, self.config.max_new_tokens):
                print(f"suffice: WARNING: {job.split}: {warning['text']}", file=sys.stderr)
        write_samples(file, samples)
        write_atomically(self._path(job, "key"), f"{self._key(job)}\n".encode())
        return samples

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

    def _search(self, job: Job) -> list[Sample]:
        from rl.evaluation.oracle import oracle_samples

        loaded = self.policies[job.policy]
        return oracle_samples(
            self.run(Job("base", job.policy, job.split)),
            self.problems(job.split),
            loaded.engine,
            loaded.judge,
            loaded.closing,
            seed=self.config.seed,
            answer_tokens=self.config.oracle_answer_tokens,
            batch_size=self.config.batch_size,
            progress=lambda done, total: self.progress(f"{job.split}: {job.arm}", done, total),
        )

    def _key(self, job: Job) -> str:
        policy, c = self.policies[job.policy], self.config
        content = {
            **job.about(),
            "weights": policy.sha256 or policy.path,
            "tagger": self.tagger.fingerprint,
            "audit": self.audit.fingerprint if self.audit else None,
            "problems": [asdict(p) for p in self.problems(job.split)],
            "samples": self.samples_per_problem(job.split),
            "sampling": [c.temperature, c.top_p, c.top_k, c.max_new_tokens, c.seed, c.batch_size],
            "answer": ["greedy", c.oracle_answer_tokens] if job.oracle else None,
        }
        if changed := changed_settings(policy.settings):  # else as the keys of earlier versions
            content["policy settings"] = changed
        if c.engine != "kit":
            content["engine"] = c.engine
        text = json.dumps(content, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()
