"""A budget of thinking for training rollouts."""
