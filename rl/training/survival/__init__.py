"""What a run does so that a kill, a full disk or a lost process costs no more than some steps."""
