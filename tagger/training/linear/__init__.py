"""Training of the linear back end."""
