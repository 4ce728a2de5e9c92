"""Results written by the official script or by this package, as results frames."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .. import sniff
from ..answers.published import as_mapping, check_columns, open_key, shared_columns, unwrap
from ..coded import concat, constant, encode, recode, tidy
from ..frames import RESULTS
from . import official, runs
from .columns import columns_of, even
from .workbook import with_passes

_RUN_FILES = ("validation_results.db", "discrepancy_report_internal.csv", "discrepancy_report_participant.csv")


def read_results(
    path: str | Path, *, key: Any = None, uids: Any = None, name: str | None = None, scores: str | Path | None = None
) -> pd.DataFrame:
    """The results in any official output, a Parquet file or a run folder of ours.

    Parameters
    ----------
    path
        ``validation_results.db``, a discrepancy report, ``pixel_validation.xlsx``, the folder the official script left,
        a Parquet file, or a folder of `write_run`.
    key, uids
        The answer key and the UID mapping. With them official results get what is missing in them: the scope, the key's
        identifiers for found and missing files alike, the number of the check, and the checks that left no row. With
        the mapping alone, they get the original instance, series and study UIDs.
    name
        Name of the submission; the file's or its folder's by default.
    scores
        The scoring workbook of the same run, ``scoring_report_instance.xlsx`` or ``scoring_report_series.xlsx``: with
        it a discrepancy report has denominators.

    Returns
    -------
    DataFrame
        The columns of ``midi_nb.frames.RESULTS``. A discrepancy report and a sheet of pixel checks do not hold all
        checks: their rows are not ``complete``, and what needs a denominator, such as `score`, refuses them. With
        `scores`, a discrepancy report can be scored by action, by category, and by cause, its problems have gains, and
        `what_if` and `write_html` take it; all in the unit that the workbook counts. Its passes are known as numbers
        only, in rows with the columns unit, passes and checks.
    """
    path = sniff.existing(path, "The results")
    if runs.is_run(path) or path.suffix == ".parquet":
        if scores is not None:
            raise _no_report(path)
        results = runs.read_run(path) if path.is_dir() else runs.read_parquet(path)
        return results if name is None else results.assign(submission=constant(name, "category", len(results)))
    if path.is_dir():
        path = _in_folder(path)
    complete = sniff.is_sqlite(path)
    raw = columns_of(path)
    if "file_value" in raw and (lacking := sorted({"action", "tag_ds"} - raw.keys())):  # else it is of pixels alone
        raise ValueError(f"{path} lacks the column {', '.join(lacking)}: it does not say what its checks are about.")
    results = official.read(raw, name or _name(path)).assign(complete=complete)
    if key is not None:
        results = _completed(results, open_key(key), uids, complete)
    elif uids is not None:
        results = _with_original_uids(results, uids)
    if scores is None:
        return results
    if complete or (results["verdict"] == "passed").any():
        raise _no_report(path)
    return with_passes(results, scores, path, name or _name(path))


def _no_report(path: Path) -> ValueError:
    return ValueError(f"read_results(scores=…) completes a discrepancy report, and {path} is none; leave scores= out.")


def _in_folder(folder: Path) -> Path:
    found = next((folder / name for name in _RUN_FILES if (folder / name).is_file()), None)
    if found is None:
        raise ValueError(f"{folder} holds no results (looked for {runs.RUN}, {', '.join(_RUN_FILES)}).")
    return found


def _name(path: Path) -> str:
    return path.resolve().parent.name or path.stem


def _with_original_uids(results: pd.DataFrame, uids: Any) -> pd.DataFrame:
    """Official results with the original UIDs of instance, series and study, as far as the mapping has them."""
    olds = {new: old for old, new in as_mapping(uids).items()}
    found = (results["state"] != "missing").to_numpy()  # missing files go by their original UIDs
    unknown = ~results.loc[found, "instance"].isin(list(olds))
    if unknown.any():
        warnings.warn(
            f"Rows of instances that the mapping does not hold, which keep their identifiers: {unknown.sum():,}.",
            stacklevel=3,
        )
    names = {name: results[name].astype(object) for name in ("study", "series", "instance")}
    return results.assign(
        **{name: encode(np.where(found, texts.map(olds).fillna(texts), texts)) for name, texts in names.items()}
    )


def _completed(results: pd.DataFrame, key: Any, uids: Any, complete: bool) -> pd.DataFrame:
    """Official results with the key's identifiers, scopes and check numbers, and the checks that left no row."""
    if uids is None:
        raise ValueError("read_results(key=…) needs uids= too: official results name instances by their new UIDs.")
    olds = {new: old for old, new in as_mapping(uids).items()}
    results = results.copy()
    found = (results["state"] != "missing").to_numpy()
    old = np.where(found, recode(results["instance"], olds.get).astype(object), results["instance"].astype(object))
    known = pd.Series(old).isin(list(key.instances)).to_numpy()
    if not known.all():
        warnings.warn(
            f"Rows of instances that key or mapping do not hold, which keep their identifiers: {(~known).sum()}.",
            stacklevel=3,
        )
    who = [key.instances.get(uid) if ok else None for uid, ok in zip(old, known, strict=True)]
    for place, column in enumerate(("patient", "study", "series", "instance")):
        before = results[column].astype(object)
        results[column] = encode([entry[place] if entry else text for entry, text in zip(who, before, strict=True)])
    with key.reading() as checks_of:
        checks = [(uid, check) for uid in key.instances for check in checks_of(uid)]
    return _with_key(results, checks, key, complete)


