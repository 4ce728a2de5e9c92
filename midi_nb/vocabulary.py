"""What codes and columns are called, in words: tables, plots, report, widgets and command line ask here."""

from __future__ import annotations

from typing import Any

from . import frames
from .actions import ACTIONS
from .causes import CAUSES, PROBLEMS
from .causes.audits import FINDINGS
from .scores.scoring import SCORES

__all__ = ["WORDS", "code_of", "head_of", "spelled", "words_of"]

#: Column → its codes and what they are called. A code that is a word already is not here.
WORDS: dict[Any, dict[str, str]] = {
    "action": {name: action.phrase for name, action in ACTIONS.items()},
    "asked": {
        "X": "must go", "Z": "empty or dummy", "D": "dummy value", "K": "must stay", "C": "must be clean",
        "U": "new UID",
    },
    "category": {"hipaa": "HIPAA", "dicom": "DICOM", "tcia": "TCIA"},
    "cause": {cause.code: cause.label for cause in CAUSES},
    "confidence": {"review": "needs a look"},
    "finding": {finding.code: finding.label for finding in FINDINGS},
    "leads": {
        "dangling": "to no released object", "other patient": "to an object of another patient",
        "dangling before": "to no object, as in the original", "inside": "to a released object",
        "dangling perhaps before": "to no released object, perhaps as in the original",
    },
    "shift": {
        "other": "shifted otherwise", "kept": "not shifted", "unreadable": "no date", "usual": "shifted as usual",
    },
    "source": {"iod": "IOD"},
    "state": {"absent": "attribute absent", "missing": "file missing", "unread": "not read"},
    "unit": {"instance": "Every check", "series": "One per series", "series-2024": "Distinct per series"},
}  # fmt: skip
WORDS["guess"] = WORDS["cause"]

#: Columns of our frames whose name says it, but for a capital letter.
_OURS = {
    *frames.RESULTS, *frames.EXPLAINED, *frames.DIFFERENCES, *frames.VALUES_FOUND, *frames.CHANGES, *PROBLEMS, *SCORES,
    "after", "also_fails_in", "attribute", "attributes", "before", "checks", "clipped", "coverage", "detail",
    "explanation", "failing", "finding", "fixed", "goal", "guess", "judged", "kind", "label", "leads", "legible", "now",
    "only_here", "passes_in", "rank", "reached", "reason", "right", "selected", "shift", "side", "target",
    "to_modality", "to_patient", "to_series", "to_study", "unit", "untouched", "usual", "was",
}  # fmt: skip
_HEADS = {
    **{name: name.replace("_", " ").capitalize() for name in _OURS},
    **dict.fromkeys((*frames.CODES, "x0", "y0", "x1", "y1"), ""),
    "actual": "Released",
    "asked": "Asked by PS3.15",
    "beats_next": "Beats the next one",
    "gain": "Gain (points)",
    "gain_series": "Gain per series (points)",
    "high": "Interval to",
    "hint": "What to do",
    "fix": "What to do",
    "in_files": "Files",
    "in_patients": "Patients",
    "in_series": "Series",
    "low": "Interval from",
    "name": "Attribute",
    "p_first": "Probability of rank 1",
    "rank_high": "Rank to",
    "rank_low": "Rank from",
    "released": "Released instance",
    "released_vr": "Released VR",
    "rows": "Checks",
    "sop_class": "SOP class",
    "tag_path": "Path",
    "tags": "Attributes",
    "total": "Checks",
    "vr": "VR",
}


def words_of(column: Any, code: Any) -> Any:
    """What a code of `column` is called; anything else as it is.

    >>> words_of("cause", "leak_partial"), words_of("note", "leak_partial")
    ('Part of the text left', 'leak_partial')
    >>> words_of("problem", "leak_untouched: Study Description (0008,1030)")
    'Not changed: Study Description (0008,1030)'
    >>> words_of("action", "uid_changed, uid_consistent")
    'UID must change, UID must match the mapping'
    """
    if column == "problem" and isinstance(code, str):
        cause, *rest = code.split(": ", 1)
        return ": ".join([words_of("cause", cause), *rest])
    if column == "action" and isinstance(code, str):  # of a problem, several
        return ", ".join(WORDS["action"].get(one, one) for one in code.split(", "))
    return WORDS.get(column, {}).get(code, code) if isinstance(code, str) else code


def code_of(column: Any, code: Any) -> str:
    """The code to show in grey behind its words; empty where they say the same, or where it is none.

    >>> code_of("action", "text_removed"), code_of("category", "hipaa"), code_of("problem", "missing_file")
    ('text_removed', '', 'missing_file')
    """
    said = words_of(column, code)
    if said is code or said.lower() == code.lower():
        return ""
    return str(code.split(": ")[0] if column == "problem" else code)


def spelled(column: Any, code: str) -> str:
    """The words for a code, then the code, where no colour sets them apart.

    >>> spelled("action", "text_removed"), spelled("category", "hipaa")
    ('text must go (text_removed)', 'HIPAA')
    """
    behind = code_of(column, code)
    return f"{words_of(column, code)} ({behind})" if behind else str(words_of(column, code))


def head_of(column: Any) -> str:
    """What a column is called, above it; by its own name where that is none of ours.

    >>> head_of("gain_series"), head_of("my_note")
    ('Gain per series (points)', 'my_note')
    """
    return _HEADS.get(column) or str(column)
