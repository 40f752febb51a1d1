"""The shape of a decoder: how many parameters, which a LoRA adds, how large a token's cache is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tagger.errors import UserError, unknown_name

KNOWN_TYPES = ("llama", "mistral", "qwen2", "qwen3", "gpt_oss")
"""``model_type`` of the architectures that can be planned."""
ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
MLP = ("gate_proj", "up_proj", "down_proj")
ALL_LINEAR = "all-linear"


@dataclass(frozen=True)
class ModelShape:
    """A decoder of transformers.

    Attributes:
        kind: ``model_type``, one of `KNOWN_TYPES`.
        layers: Decoder layers.
        hidden: Width of the residual stream.
        heads: Query heads.
        kv_heads: Key and value heads.
        head_dim: Width of a head.
        inner: Width of the MLP, of an expert's if there are some.
        vocab: Rows of the embedding.
        tied: Whether the output layer is the embedding.
        context: Positions, None if the config names none.
        experts: Experts of a layer; 0 for a dense MLP.
        active_experts: Experts that a token goes through.
    """

    kind: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    inner: int
    vocab: int
    tied: bool
    context: int | None = None
    experts: int = 0
    active_experts: int = 0

    @property
    def linears(self) -> dict[str, tuple[int, int]]:
        """Linear layers of a decoder layer that a LoRA can be put on: inputs and outputs.

        Experts are none: transformers keeps them in one tensor, which ``all-linear`` passes over.
        """
        query, key = self.heads * self.head_dim, self.kv_heads * self.head_dim
        found = {
            "q_proj": (self.hidden, query),
            "k_proj": (self.hidden, key),
            "v_proj": (self.hidden, key),
            "o_proj": (query, self.hidden),
        }
        if not self.experts:
            found |= {
                "gate_proj": (self.hidden, self.inner),
                "up_proj": (self.hidden, self.inner),
                "down_proj": (self.inner, self.hidden),
            }
        return found

    @property
    def layer_parameters(self) -> int:
        """Parameters of one decoder layer."""
        return self._layer(self.experts)

    @property
    def embedding_parameters(self) -> int:
        """Parameters of the embedding, which are those of the output layer, too."""
        return self.vocab * self.hidden

    @property
    def parameters(self) -> int:
        """All parameters, a tied embedding counted once."""
        return self._total(self.experts)

    @property
    def active_parameters(self) -> int:
        """Parameters that a token goes through, embeddings included."""
        return self._total(self.active_experts)

    def _total(self, experts: int) -> int:
        embeddings = self.embedding_parameters * (1 if self.tied else 2)
        return self.layers * self._layer(experts) + embeddings + self.hidden

    def _layer(self, experts: int) -> int:
        linear = sum(a * b for a, b in self.linears.values())
        norms = 2 * self.hidden
        query, key = self.heads * self.head_dim, self.kv_heads * self.head_dim
        if self.kind == "qwen2":
            return linear + norms + query + 2 * key  # biases
        if self.kind == "qwen3":
            return linear + norms + 2 * self.head_dim  # norms of queries and keys
        if self.kind == "gpt_oss":
            biases = query + 2 * key + self.hidden
            expert = 3 * self.hidden * self.inner + 2 * self.inner + self.hidden
            router = self.experts * (self.hidden + 1)
            return linear + norms + biases + self.heads + experts * expert + router
        return linear + norms

    @property
    def matrices(self) -> list[tuple[int, int, int]]:
        """Rows, columns and number of all matrices; what is left are vectors."""
        found = [(a, b, self.layers) for a, b in self.linears.values()]
        found.append((self.vocab, self.hidden, 1 if self.tied else 2))
        if self.experts:
            each = self.layers * self.experts
            found += [(self.hidden, 2 * self.inner, each), (self.inner, self.hidden, each)]
            biases_and_router = (2 * self.inner, self.hidden, self.hidden)
            found += [(self.experts, width, self.layers) for width in biases_and_router]
        return found

    def lora_matrices(
        self, rank: int, targets: str | Iterable[str] = ALL_LINEAR
    ) -> list[tuple[int, int, int]]:
        """Rows, columns and number of the matrices of a LoRA.

        Args:
            rank: Its ``r``.
            targets: ``all-linear``, or names of linear layers as in `linears`.

        Raises:
            UserError: A layer that the model has not.
        """
        known = self.linears
        if isinstance(targets, str):
            targets = known if targets == ALL_LINEAR else [targets]
        found = []
        for name in targets:
            if name not in known:
                raise unknown_name("layer in lora.target_modules", name, known)
            found += [(rank, width, self.layers) for width in known[name]]
        return found

    def cache_token_bytes(self, value_bytes: float) -> float:
        """Bytes of the keys and values of one token in all layers."""
        return 2 * self.layers * self.kv_heads * self.head_dim * value_bytes


def shape_from_config(config: Mapping[str, Any], name: str) -> ModelShape:
    """The shape that a ``config.json`` describes.

    Args:
        config: Its keys and values.
        name: What to call the model in errors.

    Raises:
        UserError: An architecture that cannot be planned, or a key that is missing or no number.
    """
    config = config.get("text_config", config)
    kind = config.get("model_type")
    if kind not in KNOWN_TYPES:
        raise UserError(
            f"The model {name} is of the type {kind!r}, which cannot be planned; planned are "
            f"{', '.join(KNOWN_TYPES)}."
        )

    def number(key: str) -> int:
        value = config.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise UserError(f"The config of {name} has {key} {value!r}; it must be a number.")
        return value

    hidden, heads = number("hidden_size"), number("num_attention_heads")
    context = config.get("max_position_embeddings")
    moe = kind == "gpt_oss"
    return ModelShape(
        kind=kind,
        layers=number("num_hidden_layers"),
        hidden=hidden,
        heads=heads,
        kv_heads=number("num_key_value_heads") if "num_key_value_heads" in config else heads,
        head_dim=number("head_dim") if config.get("head_dim") else hidden // heads,
        inner=number("intermediate_size"),
        vocab=number("vocab_size"),
        tied=bool(config.get("tie_word_embeddings", False)),
        context=context if isinstance(context, int) else None,
        experts=number("num_local_experts") if moe else 0,
        active_experts=number("num_experts_per_tok") if moe else 0,
    )
