"""What the linear back end and the student read of a step."""
