"""Where a run reports to besides its own folder."""
