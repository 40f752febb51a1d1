"""Names of the files and folders that runs leave behind: trainings, comparisons, tasks of a sweep.

What lies where in a training's folder is in `rl.training.run_folder`. `rewards` and `tagger` import
nothing of `rl` and have the few names that they read themselves; a test compares them.
"""

from __future__ import annotations

CONFIG = "config.yaml"
"""The resolved config of a training."""
PROVENANCE = "provenance.json"
"""Model, tagger, commit, versions, machine and date at the start."""
COMMAND = "command.txt"
"""The command that began a training, comparison, quick start or sweep."""
PACKAGES = "packages.txt"
"""All installed packages with their versions at the start."""
METRICS = "metrics.jsonl"
"""One JSON line a logged step."""
RESULT = "result.json"
"""What came out of a training; there only when it is complete."""
LOCK = ".lock"
"""Held by the process that works on the folder."""
LOGS = "logs"
"""Folder of what the processes printed."""

ROLLOUTS = "rollouts"
"""Folder of the rollouts that are kept."""
ROLLOUT_FILES = "step-*.jsonl.gz"
"""Pattern of its files, one a step."""

POLICY, ADAPTER = "policy", "adapter"
"""Folders of the trained policy and, if there is one, its adapter."""
LAST_POLICY, LAST_ADAPTER = "policy-last", "adapter-last"
"""Those of the last step, where accuracy fell."""
BEST_POLICY, BEST_ADAPTER = "policy-best", "adapter-best"
"""Those of the best step by evaluation, where it is not the last."""

CHECKPOINTS = "checkpoints"
"""Folder of the checkpoints."""
CHECKPOINT = "checkpoint-"
"""A checkpoint's folder, followed by its step; transformers names it so."""
TRAINER_STATE = "trainer_state.json"
"""In a checkpoint: transformers' state."""
STATE = "suffice_state.json"
"""In a checkpoint: our state, written last; one without it is not whole."""
REFERENCE = "reference.safetensors"
"""In a checkpoint: weights of a reference that follows the policy (`rl.training.reference`)."""
UNLOGGED = "unlogged.json"
"""In a checkpoint between two logged steps: see `rl.training.survival.unlogged`."""

RESULTS = "results.json"
"""What came out of a comparison or a sweep."""
REPORT = "report.html"
"""The page of a comparison or a sweep."""
DONE, FAILED = "done.json", "failed.json"
"""In the folder of a sweep's task: what came out, or why nothing did."""
