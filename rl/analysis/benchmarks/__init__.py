"""What benchmarks report of an arm: pass@k, maj@k, accuracy at token budgets, money; and power."""
