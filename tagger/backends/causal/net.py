"""The net, in PyTorch; imported only where it is built."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from tagger.backends.causal.settings import CausalSettings
from tagger.backends.causal.windows import Span
from tagger.backends.pretrained.weights import load_weights, refuse_missing
from tagger.errors import UserError

_NOT_SHAPE = ("torch_dtype", "dtype", "_name_or_path", "_model_name_or_path",
              "transformers_version", "quantization_config", "auto_map")  # fmt: skip


def part_of_config(config_text: str, first: int, last: int) -> Any:
    """Configuration of some consecutive layers of a model.

    Args:
        config_text: Content of the whole model's ``config.json``.
        first: First layer.
        last: One past the last.

    Returns:
        A config of transformers.

    Raises:
        UserError: The model has too few layers, or transformers does not know its kind.
    """
    from transformers import AutoConfig

    try:
        values = json.loads(config_text)
        for key in _NOT_SHAPE:
            values.pop(key, None)
        depth = int(values["num_hidden_layers"])
        for key, value in values.items():  # a list of that length has an entry a layer
            if isinstance(value, list) and len(value) == depth:
                values[key] = value[first:last]
        values["num_hidden_layers"] = last - first
        config = AutoConfig.for_model(values.pop("model_type"), **values)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"transformers cannot build the language model from its config.json ({error!r}); "
            "choose a Llama- or Qwen-like model that needs no code of its own."
        ) from error
    if last > depth:
        raise UserError(
            f"The language model has {depth} layers, lower and upper ask for {last}; "
            "make them smaller."
        )
    return config


def build_body(config: Any) -> Any:
    """Build layers without their weights, and without the norm after the last one.

    The caller's random numbers stay as they are.

    Raises:
        UserError: The model is not made of ``embed_tokens``, ``layers`` and ``norm``.
    """
    from transformers import AutoModel

    with torch.random.fork_rng(devices=[]):
        try:
            body = AutoModel.from_config(config)
        except ValueError as error:
            raise UserError(
                f"transformers cannot build the language model ({error}); choose a Llama- or "
                "Qwen-like model that needs no code of its own."
            ) from error
    return without_norm(body)


def without_norm(body: Any) -> Any:
    """Take the norm after the last layer away: it was made for another layer's states.

    Raises:
        UserError: The model is not made of ``embed_tokens``, ``layers`` and ``norm``.
    """
    lacking = [n for n in ("embed_tokens", "layers", "norm") if not hasattr(body, n)]
    if lacking:
        raise UserError(
            f"The language model ({type(body).__name__}) has no .{lacking[0]}; choose a Llama- or "
            "Qwen-like model."
        )
    body.norm = nn.Identity()
    return body


class Head(nn.Module):
    """From the states of tokens to scores of the steps they make up.

    Args:
        width: Numbers a token.
        hidden: Of the hidden layer.
        types: Number of types.
        dropout: In training.
    """

    def __init__(self, width: int, hidden: int, types: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(2 * width)
        self.drop = nn.Dropout(dropout)
        self.hidden = nn.Linear(2 * width, hidden)
        self.out = nn.Linear(hidden, types)

    def forward(self, states: Tensor, spans: Sequence[Span]) -> Tensor:
        """Score steps from the mean of their tokens' states and the last of them.

        Args:
            states: (tokens, width).
            spans: Where the steps stand.

        Returns:
            (steps, types).
        """
        sums = torch.cat([states.new_zeros(1, states.shape[1]), states.cumsum(0)])
        starts = torch.tensor([s.start for s in spans], device=states.device)
        ends = torch.tensor([s.end for s in spans], device=states.device)
        mean = (sums[ends] - sums[starts]) / (ends - starts)[:, None]
        seen = self.drop(self.norm(torch.cat([mean, states[ends - 1]], dim=1)))
        scores: Tensor = self.out(self.drop(torch.relu(self.hidden(seen))))
        return scores


class Net(nn.Module):
    """Layers of a language model, and the head.

    Args:
        settings: Of the net.
        body: From `build_body`: all layers, or the upper ones alone.
        types: Number of types.
        dropout: Of the head, in training.
    """

    def __init__(
        self, settings: CausalSettings, body: Any, types: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.settings = settings
        self.types = types
        self.body = body
        self.head = Head(int(body.config.hidden_size), settings.hidden, types, dropout)

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return self.head.norm.weight.device

    def forward(self, given: Tensor, spans: Sequence[Span], cache: Any = None) -> Tensor:
        """Read tokens and score steps.

        Args:
            given: Token ids, (tokens,), or their states below the layers, (tokens, width).
            spans: Where the steps stand, counted from the first of these tokens.
            cache: What was read before, a cache of transformers; grows. None reads from nothing.

        Returns:
            (steps, types).
        """
        states = states_of(self.body, given, cache)
        with torch.autocast(states.device.type, enabled=False):  # scores need more than 8 bits
            scores: Tensor = self.head(states.float(), spans)
        return scores


def states_of(body: Any, given: Tensor, cache: Any = None) -> Tensor:
    """States of tokens above the last layer of a body, (tokens, width); as `Net.forward`."""
    name = "inputs_embeds" if given.is_floating_point() else "input_ids"
    read = body(**{name: given[None]}, past_key_values=cache, use_cache=cache is not None)
    states: Tensor = read.last_hidden_state[0]
    return states


def load_body(folder: str, config: Any) -> Any:
    """Load consecutive first layers of a model, in float32, without the norm after the last.

    Args:
        folder: What `save_pretrained` wrote.
        config: From `part_of_config`, its first layer 0.

    Raises:
        UserError: The model is not made of ``embed_tokens``, ``layers`` and ``norm``, or the
            weights cannot be read or do not fit its config.
    """
    body, missing = load_weights("language model", folder, config)
    without_norm(body)
    refuse_missing("language model", folder, missing)
    return body.eval()


def cut_in_two(body: Any, config_text: str, settings: CausalSettings) -> tuple[Any, Any]:
    """Cut a body into its lower layers and its upper ones, which have no token embeddings.

    Raises:
        UserError: Upper on lower layers do not give what the whole body gives, as where a model
            does something of its own between embeddings and layers.
    """
    weights, at = body.state_dict(), settings.lower
    lower = build_body(part_of_config(config_text, 0, at))
    upper = build_body(part_of_config(config_text, at, at + settings.upper))
    upper.embed_tokens = None
    lower.load_state_dict({name: weights[name] for name in lower.state_dict()})
    upper.load_state_dict({n: weights[_layer_moved(n, at)] for n in upper.state_dict()})
    ids = torch.arange(min(16, int(body.config.vocab_size)))
    with torch.inference_mode():
        whole = states_of(body.eval(), ids)
        parts = states_of(upper.eval(), states_of(lower.eval(), ids))
    if not torch.allclose(whole, parts, rtol=1e-3, atol=1e-3 * float(whole.abs().max())):
        raise UserError(
            f"The language model ({type(body).__name__}) does more between its embeddings and its "
            "layers than is read here; choose a Llama- or Qwen-like model."
        )
    return lower, upper


def join(body: Any, upper: Net) -> Net:
    """Put trained upper layers, and their head, on the whole body they were cut from."""
    settings = upper.settings
    with torch.random.fork_rng(devices=[]):
        net = Net(settings, body, upper.types)
    moved = {_layer_moved(n, settings.lower): v.cpu() for n, v in upper.body.state_dict().items()}
    net.body.load_state_dict(body.state_dict() | moved)
    net.head.load_state_dict(upper.head.state_dict())
    return net.eval()


def _layer_moved(name: str, by: int) -> str:
    """Name of a weight of ``layers.N`` as that of a higher layer."""
    kind, number, rest = name.split(".", 2)
    return f"{kind}.{int(number) + by}.{rest}"
