"""Counts, rates and their intervals; two runs compared, several ranked."""

from .ranking import CHANGES, compare, rank, same_checks
from .scoring import COUNTS, UNITS, score, tally

__all__ = ["CHANGES", "COUNTS", "UNITS", "compare", "rank", "same_checks", "score", "tally"]
