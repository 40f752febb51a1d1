"""Evaluates the policy during training on problems of its own, and knows the best step."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

if TYPE_CHECKING:
    from rl.evaluation.evaluate import Judge
    from rl.evaluation.samples import Sample
    from rl.problems.problem import Problem
    from rl.sampling.decoding import SamplingSettings
    from rl.training.plan import Plan


@dataclass(frozen=True)
class Evaluated:
    """The policy after a step; step 0 is the policy that training began with.

    Attributes:
        step: Optimizer steps done.
        accuracy: Share of correct completions.
        tokens: Mean tokens of a completion.
        verification_steps: Mean verification steps of a completion's thinking.
        completions: How many there were.
    """

    step: int
    accuracy: float
    tokens: float
    verification_steps: float
    completions: int


class PolicySampler:
    """Samples the evaluation problems with the policy as it is; the processes share them.

    The noise is the same at every evaluation and for any number of processes, so that two steps
    differ by their policies alone.

    Args:
        judge: Scores and types the completions.
        problems: The problems.
        settings: How tokens are drawn.
        samples: Completions of each problem.
        seed: Of the noise.
        batch_size: Rows a process samples at once.
        max_batch_tokens: Most tokens of a batch's key-value cache; None takes what fits.
    """

    def __init__(
        self,
        judge: Judge,
        problems: Sequence[Problem],
        settings: SamplingSettings,
        samples: int,
        seed: int,
        batch_size: int,
        max_batch_tokens: int | None = None,
    ) -> None:
        self._judge, self._problems, self._settings = judge, problems, settings
        self._samples, self._seed, self._batch_size = samples, seed, batch_size
        self._max_batch_tokens = max_batch_tokens

    def __call__(self, model: Any) -> list[tuple[bool, int, int]]:
        """Correctness, tokens and verification steps of all completions, on every process."""
        from accelerate import PartialState
        from accelerate.utils import gather_object

        from rl.evaluation.evaluate import evaluate
        from rl.sampling.sampler import Sampler

        processes = PartialState()
        places = range(processes.process_index, len(self._problems), processes.num_processes)
        mine = [self._problems[place] for place in places]
        found: list[Sample] = []
        if mine:
            judge = self._judge
            engine = Sampler(
                model,
                judge.tokenizer,
                judge.delimiters,
                self._settings,
                self._max_batch_tokens,
                places,
            )
            found = evaluate(
                engine,
                mine,
                judge,
                samples=self._samples,
                seed=self._seed,
                batch_size=self._batch_size,
            )
        shown = [(s.correct, s.tokens, s.verification_steps) for s in found]
        gathered: list[tuple[bool, int, int]] = gather_object(shown)
        return gathered


def policy_sampler(plan: Plan, policy: Any) -> PolicySampler:
    """What samples the evaluation problems, scored as comparisons are.

    By temperature, top-p, top-k and length as in training, by the kit's sampler: a thinking budget,
    ``min_p``, ``repetition_penalty`` and ``generation_kwargs`` are of training rollouts alone.
    """
    from rl.evaluation.evaluate import Judge
    from rl.sampling.decoding import SamplingSettings
    from tagger.thinking.end_tokens import end_token_ids

    arguments = plan.arguments
    return PolicySampler(
        Judge(
            plan.tagger,
            policy.tokenizer,
            plan.delimiters,
            end_token_ids(policy.tokenizer, policy.model),
            prompting=policy.prompting,
        ),
        plan.eval_problems,
        SamplingSettings(
            temperature=arguments.temperature,
            top_p=arguments.top_p,
            top_k=arguments.top_k or 0,
            max_new_tokens=arguments.max_completion_length,
        ),
        plan.config.eval_samples,
        plan.config.seed,
        max(1, arguments.generation_batch_size // max(1, arguments.world_size)),
        plan.config.eval_max_batch_tokens,
    )


class Evaluation(TrainerCallback):
    """Evaluates before the first step, every so many steps, and after the last one.

    The last one is also that of early stopping; a run that is interrupted goes on after it.
    The best step has the highest accuracy, of equal ones the fewest tokens; only steps with a
    checkpoint can be it, and step 0.

    Args:
        sample: Gives correctness, tokens and verification steps of completions of a model.
        every: Steps between two evaluations.
        log: Takes the metrics of a step.
        main: Whether this process speaks.
        observe: Takes each evaluation, the first included; on every process alike.
        interrupted: Whether the run stops to be resumed.
    """

    def __init__(
        self,
        sample: Callable[[Any], Sequence[tuple[bool, int, int]]],
        every: int,
        log: Callable[[Mapping[str, float]], None],
        main: bool = True,
        observe: Callable[[Evaluated], None] | None = None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        self._sample, self._every, self._log, self._main = sample, every, log, main
        self._observe, self._interrupted = observe, interrupted
        self.done: list[Evaluated] = []
        self._best: Evaluated | None = None

    @property
    def best_step(self) -> int | None:
        """The best step; None before the first evaluation."""
        return None if self._best is None else self._best.step

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Evaluate the policy that training begins with."""
        if state.global_step == 0 and not self.done:
            self._best = self._evaluate(0, kwargs["model"])

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Evaluate where it is due; note the best."""
        step = int(state.global_step)
        ends = control.should_training_stop and not self._interrupted()
        if step % self._every and step != state.max_steps and not ends:
            return
        found = self._evaluate(step, kwargs["model"])
        self._log(
            {
                "eval/accuracy": found.accuracy,
                "eval/tokens": found.tokens,
                "eval/verification_steps": found.verification_steps,
            }
        )
        if control.should_save and (self._best is None or _rank(found) > _rank(self._best)):
            self._best = found

    def _evaluate(self, step: int, model: Any) -> Evaluated:
        rows = self._sample(model)
        accuracy, tokens, checks = (sum(column) / len(rows) for column in zip(*rows, strict=True))
        found = Evaluated(step, accuracy, tokens, checks, completions=len(rows))
        self.done.append(found)
        if self._observe is not None:
            self._observe(found)
        if self._main:
            print(
                f"[suffice] evaluation after step {step}: correct {found.accuracy:.1%}, tokens "
                f"{found.tokens:.0f}, verification steps {found.verification_steps:.2f} "
                f"({found.completions} completions)",
                file=sys.stderr,
                flush=True,
            )
        return found

    def state_dict(self) -> dict[str, Any]:
        """All evaluations, and the best."""
        return {
            "done": [asdict(one) for one in self.done],
            "best": None if self._best is None else asdict(self._best),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a saved state."""
        self.done = [Evaluated(**one) for one in state["done"]]
        self._best = None if state["best"] is None else Evaluated(**state["best"])


def _rank(found: Evaluated) -> tuple[float, float]:
    return found.accuracy, -found.tokens
