"""A warm start: supervised traces that make a chat model think in steps, and over-verify."""
