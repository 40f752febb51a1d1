"""The encoder back end: a sentence encoder reads each step, a causal head reads the steps.

Each step is encoded once, by any BERT-like model of `transformers`; its vector is concatenated with
an embedding of the look-back flags (`tagger.backends.features.lookback`); a GRU or a window over
the vectors carries the history.
"""
