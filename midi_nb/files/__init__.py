"""Everything that is read or written: keys, mappings, official outputs, run folders, reports.

The only room that knows the ``<…>`` in which the official files wrap their texts.
"""

from .keys import AnswerKey, Check, FrameKey, Spec, read_key, read_mapping
from .results import read_dciodvfy, read_results
from .runs import read_parts, write_run, write_summary
from .workbook import read_scores

__all__ = [
    "AnswerKey",
    "Check",
    "FrameKey",
    "Spec",
    "read_dciodvfy",
    "read_key",
    "read_mapping",
    "read_parts",
    "read_results",
    "read_scores",
    "write_run",
    "write_summary",
]
