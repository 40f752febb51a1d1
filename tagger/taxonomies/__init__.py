"""Taxonomies of step types: the default one, and YAML files of others."""
