"""Features of a step, for the linear back end and the student."""
