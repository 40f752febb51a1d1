"""What a training run needs of a machine, from its config alone: no weights, no network."""
