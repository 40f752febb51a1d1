"""GRPO with step rewards: a thin subclass of TRL's trainer.

TRL calls reward functions on each process's slice, where a prompt's group may be cut in two. Here
each process computes the facts of its rollouts, the table is gathered once, and every term is a
pure function of the whole table. So are the advantages, where the method is not one of TRL's own.
Written against TRL 1.16; the hooks are private there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from transformers.trainer import TRAINING_ARGS_NAME
from trl import GRPOConfig

from rewards.aggregation.base import Aggregation
from rewards.facts.analysis import RolloutAnalysis
from rewards.facts.compute import FactsComputer, Task
from rewards.stack import RewardStack
from rl import run_files
from rl.sampling.decoding import NonFiniteLogitsError
from rl.training.advantages.choice import chosen_aggregation
from rl.training.advantages.observing import show_batch
from rl.training.advantages.output import put_advantages
from rl.training.advantages.padding import ShortBatchTrainer
from rl.training.advantages.redraw import Drawn, draw_batch
from rl.training.advantages.scoring import BatchScorer, GatheredBatch, Row, placeholder
from rl.training.advantages.timing import TimedTrainer
from rl.training.budget.trainer import BudgetedTrainer
from rl.training.processes import accept_numbered_cpu
from rl.training.records.rollouts import KeptRollouts
from rl.training.records.scored import completion_columns
from rl.training.reference import ReferenceTrainer
from rl.training.rollouts import EpochSampler, plain_sampling, sample_rollouts
from rl.training.run_folder import checkpoint_state, rotate_checkpoints
from rl.training.sharding import local_part
from rl.training.signal import SignalWatch
from rl.training.step_metrics import fact_metrics, peak_memory, term_metrics
from rl.training.survival.ended import EndedTrainer
from rl.training.survival.failures import diverged
from rl.training.vllm.rollouts import prepare_vllm
from tagger.errors import UserError
from tagger.files import flush_all, write_atomically


class Stateful(Protocol):
    """Something whose state travels with the checkpoint."""

    def state_dict(self) -> dict[str, Any]:
        """JSON-able state."""
        ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a saved state."""
        ...


class FactsWatcher(Protocol):
    """Something that looks at the facts of every batch of training rollouts."""

    def see(self, table: torch.Tensor, groups: torch.Tensor, columns: Sequence[str]) -> None:
        """Take the gathered table, the group of each row, and the names of the columns."""
        ...


