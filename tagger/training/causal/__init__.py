"""Training the causal back end."""
