"""The reward as a plain reward function, for an ordinary ``GRPOTrainer(reward_funcs=[...])``.

Example:
    >>> from rewards.function import StepReward
    >>> reward = StepReward(
    ...     {"correctness": {"weight": 1.0}, "step_count": {"weight": 0.1}},
    ...     tokenizer="overthinker-folder",
    ... )
    >>> trainer = GRPOTrainer(model, reward_funcs=[reward], ...)  # doctest: +SKIP

Limits against `rl.training.trainer.StepGRPOTrainer`, which gathers the facts of all processes
before it applies a term. A reward function on one process sees the rollouts of that process:

* A term that looks at the whole group (``gate: group_solved``, ``shape: z_score``) needs each
  process to hold whole groups; `group_size` makes a group in parts an error.
* What a term takes from the whole batch (`shuffled_tags`) is that of the process's part.
* A term with state (`rewards.terms.base.StatefulTerm`) is shown every batch once its rewards are
  computed, those of evaluation too, and learns from its own process alone; its state is not in the
  trainer's checkpoints, starts anew with every process and is left out of a pickle.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rewards.answers.checkers import CHECKER_KEY, build_checker
from rewards.facts.compute import FactsComputer, Task
from rewards.idle import refuse_idle
from rewards.prompts import group_numbers, last_question
from rewards.stack import RewardStack, build_stack, refuse_controllers
from rewards.weights import acts
from tagger.errors import UserError
from tagger.thinking.families import delimiter_pair, named_delimiters
from tagger.thinking.split import (
    PromptEnd,
    ThinkingDelimiters,
    delimiters_from_tokenizer,
    prompt_end_of,
)
from tagger.units import load_taggers


class StepReward:
    """Weighted sum of reward terms over the typed steps of each completion.

    It holds plain settings; tagger and tokenizer are loaded at the first call and left out of a
    pickle, so it can travel to a worker process.

    Args:
        terms: Reward terms by name, as ``reward.terms`` of a run config
            (`rewards.stack.build_stack`).
        tokenizer: The policy's tokenizer, or its folder or Hub name.
        tagger: Folder, packaged name or Hub repository (``owner/name@revision``) of the frozen
            tagger; the packaged default if None.
        segmenter: What cuts thinking into the steps the tagger gets, as ``segmenter`` of a run
            config: a name, or a YAML or JSON file; the tagger's own if None.
        delimiters: Opening and closing one, a pair or ``{open, close}``; the tokenizer's if None.
        reference: Column of the data set that holds the reference answer.
        group_size: Completions of a prompt (``num_generations``); if given, a prompt with fewer
            completions in one call is an error.
        end_ids: Token ids that end a completion; the tokenizer's own if None.
        chat_template_kwargs: Options the prompts were rendered with, as the trainer's, e.g.
            ``{"enable_thinking": False}``: they decide whether a completion begins inside the
            thinking, before it or behind it.
        checker: What decides whether an answer is correct: a name in
            `rewards.answers.checkers.CHECKERS`, or a mapping of ``name`` and its settings;
            ``equivalent`` if None.

    Raises:
        UserError: Unknown term, checker or parameter, no such tagger or segmenter, an option that
            the chat template does not know.
    """

    def __init__(
        self,
        terms: Mapping[str, Any],
        tokenizer: Any,
        *,
        tagger: str | None = None,
        segmenter: str | None = None,
        delimiters: tuple[str, str] | Mapping[str, str] | None = None,
        reference: str = "answer",
        group_size: int | None = None,
        end_ids: Sequence[int] | None = None,
        chat_template_kwargs: Mapping[str, Any] | None = None,
        checker: str | Mapping[str, Any] | None = None,
    ) -> None:
        self.terms = dict(terms)
        self.tokenizer = tokenizer
        self.tagger = tagger
        self.segmenter = segmenter
        self.delimiters = delimiter_pair(delimiters) if delimiters else None
        self.reference = reference
        self.group_size = group_size
        self.end_ids = None if end_ids is None else tuple(end_ids)
        self.chat_template_kwargs = dict(chat_template_kwargs or {})
        if checker is not None:
            build_checker(checker)
        self._metadata = {} if checker is None else {CHECKER_KEY: checker}
        self.__name__ = "step_reward"  # TRL names its metrics by it
        self._tokenizer: Any = None if isinstance(tokenizer, str) else tokenizer
        self._loaded: tuple[FactsComputer, RewardStack] | None = None
        self._load()  # bad settings are reported before a model is loaded

    def __call__(
        self,
        prompts: Sequence[Any],
        completions: Sequence[Any],
        completion_ids: Sequence[Sequence[int]],
        trainer_state: Any = None,
        log_metric: Callable[[str, float], None] | None = None,
        **columns: Any,
    ) -> list[float | None]:
        """Reward completions, as TRL calls a reward function.

        Args:
            prompts: Of each completion; those of one group follow each other.
            completions: Not read: the tokens are.
            completion_ids: Token ids of each completion, end token included.
            trainer_state: Its ``global_step`` sets scheduled weights; needed only by them.
            log_metric: Takes the mean of each term, unweighted, as ``step_reward/<term>``.
            columns: The data set's columns; `reference` must be among them.

        Returns:
            One reward a completion; None where no term applies.

        Raises:
            UserError: The reference column is missing, a group is in parts, or a weight has a
                schedule and there is no trainer state.
        """
        if self.reference not in columns:
            raise UserError(
                f"The data set has no column {self.reference!r} with the reference answers; name "
                f"another with reference=…; it has {', '.join(sorted(columns)) or 'none'}."
            )
        groups = group_numbers(prompts, self.group_size)
        if trainer_state is None:
            self.require_fixed_weights("a trainer that passes no trainer_state")
        step = int(getattr(trainer_state, "global_step", 0) or 0)
        tasks = [
            Task(last_question(prompt), str(reference), self._metadata)
            for prompt, reference in zip(prompts, columns[self.reference], strict=True)
        ]
        return self._rewards(completion_ids, tasks, groups, step, log_metric)

    def score(
        self,
        completions: Sequence[str],
        references: Sequence[str],
        questions: Sequence[str] | None = None,
        step: int | None = None,
    ) -> list[float | None]:
        """Reward completions given as text, each by itself: no term sees a group.

        For frameworks that hand over text without its tokens. The text is tokenized again, and
        counts as ended by the model: a completion that was cut off inside its thinking has no
        answer, one cut off inside its answer is not told apart.

        Args:
            completions: Text of each, from where the prompt leaves off.
            references: The reference answer of each.
            questions: The question of each, for the tagger; unknown if None.
            step: The optimizer step; needed only by scheduled weights.

        Returns:
            One reward a completion; None where no term applies.

        Raises:
            UserError: A weight has a schedule and there is no step, or a term compares a group.
        """
        relative = [t.name for t in self._load()[1].terms if t.compares and acts(t.weight)]
        if relative:
            raise UserError(
                f"{relative[0]!r} compares the completions of a prompt, and here each is scored by "
                "itself; give it weight 0, or hand over tokens in groups (see StepReward)."
            )
        if step is None:
            self.require_fixed_weights("a call without a step")
        end = self._tokenizer.eos_token_id
        ids = [[*self._tokenizer.encode(c, add_special_tokens=False), end] for c in completions]
        asked = questions or [""] * len(completions)
        tasks = [Task(q, str(r), self._metadata) for q, r in zip(asked, references, strict=True)]
        return self._rewards(ids, tasks, range(len(ids)), step or 0, None)

    def require_fixed_weights(self, caller: str) -> None:
        """Refuse weights with a schedule, for callers that know no step.

        Args:
            caller: What to call it.

        Raises:
            UserError: A weight changes over the steps of a run.
        """
        terms = self._load()[1].terms
        moving = [t.name for t in terms if len(set(t.weight.turning_points())) > 1]
        if moving:
            raise UserError(
                f"The weight of {moving[0]!r} has a schedule, but {caller} tells no step to follow "
                "it by; give a fixed weight."
            )

    def _rewards(
        self,
        completion_ids: Sequence[Sequence[int]],
        tasks: Sequence[Task],
        groups: Sequence[int],
        step: int,
        log_metric: Callable[[str, float], None] | None,
    ) -> list[float | None]:
        import torch

        computer, stack = self._load()
        facts, numbers = torch.from_numpy(computer(completion_ids, tasks)), torch.tensor(groups)
        table = stack.table(facts, numbers)
        stack.observe(facts, numbers, table, step)
        if log_metric is not None:
            for name, mean in zip(stack.names, table.nanmean(dim=0).tolist(), strict=True):
                log_metric(f"{self.__name__}/{name}", mean)
        return [None if math.isnan(v) else v for v in stack.total(table, step).tolist()]

    @property
    def tagger_fingerprint(self) -> str:
        """Fingerprint of the frozen tagger."""
        return self._load()[0].tagger.fingerprint

    @property
    def step_segmenter(self) -> str:
        """Name of the segmenter that cuts the steps."""
        return self._load()[0].tagger.segmenter.name

    @property
    def thinking_delimiters(self) -> ThinkingDelimiters:
        """The thinking delimiters it reads completions with."""
        return self._load()[0].delimiters

    def __getstate__(self) -> dict[str, Any]:
        """Settings only; tagger and terms are loaded again where it arrives."""
        kept = {**self.__dict__, "_loaded": None}
        return kept | ({"_tokenizer": None} if isinstance(self.tokenizer, str) else {})

    def _load(self) -> tuple[FactsComputer, RewardStack]:
        if self._loaded is None:
            frozen, _ = load_taggers(self.tagger, None, self.segmenter)
            stack = build_stack(self.terms, frozen.taxonomy)
            refuse_idle(stack.terms)
            refuse_controllers(stack)
            if isinstance(self.tokenizer, str):
                from transformers import AutoTokenizer

                self._tokenizer = AutoTokenizer.from_pretrained(self.tokenizer)
            delimiters = (
                named_delimiters(*self.delimiters)
                if self.delimiters
                else delimiters_from_tokenizer(self._tokenizer)
            )
            facts = FactsComputer(
                frozen, self._tokenizer, delimiters, self.end_ids, after=self._after(delimiters)
            )
            self._loaded = (facts, stack)
        return self._loaded

    def _after(self, delimiters: ThinkingDelimiters) -> PromptEnd:
        """Where the prompts leave off."""
        template = str(getattr(self._tokenizer, "chat_template", None))
        for option in self.chat_template_kwargs:
            if option not in template:
                raise UserError(
                    f"chat_template_kwargs.{option} is unknown to the chat template of the "
                    "tokenizer, which would ignore it; leave it out."
                )
        return prompt_end_of(self._tokenizer, delimiters, **self.chat_template_kwargs)
