"""The page of a sweep: tables and pictures, made from its results alone."""