class StepGRPOTrainer(
    TimedTrainer, BudgetedTrainer, ShortBatchTrainer, ReferenceTrainer, EndedTrainer
):
    """`GRPOTrainer` whose reward is a `RewardStack` over facts of typed steps.

    The data set needs the columns ``prompt`` and ``problem`` (index into `tasks`).

    Args:
        stack: Reward terms and weights.
        facts: Computes the facts table of a batch; called once a batch on each process.
        tasks: What is asked; the data set's ``problem`` column indexes it.
        stateful: Further objects to save in and restore from checkpoints, by name.
        watchers: Shown the facts of every batch of training rollouts, on every process alike; of
            one drawn again in part, as it was first drawn.
        signal: Counts batches without spread and warns of them; None goes without.
        kept_rollouts: Writes rollouts of chosen steps to the disk; None writes none.
        aggregation: How terms become advantages; by TRL's `args` if None.
        max_draws: Most draws of a group without spread; see `rl.training.advantages.redraw`.
        kept_steps: Gives the steps whose checkpoints stay, whatever `args.save_total_limit` says.
        stopped: Whether the run has stopped itself, by what `stateful` has restored.
        args: TRL's config; `training_arguments` has defaults that keep weights meaningful.
        kwargs: Passed to `GRPOTrainer`.
    """

    def __init__(
        self,
        *,
        stack: RewardStack,
        facts: FactsComputer,
        tasks: Sequence[Task],
        args: GRPOConfig,
        stateful: Mapping[str, Stateful] | None = None,
        watchers: Sequence[FactsWatcher] = (),
        signal: SignalWatch | None = None,
        kept_rollouts: KeptRollouts | None = None,
        kept_steps: Callable[[], Collection[int]] = tuple,
        stopped: Callable[[], bool] = lambda: False,
        aggregation: Aggregation[Any] | None = None,
        max_draws: int = 1,
        **kwargs: Any,
    ) -> None:
        self.stack = stack
        self.facts = facts
        self.tasks = tasks
        self._signal = signal
        self._stateful: dict[str, Stateful] = {"reward": stack, "length_trend": stack.trend}
        self._stateful |= stateful or {}
        self._watchers, self._kept_steps, self._stopped = watchers, kept_steps, stopped
        if signal is not None:
            self._stateful["signal"] = signal
        self._batches = (-1, 0)
        self._kept_rollouts = kept_rollouts
        self._batch: GatheredBatch | None = None
        self._method = aggregation or chosen_aggregation(None, args)
        self._scorer = BatchScorer(stack, facts, tasks, self._method)
        self._max_draws = max_draws
        self._drawn: Drawn | None = None
        placeholders = [placeholder(name) for name in stack.names]
        super().__init__(reward_funcs=placeholders, args=args, **kwargs)
        prepare_vllm(self, facts.analyze.end_ids, lambda: self._batches[1])

    def _calculate_rewards(
        self,
        inputs: list[dict[str, Any]],
        prompts: list[Any],
        completions: list[Any],
        completion_ids_list: list[list[int]],
    ) -> torch.Tensor:
        """Compute facts here, gather them once, and apply every term to the whole table.

        Returns:
            Shape (processes * local rollouts, n_terms), the same on every process; groups are
            contiguous.
        """
        drawn, training = self._drawn, self.model.training
        found = drawn.analyses if drawn else self._scorer.analyze(completion_ids_list, inputs)
        batch = self._batch = self.score(found, inputs)
        table, columns = batch.table, self.facts.columns
        self.reward_weights = batch.mine.weights
        if training:
            # What learns from batches sees none that was chosen by its outcome.
            shown = (drawn and drawn.first) or batch
            for watcher in self._watchers:
                watcher.see(shown.table, shown.groups, columns)
            main = self.accelerator.is_main_process
            self.note(show_batch(self.stack, shown, self.state.global_step, main))
        if self.args.log_completions:
            extra = completion_columns(batch.mine, self.facts.tagger.taxonomy)
            for column, values in extra.items():
                self._log_completion_extra(column, values)
        metrics = fact_metrics(table, columns) | term_metrics(self._method, batch.scored)
        metrics |= peak_memory()
        if training and self._signal is not None:
            decode = self.processing_class.decode
            self._signal.find_mismatch(completion_ids_list, batch.mine, self.facts, decode)
            metrics |= self._signal.add(table, columns, self._scorer.flat(batch.scored))
        for name, value in (metrics | (drawn.metrics if drawn else {})).items():
            self._metrics["train" if training else "eval"][name].append(value)
        return batch.terms

    def score(self, found: Sequence[RolloutAnalysis], rows: Sequence[Row]) -> GatheredBatch:
        """Score this process's part of a batch together with those of the others.

        Args:
            found: Its rollouts.
            rows: Their rows of the data set.
        """
        size = self.num_generations if self.model.training else self.num_generations_eval
        return self._scorer.score(found, rows, size, self.state.global_step, self.accelerator)

    def note(self, metrics: Mapping[str, float]) -> None:
        """Log metrics with those of the step that has just ended."""
        for name, value in metrics.items():
            self._metrics["train"][name].append(value)

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        """As TRL's, with our advantages; rollouts of chosen steps are kept with them."""
        now = self.state.global_step
        self._batches = (now, self._batches[1] + 1 if self._batches[0] == now else 0)
        if self._max_draws > 1 and self.model.training:
            self._drawn = draw_batch(self, self._scorer, inputs, self._max_draws)
            inputs = self._drawn.rows
        output: dict[str, Any] = super()._generate_and_score_completions(inputs)
        batch, self._batch, self._drawn = self._batch, None, None
        if batch is not None and not self._method.OF_TRL:
            logged, first = self._logs["advantages"], batch.mine.first
            gathered = self.accelerator.gather
            put_advantages(output, logged, self._method, batch.scored, first, gathered)
        kept = self._kept_rollouts
        if kept is not None and batch is not None and self.model.training and kept.due(now + 1):
            kept.keep(now + 1, batch.mine, output["advantages"])
        return output

    def _generate_single_turn(
        self, prompt_ids: list[list[int]], *args: Any, **kwargs: Any
    ) -> tuple[list[list[int]], Any]:
        """As TRL's; plain sampling goes through the kit's own, faster sampler.

        Returns:
            Token ids of one completion a prompt, and no log-probabilities.
        """
        if self._drawn is not None:
            return self._drawn.completion_ids, None
        if not plain_sampling(self):
            try:
                return super()._generate_single_turn(prompt_ids, *args, **kwargs)
            except RuntimeError as error:
                if "probability tensor contains" in str(error):  # of torch.multinomial
                    raise self._diverged("the policy's logits are not finite") from error
                raise
        rows = len(prompt_ids)
        first = self.accelerator.process_index * rows
        return self.draw_rollouts(prompt_ids, range(first, first + rows)), None

    def draw_rollouts(
        self, prompt_ids: list[list[int]], places: Sequence[int], again: int = 0
    ) -> list[list[int]]:
        """Draw completions by the kit's own sampler.

        Args:
            prompt_ids: Token ids of the prompts.
            places: Their places in the batch of all processes, which key their noise.
            again: How often rollouts of this batch have been drawn before.

        Returns:
            Token ids of one completion a prompt.
        """
        draw = self._batches[1] * self._max_draws + again
        try:
            return sample_rollouts(self, prompt_ids, self.facts.delimiters, places, draw)
        except NonFiniteLogitsError as error:
            raise self._diverged(str(error).rstrip(".")) from error

    def _get_grad_norm(self, model: Any, grad_norm: Any = None) -> Any:
        """As transformers'; a norm that is not finite stops the run before the update.

        A NaN loss makes it NaN on every process. Under mixed precision in float16 the scaler looks
        for infinite gradients itself, and leaves such an update out.
        """
        norm = super()._get_grad_norm(model, grad_norm=grad_norm)
        if norm is not None and self.accelerator.scaler is None and not math.isfinite(float(norm)):
            raise self._diverged(f"the gradient's norm is {float(norm)}")
        return norm

    def _diverged(self, what: str) -> UserError:
        """The error for a run that cannot continue."""
        return diverged(self.state.global_step + 1, what, Path(self.args.output_dir))

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """As transformers', without its pickle of the arguments: nothing reads it back."""
        super()._save(output_dir, state_dict)
        Path(output_dir or self.args.output_dir, TRAINING_ARGS_NAME).unlink(missing_ok=True)

    def _get_train_sampler(self, dataset: Any = None) -> EpochSampler:
        """As TRL's, with an order that a resumed run finds again."""
        return EpochSampler.like(super()._get_train_sampler(dataset))

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Save everything; our state comes last and marks the checkpoint as whole.

        Only then are old checkpoints deleted: transformers would do so before.
        """
        if not all(bool(local_part(p).isfinite().all()) for p in self.model.parameters()):
            raise self._diverged("its weights are not finite")
        limit, self.args.save_total_limit = self.args.save_total_limit, None
        try:
            super()._save_checkpoint(model, trial)
        finally:
            self.args.save_total_limit = limit
        self.accelerator.wait_for_everyone()
        if self.args.should_save:
            root = Path(self._get_output_dir(trial=trial))
            state = {name: thing.state_dict() for name, thing in self._stateful.items()}
            folder = root / f"{run_files.CHECKPOINT}{self.state.global_step}"
            flush_all(folder)  # what the state vouches for must not be lost with the power
            write_atomically(folder / run_files.STATE, json.dumps(state))
            rotate_checkpoints(root, limit, self._kept_steps())

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        """Restore our state together with the optimizer's."""
        accept_numbered_cpu()
        super()._load_optimizer_and_scheduler(checkpoint)
        if checkpoint is not None:
            state = checkpoint_state(Path(checkpoint))
            for name, thing in self._stateful.items():
                # Checkpoints of earlier versions hold no state of these.
                later = name in ("signal", "length_trend", "made_of")
                thing.load_state_dict(state.get(name, {}) if later else state[name])
