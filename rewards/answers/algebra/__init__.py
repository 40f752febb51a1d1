"""math-verify in a process of its own, which can be stopped whatever it is doing."""

from rewards.answers.algebra.client import AlgebraProcess, ask

__all__ = ["AlgebraProcess", "ask"]
