"""Problem sets: what is asked, what is correct, and how hard it is."""

from rl.problems.files import read_problems
from rl.problems.problem import Problem, score_answer
from rl.problems.registry import OVERTHINKER, load_problems

__all__ = ["OVERTHINKER", "Problem", "load_problems", "read_problems", "score_answer"]
