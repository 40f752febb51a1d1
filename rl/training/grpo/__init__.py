"""The ``grpo`` section of a run config: its keys and the values that they may have."""
