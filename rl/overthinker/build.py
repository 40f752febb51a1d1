"""Builds the overthinker from seed: tokenizer, written traces, supervised warm start.

suffice overthinker build --output my-overthinker
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Gt

from rl.overthinker.traces import Trace, write_trace
from rl.policy.allocator import keep_freed_memory
from rl.policy.prompts import Prompting
from rl.problems.overthinker import make_problems
from rl.problems.problem import Problem
from rl.problems.programs import program_for
from tagger.config.settings import Settings
from tagger.errors import UserError
from tagger.files import write_json

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
)
"""ChatML; the opening delimiter is prefilled, as reasoning models' templates do."""

SPECIAL_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>")


@dataclass(frozen=True)
class BuildSettings(Settings):
    """Settings of a build.

    Attributes:
        traces: Written traces the warm start sees, each once.
        vocabulary: Size of the byte-level BPE vocabulary.
        hidden: Width of the model.
        layers: Its depth.
        heads: Attention heads.
        batch_size: Traces a step.
        learning_rate: Peak of the cosine schedule.
        seed: Seed of everything.
    """

    traces: Annotated[int, Ge(1)] = 64_000
    vocabulary: Annotated[int, Ge(1)] = 512
    hidden: Annotated[int, Ge(1)] = 128
    layers: Annotated[int, Ge(1)] = 3
    heads: Annotated[int, Ge(1)] = 4
    batch_size: Annotated[int, Ge(1)] = 16
    learning_rate: Annotated[float, Gt(0)] = 2e-3
    seed: Annotated[int, Ge(0)] = 0


def written_traces(size: int, seed: int) -> Iterator[tuple[Problem, Trace]]:
    """Problems of the train split with a written trace each."""
    rng = random.Random(f"traces/{seed}")
    for problem in make_problems("train", size, seed, unique=False):
        program = program_for(problem.family, problem.metadata)
        yield problem, write_trace(program, problem.band, rng)


def labelled_rows(size: int, seed: int) -> Iterator[dict[str, Any]]:
    """Written traces as labelled rows, the format `suffice tagger train` reads."""
    for i, (problem, trace) in enumerate(written_traces(size, seed)):
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


def _warm_start(
    model: Any, tokenizer: Any, rows: list[dict[str, str]], scratch: Path, settings: BuildSettings
) -> None:
    """One supervised epoch over prompt-completion rows, in place."""
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
        completion_only_loss=True,
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
        UserError: The folder exists.
    """
    if output.exists():
        raise UserError(f"Output folder {output} exists; name a new one with --output.")
    from transformers import GenerationConfig

    keep_freed_memory()
    settings = settings or BuildSettings()
    pairs = list(written_traces(settings.traces, settings.seed))
    tokenizer = train_tokenizer(
        (text for p, t in pairs[:5_000] for text in (p.question, t.completion)),
        settings.vocabulary,
    )
    model = new_model(settings, tokenizer)
    traces = [
        {
            "prompt": Prompting().render(tokenizer, problem.question),
            "completion": trace.completion + tokenizer.eos_token,
        }
        for problem, trace in pairs
    ]
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
