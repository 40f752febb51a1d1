"""Training the encoder back end."""
