"""From what follows the thinking to one answer, and whether it is right."""

from rewards.answers.match import answers_match, boxed_contents, extract_answer

__all__ = ["answers_match", "boxed_contents", "extract_answer"]
