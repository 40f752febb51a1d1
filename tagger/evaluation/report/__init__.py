"""Reports of an evaluation: page, tables, plots, terminal."""
