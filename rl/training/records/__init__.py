"""What a training run writes down about its rollouts, in addition to its metrics."""
