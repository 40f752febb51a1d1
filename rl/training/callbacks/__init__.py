"""Callbacks of a run, one a file; they need transformers."""

from rl.training.callbacks.accuracy_floor import AccuracyFloor
from rl.training.callbacks.evaluation import Evaluation
from rl.training.callbacks.metrics_file import MetricsFile
from rl.training.callbacks.progress import Progress
from rl.training.callbacks.stop_on_signal import StopOnSignal
from rl.training.callbacks.tagger_unchanged import TaggerUnchanged

__all__ = [
    "AccuracyFloor",
    "Evaluation",
    "MetricsFile",
    "Progress",
    "StopOnSignal",
    "TaggerUnchanged",
]
