"""Builds the overthinker from seed: tokenizer, written traces, supervised warm start.

suffice overthinker build --output my-overthinker
suffice overthinker build --config configs/overthinker-2.yaml --output my-overthinker-2
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le

from rl.overthinker.second import write_second
from rl.overthinker.traces import Trace, write_trace
from rl.policy.allocator import keep_freed_memory
from rl.policy.load import OVERTHINKER, load_policy, resolve_model
from rl.policy.prompts import Prompting
from rl.problems.overthinker import BANDS, make_problems
from rl.problems.problem import Problem
from rl.problems.programs import program_for
from tagger.config.settings import Settings
from tagger.errors import UserError
from tagger.files import read_json, write_json

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
)
"""ChatML; the opening delimiter is prefilled, as reasoning models' templates do."""

WRITTEN_BANDS = ("easy", "search", "medium", "search", "hard", "search", "beyond", "search")
"""Bands of the second edition's traces, in turn; the first edition knows no searches."""

SPECIAL_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>")


@dataclass(frozen=True)
class BuildSettings(Settings):
    """Settings of a build.

    Attributes:
        edition: 1, of mistakes written on purpose; 2, of mistakes from what the model cannot do in
            one pass, with terse work and searches.
        traces: Written traces the warm start sees, each once.
        vocabulary: Size of the byte-level BPE vocabulary.
        hidden: Width of the model.
        layers: Its depth.
        heads: Attention heads.
        batch_size: Traces a step.
        learning_rate: Peak of the cosine schedule.
        start: Model folder, or ``overthinker``, that training begins from, tokenizer included; its
            sizes must be those of the settings. None for random weights.
        seed: Seed of everything.
    """

    edition: Annotated[int, Ge(1), Le(2)] = 1
    traces: Annotated[int, Ge(1)] = 64_000
    vocabulary: Annotated[int, Ge(1)] = 512
    hidden: Annotated[int, Ge(1)] = 128
    layers: Annotated[int, Ge(1)] = 3
    heads: Annotated[int, Ge(1)] = 4
    batch_size: Annotated[int, Ge(1)] = 16
    learning_rate: Annotated[float, Gt(0)] = 2e-3
    start: str | None = None
    seed: Annotated[int, Ge(0)] = 0


def written_traces(size: int, seed: int, edition: int = 1) -> Iterator[tuple[Problem, Trace]]:
    """Problems of the train split with a written trace each.

    The second edition's are of all bands, `beyond` included: what the model can do there it has
    from here, and no reward is ever given there.
    """
    rng = random.Random(f"traces/{seed}")
    bands, write = (BANDS, write_trace) if edition == 1 else (WRITTEN_BANDS, write_second)
    for problem in make_problems("train", size, seed, bands=bands, unique=False):
        program = program_for(problem.family, problem.metadata)
        yield problem, write(program, problem.band, rng)


def labelled_rows(size: int, seed: int, edition: int = 1) -> Iterator[dict[str, Any]]:
    """Written traces as labelled rows, the format `suffice tagger train` reads."""
    for i, (problem, trace) in enumerate(written_traces(size, seed, edition)):
        yield {
            "id": f"overthinker-{seed}-{i}",
            "dataset": "overthinker",
            "model": "overthinker-writer",
            "question": problem.question,
            "reference": problem.reference,
            "steps": [text for text, _ in trace.steps],
            "labels": {str(j): tag for j, (_, tag) in enumerate(trace.steps)},
        }


