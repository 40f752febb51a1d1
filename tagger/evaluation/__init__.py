"""Evaluation of step taggers: metrics, intervals, calibration, count errors, report.

`evaluate` is the entry point; everything it needs is numpy.
"""

from tagger.evaluation.bootstrap import Estimate
from tagger.evaluation.compute import evaluate, score
from tagger.evaluation.figures import Evaluation
from tagger.evaluation.label_space import LabelSpace, same_space, space_between
from tagger.evaluation.predictions import Predictions, join, predict

__all__ = [
    "Estimate",
    "Evaluation",
    "Predictions",
    "LabelSpace",
    "evaluate",
    "join",
    "predict",
    "same_space",
    "score",
    "space_between",
]
