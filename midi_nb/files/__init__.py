"""The outputs of runs, read and written: official tables, reports, run folders; answers, as a key.

The only room that knows the ``<…>`` in which the official files wrap their texts.
"""

from .results import read_dciodvfy, read_results
from .runs import read_parts, write_run, write_summary
from .workbook import read_scores
from .writing import write_key

__all__ = [
    "read_dciodvfy",
    "read_parts",
    "read_results",
    "read_scores",
    "write_key",
    "write_run",
    "write_summary",
]