def _with_key(results: pd.DataFrame, checks: Sequence[Any], key: Any, complete: bool) -> pd.DataFrame:
    """`results` with number and scope of the check each row answers; checks no row answers are added as lost."""
    asked: dict[tuple[Any, ...], list[Any]] = {}
    for uid, check in checks:
        asked.setdefault((uid, check.spec.action, check.spec.tag_path, check.expected, check.box), []).append(check)
    numbered = {(uid, check.check, check.spec.action, check.spec.tag_path): check for uid, check in checks}
    part = results[["instance", "action", "tag_path", "expected", "x0", "y0", "x1", "y1", "check"]].astype(object)
    part = part.where(part.notna(), None)
    number, scope = list(part["check"]), list(results["scope"].astype(object))
    copies: dict[tuple[Any, ...], int] = {}
    for row, (uid, action, path, expected, x0, y0, x1, y1, asked_number) in enumerate(
        part.itertuples(index=False, name=None)
    ):
        box = None if x0 is None else (x0, y0, x1, y1)
        choices = asked.get((uid, action, path, expected, box), [])
        check = numbered.get((uid, asked_number, action, path))
        if check is None and choices:  # a report without numbers: the copies of a check in their order
            copy = copies.get((uid, action, path, expected, box), 0)
            copies[uid, action, path, expected, box] = copy + 1
            check = choices[copy % len(choices)]
        if check is not None:
            number[row], scope[row] = check.check, check.spec.scope
    results["check"], results["scope"] = encode(number), pd.Categorical(scope, dtype=RESULTS["scope"])
    if not complete:
        return results
    there = set(zip(part["instance"], number, part["action"], strict=True))
    lost = [(uid, check) for uid, check in checks if (uid, check.check, check.spec.action) not in there]
    if not lost:
        return results
    return concat([results, _lost(lost, key, str(results["submission"].iloc[0]) if len(results) else "")])


def _lost(lost: Sequence[tuple[str, Any]], key: Any, submission: str) -> pd.DataFrame:
    columns = {
        **shared_columns(
            ("patient", "study", "series", "instance", "modality", "sop_class"), [key.instances[uid] for uid, _ in lost]
        ),
        **check_columns([check for _, check in lost]),
        "submission": submission,
        "verdict": "lost",
        "error": "in the key, in no result row",
    }
    return tidy(columns, RESULTS, len(lost))


def read_dciodvfy(path: str | Path) -> pd.DataFrame:
    """The findings of an official ``dciodvfy_report.csv``, one a row.

    Returns
    -------
    DataFrame
        type, tag, message, modality, sop_class, patient, study, series, instance, file.
    """
    path = sniff.existing(path, "The dciodvfy report")
    header, rows = sniff.table_rows(path)
    names = sniff.plain(header)
    kind = sniff.kind_of(names)
    if kind is None or kind.verb != "read_dciodvfy()":
        raise sniff.wrong(path, "read_dciodvfy()", "a dciodvfy report", header)
    cells = [[cell and unwrap(cell) for cell in row] for row in even(path, names, rows)]
    columns = dict(zip(names, zip(*cells, strict=True) if cells else ((),) * len(names), strict=True))
    order = ("type", "tag", "message", "modality", "sop_class", "patient", "study", "series", "instance", "file")
    theirs = {ours: official.COLUMNS[ours].name if ours in official.COLUMNS else ours for ours in order}
    return pd.DataFrame({ours: encode(columns.get(name, [None] * len(cells))) for ours, name in theirs.items()})


__all__ = ["read_dciodvfy", "read_results"]
