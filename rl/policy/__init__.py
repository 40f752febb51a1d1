"""Loading a policy and its tokenizer."""
