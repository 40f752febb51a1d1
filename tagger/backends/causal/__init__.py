"""The causal back end: a causal language model reads the whole trace once and scores each step.

Question and steps stand one behind the other in a window of tokens; a step is scored from the
hidden states of its own tokens, in which everything before it has been seen and nothing after it.
"""
