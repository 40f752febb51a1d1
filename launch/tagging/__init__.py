"""Tagging many traces: the stream of work, its output, and tokenizers for counting."""

from launch.tagging.stream import TaggedTrace, tag_stream, token_starts

__all__ = ["TaggedTrace", "tag_stream", "token_starts"]
