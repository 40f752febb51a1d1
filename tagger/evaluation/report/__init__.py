"""An evaluation for readers: page, tables, plots, terminal."""
