"""The public names of Suffice in one place: ``from suffice import FrozenTagger, StepMonitor``.

Names are imported when they are asked for, so ``import suffice`` loads neither torch nor
transformers; the packages behind them (`tagger`, `rewards`, `rl`) may be used directly as well.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rewards.answers import answers_match, extract_answer
    from rewards.facts.analysis import RolloutAnalysis, RolloutAnalyzer, Task
    from rewards.facts.compute import FactsComputer
    from rewards.function import StepReward
    from rewards.stack import RewardStack, build_stack
    from rl.comparison.config import CompareConfig, compare_config
    from rl.comparison.run import run_comparison
    from rl.policy.load import Policy, load_policy
    from rl.problems import Problem, load_problems
    from rl.training.config import RunConfig, load_config
    from rl.training.run import run_training
    from rl.training.trainer import StepGRPOTrainer
    from tagger.errors import UserError
    from tagger.frozen import FrozenTagger
    from tagger.segmentation.registry import get_segmenter
    from tagger.stopping.monitor import StepMonitor
    from tagger.stopping.rules.registry import build_rule
    from tagger.taxonomies.taxonomy import REASONTYPE, Taxonomy
    from tagger.thinking.split import ThinkingDelimiters, split_thinking

_HOMES = {
    "rewards.answers": ("answers_match", "extract_answer"),
    "rewards.facts.analysis": ("RolloutAnalysis", "RolloutAnalyzer", "Task"),
    "rewards.facts.compute": ("FactsComputer",),
    "rewards.function": ("StepReward",),
    "rewards.stack": ("RewardStack", "build_stack"),
    "rl.comparison.config": ("CompareConfig", "compare_config"),
    "rl.comparison.run": ("run_comparison",),
    "rl.policy.load": ("Policy", "load_policy"),
    "rl.problems": ("Problem", "load_problems"),
    "rl.training.config": ("RunConfig", "load_config"),
    "rl.training.run": ("run_training",),
    "rl.training.trainer": ("StepGRPOTrainer",),
    "tagger.errors": ("UserError",),
    "tagger.frozen": ("FrozenTagger",),
    "tagger.segmentation.registry": ("get_segmenter",),
    "tagger.stopping.monitor": ("StepMonitor",),
    "tagger.stopping.rules.registry": ("build_rule",),
    "tagger.taxonomies.taxonomy": ("REASONTYPE", "Taxonomy"),
    "tagger.thinking.split": ("ThinkingDelimiters", "split_thinking"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "REASONTYPE",
    "CompareConfig",
    "FactsComputer",
    "FrozenTagger",
    "Policy",
    "Problem",
    "RewardStack",
    "RolloutAnalysis",
    "RolloutAnalyzer",
    "RunConfig",
    "StepGRPOTrainer",
    "StepMonitor",
    "StepReward",
    "Task",
    "Taxonomy",
    "ThinkingDelimiters",
    "UserError",
    "answers_match",
    "build_rule",
    "build_stack",
    "compare_config",
    "extract_answer",
    "get_segmenter",
    "load_config",
    "load_policy",
    "load_problems",
    "run_comparison",
    "run_training",
    "split_thinking",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name not in _HOME:
        raise AttributeError(f"module 'suffice' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
