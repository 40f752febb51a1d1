"""Whole runs on a tiny world, and all that must be refused before a model is loaded."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rl.training.run
from rl.comparison.training_problems import trained_length
from rl.policy.context import DERIVED
from rl.training.config import config_from_dict, load_config, write_config
from rl.training.plan import make_plan
from rl.training.run import run_training
from rl.training.run_folder import RunFolder
from tagger.errors import UserError
from tests.world import GRPO, World

QUICK = {"grpo": GRPO | {"max_steps": 2}}


def weights_of(folder: str | Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(Path(folder) / "model.safetensors")


def moved(world: World, policy: str) -> bool:
    import torch

    before, after = weights_of(world.model), weights_of(policy)
    return any(not torch.equal(before[k], after[k]) for k in before)


def test_a_run_leaves_policy_metrics_config_and_result(world: World, tmp_path: Path) -> None:
    from rl.policy.load import load_policy

    config = config_from_dict(world.config(tmp_path / "run", audit_tagger=str(world.tagger)))
    result = run_training(config, command="suffice train a.yaml")
    rows = [json.loads(line) for line in Path(result.metrics_path).read_text().splitlines()]
    assert [row["step"] for row in rows] == [1, 2, 3, 4]
    wanted = {"reward", "rewards/short/mean", "weight/short", "advantage/short", "entropy"}
    wanted |= {"facts/count/VERIFY", "facts/tokens", "facts/steps_per_1k", "facts/step_length"}
    wanted |= {"facts/confidence", "facts/keywords", "facts/audit_verification", "facts/correct"}
    assert all(wanted <= set(row) for row in rows)
    assert all(row["facts/audit_verification"] == row["facts/count/VERIFY"] for row in rows)
    assert moved(world, result.policy_path)
    assert load_policy(result.policy_path).delimiters.close == "</think>"
    assert load_config(tmp_path / "run" / "config.yaml") == config
    assert json.loads((tmp_path / "run" / "result.json").read_text())["steps"] == 4
    assert len(result.tagger_fingerprint) == 64 and result.stopped_early is None
    provenance = json.loads((tmp_path / "run" / "provenance.json").read_text())
    assert provenance["tagger_fingerprint"] == result.tagger_fingerprint
    card = (tmp_path / "run" / "policy" / "README.md").read_text()
    assert provenance["command"] == "suffice train a.yaml" and provenance["command"] in card
    assert result.tagger_fingerprint in card and provenance["model"]["base_weights"] in card
    first = sum(row["facts/tokens"] for row in rows) / 4
    assert f"| tokens | {first:.3f} | {first:.3f} |" in card
    assert (result.policy_step, result.last_policy_path) == (4, None)
    assert (
        f"torch=={provenance['versions']['torch']}" in (tmp_path / "run/packages.txt").read_text()
    )
    assert "step 4/4: correct" in (tmp_path / "run" / "logs" / "process-0.log").read_text()
    assert not list((tmp_path / "run").rglob("training_args.bin"))  # a pickle
    with pytest.raises(UserError, match="is complete"):
        run_training(None, resume=tmp_path / "run")


def test_lora_trains_an_adapter_and_merges_it(world: World, tmp_path: Path) -> None:
    changes: dict[str, Any] = QUICK | {"lora": {"r": 4, "target_modules": ["q_proj", "v_proj"]}}
    result = run_training(config_from_dict(world.config(tmp_path / "run", **changes)))
    adapter = tmp_path / "run" / "adapter"
    assert not list((tmp_path / "run").rglob("training_args.bin"))
    assert json.loads((adapter / "adapter_config.json").read_text())["r"] == 4
    before, after = weights_of(world.model), weights_of(result.policy_path)
    changed = {name for name in before if (before[name] != after[name]).any()}
    assert changed and all("q_proj" in name or "v_proj" in name for name in changed)


@pytest.mark.slow
def test_wandb_works_offline_without_login(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wandb = pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.delenv("WANDB_DIR", raising=False)
    changes = {
        "report_to": "wandb",
        "report_artifacts": True,
        "grpo": GRPO | {"max_steps": 2, "log_completions": True},
    }
    result = run_training(config_from_dict(world.config(tmp_path / "run", **changes)))
    assert wandb.run is None  # another training of this process is another run
    (record,) = (tmp_path / "run").glob("wandb/offline-run-*/*.wandb")
    content = _written(record, b"charts/weights", b"policy-run", b"tagger-")
    assert b"facts/count/VERIFY" in content and b"rewards/short/mean" in content
    assert result.tagger_fingerprint.encode() in content  # the run's whole config
    assert b"steps by type/VERIFY" in content and b"charts/weights" in content
    assert b"policy-run" in content and f"tagger-{result.tagger_fingerprint[:12]}".encode() in (
        content
    )
    assert b"allow_charge_above_correctness" in content and str(world.problems).encode() in content
    tables = (tmp_path / "run").glob("wandb/offline-run-*/files/media/table/*.table.json")
    columns = [json.loads(table.read_text()) for table in tables]
    assert columns and all(
        {"types", "verification_steps", "tokens"} <= set(t["columns"]) for t in columns
    )
    rows = [dict(zip(t["columns"], row, strict=True)) for t in columns for row in t["data"]]
    assert all(row["types"].split().count("VERIFY") == row["verification_steps"] for row in rows)
    assert all(1 <= row["tokens"] <= GRPO["max_completion_length"] for row in rows)


def _written(record: Path, *last: bytes) -> bytes:
    """A W&B record once it holds what is logged last: W&B's own process writes it, later."""
    deadline = time.monotonic() + 60
    while True:
        content = _joined(record.read_bytes())
        if all(part in content for part in last) or time.monotonic() > deadline:
            return content
        time.sleep(0.1)


