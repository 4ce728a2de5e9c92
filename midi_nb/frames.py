"""The frames: their columns, types and orders. The base of everything; computes nothing.

One row is one check: *this attribute (or region) of this instance must be …*. ``answers`` is what a key asks,
``results`` is ``answers`` plus the verdict. Both are plain DataFrames whose texts are categoricals.
"""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd

SCOPES = ("Patient", "Study", "Series", "Instance")
CATEGORIES = ("hipaa", "dicom", "tcia", "unknown")
#: What a released file has where a check looks: a value or none, nothing, no file; or this installation cannot read it.
STATES = ("value", "empty", "absent", "missing", "unread")
#: What can be said of a check; of a lost one the official scorer writes no row at all, and no score counts it.
VERDICTS = ("failed", "blank", "passed", "lost")
#: Where a check comes from: somebody's key, identifiers planted by us, the original's own header, the DICOM standard …
#: Those of the workshop hold for all instances of their scope, and look for their attribute in sequences too.
SOURCES = ("published", "planted", "header", "pattern", "standard", "iod", "private", "pixels", "workshop")
CODES = ("hipaa_z", "hipaa_m", "dicom_p15", "dicom_iod", "dicom_safe", "tcia_ptkb", "tcia_p15", "tcia_rev")

TEXT = "category"
_BOX = {"x0": "Int32", "y0": "Int32", "x1": "Int32", "y1": "Int32"}

#: What a key asks: column → type.
ANSWERS: dict[str, Any] = {
    "patient": TEXT,
    "study": TEXT,
    "series": TEXT,
    "instance": TEXT,
    "check": TEXT,
    "action": TEXT,
    "tag_path": TEXT,
    "tag": TEXT,
    "name": TEXT,
    "private": "bool",
    "scope": pd.CategoricalDtype(SCOPES, ordered=True),
    "modality": TEXT,
    "sop_class": TEXT,
    "category": pd.CategoricalDtype(CATEGORIES),
    "subcategory": TEXT,
    "prev_cat": TEXT,
    **dict.fromkeys(CODES, TEXT),
    "original": TEXT,
    "expected": TEXT,
    **_BOX,
    "source": pd.CategoricalDtype(SOURCES),
}

#: What a run found: ``answers`` in the light of one submission.
RESULTS: dict[str, Any] = {
    "submission": TEXT,
    **{name: ANSWERS[name] for name in ("patient", "study", "series", "instance")},
    # The identifiers of the released file: the official series rule and the official reports go by these.
    **dict.fromkeys(("released_patient", "released_study", "released_series", "released"), TEXT),
    **ANSWERS,
    "actual": TEXT,
    "state": pd.CategoricalDtype(STATES),
    "verdict": pd.CategoricalDtype(VERDICTS),
    "score": "float64",
    "error": TEXT,
    "file": TEXT,
    # False for a row of a source that holds failures only, such as a discrepancy report: there is no denominator.
    "complete": "bool",
}

#: What can become of an attribute between the original and the released file; one that is retyped has the value that it
#: had, written as of another value representation (``vr`` before, ``released_vr`` after).
CHANGES = ("kept", "retyped", "emptied", "removed", "replaced", "added", "shifted", "remapped")

#: What ``inspect`` finds: one row an attribute path of an instance; ``original`` is its text before, ``actual`` after,
#: ``asked`` the action of PS3.15 (X Z D K C U), missing where no row of its table is about the attribute.
DIFFERENCES: dict[str, Any] = {
    **dict.fromkeys(("patient", "study", "series", "instance", "released", "modality", "manufacturer"), TEXT),
    **dict.fromkeys(("tag_path", "tag", "creator", "name", "vr", "released_vr"), TEXT),
    "private": "bool",
    "scope": pd.CategoricalDtype(SCOPES, ordered=True),
    "asked": TEXT,
    "change": pd.CategoricalDtype(CHANGES),
    "days": "float64",
    "original": TEXT,
    "actual": TEXT,
    "doubtful": "bool",
    "file": TEXT,
}

#: What ``census`` finds: one row a distinct value of an attribute (of all items of a sequence together), or of what
#: else is in a folder: ``place`` says where it stands, ``actual`` is the value, ``file`` an example.
VALUES_FOUND: dict[str, Any] = {
    **dict.fromkeys(("place", "tag_path", "tag", "creator", "name", "vr"), TEXT),
    "private": "bool",
    "free_text": "bool",
    "actual": TEXT,
    **dict.fromkeys(("count", "in_files", "in_patients", "in_series"), "int64"),
    "file": TEXT,
}

