"""The comparison of policies: its config, arms, workers and run."""
