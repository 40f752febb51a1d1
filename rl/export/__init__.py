"""Policies to be given away: out of a run folder, checked, with a card, and onto the Hub."""
