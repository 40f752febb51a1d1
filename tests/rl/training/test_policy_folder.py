"""What of a checkpoint is a policy."""

from __future__ import annotations

from pathlib import Path

from rl.policy.config import PolicyConfig
from rl.training.policy_folder import save_checkpoint_policy


def test_a_policy_takes_no_state_of_the_run_out_of_its_checkpoint(tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint-3"
    (checkpoint / "ref").mkdir(parents=True)
    policy = ("model.safetensors", "config.json", "chat_template.jinja")
    state = (
        "trainer_state.json", "suffice_state.json", "unlogged.json", "reference.safetensors",
        "optimizer.pt",
    )  # fmt: skip
    for name in (*policy, *state):
        (checkpoint / name).write_text("{}")
    save_checkpoint_policy(checkpoint, PolicyConfig(), tmp_path / "policy", None)
    assert {file.name for file in (tmp_path / "policy").iterdir()} == set(policy)
