"""Calibration of a finished tagger by labelled traces: temperature and counts, shown by halves."""
