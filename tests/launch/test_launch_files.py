"""Files for launchers and clusters: parsed, keys known, and what they run is a valid command."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from launch.cli import parse
from rl.scale.strategies import BY_NAME
from rl.training.sharding import check_deepspeed, read_deepspeed

ROOT = Path(__file__).resolve().parents[2]
ACCELERATE = ROOT / "configs" / "accelerate"
DEEPSPEED = ROOT / "configs" / "deepspeed"
SLURM = sorted((ROOT / "launch" / "slurm").glob("*.sbatch"))
CLOUD = ROOT / "launch" / "cloud"

# The names that DeepSpeedConfig and DeepSpeedZeroConfig (0.19.8) have, as far as they are used.
TOP = {
    "zero_optimization", "bf16", "gradient_accumulation_steps", "gradient_clipping",
    "train_micro_batch_size_per_gpu", "train_batch_size", "zero_force_ds_cpu_optimizer",
}  # fmt: skip
ZERO = {
    "stage", "overlap_comm", "contiguous_gradients", "offload_optimizer", "offload_param",
    "stage3_gather_16bit_weights_on_model_save",
}  # fmt: skip


@pytest.mark.parametrize("name", BY_NAME)
def test_accelerate_reads_the_file_of_each_strategy(name: str) -> None:
    from accelerate.commands.config.config_args import ClusterConfig
    from accelerate.commands.launch import launch_command_parser

    strategy, file = BY_NAME[name], ROOT / BY_NAME[name].config
    config = ClusterConfig.from_yaml_file(str(file))
    kinds = {"torch": {"NO", "MULTI_GPU"}, "fsdp": {"FSDP"}, "deepspeed": {"DEEPSPEED"}}
    assert config.distributed_type.value in kinds[strategy.engine]
    assert (config.num_processes > 1) == strategy.several
    assert config.use_cpu == (name == "cpu")
    known = vars(launch_command_parser().parse_args(["script"]))
    sections = {**config.deepspeed_config, **config.fsdp_config}
    assert [key for key in sections if key not in known] == []
    header = file.read_text(encoding="utf-8").split("\n\n", 1)[0]
    assert f"--config_file configs/accelerate/{name}.yaml" in header
    assert name == "cpu" or "Not run on GPUs yet" in header


def test_no_file_is_left_without_a_strategy() -> None:
    assert {path.stem for path in ACCELERATE.iterdir()} == set(BY_NAME)


def test_the_stages_are_those_of_the_strategies() -> None:
    for name in ("zero2", "zero3", "zero3_offload"):
        given = yaml.safe_load((ROOT / BY_NAME[name].config).read_text())["deepspeed_config"]
        if "deepspeed_config_file" in given:
            stage = read_deepspeed(str(ROOT / given["deepspeed_config_file"]))["zero_optimization"]
            assert BY_NAME[name].offload and stage["stage"] == 3
        else:
            assert given["zero_stage"] == int(name[-1])
            assert given["offload_param_device"] == "none"


@pytest.mark.parametrize("name", ["zero2", "zero3", "zero3_offload"])
def test_deepspeed_settings_have_known_keys_and_save_a_whole_policy(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from accelerate.utils.deepspeed import HfDeepSpeedConfig

    import rl.training.sharding as sharding

    settings = read_deepspeed(str(DEEPSPEED / f"{name}.json"))
    assert set(settings) <= TOP and set(settings["zero_optimization"]) <= ZERO
    read = HfDeepSpeedConfig(settings)
    assert (read.is_zero2(), read.is_zero3()) == (name == "zero2", name != "zero2")
    assert read.is_offload() == BY_NAME[name].offload
    monkeypatch.setattr(sharding, "find_spec", lambda _: object())
    check_deepspeed({"deepspeed": settings}, {"LOCAL_RANK": "0"}, trains_adapter=False)


def test_deepspeed_itself_takes_the_settings() -> None:
    config = pytest.importorskip("deepspeed.runtime.config")
    numbers = {
        "gradient_accumulation_steps": 1,
        "gradient_clipping": 1.0,
        "train_micro_batch_size_per_gpu": 8,
        "train_batch_size": 8,
    }
    for file in sorted(DEEPSPEED.glob("*.json")):
        settings = read_deepspeed(str(file)) | numbers | {"bf16": {"enabled": True}}
        config.DeepSpeedConfig(settings)


FAKES = {
    "srun": 'while [[ $1 == --* ]]; do shift; done; SLURM_PROCID=0 "$@"',
    "scontrol": 'printf "%s\\n" n1 n2 n3',
    "curl": "exit 0",
    "trl": 'echo "trl $*" >>"$LOG"; sleep 5',
    "accelerate": 'echo "accelerate $*" >>"$LOG"',
    "suffice": 'echo "suffice $*" >>"$LOG"',
}
"""Commands of a cluster that write down what they are asked to do."""


def submitted(script: Path, folder: Path, **variables: str) -> list[list[str]]:
    """What a Slurm script runs, in words."""
    commands = folder / ".venv" / "bin"
    commands.mkdir(parents=True, exist_ok=True)
    for name, body in FAKES.items():
        (commands / name).write_text(f"#!/usr/bin/env bash\n{body}\n")
        (commands / name).chmod(0o755)
    log = folder / "log"
    log.unlink(missing_ok=True)
    environment = {"PATH": os.environ["PATH"], "LOG": str(log), **variables}
    subprocess.run(["bash", script], cwd=folder, env=environment, check=True, timeout=60)
    return [line.split() for line in log.read_text().splitlines()]


def trained(words: list[str]) -> Any:
    """The options of `suffice train` in a command line."""
    return parse(words[words.index("suffice") + 1 :])


@pytest.mark.parametrize("script", SLURM, ids=lambda path: path.stem)
def test_slurm_scripts_are_valid_and_honest(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)
    text = script.read_text(encoding="utf-8")
    assert "Not run on a cluster yet" in text.partition("#SBATCH")[0]
    options = re.findall(r"^#SBATCH (--[a-z-]+)(?:=\S+)?$", text, re.M)
    assert len(options) == text.count("\n#SBATCH ") and "--time" in options
    failed = subprocess.run(["bash", script], capture_output=True, text=True, env={})
    assert failed.returncode != 0 and "name a recipe, e.g. RECIPE=" in failed.stderr


def test_one_node_trains_a_recipe_and_resumes_it(tmp_path: Path) -> None:
    script = ROOT / "launch" / "slurm" / "one_node.sbatch"
    ((*_, one),) = [submitted(script, tmp_path, RECIPE="qwen3-1.7b/gsm8k")]
    args = trained(one)
    assert one[0] == "suffice" and (args.recipe, args.arm) == ("qwen3-1.7b/gsm8k", "control")
    several = {"RECIPE": "qwq-32b/math", "STRATEGY": "zero3", "SLURM_GPUS_ON_NODE": "4"}
    (words,) = submitted(script, tmp_path, **several)
    file = words[words.index("--config_file") + 1]
    assert (ROOT / file).is_file() and words[words.index("--num_processes") + 1] == "4"
    run = tmp_path / "runs" / "qwq-32b" / "math" / "control"
    run.mkdir(parents=True)
    (run / "config.yaml").touch()
    (words,) = submitted(script, tmp_path, **several)
    assert trained(words).resume == Path("runs/qwq-32b/math/control")


def test_a_server_node_serves_the_nodes_that_train(tmp_path: Path) -> None:
    script = ROOT / "launch" / "slurm" / "server_and_training.sbatch"
    given = {"RECIPE": "qwen3-8b/math", "MODEL": "Qwen/Qwen3-8B", "SLURM_JOB_NODELIST": "n[1-3]"}
    lines = submitted(script, tmp_path, SLURM_GPUS_ON_NODE="2", **given)
    (training,) = [words for words in lines if words[0] == "accelerate"]
    assert "grpo.vllm_server_host=n1" in trained(training).overrides
    assert training[training.index("--num_processes") + 1] == "4"
    assert training[training.index("--main_process_ip") + 1] == "n2"


@pytest.mark.parametrize("arm", ["control", "step_count", "length"])
def test_an_array_holds_each_seed_at_its_own_control(arm: str, tmp_path: Path) -> None:
    from launch.recipes import find_recipe
    from rl.scale.resolve import resolve
    from rl.training.config import load_config

    script = ROOT / "launch" / "slurm" / "seeds_array.sbatch"
    given = {"RECIPE": "qwen3-1.7b/gsm8k", "ARM": arm, "SLURM_ARRAY_TASK_ID": "2"}
    (words,) = submitted(script, tmp_path, **given)
    args = trained(words)
    assert args.seed == 2
    config = load_config(find_recipe(args.recipe).path, args.overrides, args.arm)
    waits = () if arm == "control" else ("runs/qwen3-1.7b/gsm8k/seed2/control",)
    assert resolve(config, 1).waits_for == waits


def test_the_cloud_task_is_valid() -> None:
    text = (CLOUD / "skypilot.yaml").read_text(encoding="utf-8")
    assert "Not run on a cloud yet" in text.partition("\n\n")[0] + text[:400]
    task = yaml.safe_load(text)
    # Fields of SkyPilot's task YAML (docs.skypilot.co, reference/yaml-spec).
    known = {"name", "workdir", "num_nodes", "resources", "envs", "file_mounts", "setup", "run"}
    assert set(task) <= known
    assert set(task["resources"]) <= {"accelerators", "disk_size", "use_spot", "infra", "cpus"}
    for part in ("setup", "run"):
        subprocess.run(["bash", "-n"], input=task[part], text=True, check=True)
    assert set(re.findall(r"\$\{?([A-Z]+)", task["run"])) <= {*task["envs"], "PWD", "PATH"}
    extras_exist(task["setup"])


def test_the_image_is_built_from_what_is_there() -> None:
    text = (CLOUD / "Dockerfile").read_text(encoding="utf-8")
    assert "Not built yet" in text
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    words = [line.split()[0] for line in lines if line and not line.startswith("#")]
    assert set(words) <= {"FROM", "ENV", "RUN", "WORKDIR", "COPY", "USER", "ENTRYPOINT", "CMD"}
    assert words[0] == "FROM" and (ROOT / "constraints.txt").is_file()
    extras_exist(text)


def extras_exist(text: str) -> None:
    """Assert that the extras a command installs are those of the project."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (names,) = re.findall(r"'\.\[([a-z,-]+)\]'", text)
    assert set(names.split(",")) <= set(project["optional-dependencies"])
