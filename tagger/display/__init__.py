"""How typed steps look: in the terminal, as a picture, on a page."""
