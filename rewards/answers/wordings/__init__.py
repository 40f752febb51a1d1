"""Wordings that decide what a text answers: denials, yes and no, numbers in words."""
