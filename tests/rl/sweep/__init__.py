"""Sweeps: spaces, schedules, folders, results; trained by a stand-in."""