def _joined(record: bytes) -> bytes:
    """A W&B record without the 7-byte headers of its blocks of 32 KiB, which may cut a name."""
    blocks = [record[at : at + 32768] for at in range(0, len(record), 32768)]
    return b"".join([blocks[0], *(block[7:] for block in blocks[1:])])


def test_a_reference_model_can_be_used(world: World, tmp_path: Path) -> None:
    changes = {"grpo": GRPO | {"beta": 0.05}}
    result = run_training(config_from_dict(world.config(tmp_path / "run", **changes)))
    rows = [json.loads(line) for line in Path(result.metrics_path).read_text().splitlines()]
    assert rows[0]["kl"] == pytest.approx(0, abs=1e-5) and rows[-1]["kl"] > 1e-6


def test_a_tagger_that_changes_in_mid_run_fails_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rewards.facts.compute import FactsComputer

    original = FactsComputer.table

    def tampering(self: Any, *args: Any) -> Any:
        for array in self.tagger._backend._arrays.values():
            array.setflags(write=True)
            array += 1
        return original(self, *args)

    monkeypatch.setattr(FactsComputer, "table", tampering)
    with pytest.raises(RuntimeError, match="The tagger changed during training"):
        run_training(config_from_dict(world.config(tmp_path / "run")))
    assert not (tmp_path / "run" / "result.json").exists()


def _break_fingerprint(world: World, folder: Path) -> dict[str, Any]:
    copy = folder / "tagger"
    shutil.copytree(world.tagger, copy)
    text = json.loads((copy / "tagger.json").read_text())
    text["temperature"] = 2 * text["temperature"] + 0.5
    (copy / "tagger.json").write_text(json.dumps(text))
    return {"tagger": str(copy)}


def _no_delimiters(world: World, folder: Path) -> dict[str, Any]:
    from transformers import AutoTokenizer

    copy = folder / "model"
    shutil.copytree(world.model, copy)
    text = (copy / "tokenizer.json").read_text().replace("think>", "thonk>")
    (copy / "tokenizer.json").write_text(text)
    for path in copy.glob("*"):
        if path.suffix in (".jinja", ".json") and "think>" in path.read_text():
            path.write_text(path.read_text().replace("think>", "thonk>"))
    assert AutoTokenizer.from_pretrained(copy).convert_tokens_to_ids("<think>") is None
    return {"model": str(copy)}


def _bad_line(world: World, folder: Path) -> dict[str, Any]:
    (folder / "bad.jsonl").write_text('{"question": "a", "answer": "1"}\n{oops\n')
    return {"problems": {"source": str(folder / "bad.jsonl")}}


def _existing(world: World, folder: Path) -> dict[str, Any]:
    (folder / "run").mkdir()
    return {}


def _empty_model(world: World, folder: Path) -> dict[str, Any]:
    (folder / "empty").mkdir()
    return {"model": str(folder / "empty")}


