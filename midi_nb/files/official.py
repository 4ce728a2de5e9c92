"""The official columns against ours, one row each: how a text is read, and how it is written.

Official results, discrepancy reports, pixel sheets and keys are read and written column by column after this table.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .. import tags
from ..actions import PIXELS, REGIONS, category_of, named
from ..answers.published import region_of, unwrap
from ..coded import constant, encode, first_rows, joint_codes, recode, texts_of, tidy
from ..frames import CODES, RESULTS, STATES, VERDICTS

__all__ = ["COLUMNS", "HIDDEN", "read", "wrap", "written"]

MISSING_FILE = "<MISSING FILE>"
HIDDEN = "<Removed>"  # for tables, in a discrepancy report
_BOX = ("x0", "y0", "x1", "y1")


class Column(NamedTuple):
    """The official name of a column of ours, how its texts are read and written, and what a missing one is."""

    name: str
    read: Callable[[str], str | None] | None = None  # None: as it is
    write: Callable[[str], str] = str
    absent: str | None = None


def wrap(text: str) -> str:
    """`text` as most official columns have it; the inverse of `unwrap`."""
    return f"<{text}>"


def _code(text: str) -> str | None:
    return None if text in ("nan", "None") else text  # the official words for a code that the key does not give


#: Our columns → the official ones. Values, verdicts and regions depend on more than one column: see below.
COLUMNS: dict[str, Column] = {
    "check": Column("check_index"),
    "action": Column("action", unwrap, wrap),
    "expected": Column("action_text", unwrap, wrap),
    "actual": Column("file_value", unwrap, wrap),
    "original": Column("answer_value", unwrap, wrap),
    "tag": Column("tag", write=wrap),  # read off the path
    "tag_path": Column("tag_ds", tags.from_official, tags.to_official),
    "name": Column("tag_name", unwrap, wrap, "<>"),
    "category": Column("category"),
    "subcategory": Column("subcategory"),
    "prev_cat": Column("prev_cat", _code, lambda text: text or "nan", "nan"),
    **{code: Column(code) for code in CODES},
    "modality": Column("modality", unwrap, wrap),
    "sop_class": Column("class", unwrap, wrap),
    **{name: Column(name, unwrap, wrap) for name in ("patient", "study", "series", "instance")},
    "file": Column("file_path"),
}
#: What identifies the instance of a check → the same of its released file.
_OF_FILE = {
    "modality": "modality",
    "sop_class": "sop_class",
    **{name: f"released_{name}" for name in ("patient", "study", "series")},
    "instance": "released",
}


def read(raw: dict[str, pd.Categorical], name: str) -> pd.DataFrame:
    """Official columns as results of the submission `name`; uses `raw` up, so that no column is in memory twice."""
    rows = len(raw["instance"])
    nothing = constant(None, "category", rows)
    shown = raw.get("file_value")
    # The official script leaves the identifiers of a missing file without the <…> of the others; where it shows no
    # value (a sheet of pixel checks, tables in a discrepancy report) they alone say it.
    missing = ~_cells_where(raw["instance"], lambda text: text.startswith("<"))
    missing &= True if shown is None else _cells_in(shown, MISSING_FILE, HIDDEN)
    verdict, score = _verdicts(raw["check_passed"]), _scores(raw["check_score"])
    columns: dict[str, Any] = {}
    for ours, column in COLUMNS.items():
        cells = raw.pop(column.name, nothing)
        columns[ours] = cells if column.read is None else recode(cells, column.read)
    if columns["tag_path"].isna().all():  # a sheet of pixel checks
        columns["tag_path"] = constant("(7fe0,0010)", "category", rows)
    paths, action = columns["tag_path"], columns["action"]
    hidden, retained = _cells_in(action, *REGIONS), _cells_in(action, *named("pixels"))
    states = constant("missing", RESULTS["state"], rows)
    states = _without(states, ~missing) if shown is None else _states(shown, missing, hidden, retained)
    expected, boxes = _regions(columns["expected"], hidden)
    columns |= {
        "submission": name,
        "tag": recode(paths, tags.leaf),
        "name": _names(columns["name"], paths),
        "private": np.append([tags.is_private(path) for path in paths.categories], False)[paths.codes].astype(bool),
        "scope": pd.Categorical(recode(paths, tags.scope), dtype=RESULTS["scope"]),
        "expected": expected,
        **boxes,
        "actual": _without(columns["actual"], missing | (states == "absent")),
        "state": states,
        "source": "published",
        "verdict": verdict,
        "score": score,
        **{_OF_FILE[who]: _without(columns[who], missing) for who in ("patient", "study", "series", "instance")},
    }
    return tidy(columns | _categories(columns, rows), RESULTS, rows)


def _cells_where(values: pd.Categorical, holds: Any) -> Any:
    return np.append([bool(holds(text)) for text in texts_of(values)], False)[values.codes].astype(bool)


def _cells_in(values: pd.Categorical, *texts: str) -> Any:
    return np.isin(values.codes, [code for text in texts for code in np.flatnonzero(values.categories == text)])


def _without(values: pd.Categorical, mask: Any) -> pd.Categorical:
    return pd.Categorical.from_codes(np.where(mask, -1, values.codes), dtype=values.dtype)


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
    return expected.remove_unused_categories(), {
        edge: pd.arrays.IntegerArray(boxes[:, i].copy(), which < 0) for i, edge in enumerate(_BOX)
    }


def _categories(columns: Mapping[str, Any], rows: int) -> dict[str, Any]:
    """category and subcategory of each row: the report's own where it has them, else by the official rule."""
    if len(columns["category"].categories):
        known = recode(columns["category"], lambda text: text if text in RESULTS["category"].categories else "unknown")
        return {"category": known}
    parts = [columns[name] for name in ("action", *CODES)]
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


