"""How a training run gets its advantages: the method chosen, rollouts drawn again, TRL's output."""
