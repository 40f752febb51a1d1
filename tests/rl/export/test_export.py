"""Exported policies: the weights that were asked for, loadable, without pickles, with a card."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from launch.cli import main
from rl.export.cast import cast_weights, dtype_of
from rl.export.export import export_policy
from rl.export.files import FILES, check_exported
from rl.export.source import find_weights
from rl.provenance import weights_hash
from rl.training.run_folder import RunFolder
from tagger.errors import UserError
from tests.rl.export.making import (
    checkpoint,
    finish,
    make_adapter,
    make_exported,
    make_run,
)
from tests.rl.training.card.making import comparison
from tests.world import World


@pytest.fixture(scope="module")
def adapter(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_adapter(world, tmp_path_factory.mktemp("adapter") / "adapter")


@pytest.fixture
def full(world: World, tmp_path: Path) -> Path:
    """A complete run of full fine-tuning."""
    reported = {"report_to": "wandb", "report_artifacts": True}
    root = make_run(world, tmp_path / "run", lora=False, **reported)
    shutil.copytree(world.model, root / "policy")
    checkpoint(root, 10, world.model)
    finish(root)
    return root


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_merged_and_adapter_give_the_same_logits(
    world: World, adapter: Path, tmp_path: Path
) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    root = make_run(world, tmp_path / "run", lora=True)
    checkpoint(root, 20, adapter)  # as DeepSpeed's stages leave it, too: an adapter is gathered
    merged = export_policy(root, tmp_path / "merged", checkpoint="20")
    alone = export_policy(root, tmp_path / "alone", form="adapter", checkpoint="last")
    assert (merged.step, merged.dtype, alone.form) == (20, "float32", "adapter")
    assert "It was not complete when this" in (merged.folder / "README.md").read_text()
    base = AutoModelForCausalLM.from_pretrained(world.model)
    ids = AutoTokenizer.from_pretrained(merged.folder)("1 + 2 = ?", return_tensors="pt").input_ids
    with torch.no_grad():
        one = AutoModelForCausalLM.from_pretrained(merged.folder)(ids).logits
        before = base(ids).logits
        two = PeftModel.from_pretrained(base, alone.folder)(ids).logits
    torch.testing.assert_close(one, two, atol=1e-5, rtol=1e-5)
    assert (one - before).abs().max() > 0.01  # the adapter does something
    assert names(alone.folder) >= {"adapter_config.json", "adapter_model.safetensors", "README.md"}
    assert "config.json" not in names(alone.folder)
    assert check_exported(alone.folder) and not check_exported(merged.folder)
    for folder in (merged.folder, alone.folder):
        assert not {"optimizer.pt", "trainer_state.json"} & names(folder)
        assert all(any(Path(name).match(p) for p in FILES) for name in names(folder))


def test_export_of_an_adapter_that_was_trained_further_names_the_base(
    world: World, adapter: Path, tmp_path: Path
) -> None:
    root = make_run(world, tmp_path / "run", lora=False, model=str(adapter))
    checkpoint(root, 5, adapter)
    for base, name in ((None, str(world.model)), ("org/base", "org/base")):
        folder = tmp_path / f"out-{base is None}"
        export_policy(root, folder, form="adapter", checkpoint="5", base=base)
        settings = json.loads((folder / "adapter_config.json").read_text())
        assert settings["base_model_name_or_path"] == name


def test_export_copies_the_policy_of_a_complete_run(full: Path, tmp_path: Path) -> None:
    exported = export_policy(full, tmp_path / "out")
    assert (exported.step, exported.form) == (20, "merged")
    assert weights_hash(exported.folder) == weights_hash(full / "policy")
    card = (exported.folder / "README.md").read_text()
    header = yaml.safe_load(card.split("---")[1])
    assert header["library_name"] == "transformers" and "base_model" not in header  # a folder here
    assert (
        "It ran to its end. The weights here are those of step 20." in card
        and "0.05 × `short`" in card
    )
    assert "**`short`** (`step_count`)" in card and "min(max(0, n - allowance), cap)" in card
    assert (
        "No comparison is given here" in card
        and "f" * 64 in card
        and "commit `c0ffee` (with local changes)" in card
    )
    assert str(full) not in card
    config = yaml.safe_load((exported.folder / "training_config.yaml").read_text())
    assert (config["output"], config["report_to"], config["seed"]) == ("", "none", 3)


def test_cast_weights_of_several_files_with_their_index(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    shards = {"a": {"w": torch.ones(3), "n": torch.tensor([7])}, "b": {"v": torch.zeros(2)}}
    names = {key: f"model-{key}.safetensors" for key in shards}
    for key, tensors in shards.items():
        save_file(tensors, tmp_path / names[key], metadata={"format": "pt"})
    placed = {name: names[key] for key, tensors in shards.items() for name in tensors}
    index = {"metadata": {"total_size": 28, "total_parameters": 6}, "weight_map": placed}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    (tmp_path / "config.json").write_text('{"torch_dtype": "float32", "vocab_size": 9}')
    cast_weights(tmp_path, "float16")
    found = load_file(tmp_path / names["a"])
    assert (found["w"].dtype, found["n"].dtype) == (torch.float16, torch.int64)
    written = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    # Three and two halves of two bytes, one whole number of eight.
    assert written["metadata"] == {"total_size": 18, "total_parameters": 6}
    config = json.loads((tmp_path / "config.json").read_text())
    assert config == {"vocab_size": 9, "dtype": "float16"}
    assert dtype_of(tmp_path) == "float16"


def test_export_casts_to_another_data_type(full: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    exported = export_policy(full, tmp_path / "out", dtype="bfloat16")
    whole = export_policy(full, tmp_path / "whole")
    assert (exported.dtype, whole.dtype) == ("bfloat16", "float32")
    assert whole.size - exported.size == pytest.approx(whole.size / 2, rel=0.1)
    assert AutoModelForCausalLM.from_pretrained(exported.folder).dtype == torch.bfloat16


def test_export_card_has_the_results_of_the_very_weights(
    full: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = comparison(sha256=weights_hash(full / "policy"))
    monkeypatch.setattr("rl.export.export.load_results", lambda _: measured)
    card = (export_policy(full, tmp_path / "a", results=tmp_path).folder / "README.md").read_text()
    assert "| **mine** | 80.0 % (70.0 to 90.0) | 60.0 (55.0 to 65.0) |" in card
    assert "* Mine uses fewer tokens." in card and "No comparison is given" not in card
    cast = export_policy(full, tmp_path / "cast", dtype="float16").folder
    measured["policies"][1]["sha256"] = weights_hash(cast)  # what is given away was compared
    again = export_policy(full, tmp_path / "again", dtype="float16", results=tmp_path).folder
    assert "| **mine** |" in (again / "README.md").read_text()
    measured["policies"][1]["sha256"] = "0" * 64
    with pytest.raises(UserError, match="compares other weights"):
        export_policy(full, tmp_path / "b", dtype="float16", results=tmp_path)
    with pytest.raises(UserError, match=r"compares other weights \(base, mine\) than those that"):
        export_policy(full, tmp_path / "b", results=tmp_path)


def test_export_refuses(full: Path, world: World, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(UserError, match="there already exists; name a new folder"):
        export_policy(full, tmp_path / "there")
    with pytest.raises(UserError, match="are a whole model and no adapter; leave --adapter away"):
        export_policy(full, tmp_path / "out", form="adapter")
    with pytest.raises(UserError, match=r"no weights of step 11; there are those of .* 10, 20\."):
        export_policy(full, tmp_path / "out", checkpoint="11")
    with pytest.raises(UserError, match="did not evaluate"):
        export_policy(full, tmp_path / "out", checkpoint="best")
    with pytest.raises(UserError, match="is no run folder: it holds no config.yaml"):
        export_policy(tmp_path, tmp_path / "out")
    young = make_run(world, tmp_path / "young", lora=False)
    with pytest.raises(UserError, match="is not complete; it holds no checkpoint yet"):
        export_policy(young, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))


def test_export_refuses_weights_in_parts_and_pickles(world: World, tmp_path: Path) -> None:
    root = make_run(world, tmp_path / "run", lora=False)
    parts = checkpoint(root, 5, world.model)
    (parts / "model.safetensors").unlink()
    (parts / "global_step5").mkdir()
    with pytest.raises(UserError, match="in parts, one a process.*gather_16bit_weights"):
        export_policy(root, tmp_path / "out", checkpoint="last")
    (parts / "global_step5").rmdir()
    (parts / "pytorch_model.bin").write_bytes(b"a pickle")
    with pytest.raises(UserError, match="as a pickle, which runs code"):
        export_policy(root, tmp_path / "out", checkpoint="last")


def test_find_weights_by_word_and_step(full: Path, world: World) -> None:
    run = RunFolder(full)
    shutil.copytree(world.model, full / "policy-best")
    result = {"steps": 20, "policy_step": 20, "best_step": 15}
    assert find_weights(run, result, None).step == 20
    assert find_weights(run, result, "last").model == full / "policy"
    assert find_weights(run, result, "best").model == full / "policy-best"
    assert find_weights(run, result, "10").model == full / "checkpoints" / "checkpoint-10"
    fell = {"steps": 20, "policy_step": 10, "best_step": None, "stopped_early": "it fell"}
    shutil.copytree(world.model, full / "policy-last")
    assert find_weights(run, fell, "best").model == full / "policy"
    assert find_weights(run, fell, "last").model == full / "policy-last"
    assert find_weights(run, {}, "last").step == 10
    state = full / "checkpoints" / "checkpoint-10" / "suffice_state.json"
    state.write_text(json.dumps({"evaluation": {"best": {"step": 10}}}))
    assert find_weights(run, {}, "best").step == 10
    with pytest.raises(UserError, match="made no policy. No signal: why."):
        find_weights(run, {"no_signal": "No signal: why."}, None)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("weights.bin", "may be a pickle"),
        ("modeling_mine.py", "is code; a policy is given away without any"),
    ],
)
def test_check_exported_refuses_what_may_run_code(name: str, says: str, tmp_path: Path) -> None:
    folder = make_exported(tmp_path / "out")
    (folder / name).write_text("x")
    with pytest.raises(UserError, match=says):
        check_exported(folder)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("model.safetensors", "holds no weights as safetensors"),
        ("tokenizer_config.json", "holds no tokenizer_config.json"),
        ("chat_template.jinja", "has no chat template"),
        ("README.md", "holds no card"),
        ("config.json", "holds neither config.json nor adapter_config.json"),
    ],
)
def test_check_exported_names_what_is_missing(name: str, says: str, tmp_path: Path) -> None:
    folder = make_exported(tmp_path / "out")
    (folder / name).unlink()
    with pytest.raises(UserError, match=says):
        check_exported(folder)


def test_check_exported_reads_the_weights(tmp_path: Path) -> None:
    folder = make_exported(tmp_path / "out")
    (folder / "model.safetensors").write_bytes(b"cut off")
    with pytest.raises(UserError, match="model.safetensors cannot be read as safetensors"):
        check_exported(folder)
    with pytest.raises(UserError, match="is no folder"):
        check_exported(folder / "none")


def test_export_command(full: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["export", str(full), "--output", str(out), "--base", "org/base"]) == 0
    shown = capsys.readouterr().out
    assert f"Exported policy: {out}, step 20, float32" in shown and "suffice push" in shown
    assert "base_model: org/base" in (out / "README.md").read_text()
    assert main(["export", str(full), "--output", str(out)]) == 2
    assert "already exists" in capsys.readouterr().err
    assert main(["export", str(full), "--output", str(out), "--checkpoint", "first"]) == 2
    assert "neither a step nor 'best' nor 'last'" in capsys.readouterr().err
