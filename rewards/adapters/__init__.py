"""The reward in other trainers: their call signatures around `rewards.function.StepReward`."""
