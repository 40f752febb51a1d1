"""Evaluation of step taggers: figures, intervals, calibration, count errors, pages.

`evaluate` is the way in; everything it needs is numpy.
"""

from tagger.evaluation.bootstrap import Estimate
from tagger.evaluation.compute import evaluate, score
from tagger.evaluation.figures import Evaluation
from tagger.evaluation.label_space import Space, same_space, space_between
from tagger.evaluation.predictions import Judged, join, judge

__all__ = [
    "Estimate",
    "Evaluation",
    "Judged",
    "Space",
    "evaluate",
    "join",
    "judge",
    "same_space",
    "score",
    "space_between",
]
