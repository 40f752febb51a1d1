"""Tasks of a sweep in processes of their own, resumable after any kill."""
