"""Which prompts a step draws, and rollouts of them: a resumed run draws what a killed one would.

Rollouts are drawn with the kit's own sampler, keyed by step, where nothing else is asked for.
TRL's plain path calls `generate`, which concatenates the whole cache for every token and keeps
rows that have ended; on a CPU our sampler draws the same tokens' worth several times faster. Its
noise depends on seed, step and the row's place in the whole batch alone: a resumed run draws what
the killed one would have, and several processes what one would.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from trl.models import unwrap_model_for_generation
from trl.trainer.utils import RepeatSampler

from rl.sampling.decoding import SamplingSettings
from rl.sampling.sampler import Sampler
from tagger.thinking.split import ThinkingDelimiters


class EpochSampler(RepeatSampler):
    """TRL's sampler with an order that depends on seed and epoch alone.

    TRL's own draws each epoch's order from the generator the last epoch left behind, so a run
    resumed in a later epoch would see other problems than the one that was not interrupted.
    """

    _STRIDE = 1_000_003

    @classmethod
    def like(cls, other: RepeatSampler) -> EpochSampler:
        """A sampler of the same data, with the same repetitions and seed."""
        return cls(
            data_source=other.data_source,
            mini_repeat_count=other.mini_repeat_count,
            batch_size=other.batch_size,
            repeat_count=other.repeat_count,
            shuffle=other.shuffle,
            seed=other.seed,
        )

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of an epoch; accelerate and transformers call this."""
        if self.shuffle:
            self.generator.manual_seed(int(self.seed or 0) + self._STRIDE * epoch)


def plain_sampling(trainer: Any) -> bool:
    """Whether a GRPO trainer asks for nothing that only its own generation can do.

    Args:
        trainer: TRL's `GRPOTrainer` (1.16).
    """
    args = trainer.args
    if trainer.is_deepspeed_enabled and not args.ds3_gather_for_generation:
        return False  # with weights in parts all processes must take every step together
    return not (
        trainer.use_vllm
        or trainer.use_transformers_continuous_batching
        or trainer.is_fsdp_enabled
        or trainer.tools
        or args.generation_kwargs
        or args.min_p
        or args.repetition_penalty != 1.0
    )


def sample_rollouts(
    trainer: Any,
    prompt_ids: Sequence[Sequence[int]],
    delimiters: ThinkingDelimiters,
    places: Sequence[int],
    draw: int,
) -> list[list[int]]:
    """Draw one completion for each prompt; under ZeRO stage 3 called on every process alike.

    Args:
        trainer: A `StepGRPOTrainer`; its args hold the sampling settings.
        prompt_ids: Token ids of the prompts, a prompt repeated for each of its generations.
        delimiters: The thinking delimiters.
        places: Places of the prompts in the batch of all processes.
        draw: How many draws this step has made before.

    Returns:
        Token ids of the completions, end token included, without padding.
    """
    args, budget = trainer.args, trainer.thinking_budget
    settings = SamplingSettings(
        temperature=args.temperature,
        top_p=args.top_p,
        top_k=args.top_k or 0,
        max_new_tokens=args.max_completion_length,
    )
    key = (args.seed, trainer.state.global_step, draw, 0)
    seed = int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:8], "big")
    with _whole_model(trainer) as model:
        sampler = Sampler(model, trainer.processing_class, delimiters, settings, places=places)
        completions = sampler.continue_from(
            prompt_ids,
            samples_per_prefix=1,
            seed=seed,
            batch_size=len(prompt_ids),
            monitor_factory=None if budget is None else lambda *_: budget.monitor(),
        )
    return [completion.ids for completion in completions]


@contextmanager
def _whole_model(trainer: Any) -> Iterator[Any]:
    """The policy without its wrappers, and under ZeRO stage 3 with all its weights."""
    wrapped, accelerator = trainer.model_wrapped, trainer.accelerator
    if not trainer.is_deepspeed_enabled:
        yield accelerator.unwrap_model(wrapped)
        return
    with unwrap_model_for_generation(wrapped, accelerator) as model:
        yield model
