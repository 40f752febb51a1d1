"""One policy of a comparison, loaded when it is first used."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rl.comparison.cache import policy_identity
from rl.comparison.config import CompareConfig
from rl.comparison.derived import Room
from rl.comparison.grid import GridPoint
from rl.comparison.policies import PolicyEntry
from rl.comparison.training_problems import trained_length
from rl.policy.config import policy_config
from rl.policy.context import context_length, prompt_lengths
from rl.policy.no_thinking import closed_thinking
from rl.policy.prompts import Prompting
from tagger.frozen import FrozenTagger
from tagger.stopping.rules.registry import build_rule

if TYPE_CHECKING:
    from rl.evaluation.evaluate import Judge, MonitorMaker
    from rl.evaluation.known_tags import KnownTags
    from rl.evaluation.samples import Sample
    from rl.sampling.engine import Engine
    from tagger.stopping.closing import ClosingSequence


class LoadedPolicy:
    """One policy with its engine, judge and closing text, loaded when first used.

    Attributes:
        prompts: Tokens of the prompt of each question that `room` was asked about.
        note: What `room` found that its user should know; empty if nothing.
    """

    def __init__(
        self,
        entry: PolicyEntry,
        config: CompareConfig,
        tagger: FrozenTagger,
        audit: FrozenTagger | None,
    ) -> None:
        """Resolve the policy; nothing heavy is loaded yet.

        Raises:
            UserError: There is no such policy.
        """
        from rl.policy.source import resolve_policy

        self.settings = policy_config(entry, config)
        source = resolve_policy(self.settings)
        self.name, self.path, self.sha256 = self.settings.model, source.model, source.digest()
        self.parameters = source.parameters()
        self._parts = [source.model] if source.adapter is None else [source.model, source.adapter]
        self.config, self._tagger, self._audit = config, tagger, audit
        self.prompts: dict[str, int] = {}
        self.note = ""
        self._known: tuple[Sequence[Sample], KnownTags] | None = None

    def room(self, questions: Sequence[str]) -> Room:
        """How long completions can be; loads the tokenizer, not the weights.

        Args:
            questions: What is asked.

        Raises:
            UserError: It cannot be loaded, has no thinking delimiters, or a chat template that
                cannot make its prompts; or the device lacks its data type.
        """
        import torch

        from rl.policy.load import check_device, checked_weight_bytes, load_tokenizer

        tokenizer, delimiters = load_tokenizer(self.settings)
        if self.settings.thinking:
            prompting = Prompting.of(self.settings)
            self.note = closed_thinking(tokenizer, delimiters, prompting, self.name)
        checked_weight_bytes(self._parts[0])
        check_device(self.settings, torch.cuda.device_count())
        lengths = prompt_lengths(self.settings, tokenizer, questions)
        self.prompts = dict(zip(questions, lengths, strict=True))
        longest = max(self.prompts, key=self.prompts.__getitem__)
        return Room(
            self.name,
            context_length(self.settings),
            self.prompts[longest],
            trained_length(self.settings.adapter or self.name),
            longest,
        )

    @cached_property
    def identity(self) -> str | None:
        """Hash of the policy's files, None if they are not known."""
        known = [policy_identity(part) for part in self._parts]
        return None if None in known else "+".join(map(str, known))

    @cached_property
    def device(self) -> str:
        """What the policy runs on: its data type may depend on it."""
        import torch

        return torch.cuda.get_device_name(0) if torch.cuda.is_available() else "cpu"

    @cached_property
    def engine(self) -> Engine:
        """What generates the policy's completions; loads the weights."""
        from transformers.utils import logging

        from rl.policy.load import load_policy
        from rl.sampling.decoding import SamplingSettings
        from rl.sampling.registry import build_engine

        logging.disable_progress_bar()
        c = self.config
        drawn: dict[str, Any] = {
            "temperature": c.temperature,
            "top_p": c.top_p,
            "top_k": c.top_k,
            "max_new_tokens": c.max_new_tokens,
        }
        if None in drawn.values():
            raise ValueError("Derive the settings that the config leaves out first.")
        settings = SamplingSettings(**drawn)
        if c.engine == "vllm":
            from rl.sampling.vllm_policy import load_vllm_engine

            return load_vllm_engine(self.settings, settings, c.max_batch_tokens, c.batch_size)
        policy = load_policy(self.settings)
        return build_engine(
            c.engine,
            policy.model,
            policy.tokenizer,
            policy.delimiters,
            settings,
            c.max_batch_tokens,
        )

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

    def _tags_of(self, drafts: Sequence[Sample]) -> KnownTags:
        from rl.evaluation.known_tags import KnownTags

        if self._known is None or self._known[0] is not drafts:
            self._known = drafts, KnownTags(self._tagger, drafts)
        return self._known[1]

    def monitor(self, point: GridPoint, drafts: Sequence[Sample] | None = None) -> MonitorMaker:
        """A maker of monitors with one rule, one for each row.

        Args:
            point: The rule.
            drafts: What the rows probably write, whose steps need not be tagged again for every
                rule; the same list each time.
        """
        from tagger.stopping.monitor import StepMonitor

        rule = build_rule(point.config(), self._tagger.taxonomy)
        s, closing = self.engine, self.closing
        tagger = self._tagger if drafts is None else self._tags_of(drafts)
        after = self.judge.analyze.prompt_end
        return lambda problem: StepMonitor(
            tagger, rule, problem.question, s.delimiters, s.tokenizer, closing, after
        )
