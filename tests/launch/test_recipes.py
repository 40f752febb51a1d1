"""The packaged recipes: every one parses, resolves, fits what it is meant for, and is explained."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from launch.cli import main, parse
from launch.commands.recipes.explain import commands
from launch.recipes import FIELDS, RECIPES, find_recipe, read_hardware, recipe_names
from launch.settings import section
from launch.twins import control_of
from rl.comparison.config import compare_config, config_keys
from rl.comparison.policies import apply_words
from rl.policy.source import resolve_model
from rl.scale.memory import GIB, memory_of
from rl.scale.resolve import resolve
from rl.training.config import config_from_dict
from tagger.config.settings import read_yaml
from tagger.errors import UserError

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "recipes.md"
ARMS = ("control", "step_count", "length")
FIXED = "smollm2-135m/arithmetic"
"""Too short a run for a weight to be controlled: its charges have weights of their own."""
MODELS = {
    "smollm2-135m", "deepseek-r1-distill-qwen-1.5b", "deepseek-r1-distill-qwen-7b", "qwen3-1.7b",
    "qwen3-4b", "qwen3-8b", "qwq-32b", "gpt-oss-20b",
}  # fmt: skip


def test_every_model_has_a_recipe() -> None:
    assert {name.partition("/")[0] for name in recipe_names()} == MODELS


@pytest.mark.parametrize("name", recipe_names())
def test_a_recipe_resolves_and_fits_its_hardware(name: str) -> None:
    recipe = find_recipe(name)
    hardware = recipe.hardware
    assert recipe.arms == ARMS and set(FIELDS) <= set(recipe.notes) and recipe.about
    assert set(read_yaml(recipe.path)) == {"train", "arms", "compare"}
    control = recipe.output("control").as_posix()
    for arm in ARMS:
        found = resolve(recipe.config(arm), hardware.gpus)
        alone = arm == "control" or name == FIXED
        assert found.waits_for == (() if alone else (control,))
        memory = memory_of(found.shape, found.work, hardware.strategy, hardware.memory * GIB)
        assert memory.peak < 0.95 * hardware.memory * GIB


@pytest.mark.parametrize("name", recipe_names())
def test_the_arms_of_a_recipe_differ_in_the_reward_alone(name: str) -> None:
    recipe = find_recipe(name)
    plain = [recipe.config(arm).to_dict() for arm in ARMS]
    control, steps, length = (values.pop("reward")["terms"] for values in plain)
    assert plain[0] == plain[1] == plain[2]
    held = steps["step_count"]["weight"]
    assert recipe.config("control") == control_of(recipe.config("step_count"))
    assert control == {**steps, "step_count": {**steps["step_count"], "weight": 0}}
    if name == FIXED:
        assert held == 0.2 and set(length) == {*control, "length_target"}
    else:
        assert held["schedule"] == "accuracy_floor"
        assert length == {**control, "length_sigmoid": {"weight": held}}


def test_recipes_are_taken_by_trl_and_peft() -> None:
    from rl.policy.load import lora_config
    from rl.training.grpo_config import training_arguments

    for name in recipe_names():
        recipe = find_recipe(name)
        config = recipe.config("control")
        config.output = "unused"
        arguments = training_arguments(config, recipe.hardware.gpus > 0)
        assert arguments.max_steps == (10 if name == FIXED else 200)
        if config.lora is not None:
            assert lora_config(config.lora).r == config.lora["r"]


@pytest.mark.parametrize("name", ["smollm2-135m/gsm8k", "qwq-32b/math"])
def test_the_commands_of_a_recipe_are_valid(name: str) -> None:
    *training, compare = map(shlex.split, commands(find_recipe(name)))
    for words, arm in zip(training, ARMS, strict=True):
        args = parse(words[words.index("suffice") + 1 :])
        assert (args.recipe, args.arm) == (name, arm)
    assert training[0][0] == ("accelerate" if name.startswith("qwq") else "suffice")
    args = parse(compare[1:])
    values = section(read_yaml(args.config), "compare")
    config = compare_config(apply_words(values, args.overrides, config_keys()))
    assert list(config.policies) == ["base", *ARMS]


def test_a_comparison_asks_as_the_training_did() -> None:
    for name in recipe_names():
        content = read_yaml(find_recipe(name).path)
        config = compare_config(section(content, "compare"), name)
        train = config_from_dict(content["train"], name)
        for key in ("prompt_template", "chat_template_kwargs", "delimiters", "system_prompt"):
            assert getattr(config, key) == getattr(train, key), (name, key)


def test_the_list_and_an_explanation_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes"]) == 0
    listed = capsys.readouterr().out
    assert [name for name in recipe_names() if name not in listed] == []
    assert main(["recipes", "explain", "qwq-32b/math"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "4 GPUs, 80 GB, zero3" in shown and "not yet measured" in shown
    assert "suffice train --recipe qwq-32b/math --arm length" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("recipes explain qwq-32b/maths", "'qwq-32b/maths'; did you mean 'qwq-32b/math'?"),
        ("recipes explian qwq-32b/math", "'explian'; did you mean 'explain'?"),
        ("train --recipe gpt-oss-20b/math", "has the arms control, step_count, length; choose one"),
        ("train --recipe gpt-oss-20b/math --arm lenght", "did you mean 'length'?"),
        ("train --arm control", "has no arms; leave --arm out."),
        ("train --recipe gpt-oss-20b/math --config x.yaml", "both name the run"),
        ("train --resume runs/x --dry-run", "A resumed run keeps its own config"),
    ],
)
def test_mistakes_are_one_sentence(
    words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 2
    error = capsys.readouterr().err.strip()
    assert said in error and "\n" not in error


def test_hardware_is_read_or_refused() -> None:
    assert read_hardware("CPU, 8 GB", "x").gpus == 0
    assert read_hardware("2 GPUs, 40 GB", "x").strategy.name == "ddp"
    assert read_hardware("2 GPUs, 40 GB, zero2", "x").text == "2 GPUs, 40 GB, zero2"
    with pytest.raises(UserError, match="hardware is 'a laptop'; write e.g."):
        read_hardware("a laptop", "x")
    with pytest.raises(UserError, match="strategy in x 'zero4'; did you mean 'zero"):
        read_hardware("2 GPUs, 40 GB, zero4", "x")


def test_a_sweep_takes_a_recipe_as_its_base() -> None:
    from rl.sweep.planning.runs import make_runs
    from rl.sweep.settings.config import sweep_config
    from rl.sweep.settings.space import grid, read_space

    (text,) = re.findall(r"```yaml\n(base: .*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S)
    sweep = sweep_config(yaml.safe_load(text))
    points = {arm: grid(read_space(sweep.varied(arm))) for arm in sweep.arm_names}
    runs = make_runs(sweep, points, sweep.seeds or [])
    weights = [run.config["reward"]["terms"]["step_count"]["weight"] for run in runs]
    assert weights == [0, 0.03, 0.1] * 3


def test_a_dry_run_shows_sizes_and_loads_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    words = "train --dry-run grpo.max_steps=4 grpo.per_device_train_batch_size=16 --output new"
    assert main(words.split()) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Dry run, nothing was loaded: new" in shown
    assert "overthinker, 705,600 parameters, context 1,024" in shown
    assert "steps 4" in shown and "64 rollouts of 8 problems, at most 39,424 tokens" in shown
    assert not Path("new").exists()


def test_a_dry_run_needs_a_tokenizer_in_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packaged = Path(resolve_model("overthinker"))
    (tmp_path / "config.json").write_text((packaged / "config.json").read_text())
    assert main(["train", "--dry-run", f"model={tmp_path}", "grpo.max_completion_length=20"]) == 2
    assert "has no tokenizer (tokenizer_config.json)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ('{"question": "2 + 2?"}\n', "problems.jsonl, line 1: needs the key 'reference'"),
        ('{"question": "2 + 2?", "answer": "4"}\n', "One step needs 8 problems"),
        (
            "".join(
                f'{{"question": "{"1+" * n}1", "answer": "{n + 1}"}}\n' for n in range(500, 508)
            ),
            "overthinker reads 1024 tokens, the longest prompt ('1+1+1+",
        ),
    ],
)
def test_a_dry_run_reads_a_file_of_problems(
    rows: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "problems.jsonl"
    file.write_text(rows)
    assert main(["train", "--dry-run", f"problems={{source: {file}}}"]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["report_to=[wandbb]"], "did you mean 'wandb'?"),
        (["report_to=azure_ml"], "the package 'azureml' is not installed"),
        (["eval_problems={size: 8, seed: 5}", "eval_every=10"], "a multiple of grpo.save_steps"),
        (["thinking_budget=900", "grpo.max_completion_length=300"], "thinking_budget is 900"),
    ],
)
def test_a_dry_run_holds_keys_against_each_other(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--dry-run", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_dry_run_counts_the_steps_of_a_file_of_problems(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "problems.jsonl"
    file.write_text("".join(f'{{"question": "1+{n}", "answer": "{n + 1}"}}\n' for n in range(70)))
    sizes = ["grpo.max_steps=-1", "grpo.gradient_accumulation_steps=2", "grpo.num_train_epochs=2"]
    assert main(["train", "--dry-run", f"problems={{source: {file}}}", *sizes]) == 0
    # The quick start's 16 rows twice, 8 a group: 4 problems a step, 17 whole steps an epoch.
    assert re.search(r"steps +34 ", capsys.readouterr().out)


def test_a_floor_is_held_against_a_control_run_once_that_is_complete(tmp_path: Path) -> None:
    weight = {"schedule": "accuracy_floor", "control": str(tmp_path), "floor": 0.9}
    config = config_from_dict(
        {
            "model": "overthinker",
            "problems": {"source": "overthinker", "size": 40},
            "reward": {"terms": {"correctness": {}, "step_count": {"weight": weight}}},
            "grpo": {"max_completion_length": 100},
        }
    )
    assert resolve(config, 0).waits_for == (str(tmp_path),)
    (tmp_path / "result.json").write_text("{}")
    row = '{"step": 1, "facts/correct": 0.8}\n'
    (tmp_path / "metrics.jsonl").write_text(row)
    with pytest.raises(UserError, match=r"floor .* is 90.0%, above .* accuracy of 80.0%"):
        resolve(config, 0)
    (tmp_path / "metrics.jsonl").write_text(row.replace("0.8", "0.95"))
    assert resolve(config, 0).waits_for == ()


def test_recipes_are_packaged() -> None:
    import tomllib

    root = Path(__file__).resolve().parents[2]
    data = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert (
        "**/*.yaml" in data["package-data"]["configs"]
        and "configs*" in data["packages"]["find"]["include"]
    )
    assert root / "configs" / "recipes" == RECIPES
