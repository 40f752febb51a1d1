"""Converts SmolLM2 from its PyPI package into a new cache and asks it three things, greedily.

OMP_NUM_THREADS=1 python -m tests.end_to_end.smollm2

Prints the seconds of the conversion and every answer; exits with 1 if one lacks its word.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time

QUESTIONS = {
    "What is the capital of France?": "Paris",
    "What is 7 + 5? Answer with the number.": "12",
    "What is the opposite of hot?": "cold",
}


def main() -> int:
    """Convert, ask, compare."""
    from rl.policy.load import load_policy
    from rl.sampling.sampler import Sampler, SamplingSettings
    from tagger.thinking.families import THINK

    with tempfile.TemporaryDirectory() as cache:
        os.environ["SUFFICE_CACHE"] = cache
        started = time.perf_counter()
        policy = load_policy("smollm2", THINK.delimiters, device="cpu")
        print(f"converted and loaded in {time.perf_counter() - started:.0f} s")
        settings = SamplingSettings(temperature=0.0, max_new_tokens=24)
        sampler = Sampler(policy.model, policy.tokenizer, policy.delimiters, settings)
        prompts = policy.prompting.render_all(policy.tokenizer, list(QUESTIONS))
        answers = [done.text for done in sampler.sample(prompts)]
    failed = 0
    for (question, word), answer in zip(QUESTIONS.items(), answers, strict=True):
        found = word.lower() in answer.lower()
        failed += not found
        print(f"{'ok' if found else 'LACKS ' + word}: {question} -> {answer!r}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
