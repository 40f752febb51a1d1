"""The model card of a policy, written from its run."""