#: What ``explain`` adds.
EXPLAINED: dict[str, Any] = {"cause": TEXT, "axis": TEXT, "confidence": TEXT, "words": TEXT}

#: What ``read_results(scores=...)`` adds: rows that are no check but a number of passes, as a scoring workbook counts
#: them. ``checks`` is how many there are, failures included. On the rows of checks all three are missing.
COUNTED: dict[str, Any] = {"unit": TEXT, "passes": "float64", "checks": "float64"}

TEXTS = [name for name, kind in {**RESULTS, **EXPLAINED}.items() if kind == TEXT]

MASK = "•••"  # instead of a value that must not be seen
#: Columns whose cells may be protected health information.
VALUES = ("original", "expected", "actual", "words")
IDENTIFIERS = (
    "patient",
    "study",
    "series",
    "instance",
    "released_patient",
    "released_study",
    "released_series",
    "released",
    "target",
    "to_patient",
    "to_study",
    "to_series",
)

#: Modalities as DICOM defines them; a file may say anything.
MODALITIES = (
    "ANN|AR|ASMT|AU|BDUS|BI|BMD|CFM|CR|CT|CTPROTOCOL|DG|DMS|DOC|DX|ECG|EEG|EMG|EOG|EPS|ES|FID|GM|HC|HD|IO|IOL|IVOCT"
    "|IVUS|KER|KO|LEN|LS|M3D|MA|MG|MR|MS|NM|OAM|OCT|OP|OPM|OPT|OPTBSV|OPTENF|OPV|OSS|OT|PA|PLAN|POS|PR|PT|PX|REG|RESP"
    "|RF|RG|RT[A-Z]{4,6}|SC|SEG|SM|SMR|SR|SRF|STAIN|TEXTUREMAP|TG|US|VA|XA|XAPROTOCOL|XC"
)

#: How ``prev_cat`` starts in every check of a derived key; the profile, its options and the edition follow.
DERIVED = "derived: "

#: What the official script shows instead of pixel and overlay data.
REMOVED = "REMOVED"

_MADE_BY = {
    **dict.fromkeys(RESULTS, "evaluate() or read_results()"),
    **dict.fromkeys(EXPLAINED, "explain()"),
    "problem": "problems()",
    "change": "compare()",
    "rank": "rank()",
    "p_first": "rank()",
    "finding": "audit()",
}


def require_frame(frame: Any, verb: str) -> None:
    """Raise a TypeError where `frame` is none, for a path with the verb that reads it.

    >>> require_frame("run/", "score()")
    Traceback (most recent call last):
    ...
    TypeError: score() needs a results frame, got the path run/; read it with read_results().
    """
    if isinstance(frame, str | PathLike):
        raise TypeError(f"{verb} needs a results frame, got the path {frame}; read it with read_results().")
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"{verb} needs a DataFrame, got {type(frame).__name__}.")


def require_columns(frame: pd.DataFrame, columns: Iterable[str], verb: str) -> None:
    """Raise a ValueError that names the columns `verb` misses in `frame`, with the verb that makes them.

    >>> require_columns(pd.DataFrame({"action": []}), ["action", "verdict"], "score()")
    Traceback (most recent call last):
    ...
    ValueError: score() needs the column verdict, missing in this frame; evaluate() or read_results() makes it.
    """
    require_frame(frame, verb)
    if numbers := _numbers(frame):
        raise ValueError(
            f"{verb} needs texts in {', '.join(numbers)}, where this frame has numbers: a CSV file keeps no types. "
            "Keep results with write_run() and read them with read_results()."
        )
    lacking = [name for name in columns if name not in frame.columns]
    if lacking:
        makers = dict.fromkeys(_MADE_BY[name] for name in lacking if name in _MADE_BY)
        column, them = ("column", "it") if len(lacking) == 1 else ("columns", "them")
        remedy = f"; {' and '.join(makers)} {'makes' if len(makers) == 1 else 'make'} {them}" if makers else ""
        raise ValueError(f"{verb} needs the {column} {', '.join(lacking)}, missing in this frame{remedy}.")


def _numbers(frame: pd.DataFrame) -> list[str]:
    """The columns of texts that hold numbers in results, as in those that were read from CSV."""
    if "verdict" not in frame.columns:  # in other frames columns of these names may well be numbers
        return []
    dtypes = dict(zip(frame.columns, frame.dtypes, strict=True))
    return [name for name in TEXTS if name in dtypes and _holds_numbers(frame, name, dtypes[name])]


