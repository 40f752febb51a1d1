"""The commands `suffice tagger ...` that write or compare files of labels."""
