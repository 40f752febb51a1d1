"""From what follows the thinking to one answer, and whether it is correct."""

from rewards.answers.extract import extract_answer, extract_option
from rewards.answers.marks import boxed_contents
from rewards.answers.match import answers_match

__all__ = ["answers_match", "boxed_contents", "extract_answer", "extract_option"]
