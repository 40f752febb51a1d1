"""From the table of terms to advantages: one method a module, found by its config name."""
