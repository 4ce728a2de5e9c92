"""explain(): every failed or blank check gets its cause."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .. import tags
from ..actions import named
from ..coded import as_column, asked, coded, codes_at, column_of, encode, sparse, texts_at, verdicts
from ..frames import MASK, VERDICTS, require_columns
from .blocks import blocks_gone
from .evidence import WITNESSED, evidence_of, folders_of_submissions
from .table import CAUSES, KINDS, Failures, said_by

NEEDED = ("action", "tag_path", "series", "original", "expected", "actual", "state", "verdict", "score")


def explain(
    results: pd.DataFrame,
    released: Any = None,
    original: str | Path | Mapping[str, str | Path] | None = None,
    *,
    uids: Mapping[str, str] | pd.Series | None = None,
    patients: Mapping[str, str] | pd.Series | None = None,
) -> pd.DataFrame:
    """`results` with the cause of every failed or blank check.

    Parameters
    ----------
    results
        What ``evaluate`` or ``read_results`` returns.
    released
        The submission or its folder, to which the column ``file`` is relative, or a dict of these by name for results
        of several; ``evaluate`` leaves it in the attributes of its results.
    original
        Folder of the original files, or instance UID → path. With it, what the original never had is not called
        dropped, and, if the released files are available too, untouched pixels are not called partly covered.
    uids, patients
        The mappings old → new (``read_mapping`` gives them): a value that the mapping does not have is no wrong value.

    Returns
    -------
    DataFrame
        `results` with cause, axis, confidence, and words: the words that survived where they had to go, or were lost
        where they had to stay. All four are missing where a check passed.

    Examples
    --------
    >>> bool(mn.explain(results)["cause"].eq("private_block_dropped").any())
    True
    """
    require_columns(results, NEEDED, "explain()")
    results = coded(results)
    failing = np.flatnonzero(verdicts(results) != VERDICTS.index("passed"))
    columns = _failing_columns(results, failing)
    actions = texts_at(results["action"], failing)
    columns["block_gone"] = blocks_gone(results, failing, columns)
    columns["unmapped"] = _unmapped(columns, actions, uids, patients)
    folders = folders_of_submissions(results, released) or {"": Path(results.attrs.get("released", "."))}
    columns["evidence"] = evidence_of(results, failing, original, folders)
    cause = np.full(len(failing), len(CAUSES) - 1, dtype="int16")
    words = np.full(len(failing), None, dtype=object)
    for action in set(actions):
        rows = np.flatnonzero(actions == action)
        failures = Failures(action, {name: column[rows] for name, column in columns.items()})
        cause[rows] = _first_cause(failures)
        words[rows] = _marked_words(failures)
    places = np.full(len(results), -1, dtype="int16")
    places[failing] = cause
    texts = encode(words)
    marked = sparse(len(results), failing, texts.codes, texts.dtype)
    return results.copy(deep=False).assign(**said_by(places), words=marked)


def explained(results: pd.DataFrame, released: Any = None, original: Any = None) -> pd.DataFrame:
    """`results` with their causes: explained where they are not, and with the codes of the tables where they are.

    Results that were saved and read back, or that lost unused categories, have codes of their own. With the original
    files, causes that these can make more exact are found again, so that the same files give the same causes
    everywhere.
    """
    if not {*KINDS, "words"} <= set(results.columns):
        return explain(results, released, original)
    ordered = coded(results).copy(deep=False)
    for name, kind in {**KINDS, "words": "category"}.items():
        ordered[name] = as_column(results[name].array, kind, len(results))
    if original is None:
        return ordered
    compared = explain(results, released, original)
    witnessed = results["action"].isin(list(WITNESSED)).to_numpy()
    for name in KINDS:
        ordered[name] = ordered[name].mask(witnessed, compared[name])
    return ordered


def _first_cause(failures: Failures) -> np.ndarray:
    """The place in `CAUSES` of the first cause that holds, for each failure."""
    cause = np.full(len(failures.state), len(CAUSES) - 1, dtype="int16")
    todo = np.ones(len(cause), dtype=bool)
    for place, row in enumerate(CAUSES):
        if (not row.actions or failures.action in row.actions) and todo.any():
            hit = todo & row.holds(failures)
            if row.texts:
                hit &= ~failures.masked
            cause[hit] = place
            todo &= ~hit
    return cause


def _marked_words(failures: Failures) -> np.ndarray:
    """The words to show for each failure: those that were left, or lost."""
    wrong = (dict.fromkeys((*marks.left, *marks.lost)) for marks in failures.marks)
    return column_of([" ".join(words) or None for words in wrong])


def _failing_columns(results: pd.DataFrame, failing: np.ndarray) -> dict[str, np.ndarray]:
    """The columns that `Failures` holds, for the rows `failing`."""
    return {
        **{name: texts_at(results[name], failing) for name in ("original", "expected", "actual", "state", "verdict")},
        "reason": codes_at(results, "error", failing) >= 0,
        "score": results["score"].to_numpy(dtype="float64")[failing],
        "private": asked(results["tag_path"], failing, tags.is_private),
        "nested": asked(results["tag_path"], failing, tags.is_nested),
    }


def _unmapped(
    columns: Mapping[str, np.ndarray],
    actions: np.ndarray,
    uids: Mapping[str, str] | pd.Series | None,
    patients: Mapping[str, str] | pd.Series | None,
) -> np.ndarray:
    """Where the mapping is known not to know the original: a failure comes with a reason only then."""
    unmapped = np.zeros(len(actions), dtype=bool)
    with_reason = columns["reason"] & (columns["verdict"] == "failed")
    for about, mapping in (("uid", uids), ("patient", patients)):
        mapped = np.isin(actions.astype(str), named("map", about=[about]))
        unmapped |= mapped & with_reason
        if mapping is not None:
            unmapped |= mapped & np.array(
                [text != MASK and (text or "") not in mapping for text in columns["original"]], dtype=bool
            )
    return unmapped
