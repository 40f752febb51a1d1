"""Tagging many traces: the stream of work, its output, and tokenizers for counting."""
