"""GRPO training: config, trainer, callbacks, run folder."""
