"""The report of a comparison: page, tables, plots."""

from rl.report.write import print_report, write_report

__all__ = ["print_report", "write_report"]
