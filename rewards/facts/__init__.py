"""Facts of rollouts: one row of plain numbers each."""

from rewards.facts.compute import FactsComputer, SegmentingTagger, Task

__all__ = ["FactsComputer", "SegmentingTagger", "Task"]