def _holds_numbers(frame: pd.DataFrame, name: str, dtype: Any) -> bool:
    categories = getattr(dtype, "categories", None)
    if isinstance(dtype if categories is None else categories.dtype, pd.StringDtype):
        return False  # without a look at the column: most are of this kind, and every verb asks
    values = frame[name] if categories is None else categories
    return _are_numbers(values) and bool(frame[name].notna().any())


def _are_numbers(values: pd.Series | pd.Index) -> bool:
    if values.dtype == object:
        return pd.api.types.infer_dtype(values, skipna=True) not in ("string", "empty")
    return bool(pd.api.types.is_numeric_dtype(values.dtype))


def is_complete(frame: pd.DataFrame) -> bool:
    """Whether `frame` contains all checks, passes included, by its column ``complete``."""
    return bool(complete_rows(frame).all())


def complete_rows(frame: pd.DataFrame) -> Any:
    """Mask of the rows whose source contains all checks; False where the column is missing, as after a join.

    Counts (no column ``verdict``) are complete where they do not say otherwise.

    >>> complete_rows(pd.DataFrame({"complete": [True, None, "False", 0.0, "True"]})).tolist()
    [True, False, False, False, True]
    """
    if "complete" not in frame.columns:
        return np.full(len(frame), "verdict" not in frame.columns)
    complete = frame["complete"]
    if complete.dtype == bool:
        return complete.to_numpy()
    return complete.astype(object).map(str).str.lower().isin(["true", "1", "1.0"]).to_numpy()


def derivation(frame: pd.DataFrame) -> str | None:
    """What the key of some results or answers was derived from; None where somebody published or planted it.

    >>> derivation(pd.DataFrame({"prev_cat": ["derived: PS3.15 2024e, basic", None]}))
    'PS3.15 2024e, basic'
    """
    if "prev_cat" not in frame.columns:
        return None
    column = frame["prev_cat"]
    texts = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else column.dropna().unique()
    found = sorted(str(text).removeprefix(DERIVED) for text in texts if str(text).startswith(DERIVED))
    return " and ".join(found) or None


def origin(frame: pd.DataFrame) -> str | None:
    """What `derivation` says, and of how many rows where it is not all.

    >>> origin(pd.DataFrame({"prev_cat": ["derived: PS3.15 2024e, basic", None]}))
    'PS3.15 2024e, basic (1 of 2 checks; the others are not derived)'
    """
    found = derivation(frame)
    if found is None:
        return None
    texts = frame["prev_cat"].dropna().unique()
    derived = int(frame["prev_cat"].isin([text for text in texts if str(text).startswith(DERIVED)]).sum())
    some = f" ({derived:,} of {len(frame):,} checks; the others are not derived)"
    return found + some * (derived < len(frame))


def count_rows(frame: pd.DataFrame) -> Any:
    """Mask of the rows that are no check but a number of passes (see `COUNTED`)."""
    return frame["unit"].notna().to_numpy() if set(COUNTED) <= set(frame.columns) else np.zeros(len(frame), dtype=bool)


def require_complete(frame: pd.DataFrame, verb: str, or_counts: bool = False) -> None:
    """Raise a ValueError if `frame` holds rows of a source without all its checks: `verb` needs a denominator.

    With `or_counts` it is enough for `verb` that passes are known as numbers.
    """
    require_frame(frame, verb)
    complete = complete_rows(frame)
    if complete.all():
        return
    if or_counts and count_rows(frame).any():
        return
    partial = f"{int((~complete).sum()):,} of {len(frame):,} rows"
    if not _says_incomplete(frame):
        raise ValueError(
            f"{verb} needs all checks, but {partial} do not say whether their source holds all of them; keep the "
            "column complete when you select or merge, or set it to True where nothing was left out."
        )
    raise ValueError(
        f"{verb} needs all checks, but {partial} come from a file that does not hold all of them, such as a "
        "discrepancy report, so there is no denominator; read validation_results.db, or evaluate."
    )


def _says_incomplete(frame: pd.DataFrame) -> bool:
    """Whether some row says that its source does not hold all checks."""
    if "complete" not in frame.columns:
        return False
    return bool((~complete_rows(frame[frame["complete"].notna()])).any())


def scored(results: pd.DataFrame) -> Any:
    """Mask of the rows the official scorer writes: all but the lost ones."""
    if "verdict" not in results.columns:
        return np.ones(len(results), dtype=bool)
    return (results["verdict"] != "lost").to_numpy()
