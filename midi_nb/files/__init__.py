"""The outputs of runs, read and written: official tables, reports, run folders.

The only room that knows the ``<…>`` in which the official files wrap their texts.
"""

from .results import read_dciodvfy, read_results
from .runs import read_parts, write_run, write_summary
from .workbook import read_scores

__all__ = [
    "read_dciodvfy",
    "read_parts",
    "read_results",
    "read_scores",
    "write_run",
    "write_summary",
]
