"""The training stages of one net: the head alone, then everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tagger.backends.encoder.net import Net, load_body
from tagger.backends.encoder.predict import score_batch, vectors_of
from tagger.backends.encoder.settings import EncoderSettings, FitSettings
from tagger.training.checkpoints import Checkpointer
from tagger.training.devices import resolve_device
from tagger.training.encoder.examples import Example, plan, whole, windows_of
from tagger.training.encoder.fit import Stage, all_groups, encoded, head_groups, run_stage
from tagger.training.encoder.source import EncoderSource

Say = Callable[[str], None]


@dataclass(frozen=True)
class StagedTraining:
    """Trains nets from the pretrained weights of the encoder, each in the same stages."""

    source: EncoderSource
    settings: EncoderSettings
    fit: FitSettings
    seed: int
    heads: Sequence[int]
    checkpointer: Checkpointer
    say: Say

    def run(
        self,
        name: str,
        mine: Sequence[Example],
        others: Sequence[Example],
        test: Sequence[Example] | None,
        epochs: Mapping[str, int] | None,
    ) -> tuple[Net, dict[str, int]]:
        """Train one net.

        Args:
            name: Of the net; begins the names of its stages.
            mine: Examples in our taxonomy.
            others: Examples in others.
            test: Held-out examples that choose the epoch; None keeps the last epoch.
            epochs: How many epochs of each stage to run; None for all.

        Returns:
            The net, and the number of epochs picked in each stage.
        """
        net, picked = self._new_net(), {}
        for kind in ("head", "everything"):
            stage = f"{name}: {kind}"
            planned = self.fit.head_epochs if kind == "head" else self.fit.epochs
            if not planned or (kind == "everything" and self.fit.mode == "frozen"):
                continue
            run = planned if epochs is None else epochs[kind]
            if stage in self.checkpointer.done:
                self.checkpointer.restore_finished(stage, net)
            elif kind == "head":
                run_stage(net, self._head(stage, run, net, mine, others, test), self.fit, self.seed,
                         self.checkpointer, self.say)  # fmt: skip
            else:
                run_stage(net, self._everything(stage, run, net, mine, others, test), self.fit,
                         self.seed, self.checkpointer, self.say)  # fmt: skip
            picked[kind] = int(self.checkpointer.done[stage]["epochs"])
        return net, picked

    def _head(
        self,
        stage: str,
        run: int,
        net: Net,
        mine: Sequence[Example],
        others: Sequence[Example],
        test: Sequence[Example] | None,
    ) -> Stage:
        """The head alone, over whole traces whose step vectors are computed once."""
        everything = [*mine, *others, *(test or ())]
        self.say(f"{stage}: encoding {sum(len(e.steps) for e in everything)} steps once.")
        vectors = vectors_of(net, [e.steps for e in everything], self.say)
        stored = {id(e): v for e, v in zip(everything, vectors, strict=True)}
        return Stage(
            stage,
            run,
            self.fit.head_epochs,
            lambda epoch: plan(mine, others, self.fit, self.seed, epoch, lambda e, _: whole(e)),
            lambda batch: [stored[id(w.example)] for w in batch],
            head_groups(net, self.fit),
            self._scorer(net, test, [stored[id(e)] for e in test or ()]),
            self.fit.pick == "last",
        )

    def _everything(
        self,
        stage: str,
        run: int,
        net: Net,
        mine: Sequence[Example],
        others: Sequence[Example],
        test: Sequence[Example] | None,
    ) -> Stage:
        """Encoder and head, over windows of steps."""
        fit = self.fit
        return Stage(
            stage,
            run,
            fit.epochs,
            lambda epoch: plan(
                mine, others, fit, self.seed, epoch, lambda e, first: windows_of(e, fit, first)
            ),
            encoded(net),
            all_groups(net, fit),
            self._scorer(net, test, None),
            fit.pick == "last",
        )

    def _new_net(self) -> Net:
        body = load_body(str(self.source.folder))
        torch.manual_seed(self.seed)
        net = Net(self.settings, body, self.heads, self.fit.dropout)
        return net.to(torch.device(resolve_device(self.fit.device)))

    def _scorer(
        self, net: Net, test: Sequence[Example] | None, vectors: Sequence[Tensor] | None
    ) -> Callable[[], tuple[float, str]] | None:
        """Score that chooses the epoch: micro-F1 or the loss on the held-out examples."""
        if test is None:
            return None
        true = np.array([kind for example in test for kind in example.types.values()])

        def score() -> tuple[float, str]:
            rows = score_batch(net, [e.steps for e in test], vectors)
            logits = np.concatenate([r[list(e.types)] for r, e in zip(rows, test, strict=True)])
            top = logits.max(axis=1)
            log_sum = np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top
            loss = float((log_sum - logits[np.arange(len(logits)), true]).mean())
            accuracy = float((logits.argmax(axis=1) == true).mean())
            line = f"held-out micro-F1 {accuracy:.3f}, loss {loss:.3f}"
            return (-loss if self.fit.pick == "loss" else accuracy), line

        return score
