"""vLLM for the rollouts of a training run: what is checked, and how its rows are seeded."""
