"""A reference that follows the policy: a resumed run has the one that the run had."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from rl.run_files import REFERENCE as FILE
from rl.training.config import config_from_dict
from rl.training.grpo_config import training_arguments
from rl.training.reference import check_reference
from rl.training.run import run_training
from rl.training.run_folder import RunFolder
from tagger.errors import UserError
from tests.rl.training.logged import lines_without_timings
from tests.world import GRPO, World

SYNCED = {"beta": 0.1, "sync_ref_model": True, "ref_model_sync_steps": 1}


def test_a_resumed_run_has_the_reference_of_the_run(world: World, tmp_path: Path) -> None:
    run = tmp_path / "run"
    grpo = GRPO | SYNCED | {"max_steps": 3, "ref_model_mixup_alpha": 0.9}
    whole = load_file(
        Path(str(run_training(config_from_dict(world.config(run, grpo=grpo))).policy_path))
        / "model.safetensors"
    )
    (run / "result.json").unlink()
    shutil.rmtree(run / "policy")
    shutil.rmtree(run / "checkpoints" / "checkpoint-3")
    file = run / "checkpoints" / "checkpoint-2" / FILE
    shutil.copyfile(file, tmp_path / FILE)
    file.unlink()
    with pytest.raises(UserError, match=f"holds no {FILE}"):
        run_training(None, resume=run)
    shutil.copyfile(tmp_path / FILE, file)
    resumed = load_file(Path(str(run_training(None, resume=run).policy_path)) / "model.safetensors")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_a_resumed_run_has_the_adapter_of_the_run_and_that_of_its_reference(
    world: World, tmp_path: Path
) -> None:
    lora = {"r": 4, "target_modules": ["q_proj", "v_proj"]}
    first = world.config(tmp_path / "first", lora=lora, grpo=GRPO | {"max_steps": 2})
    run_training(config_from_dict(first))
    begun = tmp_path / "first" / "adapter"
    run = RunFolder(tmp_path / "run")
    grpo = GRPO | {"max_steps": 3, "beta": 0.1}
    run_training(config_from_dict(world.config(run.root, model=str(begun), grpo=grpo)))
    whole, logged = adapters_of(run.checkpoint(3)), lines_without_timings(run.metrics)
    run.result.unlink()
    for folder in (run.policy, run.adapter, run.checkpoint(3)):
        shutil.rmtree(folder)
    run_training(None, resume=run.root)
    resumed = adapters_of(run.checkpoint(3))
    for name, weights in whole.items():
        assert all(torch.equal(weights[key], resumed[name][key]) for key in weights), name
    assert resumed["ref"].keys() == resumed["own"].keys()
    reference = load_file(begun / "adapter_model.safetensors")
    assert all(torch.equal(resumed["ref"][key], reference[key]) for key in reference)
    assert not all(torch.equal(resumed["own"][key], reference[key]) for key in reference)
    assert lines_without_timings(run.metrics) == logged


def adapters_of(checkpoint: Path) -> dict[str, dict[str, torch.Tensor]]:
    """The policy's adapter and that of its reference."""
    folders = {"own": checkpoint, "ref": checkpoint / "ref"}
    return {name: load_file(f / "adapter_model.safetensors") for name, f in folders.items()}


def test_reference_is_loaded_with_what_the_policy_is_loaded_with() -> None:
    given = {"model": "owner/name", "revision": "v2", "output": "x", "grpo": {"beta": 0.1}}
    asked = training_arguments(config_from_dict(given), gpu=False).model_init_kwargs
    assert asked == {"revision": "v2"}
    plain = config_from_dict({"output": "x", "grpo": {"beta": 0.1}})
    assert training_arguments(plain, gpu=False).model_init_kwargs is None


def test_check_reference_refuses_weights_in_parts() -> None:
    arguments = SimpleNamespace(sync_ref_model=True, fsdp="", deepspeed_plugin=None)
    check_reference(arguments, {})
    with pytest.raises(UserError, match="sync_ref_model cannot be resumed"):
        check_reference(arguments, {"ACCELERATE_USE_FSDP": "true"})
