"""Training the student back end."""
