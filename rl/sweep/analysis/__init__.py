"""What a sweep's samples say: means over seeds, fronts, responses, the recommended setting."""
