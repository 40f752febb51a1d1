"""The causal back end: a causal language model reads the whole trace once and scores each step.

Question and steps are concatenated in a window of tokens; a step is scored from the hidden states
of its own tokens, which depend on everything before it and nothing after it.
"""