def written(results: pd.DataFrame) -> dict[str, Any]:
    """The columns of results or answers as the official files write them; `index` is the row's label.

    Each distinct text is made once, and a missing cell is None.
    """
    cells = _of_run(results) if "verdict" in results else {}
    cells |= {
        column.name: _cells(results[ours], column.write, column.absent)
        for ours, column in COLUMNS.items()
        if ours in results and column.name not in cells
    }
    cells["action_text"] = _action_texts(results, cells["action_text"])
    return cells


def _of_run(results: pd.DataFrame) -> dict[str, Any]:
    """The official columns that depend on what became of the file."""
    missing = (results["state"] == "missing").to_numpy()
    action, verdict = results["action"], results["verdict"]
    digests = action.isin(named("pixels")).to_numpy() & ~missing
    pixels = action.isin(PIXELS).to_numpy() & ~missing
    original, actual, file = (results[name] for name in ("original", "actual", "file"))
    shown = np.where(pixels, _cells(actual), _cells(actual, wrap))
    shown[digests & actual.isna().to_numpy()] = "None"
    shown[pixels & ~digests & actual.isna().to_numpy()] = ""
    shown[missing] = MISSING_FILE
    return {
        "index": results.index.to_numpy(dtype=object),
        "file_index": np.array([0, None], dtype=object)[missing.astype(int)],
        "check_passed": _cells(verdict, {"passed": 1, "failed": 0}.get),
        "check_score": results["score"].astype(object).where(results["score"].notna(), None).to_numpy(),
        "file_value": shown,
        # Where the digests could be compared, the key's takes the place of the original.
        "answer_value": np.where(digests & (verdict != "blank").to_numpy(), _cells(original), _cells(original, wrap)),
        # A missing file goes by the key's identifiers, and these without the <…> of all others.
        **{
            COLUMNS[who].name: np.where(missing, _cells(results[who]), _cells(results[of_file], wrap))
            for who, of_file in _OF_FILE.items()
        },
        "file_name": _cells(file, lambda path: path.rsplit("/", 1)[-1]),
    }


def _cells(column: pd.Series, change: Callable[[str], Any] = str, absent: str | None = None) -> Any:
    """The cells of a categorical, each distinct text changed once."""
    return np.array([*map(change, texts_of(column.cat)), absent], dtype=object)[column.cat.codes]


def _action_texts(results: pd.DataFrame, texts: Any) -> Any:
    """What the checks ask for; of a region its text and corners, as the key writes them."""
    regions = results["action"].isin(REGIONS) & results["x0"].notna()
    boxes = results.loc[regions, ["expected", *_BOX]].astype(object)
    for place, (text, x0, y0, x1, y1) in zip(np.flatnonzero(regions), boxes.to_numpy(), strict=True):
        region = {"text": None if pd.isna(text) else text, "top_left": [x0, y0], "bottom_right": [x1, y1]}
        texts[place] = wrap(json.dumps(region))
    return texts
