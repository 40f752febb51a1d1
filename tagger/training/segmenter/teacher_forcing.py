"""Log-probabilities a model gives to the tokens of finished thinking.

The model reads each trace once (teacher forcing), in a batch of several and in windows, so that
no more than one window's scores over the vocabulary are held at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tagger.errors import UserError
from tagger.thinking.split import PromptEnd, delimiters_from_tokenizer, prompt_end
from tagger.thinking.token_text import char_ends
from tagger.traces.labelled import Trace
from tagger.training.segmenter.token_scores import ScoredTrace

WINDOW = 256
"""Positions of each trace whose scores are held at a time."""


def load_scorer(name: str) -> tuple[Any, Any]:
    """Load a causal language model and its tokenizer.

    Args:
        name: A local folder or a Hub name.

    Returns:
        The model in evaluation mode (on a GPU if there is one), and the tokenizer.

    Raises:
        UserError: One of them cannot be loaded.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(name)
        model = AutoModelForCausalLM.from_pretrained(name, dtype="auto", use_safetensors=True)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise UserError(f"Cannot load the model {name!r}: {reason}.") from error
    if torch.cuda.is_available():
        return model.to("cuda").eval(), tokenizer
    return model.float().eval(), tokenizer  # half precision is many times slower on a CPU


def prompt_ids(tokenizer: Any, question: str) -> list[int]:
    """Ids of what stands before the thinking: the prompt, and the opening delimiter.

    Args:
        tokenizer: The model's tokenizer.
        question: The problem text. Empty, or without a chat template, there is no chat: the
            thinking follows the question and a blank line, or the first token alone.

    Returns:
        At least one id.

    Raises:
        UserError: There is nothing to begin with: no question and no first or end token.
    """
    if question and tokenizer.chat_template is not None:
        messages = [{"role": "user", "content": question}]
        prompt = str(
            tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        )
        try:
            delimiters = delimiters_from_tokenizer(tokenizer)
        except UserError:  # a model without thinking of its own: the thinking is its answer
            delimiters = None
        if delimiters and prompt_end(prompt, delimiters) is not PromptEnd.INSIDE:
            prompt += delimiters.open + "\n"
        return [int(i) for i in tokenizer.encode(prompt, add_special_tokens=False)]
    ids = tokenizer.encode(f"{question}\n\n" if question else "")
    if not ids:
        first = tokenizer.bos_token_id
        first = tokenizer.eos_token_id if first is None else first
        if first is None:
            raise UserError(
                "The tokenizer has neither a first nor an end token to begin a trace with; "
                'give each row a "question".'
            )
        ids = [first]
    return [int(i) for i in ids]


def score_traces(
    traces: Sequence[Trace],
    model: Any,
    tokenizer: Any,
    batch_size: int = 4,
    max_tokens: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[ScoredTrace]:
    """Score the thinking of traces.

    Args:
        traces: The traces; an empty thinking is passed over.
        model: A causal language model of transformers.
        tokenizer: Its tokenizer.
        batch_size: Traces read at once.
        max_tokens: Only so many tokens of each thinking are scored; None scores all that fit
            the model's context.
        progress: Called with the number of traces done.

    Yields:
        The scored traces, long ones first.
    """
    context = getattr(model.config, "max_position_embeddings", None)
    rows = []
    for trace in traces:
        thinking = tokenizer.encode(trace.thinking.strip(), add_special_tokens=False)
        prompt = prompt_ids(tokenizer, trace.question)
        room = min(max_tokens or len(thinking), (context or 10**9) - len(prompt))
        if thinking and room > 0:
            rows.append((trace.id, prompt, [int(i) for i in thinking[:room]]))
    rows.sort(key=lambda row: -len(row[1]) - len(row[2]))  # little padding, the worst first
    done = len(traces) - len(rows)
    for at in range(0, len(rows), batch_size):
        batch = rows[at : at + batch_size]
        scores = _logprobs([prompt + ids for _, prompt, ids in batch], model)
        for (name, prompt, ids), row in zip(batch, scores, strict=True):
            text, ends = char_ends(tokenizer, ids)
            pieces = tuple(text[a:b] for a, b in zip([0, *ends][: len(ends)], ends, strict=True))
            yield ScoredTrace(name, pieces, tuple(row[len(prompt) - 1 :]))
        done += len(batch)
        if progress is not None:
            progress(done)


def _logprobs(sequences: Sequence[Sequence[int]], model: Any) -> list[list[float]]:
    """Log-probability of every token but the first, given those before it.

    Padding stands at the end, where no token of the sequence sees it.
    """
    import torch

    width = max(map(len, sequences))
    padded = [[*ids, *[0] * (width - len(ids))] for ids in sequences]
    ids = torch.tensor(padded, device=model.device)
    found, cache = [], None
    with torch.inference_mode():
        for start in range(0, width - 1, WINDOW):
            end = min(start + WINDOW, width - 1)
            out = model(input_ids=ids[:, start:end], past_key_values=cache, use_cache=True)
            cache = out.past_key_values
            logits = out.logits.float()
            chosen = logits.gather(2, ids[:, start + 1 : end + 1, None])[..., 0]
            found.append(chosen - logits.logsumexp(dim=2))
    rows = torch.cat(found, dim=1).clamp(max=0.0).cpu().tolist() if found else [[]] * len(ids)
    return [row[: len(s) - 1] for row, s in zip(rows, sequences, strict=True)]
