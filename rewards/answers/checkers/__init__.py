"""Answer checkers: what decides whether an answer is correct."""

from rewards.answers.checkers.base import AnswerChecker
from rewards.answers.checkers.choice import check_choice
from rewards.answers.checkers.equivalent import check_equivalent, given_answer
from rewards.answers.checkers.exact import check_exact
from rewards.answers.checkers.number import NumberChecker
from rewards.answers.checkers.reasoning_gym import check_reasoning_gym
from rewards.answers.checkers.registry import CHECKER_KEY, CHECKERS, build_checker, checker_for

__all__ = [
    "CHECKERS",
    "CHECKER_KEY",
    "AnswerChecker",
    "NumberChecker",
    "build_checker",
    "check_choice",
    "check_equivalent",
    "check_exact",
    "check_reasoning_gym",
    "checker_for",
    "given_answer",
]
