"""Which weights of a run are meant: its policy, the best, the last, or those of a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rl.export.files import ADAPTER_WEIGHTS, PICKLES, WEIGHTS
from rl.training.run_folder import RunFolder, checkpoint_state, whole_checkpoints
from tagger.errors import UserError

BEST, LAST = "best", "last"


@dataclass(frozen=True)
class Weights:
    """The weights of one step.

    Attributes:
        step: The step; 0 is the base.
        model: Folder with a whole model; None if it has to be merged.
        adapter: Folder with the adapter; None if there is none.
    """

    step: int
    model: Path | None
    adapter: Path | None


def find_weights(run: RunFolder, result: Mapping[str, Any], which: str | None) -> Weights:
    """Find the weights that are asked for.

    Args:
        run: The run's folder.
        result: Its result; empty while the run is not complete.
        which: None for the policy that the run made, ``best``, ``last``, or a step.

    Raises:
        UserError: They are not there, or not in a form that can be given away; what there is is
            named.
    """
    if result.get("no_signal"):
        raise UserError(f"The run in {run.root} made no policy. {result['no_signal']}")
    kept = _kept(run, result)
    step = _step(run, result, which, kept)
    if step not in kept:
        steps = ", ".join(str(one) for one in sorted(kept)) or "none"
        raise UserError(
            f"{run.root} holds no weights of step {step}; there are those of the steps {steps}."
        )
    found = kept[step]
    _check_form(found)
    return found


def _kept(run: RunFolder, result: Mapping[str, Any]) -> dict[int, Weights]:
    """All weights of the run by step; policy folders win over checkpoints, which hold the same."""
    found: dict[int, Weights] = {}
    for step, folder in whole_checkpoints(run.checkpoints).items():
        is_adapter = (folder / "adapter_config.json").is_file()
        found[step] = Weights(step, None, folder) if is_adapter else Weights(step, folder, None)
    if result:
        named = (
            (result.get("best_step"), run.best_policy, run.best_adapter),
            (result["steps"], run.last_policy, run.last_adapter),
            (result["policy_step"], run.policy, run.adapter),
        )
        for at, policy, adapter in named:
            if at is not None and policy.is_dir():
                found[at] = Weights(at, policy, adapter if adapter.is_dir() else None)
    return found


def _step(
    run: RunFolder, result: Mapping[str, Any], which: str | None, kept: Mapping[int, Weights]
) -> int:
    """The step that is meant."""
    if which == LAST:
        if result:
            return int(result["steps"])
        if kept:
            return max(kept)
        raise UserError(f"{run.root} holds no whole checkpoint yet.")
    if which == BEST:
        return _best_step(run, result)
    if which is not None:
        return int(which)
    if result:
        return int(result["policy_step"])
    steps = ", ".join(str(one) for one in sorted(kept))
    raise UserError(
        f"The run in {run.root} is not complete; "
        + (
            f"choose one of its checkpoints ({steps}) by --checkpoint, or resume it."
            if kept
            else "it holds no checkpoint yet."
        )
    )


def _best_step(run: RunFolder, result: Mapping[str, Any]) -> int:
    if result.get("best_step") is not None:
        return int(result["best_step"])
    if result.get("stopped_early"):
        return int(result["policy_step"])
    last = None if result else run.last_checkpoint()
    state = checkpoint_state(last) if last is not None else {}
    best = (state.get("evaluation") or {}).get("best")
    if best is not None:
        return int(best["step"])
    raise UserError(
        f"The run in {run.root} did not evaluate (eval_problems), so none of its steps is known to "
        "be the best; choose one by --checkpoint."
    )


def _check_form(found: Weights) -> None:
    """Refuse weights in parts, and pickles."""
    folder = found.adapter if found.model is None else found.model
    assert folder is not None
    pattern = ADAPTER_WEIGHTS if found.model is None else WEIGHTS
    if any(folder.glob(pattern)):
        return
    if any(folder.glob("global_step*")) or any(folder.glob("pytorch_model_fsdp*")):
        raise UserError(
            f"{folder} holds its weights in parts, one a process, which DeepSpeed and FSDP keep as "
            "pickles; resume the run with a setting that gathers them "
            "(stage3_gather_16bit_weights_on_model_save: true, FULL_STATE_DICT), or export its "
            "policy."
        )
    if any(file for ending in PICKLES[:1] for file in folder.glob(ending)):
        raise UserError(
            f"{folder} holds its weights as a pickle, which runs code when it is loaded; only "
            "safetensors are exported."
        )
    raise UserError(f"{folder} holds no weights as safetensors; the run is damaged.")