def train_tokenizer(texts: Iterator[str], vocabulary: int) -> Any:
    """Train a byte-level BPE with single digits (a leading space may join a digit).

    Returns:
        A `PreTrainedTokenizerFast` with the chat template; ``<think>`` and ``</think>`` are
        single tokens that decoding keeps.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r" ?\d| ?[^\W\d_]+| ?[^\s\w]+|\s+|_"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - 2,
        special_tokens=list(SPECIAL_TOKENS[:3]),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    kept = [AddedToken(text, special=False, normalized=False) for text in SPECIAL_TOKENS[3:]]
    tokenizer.add_tokens(kept)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        padding_side="left",
        model_max_length=1024,
        clean_up_tokenization_spaces=False,
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


def new_model(settings: BuildSettings, tokenizer: Any) -> Any:
    """A freshly initialised Qwen3 of about 0.7 million parameters."""
    from transformers import Qwen3Config, Qwen3ForCausalLM, set_seed

    set_seed(settings.seed)
    config = Qwen3Config(
        vocab_size=settings.vocabulary,
        hidden_size=settings.hidden,
        intermediate_size=3 * settings.hidden,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.heads,
        num_key_value_heads=settings.heads,
        head_dim=settings.hidden // settings.heads,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return Qwen3ForCausalLM(config)


def _new(settings: BuildSettings, pairs: list[tuple[Problem, Trace]]) -> tuple[Any, Any]:
    """A fresh model, and a tokenizer trained on some of the traces."""
    tokenizer = train_tokenizer(
        (text for p, t in pairs[:5_000] for text in (p.question, t.completion)),
        settings.vocabulary,
    )
    return new_model(settings, tokenizer), tokenizer


def _check_start(settings: BuildSettings, start: str) -> None:
    """Refuse a model to begin from that is of other sizes than the settings say.

    Raises:
        UserError: It is, or is no folder.
    """
    file = Path(resolve_model(start)) / "config.json"
    if not file.is_file():
        raise UserError(f"start is {start!r}; name a model folder, or {OVERTHINKER!r}.")
    keys = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads")
    config = read_json(file, "name a folder that holds an overthinker", keys=keys)
    sizes = {
        "vocabulary": config["vocab_size"],
        "hidden": config["hidden_size"],
        "layers": config["num_hidden_layers"],
        "heads": config["num_attention_heads"],
    }
    for name, size in sizes.items():
        if getattr(settings, name) != size:
            raise UserError(
                f"{name} is {getattr(settings, name)}, but the model {start!r} that training "
                f"begins from has {size}; leave start out, or set {name}={size}."
            )


def tokenized(tokenizer: Any, problem: Problem, trace: Trace) -> dict[str, list[int]]:
    """A trace as token ids and labels; labels of what is not learned are -100.

    Args:
        tokenizer: Of the model.
        problem: What is asked; the prompt is not learned.
        trace: Its unlearned spans are read only: a token is left out if it overlaps one.
    """
    prompt = tokenizer(Prompting().render(tokenizer, problem.question), add_special_tokens=False)
    encoded = tokenizer(trace.completion, add_special_tokens=False, return_offsets_mapping=True)
    ids, end = encoded["input_ids"], [tokenizer.eos_token_id]
    spans = trace.unlearned
    learned = [
        -100 if any(first < stop and last > start for start, stop in spans) else token
        for token, (first, last) in zip(ids, encoded["offset_mapping"], strict=True)
    ]
    front = prompt["input_ids"]
    return {
        "input_ids": [*front, *ids, *end],
        "labels": [*[-100] * len(front), *learned, *end],
    }


def _warm_start(
    model: Any, tokenizer: Any, rows: list[dict[str, list[int]]], scratch: Path,
    settings: BuildSettings,
) -> None:  # fmt: skip
    """Supervised epochs over token ids and labels, in place."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    arguments = SFTConfig(
        output_dir=str(scratch),
        per_device_train_batch_size=settings.batch_size,
        num_train_epochs=1,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=50,
        weight_decay=0.01,
        adam_beta2=0.98,
        max_length=512,
        train_sampling_strategy="group_by_length",
        bf16=False,
        use_cpu=True,
        gradient_checkpointing=False,
        logging_steps=25,
        save_strategy="no",
        report_to="none",
        seed=settings.seed,
        data_seed=settings.seed,
    )
    SFTTrainer(
        model=model,
        processing_class=tokenizer,
        train_dataset=Dataset.from_list(rows),
        args=arguments,
    ).train()


def build(output: Path, settings: BuildSettings | None = None) -> Path:
    """Build the overthinker into a new folder; the same settings give the same weights.

    Args:
        output: New folder.
        settings: What to build; the defaults make the packaged model.

    Returns:
        The folder, with model, tokenizer and ``build.json``.

    Raises:
        UserError: The folder exists, or `start` is of other sizes.
    """
    if output.exists():
        raise UserError(f"Output folder {output} exists; name a new one with --output.")
    settings = settings or BuildSettings()
    if settings.start is not None:
        _check_start(settings, settings.start)
    from transformers import GenerationConfig

    keep_freed_memory()
    pairs = list(written_traces(settings.traces, settings.seed, settings.edition))
    if settings.start is None:
        model, tokenizer = _new(settings, pairs)
    else:
        policy = load_policy(settings.start, trains_weights=True, device="cpu")
        model, tokenizer = policy.model, policy.tokenizer
    traces = [tokenized(tokenizer, problem, trace) for problem, trace in pairs]
    with tempfile.TemporaryDirectory() as scratch:
        _warm_start(model, tokenizer, traces, Path(scratch), settings)
    model.generation_config = GenerationConfig(
        do_sample=True,
        temperature=1.0,
        top_k=0,
        top_p=1.0,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model.save_pretrained(output)
    tokenizer.save_pretrained(output)
    write_json(output / "build.json", settings.to_dict())
    return output
