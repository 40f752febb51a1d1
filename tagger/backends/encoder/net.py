"""The net, in PyTorch; imported only where it is built."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tagger.backends.encoder.reading import StepInput
from tagger.backends.encoder.settings import EncoderSettings
from tagger.backends.pretrained.folder import reason_of
from tagger.backends.pretrained.weights import load_weights, refuse_missing
from tagger.errors import UserError

_CHUNK_TOKENS = 4096  # padded tokens encoded at once by `encode_batch`


def build_body(config_text: str) -> Any:
    """Build an encoder without weights from the content of its ``config.json``.

    Raises:
        UserError: It is damaged, or transformers does not know the kind of model.
    """
    from transformers import AutoConfig, AutoModel

    try:
        values = json.loads(config_text)
        for key in ("torch_dtype", "dtype", "_name_or_path", "transformers_version"):
            values.pop(key, None)
        config = AutoConfig.for_model(values.pop("model_type"), **values)
        return AutoModel.from_config(config)
    except Exception as error:  # on a damaged config transformers raises anything
        raise UserError(
            f"transformers cannot build the encoder from its config.json ({reason_of(error)}); "
            "choose a BERT-like model that needs no code of its own."
        ) from error


def load_body(folder: str) -> Any:
    """Load an encoder in float32, its attention without dropout.

    Args:
        folder: What `save_pretrained` wrote.

    Raises:
        UserError: Its config is damaged or of a kind of model that transformers does not know, or
            its weights are incomplete, cannot be read or do not fit its config.
    """
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(folder)
    except Exception as error:  # as above
        raise UserError(
            f"transformers cannot build the encoder in {folder} from its config.json "
            f"({reason_of(error)}); fetch it again, or choose a BERT-like model that needs no "
            "code of its own."
        ) from error
    for name in ("attention_probs_dropout_prob", "attention_dropout"):
        if hasattr(config, name):  # it costs a fifth of the time on a CPU and helps little
            setattr(config, name, 0.0)
    body, missing = load_weights("encoder", folder, config)
    # what pools in the model's own way is not asked, so many folders do without it
    refuse_missing("encoder", folder, [n for n in missing if not n.startswith("pooler.")])
    return body


class Head(nn.Module):
    """From step vectors and flags to scores; looks back only.

    Args:
        settings: Of the net.
        width: Size of a step vector.
        types: Number of types, our own first, then those of other taxonomies.
        dropout: In training.
    """

    def __init__(
        self, settings: EncoderSettings, width: int, types: Sequence[int], dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.earlier = settings.earlier
        self.norm = nn.LayerNorm(width)
        self.flags = nn.EmbeddingBag(2**settings.flag_bits, settings.flag_size, mode="sum")
        nn.init.normal_(self.flags.weight, std=0.1)
        seen = width * (1 + settings.earlier) + settings.flag_size
        self.gru: nn.GRU | None = None
        if settings.head == "gru":
            self.gru = nn.GRU(seen, settings.hidden, batch_first=True)
            seen += settings.hidden
        self.drop = nn.Dropout(dropout)
        self.out = nn.ModuleList(nn.Linear(seen, count) for count in types)

    def forward(
        self, vectors: Tensor, flags: Tensor, state: tuple[Tensor, Tensor | None] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor | None]]:
        """Read consecutive steps.

        Args:
            vectors: (traces, steps, width).
            flags: Rows of the flag table, (traces, steps, flags).
            state: What the steps before left behind; None at the beginning of a trace.

        Returns:
            Input of the last layer, (traces, steps, features), and the state for what follows.
        """
        now = self.norm(vectors)
        count, steps, width = now.shape
        before, memory = state or (now.new_zeros(count, self.earlier, width), None)
        line = torch.cat([before, now], dim=1)
        parts = [now]
        parts += [line[:, self.earlier - k : self.earlier - k + steps] for k in self._back()]
        parts.append(self.flags(flags.flatten(0, 1)).view(count, steps, -1))
        seen = self.drop(torch.cat(parts, dim=-1))
        if self.gru is not None:
            read, memory = self.gru(seen, memory)
            seen = torch.cat([seen, self.drop(read)], dim=-1)
        return seen, (line[:, line.shape[1] - self.earlier :], memory)

    def _back(self) -> range:
        return range(1, self.earlier + 1)


class Net(nn.Module):
    """Encoder and head.

    Args:
        settings: Of the net; `pooling` resolved.
        body: A model of transformers.
        types: As for `Head`.
        dropout: As for `Head`.
    """

    def __init__(
        self, settings: EncoderSettings, body: Any, types: Sequence[int], dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.settings = settings
        self.types = tuple(types)
        self.encoder = body
        self.width = int(body.config.hidden_size)
        self.head = Head(settings, self.width, types, dropout)

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return self.head.norm.weight.device

    def encode(self, steps: Sequence[StepInput]) -> Tensor:
        """Step vectors of a few steps, padded to the longest, (steps, width)."""
        longest = max(len(step.ids) for step in steps)
        ids = torch.zeros(len(steps), longest, dtype=torch.long)
        mask = torch.zeros(len(steps), longest, dtype=torch.long)
        pooled = torch.zeros(len(steps), longest)
        for row, step in enumerate(steps):
            size = len(step.ids)
            ids[row, :size] = torch.tensor(step.ids)
            mask[row, :size] = 1
            if self.settings.pooling == "mean":
                pooled[row, step.own : size] = 1 / (size - step.own)
            else:
                pooled[row, 0 if self.settings.pooling == "cls" else size - 1] = 1
        ids, mask, pooled = (t.to(self.device) for t in (ids, mask, pooled))
        tokens = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        vectors = torch.einsum("st,std->sd", pooled, tokens)
        return nn.functional.normalize(vectors, dim=-1) if self.settings.normalize else vectors

    def encode_batch(self, steps: Sequence[StepInput]) -> Tensor:
        """Step vectors of many steps, in batches of like length, (steps, width).

        Fast, but the company a step is in moves the last digits of its vector: for training and
        distillation only, never for a frozen tagger's labels.
        """
        order = sorted(range(len(steps)), key=lambda i: len(steps[i].ids))
        chunks: list[list[int]] = []
        for i in order:
            if not chunks or (len(chunks[-1]) + 1) * len(steps[i].ids) > _CHUNK_TOKENS:
                chunks.append([])
            chunks[-1].append(i)
        vectors = torch.cat([self.encode([steps[i] for i in chunk]) for chunk in chunks])
        back = torch.empty(len(order), dtype=torch.long)
        back[torch.tensor(order)] = torch.arange(len(order))
        return vectors[back.to(vectors.device)]


def flags_of(steps: Sequence[StepInput]) -> Tensor:
    """Flag rows of steps, (steps, flags)."""
    import numpy as np

    return torch.from_numpy(np.stack([step.flags for step in steps]))
