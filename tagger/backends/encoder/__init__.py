"""The encoder back end: a sentence encoder reads each step, a causal head reads the steps.

Each step is encoded once, by any BERT-like model of `transformers`; beside its vector stand the
look-back flags of `tagger.backends.features.lookback`; a GRU or a window over the
vectors carries what came before.
"""
