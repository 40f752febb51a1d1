"""Trainings of one or two processes whose outcomes must be equal.

``shared`` is told to stop in process 1 alone, and resumed; ``killed`` draws groups without spread
again, dies in mid-step, and is resumed; ``whole`` does the same run in one go, ``unevaluated``
without evaluations; ``written-2`` and ``written-1`` are fed with the same written rollouts, in two
processes and in one.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import rl.training.trainer as trainers
from rl.training.config import config_from_dict
from rl.training.run import run_training
from rl.training.trainer import StepGRPOTrainer
from tagger.errors import Interrupted
from tests.end_to_end.forks import in_ranks
from tests.end_to_end.interruptions import signal_in_step
from tests.world import GRPO, World

ROWS, GROUP = 12, 4
CHECK = "Let me double-check: 2 + 3 = 5. That matches."
REWARD = {
    "terms": {
        "correctness": {},
        "format": {"weight": 0.3},
        "step_count": {
            "weight": 0.2,
            "gate": "group_solved",
            "types": {"VERIFY": {"allowance": 1}},
        },
        "length": {
            "kind": "step_count",
            "weight": 0.01,
            "gate": "none",
            "unit": "tokens",
            "types": {"VERIFY": {}, "CONCLUDE": {}, "SUBSTITUTE": {}},
        },
    },
    "allow_charge_above_correctness": True,
}

DRAWN_AGAIN = {
    "terms": {
        "correctness": {},
        "format": {"weight": 0.3, "require_end": False},
        # it learns from the first draw of each batch
        "step_count": {"weight": {"schedule": "accuracy_floor", "floor": 0.5, "grace": 0}},
    },
    "allow_charge_above_correctness": True,
    "aggregation": "batch",
    "dynamic_sampling": {"max_draws": 3},
}
"""A reward that many groups of a random policy have no spread in."""


def written(row: int, step: int, ends: bool) -> str:
    """A rollout that depends on its place in the whole batch and on the step."""
    answer = row % 5 + 3
    steps = ["2 + 3 = 5.", f"So the answer is {answer}.", *[CHECK] * ((row + step) % 4)]
    return "\n\n".join(steps) + (f"\n</think>\n\n\\boxed{{{answer}}}" if ends else "")


def feed_written_rollouts() -> None:
    """Have every process get its rows of the same batch in place of sampled ones."""

    def rollouts(trainer: Any, prompt_ids: Sequence[Sequence[int]], *_: Any) -> list[list[int]]:
        first = trainer.accelerator.process_index * len(prompt_ids)
        tokenizer, step = trainer.processing_class, int(trainer.state.global_step)
        found = []
        for row in range(first, first + len(prompt_ids)):
            ends = row % 7 != 3
            ids = tokenizer.encode(written(row, step, ends))
            found.append([*ids, tokenizer.eos_token_id] if ends else ids)
        return found

    trainers.sample_rollouts = rollouts  # type: ignore[assignment]


def note_weights(folder: Path) -> None:
    """Every process writes down the hash of its own weights after each training."""
    original = StepGRPOTrainer.train

    def train(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        digest = hashlib.sha256()
        for name, value in sorted(self.accelerator.unwrap_model(self.model).state_dict().items()):
            digest.update(name.encode() + value.detach().numpy().tobytes())
        run = Path(self.args.output_dir).parent.name
        file = folder / f"{run}-rank{self.accelerator.process_index}.txt"
        file.write_text(digest.hexdigest())
        return result

    StepGRPOTrainer.train = train  # type: ignore[method-assign]


class Trainings:
    """The trainings of one process, by name."""

    def __init__(self, folder: Path, world: World) -> None:
        self.folder = folder
        self.world = world

    def config(self, name: str, processes: int = 2, **changes: Any) -> Any:
        grpo = GRPO | {
            "per_device_train_batch_size": ROWS // processes,
            "num_generations": GROUP,
            "save_steps": 1,
            "max_steps": 3,
        }
        return config_from_dict(self.world.config(self.folder / name, grpo=grpo) | changes)

    def shared(self) -> None:
        rank = int(os.environ["RANK"])
        grpo = GRPO | {"per_device_train_batch_size": 4, "save_steps": 4}
        original = signal_in_step(signal.SIGTERM, step=2, rank=1)
        try:
            # Each process comes with a name of its own, as a default name with the time may be.
            run_training(self.config(f"shared-{rank}", grpo=grpo))
        except Interrupted as stop:
            assert (rank, stop.number) == (0, signal.SIGTERM)
        except SystemExit as stop:
            assert (rank, stop.code) == (1, 0)
        else:
            raise AssertionError("the run was not interrupted")
        StepGRPOTrainer._calculate_rewards = original  # type: ignore[method-assign]
        run_training(None, resume=self.folder / "shared-0")

    def killed(self) -> None:
        signal_in_step(signal.SIGKILL, step=3, rank=1)
        run_training(self.config("killed", **self.sampled()))

    def sampled(self) -> dict[str, Any]:
        asked = {"source": str(self.folder / "eval.jsonl")}
        evaluated = {"eval_problems": asked, "eval_every": 1, "eval_samples": 2}
        return evaluated | {"reward": DRAWN_AGAIN}

    def rest(self) -> None:
        run_training(None, resume=self.folder / "killed")
        run_training(self.config("whole", **self.sampled()))
        run_training(self.config("unevaluated", reward=DRAWN_AGAIN))
        self.written(2)

    def written(self, processes: int = 1) -> None:
        feed_written_rollouts()
        kept = {"keep_rollouts": {"every": 1, "count": ROWS}, "reward": REWARD}
        run_training(self.config(f"written-{processes}", processes, **kept))


def two_ranks(folder: Path, world: World) -> None:
    """Train in folders of `folder`; ``report.json`` there has the exit codes of each stage."""
    (folder / "eval.jsonl").write_text(
        "".join(
            json.dumps({"question": f"{a} + 7 = ?", "answer": a + 7}) + "\n" for a in (11, 12, 13)
        )
    )
    note_weights(folder)
    trainings = Trainings(folder, world)
    stages = (
        (2, trainings.shared),
        (2, trainings.killed),
        (2, trainings.rest),
        (1, trainings.written),
    )
    report = {
        work.__name__: in_ranks(count, work, folder / work.__name__) for count, work in stages
    }
    (folder / "report.json").write_text(json.dumps(report))
