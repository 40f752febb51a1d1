"""A run folder with an adapter on the small world's model, made without training."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import yaml

from rl.training.config import config_from_dict
from tests.rl.dashboard.making import row
from tests.world import World

LORA: dict[str, Any] = {"r": 4, "target_modules": ["q_proj", "v_proj"]}


def make_run(world: World, root: Path, lora: bool, **changes: Any) -> Path:
    """Config, provenance and twenty logged steps."""
    more = {"lora": LORA} if lora else {}
    config = config_from_dict(world.config(root, **more, **changes)).to_dict()
    root.mkdir(parents=True)
    (root / "config.yaml").write_text(yaml.safe_dump(config))
    made_of = {
        "model": {"base": str(world.model), "base_weights": "b" * 64},
        "tagger_fingerprint": "f" * 64,
        "audit_fingerprint": None,
        "config": config,
        "seeds": [3],
        "commit": "c0ffee+changes",
        "versions": {"python": "3.11"},
        "machine": {"processor": "two cores", "accelerator": None},
        "date": "2026-11-29T10:00:00+00:00",
    }
    (root / "provenance.json").write_text(json.dumps(made_of))
    lines = [json.dumps(row(step)) + "\n" for step in range(1, 21)]
    (root / "metrics.jsonl").write_text("".join(lines))
    return root


def finish(root: Path, **result: Any) -> None:
    """Write what came out: twenty steps, the policy is that of the last."""
    content = {"steps": 20, "policy_step": 20, "best_step": None, "stopped_early": None}
    (root / "result.json").write_text(json.dumps({**content, "no_signal": None, **result}))


def checkpoint(root: Path, step: int, source: Path) -> Path:
    """A whole checkpoint with the files of a folder, and what else stands in one."""
    folder = root / "checkpoints" / f"checkpoint-{step}"
    shutil.copytree(source, folder)
    for name in ("optimizer.pt", "scheduler.pt", "rng_state.pth"):
        (folder / name).write_bytes(b"a pickle")
    for name in ("trainer_state.json", "suffice_state.json"):
        (folder / name).write_text("{}")
    return folder


def make_adapter(world: World, folder: Path) -> Path:
    """A LoRA adapter of random weights, with the tokenizer, as a checkpoint has it."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(5)
    model = AutoModelForCausalLM.from_pretrained(world.model)
    wrapped = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **LORA))
    for name, parameter in wrapped.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.5)
    wrapped.save_pretrained(folder)
    AutoTokenizer.from_pretrained(world.model).save_pretrained(folder)
    return folder


def make_exported(folder: Path) -> Path:
    """A folder as `suffice export` writes one, with one tensor for weights."""
    import numpy as np
    from safetensors.numpy import save_file

    folder.mkdir()
    save_file({"weight": np.ones(3, dtype=np.float32)}, folder / "model.safetensors")
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "provenance.json"):
        (folder / name).write_text("{}")
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    (folder / "README.md").write_text("---\n---\n\nvllm serve FOLDER_OR_REPOSITORY\n")
    return folder
