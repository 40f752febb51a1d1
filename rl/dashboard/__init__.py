"""What a training run shows while it runs and afterwards: in the terminal and as a page."""
