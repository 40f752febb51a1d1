"""DeepSpeed's ZeRO stage 3 on two gloo processes: policies are exported whole, runs resume."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from rl.policy.load import load_policy
from tests.end_to_end.programs import TORCHRUN, run_module
from tests.world import World

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("deepspeed") is None, reason="needs the extra deepspeed"),
]

KINDS = ("lora", "full")


@pytest.fixture(scope="module")
def runs(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("zero3")
    shutil.copytree(world.root, folder / "world")
    killed = run_module("zero3", "killed", folder, launcher=TORCHRUN, timeout=600)
    assert killed.returncode != 0 and "was not killed" not in killed.stderr
    assert (folder / "killed" / "checkpoints" / "checkpoint-2").is_dir(), killed.stderr[-3000:]
    for stage in ("plain", "zero3", "rest"):
        done = run_module("zero3", stage, folder, launcher=TORCHRUN, timeout=600)
        assert done.returncode == 0, done.stderr[-3000:]
    return folder


def logits(folder: Path) -> torch.Tensor:
    from tests.end_to_end.zero3 import PROMPT  # imports what trains

    with torch.no_grad():
        found: torch.Tensor = (
            load_policy(str(folder), device="cpu").model(torch.tensor(PROMPT)).logits
        )
    return found


def farthest(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    assert one.keys() == other.keys()
    return max(float((one[k] - other[k]).abs().max()) for k in one)


def differences(runs: Path) -> dict[str, float]:
    """Largest differences in logits and weights, all but ``moved`` to be near 0."""
    found = {}
    base = load_file(runs / "world" / "model" / "model.safetensors")
    for kind in KINDS:
        run = runs / f"zero3-{kind}"
        inside = load_file(runs / f"zero3-{kind}.safetensors")["logits"]
        saved = load_file(run / "policy" / "model.safetensors")
        again = runs / f"zero3-{kind}-again" / "policy" / "model.safetensors"
        plain = runs / f"plain-{kind}" / "policy" / "model.safetensors"
        found[f"{kind}: logits in the run and of the policy"] = float(
            (logits(run / "policy") - inside).abs().max()
        )
        found[f"{kind}: policy and its checkpoint's"] = farthest(saved, load_file(again))
        found[f"{kind}: policy and that of a run without DeepSpeed"] = farthest(
            saved, load_file(plain)
        )
        found[f"{kind}: moved"] = farthest(saved, base)
    found["lora: logits in the run and of the adapter"] = float(
        (
            logits(runs / "zero3-lora" / "adapter")
            - load_file(runs / "zero3-lora.safetensors")["logits"]
        )
        .abs()
        .max()
    )
    return found


def test_exported_policies_are_whole_and_those_of_a_run_without_deepspeed(runs: Path) -> None:
    found = differences(runs)
    print(json.dumps(found, indent=1))
    for what, value in found.items():
        assert value > 1e-3 if what.endswith("moved") else value < 1e-4, (what, value)


def test_adapter_holds_every_weight(runs: Path) -> None:
    one, two = (load_file(runs / f"{n}-lora" / "adapter" / "adapter_model.safetensors")
                for n in ("zero3", "plain"))  # fmt: skip
    assert {k: v.shape for k, v in one.items()} == {k: v.shape for k, v in two.items()}
    assert all(v.numel() and float(v.abs().max()) for v in one.values())


@pytest.mark.parametrize("kind", KINDS)
def test_suffice_export_takes_checkpoints_of_zero_stage_3(
    kind: str, runs: Path, tmp_path: Path
) -> None:
    from rl.export.export import export_policy

    run = runs / f"zero3-{kind}"
    made = export_policy(run, tmp_path / "made")  # of the complete run
    last = export_policy(run, tmp_path / "last", checkpoint="2")
    policy, saved = (
        load_file(folder / "model.safetensors") for folder in (run / "policy", made.folder)
    )
    assert farthest(policy, saved) == 0.0
    early = load_file(last.folder / "model.safetensors")
    assert last.step == 2 and farthest(policy, early) > 0.0
    if kind == "lora":
        adapter = export_policy(run, tmp_path / "adapter", form="adapter", checkpoint="2")
        inside = logits(adapter.folder)
        assert float((inside - logits(last.folder)).abs().max()) < 1e-4


def metrics(run: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    own = ("step_time", "timing/", "memory/")  # of the machine, not of the run
    return [{k: v for k, v in row.items() if not k.startswith(own)} for row in rows]


def test_killed_and_resumed_equals_never_killed(runs: Path) -> None:
    assert metrics(runs / "killed") == metrics(runs / "whole")
    for name in ("policy/model.safetensors", "adapter/adapter_model.safetensors"):
        assert (runs / "killed" / name).read_bytes() == (runs / "whole" / name).read_bytes()
