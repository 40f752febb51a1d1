"""An exported folder under plain transformers and plain vLLM: the same greedy completions.

    suffice export runs/first --output exported/first
    python -m tests.end_to_end.exported exported/first [--prompts 20] [--tokens 300]
    python -m tests.end_to_end.exported exported/adapter --base BASE_FOLDER

Nothing of the kit loads or samples: whoever is given the folder has these two libraries alone.
Prompts are problems of the overthinker's test split in the folder's own chat template. An adapter
is loaded onto its base, by PEFT and as a LoRA request of vLLM. The exit code is 1 if a completion
parts where the two likeliest tokens are not within 0.001 of each other.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rl.problems.registry import load_problems
from tests.end_to_end.engines import gap, parting

TIE = 1e-3


def with_transformers(folder: Path, base: str | None) -> tuple[Any, Any]:
    """Model and tokenizer of the folder, an adapter merged into nothing but put onto its base."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(base or folder, dtype="float32")
    if base:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, folder)
    return model.eval(), tokenizer


def greedy(model: Any, prompts: Sequence[Sequence[int]], tokens: int) -> list[list[int]]:
    """Greedy completions of `generate`, one prompt at a time."""
    import torch

    found = []
    for ids in prompts:
        with torch.inference_mode():
            out = model.generate(
                input_ids=torch.tensor([list(ids)]),
                attention_mask=torch.ones(1, len(ids), dtype=torch.long),
                max_new_tokens=tokens,
                do_sample=False,
            )
        found.append(out[0, len(ids) :].tolist())
    return found


def greedy_vllm(
    folder: Path, base: str | None, prompts: Sequence[Sequence[int]], tokens: int
) -> list[list[int]]:
    """The same from vLLM as anybody starts it."""
    from vllm import LLM, SamplingParams
    from vllm.lora.request import LoRARequest

    longest = max(len(ids) for ids in prompts) + tokens
    llm = LLM(
        model=str(base or folder),
        tokenizer=str(folder),
        dtype="float32",
        enforce_eager=True,
        max_model_len=longest,
        enable_lora=base is not None,
        max_lora_rank=64,
    )
    request = LoRARequest("policy", 1, str(folder.resolve())) if base else None
    outputs = llm.generate(
        [{"prompt_token_ids": list(ids)} for ids in prompts],
        SamplingParams(temperature=0.0, max_tokens=tokens),
        lora_request=request,
    )
    return [list(output.outputs[0].token_ids) for output in outputs]


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, compare, print; 1 if completions part for no tie."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="exported policy or adapter")
    parser.add_argument("--base", help="folder of the base, for an adapter")
    parser.add_argument("--prompts", type=int, default=20)
    parser.add_argument("--tokens", type=int, default=300)
    args = parser.parse_args(arguments)
    model, tokenizer = with_transformers(args.folder, args.base)
    problems = load_problems("overthinker", "test", args.prompts, 0)
    prompts = [
        tokenizer.apply_chat_template(
            [{"role": "user", "content": p.question}],
            add_generation_prompt=True,
            return_dict=False,
        )
        for p in problems
    ]
    ours = greedy(model, prompts, args.tokens)
    theirs = greedy_vllm(args.folder, args.base, prompts, args.tokens)
    equal, apart = 0, 0
    for number, (ids, a, b) in enumerate(zip(prompts, ours, theirs, strict=True)):
        if a == b:
            equal += 1
            continue
        at = parting(a, b)
        distance = gap(model, [*ids, *a[:at]])
        apart += distance > TIE
        print(f"  prompt {number} parts at token {at}: gap {distance:.2e}")
    print(f"equal completions: {equal} of {len(prompts)} ({sum(map(len, ours))} tokens)")
    return 1 if apart else 0


if __name__ == "__main__":
    sys.exit(main())
