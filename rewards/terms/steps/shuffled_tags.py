"""Charges for types drawn at random: a control that must not teach the policy what to leave out.

For a correct rollout of s steps

    reward = - min(max(0, k - allowance), cap),   k of s steps drawn, each with probability p

where p is the share of the chosen types among all steps of the batch's correct rollouts; 0 for all
others. So the batch pays what `step_count` would charge it, in expectation and as long as neither
allowance nor cap binds, but each rollout pays for its number of steps and by chance, not for what
they do. If a policy does as well under it, the tagger earned nothing.

The draw is determined by the row of facts and `seed`, not by a generator that runs through the
batch: each process computes the same draw from the gathered table, whatever the order of its rows
or the number of processes, and a resumed run continues without a state. Therefore rollouts whose
facts are alike to the last digit draw alike. What stays with the batch is p, so a reward function
on one process, which sees its own rollouts only, has another p than the trainer.

Source: ours, a control.

Incorrect rollouts: nothing.

Example:
    shuffled_tags: {weight: 0.1, types: VERIFY + META, seed: 1}
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Interval

from rewards.terms.base import Rollouts, Term, TermBounds, TermKind
from rewards.terms.steps.prices import DEFAULT_CAPS, column_of, count_of, types_of
from tagger.config.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    import torch


@dataclass(frozen=True)
class ShuffledTagsParams(Settings):
    """Parameters of ``shuffled_tags``.

    Attributes:
        types: The type (name or tag) whose share is drawn with, or several joined by ``+``.
        allowance: Drawn steps that are free.
        cap: Most drawn steps that are charged for; ``.inf`` for no limit.
        seed: Another one draws otherwise.
    """

    KEY: ClassVar[str] = "parameter"
    OWNER: ClassVar[str] = "reward term 'shuffled_tags'"

    types: str = "VERIFY"
    allowance: Annotated[float, Ge(0)] = 0.0
    cap: Annotated[float, Ge(0)] = DEFAULT_CAPS["steps"]
    seed: Annotated[int, Interval(ge=0, le=2**32 - 1)] = 0

    @property
    def unit(self) -> str:
        """What it counts, for the controller ``price``."""
        return "steps"

    @property
    def each(self) -> float:
        """What each drawn step costs under a weight of 1."""
        return 1.0


@dataclass(frozen=True)
class ShuffledTags(Term[ShuffledTagsParams]):
    """See the module.

    Raises:
        UserError: A type the taxonomy does not have.
    """

    def __post_init__(self) -> None:
        self._columns()

    def _columns(self) -> tuple[str, ...]:
        tags = dict.fromkeys(types_of(self.params.types, self.taxonomy))
        return tuple(column_of(tag, "steps", "thinking") for tag in tags)

    def value(self, rollouts: Rollouts) -> torch.Tensor:
        """The term of each rollout, (B,)."""
        counted, steps = rollouts.correct, rollouts["steps"]
        of_type = count_of(rollouts, self._columns())[counted].sum()
        share = float(of_type / steps[counted].sum().clamp(min=1.0))
        drawn = steps.new_zeros(len(rollouts))
        for row in counted.nonzero()[:, 0].tolist():
            draws = uniforms(rollouts.content(row), self.params.seed, int(steps[row]))
            drawn[row] = float((draws < share).sum())
        over = (drawn - self.params.allowance).clamp(min=0.0).clamp(max=self.params.cap)
        return 0.0 - over


def uniforms(content: bytes, seed: int, number: int) -> np.ndarray:
    """Numbers in [0, 1) that depend on a row's content and a seed alone, shape (number,)."""
    import numpy as np

    digest = hashlib.blake2b(content, digest_size=16, salt=seed.to_bytes(4, "little")).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little"))).random(number)


KIND = TermKind(
    ShuffledTagsParams,
    ShuffledTags,
    lambda params: TermBounds(correct=(-params.cap, 0.0), incorrect=(0.0, 0.0)),
)
