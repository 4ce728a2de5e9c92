"""Results that the official script wrote, or we did, as results frames."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .. import sniff, tags
from ..actions import REGIONS, category_of, named
from ..answers.published import as_mapping, check_columns, open_key, region_of, shared_columns, unwrap
from ..coded import concat, constant, encode, first_rows, joint_codes, recode, texts_of, tidy
from ..frames import CODES, RESULTS, STATES, VERDICTS
from . import runs
from .columns import columns_of, even
from .workbook import with_passes

_RUN_FILES = ("validation_results.db", "discrepancy_report_internal.csv", "discrepancy_report_participant.csv")
MISSING_FILE = "<MISSING FILE>"
HIDDEN = "<Removed>"  # for tables, in a discrepancy report


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
    results = _tidied(columns_of(path), name or _name(path)).assign(complete=complete)
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


def _tidied(raw: dict[str, pd.Categorical], name: str) -> pd.DataFrame:
    """Official columns as a results frame; uses `raw` up, so that no column is in memory twice."""
    rows = len(next(iter(raw.values())))

    def text(column: str) -> pd.Categorical:
        return recode(raw.pop(column), unwrap) if column in raw else constant(None, "category", rows)

    action, value = text("action"), raw.pop("file_value", None)
    # The official script leaves the identifiers of a missing file without the <…> of the others; where it shows no
    # value (a sheet of pixel checks, tables in a discrepancy report) they alone say it.
    bare = ~_cells_where(raw["instance"], lambda text: text.startswith("<"))
    missing = bare if value is None else bare & _cells_in(value, MISSING_FILE, HIDDEN)
    paths = recode(raw["tag_ds"], tags.from_official) if "tag_ds" in raw else constant("(7fe0,0010)", "category", rows)
    hidden, retained = _cells_in(action, *REGIONS), _cells_in(action, *named("pixels"))
    expected, boxes = _regions(text("action_text"), hidden)
    columns: dict[str, Any] = {
        "submission": constant(name, "category", rows),
        "check": raw.get("check_index"),
        "action": action,
        "tag_path": paths,
        "tag": recode(paths, tags.leaf),
        "name": _names(text("tag_name") if "tag_name" in raw else constant(None, "category", rows), paths),
        "private": np.append([tags.is_private(path) for path in paths.categories], False)[paths.codes].astype(bool),
        "scope": pd.Categorical(recode(paths, tags.scope), dtype=RESULTS["scope"]),
        "modality": text("modality"),
        "sop_class": text("class"),
        "prev_cat": recode(raw["prev_cat"], _code) if "prev_cat" in raw else None,
        **{code: raw.get(code) for code in CODES},
        "original": text("answer_value"),
        "expected": expected,
        **boxes,
        "state": _states(value, missing, hidden, retained)
        if value is not None
        else _without(constant("missing", RESULTS["state"], rows), ~missing),
        "source": "published",
        "verdict": _verdicts(raw["check_passed"]),
        "score": _scores(raw["check_score"]),
        "file": raw.get("file_path"),
    }
    if value is not None:
        columns["actual"] = _without(recode(value, unwrap), missing | (columns["state"] == "absent"))
        del value
    for ours, official in (("patient", "patient"), ("study", "study"), ("series", "series"), ("instance", "instance")):
        columns[ours] = text(official)
        columns["released" if ours == "instance" else f"released_{ours}"] = _without(columns[ours], missing)
    columns.update(_categories(columns, raw, rows))
    return tidy(columns, RESULTS, rows)


def _cells_where(values: pd.Categorical, holds: Any) -> Any:
    return np.append([bool(holds(text)) for text in texts_of(values)], False)[values.codes].astype(bool)


def _cells_in(values: pd.Categorical, *texts: str) -> Any:
    return np.isin(values.codes, [code for text in texts for code in np.flatnonzero(values.categories == text)])


def _without(values: pd.Categorical, mask: Any) -> pd.Categorical:
    return pd.Categorical.from_codes(np.where(mask, -1, values.codes), dtype=values.dtype)


def _code(text: str) -> str | None:
    return None if text in ("nan", "None") else text  # the official words for a code that the key does not give


def _names(names: pd.Categorical, paths: pd.Categorical) -> pd.Categorical:
    """The names of attributes as the file has them; where it has none, as the dictionaries do."""
    unnamed = np.asarray(names.codes < 0) | _cells_in(names, "")
    if not unnamed.any():
        return names
    known = np.asarray(recode(paths, tags.name), dtype=object)
    return encode(np.where(unnamed, known, np.asarray(names, dtype=object)))


def _states(value: pd.Categorical, missing: Any, hidden: Any, retained: Any) -> pd.Categorical:
    empty = _cells_in(value, "<>") | (hidden & _cells_in(value, ""))
    # An empty text without <…> is the official word for "not in this file, but in another of its batch".
    absent = np.asarray(value.codes) < 0
    absent |= (_cells_in(value, "") & ~hidden) | (retained & _cells_in(value, "None"))
    order = [np.int8(STATES.index(state)) for state in ("missing", "empty", "absent", "value")]
    codes = np.select([missing, empty | (hidden & absent), absent], order[:3], order[3])
    return pd.Categorical.from_codes(codes, dtype=RESULTS["state"])


_VERDICTS = {
    **dict.fromkeys(("1", "1.0", "true"), "passed"),
    **dict.fromkeys(("0", "0.0", "false"), "failed"),
}


def _verdicts(cells: pd.Categorical) -> pd.Categorical:
    """The verdicts, however the file writes them: 1, 0, 1.0, TRUE, False; anything else is blank."""
    said = [*(_VERDICTS.get(text.strip().lower(), "blank") for text in cells.categories), "blank"]
    codes = np.array([VERDICTS.index(verdict) for verdict in said], dtype="int8")
    return pd.Categorical.from_codes(codes[cells.codes], dtype=RESULTS["verdict"])


def _scores(cells: pd.Categorical) -> Any:
    """The scores; missing where a cell is no number. (``pandas.to_numeric`` may get the last digit wrong.)"""
    return np.array([*map(_number, cells.categories), np.nan])[cells.codes]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def _regions(texts: pd.Categorical, hidden: Any) -> tuple[pd.Categorical, dict[str, Any]]:
    """(expected texts, columns of the boxes): the regions of hidden pixels taken apart."""
    codes = np.asarray(texts.codes, dtype="int64")
    used = {code: region_of(texts.categories[code]) for code in np.unique(codes[hidden]) if code >= 0}
    regions = {code: region for code, region in used.items() if region is not None}
    if not regions:
        return texts, {}
    count = len(texts.categories)
    place = np.full(count + 1, -1)
    place[list(regions)] = np.arange(len(regions))
    which = np.where(hidden, place[codes], -1)  # a text may be a region here and a text elsewhere
    words = encode([*texts.categories, *(words for words, _ in regions.values())])
    expected = words.take(np.where(which >= 0, count + which, codes), allow_fill=True)
    boxes = np.array([box for _, box in regions.values()], dtype="int32")[which]
    edges = ("x0", "y0", "x1", "y1")
    return expected.remove_unused_categories(), {
        edge: pd.arrays.IntegerArray(boxes[:, i].copy(), which < 0) for i, edge in enumerate(edges)
    }


def _categories(columns: Mapping[str, Any], raw: Mapping[str, Any], rows: int) -> dict[str, Any]:
    """category and subcategory of each row: the report's own where it has them, else by the official rule."""
    if "category" in raw:
        known = recode(raw["category"], lambda text: text if text in RESULTS["category"].categories else "unknown")
        return {"category": pd.Categorical(known, dtype=RESULTS["category"]), "subcategory": raw.get("subcategory")}
    parts = [columns["action"], *(raw.get(code, constant(None, "category", rows)) for code in CODES)]
    number = joint_codes([part.codes for part in parts], rows)
    texts = [
        [None if part.codes[row] < 0 else part.categories[part.codes[row]] for part in parts]
        for row in first_rows(number)
    ]
    found = [category_of(action or "", dict(zip(CODES, codes, strict=True))) for action, *codes in texts]
    return {
        "category": pd.Categorical([c for c, _ in found], dtype=RESULTS["category"]).take(number),
        "subcategory": encode([s for _, s in found]).take(number),
    }


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
        check = next(
            (each for each in choices if each.check == asked_number),
            numbered.get((uid, asked_number, action, path)),
        )
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
    order = {
        "type": "type",
        "tag": "tag",
        "message": "message",
        "modality": "modality",
        "sop_class": "class",
        "patient": "patient",
        "study": "study",
        "series": "series",
        "instance": "instance",
        "file": "file_path",
    }
    return pd.DataFrame({ours: encode(columns.get(theirs, [None] * len(cells))) for ours, theirs in order.items()})


__all__ = ["read_dciodvfy", "read_results"]
