"""From samples to figures: estimates, behaviour, frontier, claims, and the results file."""
