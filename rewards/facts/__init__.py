"""Facts of rollouts: one row of plain numbers each."""

from rewards.facts.analysis import RolloutAnalysis, RolloutAnalyzer, SegmentingTagger, Task
from rewards.facts.compute import FactsComputer

__all__ = ["FactsComputer", "RolloutAnalysis", "RolloutAnalyzer", "SegmentingTagger", "Task"]
