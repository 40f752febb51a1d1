"""Training of taggers; only this part of `tagger` may import torch and scikit-learn."""

from tagger.training.linear.train import LinearRecipe, train_linear
from tagger.training.trained import TrainedTagger

__all__ = ["LinearRecipe", "TrainedTagger", "train_linear"]