BAD: dict[str, tuple[Callable[[World, Path], dict[str, Any]] | dict[str, Any], str]] = {
    "output folder exists": (_existing, "already exists and is never overwritten"),
    "no output": ({"output": ""}, "output is missing"),
    "fingerprint": (_break_fingerprint, "fingerprint"),
    "no delimiters": (_no_delimiters, "no thinking delimiters"),
    "malformed problems": (_bad_line, "bad.jsonl, line 2: not valid JSON"),
    "missing problems": ({"problems": {"source": "none.jsonl"}}, "does not exist"),
    "missing model": ({"model": "./none"}, "neither a folder"),
    "folder without model": (_empty_model, "holds no config.json"),
    "unknown type": (
        {"reward": {"terms": {"step_count": {"types": {"VERFY": {}}}}}},
        "did you mean 'VERIFY'",
    ),
    "unknown term": ({"reward": {"terms": {"step_cuont": {}}}}, "did you mean 'step_count'"),
    "option the chat template ignores": (
        {"grpo": {**GRPO, "chat_template_kwargs": {"enable_thinkng": False}}},
        "^chat_template_kwargs.enable_thinkng is unknown",
    ),
    "unknown GRPO key": ({"grpo": {"learning_rat": 1.0}}, "did you mean 'grpo.learning_rate'"),
    "reserved GRPO key": ({"grpo": {"output_dir": "x"}}, "is set by output"),
    "GRPO key of a wrong type": ({"grpo": {"learning_rate": "fast"}}, "must be a finite number"),
    "GRPO value refused by TRL": (
        {"grpo": {"per_device_train_batch_size": 3, "num_generations": 2}},
        "In grpo: generation_batch_size",
    ),
    "unknown LoRA key": ({"lora": {"rank": 4}}, "Unknown config key 'lora.rank'"),
    "LoRA value refused by peft": (
        {"lora": {"target_modules": "q.*", "layers_to_transform": [0]}},
        "In lora: `layers_to_transform`",
    ),
    "saving between logs": (
        {"grpo": GRPO | {"logging_steps": 2, "save_steps": 3}},
        "must be a multiple of grpo.logging_steps",
    ),
    "logging by a share of the run": (
        {"grpo": GRPO | {"logging_steps": 0.5}},
        "grpo.logging_steps must be a whole number",
    ),
    "saving within a generation batch": (
        {"grpo": GRPO | {"steps_per_generation": 4, "save_steps": 2}},
        "must be a multiple of steps_per_generation",
    ),
    "4-bit weights without LoRA": ({"quantization": "nf4"}, "cannot be trained; add lora"),
    "4-bit weights on a CPU": ({"quantization": "nf4", "lora": {}}, "needs a GPU"),
    "data type that a CPU lacks": ({"dtype": "float16"}, "dtype is float16, in which a CPU"),
    "too few problems": (
        {"grpo": GRPO | {"per_device_train_batch_size": 64}},
        "One step needs 16 problems",
    ),
    "no such tracker": ({"report_to": "trackio"}, "not installed; pip install trackio"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_told_before_a_model_is_loaded(
    case: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loaded(*_: Any, **__: Any) -> None:
        raise AssertionError("the model was loaded")

    monkeypatch.setattr(rl.training.run, "load_policy", loaded)
    if case == "no such tracker":
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    change, words = BAD[case]
    changes = change if isinstance(change, dict) else change(world, tmp_path)
    config = world.config(tmp_path / "run") | changes
    with pytest.raises(UserError, match=words) as error:
        run_training(config_from_dict(config))
    assert "\n" not in str(error.value)
    assert case == "output folder exists" or not (tmp_path / "run").exists()


def test_too_little_disk(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(UserError, match="Too little disk"):
        run_training(config_from_dict(world.config(tmp_path / "run")))


def test_a_run_goes_on_only_with_its_own_tagger_and_reward(world: World, tmp_path: Path) -> None:
    from rl.training.config import write_config

    run = tmp_path / "run"
    config = config_from_dict(world.config(run, **QUICK))
    run_training(config)
    (run / "result.json").unlink()
    state = run / "checkpoints" / "checkpoint-2" / "suffice_state.json"
    saved = state.read_text()
    state.write_text(saved.replace('"fingerprint": "', '"fingerprint": "0000'))
    with pytest.raises(UserError, match="was made with the tagger 0000"):
        run_training(None, resume=run)
    state.write_text(saved)
    config.grpo["learning_rate"] = 0.25
    write_config(config, run / "config.yaml")
    with pytest.raises(UserError, match="has grpo.learning_rate 0.25, and .* made with 0.001"):
        run_training(None, resume=run)
    config.reward.terms["short"]["weight"] = 9.0
    write_config(config, run / "config.yaml")
    with pytest.raises(UserError, match="was made with the reward weight"):
        run_training(None, resume=run)


def test_nothing_to_resume(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no run folder"):
        run_training(None, resume=tmp_path)
    with pytest.raises(UserError, match="Nothing to train"):
        run_training(None)


def test_length_that_was_derived_is_in_the_config_of_the_run(world: World, tmp_path: Path) -> None:
    grpo = {key: value for key, value in GRPO.items() if key != "max_completion_length"}
    config = config_from_dict(world.config(tmp_path / "run", grpo=grpo))
    plan = make_plan(RunFolder(tmp_path / "run"), config)
    write_config(config, tmp_path / "config.yaml")
    assert 0 < plan.arguments.max_completion_length <= DERIVED
    assert trained_length(str(tmp_path)) == plan.arguments.max_completion_length
