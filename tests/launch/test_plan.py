"""`suffice plan`: tables, defaults, and machines that are too small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from launch.cli import main


def test_a_recipe_is_planned_for_what_it_is_meant_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "qwq-32b/math"]) == 0
    shown = capsys.readouterr().out
    assert "qwq-32b/math, arm control, on 4 GPUs of 80 GiB" in shown
    assert "gathered weights" in shown and "rough estimate for a100-80" in " ".join(shown.split())
    assert "fsdp2 fits; zero3 and zero3_offload would fit, too." in shown


def test_a_config_and_words_are_planned_as_a_run_reads_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["plan", "grpo.gradient_accumulation_steps=1", "--config", "configs/quickstart.yaml"]
    assert main([*words, "--gpus", "0", "--gpu-memory", "16"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "16 rollouts of 2 problems, at most 9,856 tokens" in shown and "cpu fits." in shown


def test_an_optimiser_that_is_not_counted_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["plan", "qwq-32b/math", "grpo.optim=lomo"]
    assert main(words) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "optimiser lomo; its states are not known to the plan and counted as AdamW's" in shown
    assert main(words[:2]) == 0 and "optimiser lomo" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("qwen3-8b/math --gpus 1 --gpu-memory 24", "does not fit: zero3_offload needs"),
        ("qwen3-1.7b/gsm8k --gpus 1 --gpu-memory 16", "set grpo.vllm_enable_sleep_mode=true"),
        ("qwen3-1.7b/gsm8k --gpu-memory 2", "take a GPU with more memory"),
        ("qwq-32b/math --gpus 3", "does not divide the 3 training GPUs"),
        ("smollm2-135m/gsm8k --gpus 3 --gpu l4 grpo.num_generations=7", "groups of 7"),
        ("qwq-32b/moth", "did you mean 'qwq-32b/math'?"),
        ("qwq-32b/math --arm contrl", "did you mean 'control'?"),
        ("", "Name one run: a recipe"),
        ("--config configs/quickstart.yaml", "How much memory?"),
        ("qwq-32b/math --gpu-memory lots", "'lots' is no memory in GiB"),
        ("qwq-32b/math --gpu h1000", "did you mean 'h100'?"),
        ("qwq-32b/math model=Qwen/Qwen9", "is no folder, and without a network"),
    ],
)
def test_mistakes_are_one_sentence(
    words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", *words.split()]) == 2
    error = capsys.readouterr().err.strip()
    assert said in error and "\n" not in error


def test_a_dry_run_tells_terms_that_change_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", "--dry-run", "--output", str(tmp_path / "run"), "model=overthinker"]
    words += ["grpo.max_completion_length=360", "reward.terms.step_count={weight: 0.01}"]
    words += ["reward.allow_charge_above_correctness=true"]
    assert main([*words, "reward.terms.soft_overlong={}"]) == 0
    assert "'soft_overlong' is 0 for every rollout of up to 360 tok" in capsys.readouterr().err
    fitting = "reward.terms.soft_overlong={limit: 200, buffer: 100}"
    assert main([*words, fitting, "reward.terms.length_target={}"]) == 0
    assert "teaches nothing" not in capsys.readouterr().err
    rows = [{"question": f"{i} + 1?", "answer": str(i + 1)} for i in range(20)]
    (tmp_path / "problems.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words.append(f"problems={{source: {tmp_path / 'problems.jsonl'}}}")
    assert main([*words, "reward.terms.length_target={}"]) == 2
    assert "no problem has budget in its metadata" in capsys.readouterr().err
