"""The one kit for categorical columns: making, changing, uniting and numbering them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd

from .frames import EXPLAINED, RESULTS, TEXT, VERDICTS, complete_rows, require_frame


def coded(results: pd.DataFrame) -> pd.DataFrame:
    """`results` with the types of `RESULTS`: ``pandas.concat`` and ``merge`` make plain texts of categoricals.

    Texts that no UTF-8 can hold are spelled out, as `encode` does it.
    """
    dtypes = dict(zip(results.columns, results.dtypes, strict=True))
    plain = {
        name: as_column(results[name].astype(object).array, kind, len(results))
        for name, kind in {**RESULTS, **EXPLAINED}.items()
        if name in dtypes and _is_other(dtypes[name], kind)
    }
    if "complete" in results.columns and results["complete"].dtype != bool:
        plain["complete"] = complete_rows(results)
    return results.assign(**plain) if plain else results


def _is_other(dtype: Any, kind: Any) -> bool:
    if kind == "Int32":
        return bool(dtype != kind)
    if isinstance(kind, pd.CategoricalDtype):  # of which the order of the categories counts: their codes are compared
        return not isinstance(dtype, pd.CategoricalDtype) or tuple(dtype.categories) != tuple(kind.categories)
    return bool(kind == TEXT) and (not isinstance(dtype, pd.CategoricalDtype) or _has_surrogates(dtype.categories))


def _has_surrogates(texts: pd.Index) -> bool:
    """Whether one of `texts` is no UTF-8; those that Arrow holds are."""
    return texts.dtype == object and any(
        type(text) is str and not text.isascii() and utf8(text) != text for text in texts
    )


def tidy(columns: Mapping[str, Any], types: Mapping[str, Any], rows: int) -> pd.DataFrame:
    """A frame of exactly the columns of `types`, in their order; those not in `columns` are missing in every row.

    Rows are of a source that holds all checks where `columns` do not say otherwise.
    """
    columns = {"complete": True, **columns}
    return pd.DataFrame({name: as_column(columns.get(name), kind, rows) for name, kind in types.items()}, copy=False)


def as_column(values: Any, kind: Any, rows: int) -> Any:
    """`values` as one column of type `kind`; a scalar (or None) is repeated `rows` times.

    >>> as_column(["CT", None, "CT"], "category", 3)
    ['CT', NaN, 'CT']
    Categories (1, ...): [...'CT']
    """
    known = isinstance(kind, pd.CategoricalDtype)  # which equals "category" too
    categorical = known or kind == "category"
    if values is None or isinstance(values, str | bool | float):
        value = False if values is None and kind == "bool" else values
        return constant(value, kind, rows) if categorical else pd.array([value], dtype=kind).repeat(rows)
    if isinstance(values, pd.Categorical) and categorical:
        if not len(values.categories):  # Parquet keeps no type of texts that are not there
            return constant(None, kind, rows)
        return values.set_categories(kind.categories, ordered=kind.ordered) if known else values
    if categorical:
        texts = encode(values)
        return texts.set_categories(kind.categories, ordered=kind.ordered) if known else texts
    return (
        pd.array(values, dtype=kind, copy=False)
        if kind in ("boolean", "Int32", "Int64")
        else np.asarray(values, dtype=kind)
    )


def constant(value: Any, kind: Any, rows: int) -> pd.Categorical:
    """One value (or missing) as a categorical of `rows` rows."""
    dtype = kind if isinstance(kind, pd.CategoricalDtype) else _dtype_of(() if value is None else (value,))
    code = dtype.categories.get_loc(value) if value is not None else -1
    return pd.Categorical.from_codes(np.full(rows, code, dtype="int8"), dtype=dtype)


def encode(values: Any) -> pd.Categorical:
    """Texts (None or NaN where missing) as a categorical, its categories in order of appearance."""
    return _categorical(*pd.factorize(np.asarray(values, dtype=object), use_na_sentinel=True))


def recode(values: Any, change: Callable[[str], str | None]) -> pd.Categorical:
    """A categorical with `change` applied to each distinct text once; None makes a cell missing.

    >>> recode(encode(["<CT>", "<MR>", None, "<CT>"]), lambda text: text.strip("<>"))
    ['CT', 'MR', NaN, 'CT']
    Categories (2, ...): [...'CT', 'MR']
    """
    old = values.cat if isinstance(values, pd.Series) else values
    new, found = pd.factorize(np.asarray([change(text) for text in texts_of(old)], dtype=object), use_na_sentinel=True)
    narrow = np.append(new, -1).astype(_narrow(len(found)))
    return _categorical(narrow[np.asarray(old.codes)], found)


def _categorical(codes: Any, texts: Any) -> pd.Categorical:
    if len(texts) <= 4 and all(map(str.isascii, texts)):
        return pd.Categorical.from_codes(codes, dtype=_dtype_of(tuple(texts)))
    index = _index(texts)
    if not index.is_unique:  # two that no UTF-8 can hold may be spelled out alike
        again, index = pd.factorize(index)
        codes = np.append(again, -1)[codes]
    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(index))


@lru_cache(1024)
def _dtype_of(texts: tuple[str, ...]) -> pd.CategoricalDtype:
    """Of few texts; kept, as pandas takes ten times longer to make one than to encode the cells of a small file."""
    return pd.CategoricalDtype(_index(texts))


def texts_of(values: Any) -> Any:
    """The distinct texts of a categorical as an array of objects; looping over an Arrow index is ten times slower."""
    return np.asarray(values.categories, dtype=object)


def _index(texts: Any) -> pd.Index:
    # One dtype for the categories whatever is in them: pandas infers "empty" and "all missing" differently.
    dtype = "str" if pd.__version__ >= "3" else "object"
    if not all(map(str.isascii, texts)):  # lone surrogates, from undecodable file names or keys, fit in no Arrow text
        texts = [utf8(text) for text in texts]
    return pd.Index(texts, dtype=dtype)


def utf8(text: str) -> str:
    """`text` as files and Arrow can hold it: bytes of a file's name that are no UTF-8 are letters of their own."""
    return text.encode("utf-8", "backslashreplace").decode()


class Column:
    """A categorical that grows piece by piece; its texts are in Arrow: Python strings take three times the memory.

    >>> column = Column()
    >>> column.add(["CT", "MR"], np.array([0, 0, -1]))
    >>> column.add([None, "MR"])
    >>> column.encoded()
    ['CT', 'CT', NaN, NaN, 'MR']
    Categories (2, ...): [...'CT', 'MR']
    """

    def __init__(self, null: str | None = None) -> None:
        self.null = null  # a text that means missing
        self._texts: list[Any] = []
        self._codes: list[Any] = []

    def add(self, texts: Any, codes: Any = None) -> None:
        """Add a row for each text, or for each code of one; -1 is a missing text."""
        texts = _arrow(texts)
        if codes is None:
            coded = texts.dictionary_encode()
            texts, codes = coded.dictionary, coded.indices.fill_null(-1).to_numpy()
        self._texts.append(texts)
        self._codes.append(codes.astype(_narrow(len(texts)), copy=False))

    def encoded(self) -> pd.Categorical:
        """The categorical. The column is empty after: two copies of millions of rows would be one too many."""
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = pa.concat_arrays([_arrow([]), *self._texts])
        if self.null is not None:
            texts = pc.if_else(pc.equal(texts, self.null), None, texts)
        whole = texts.dictionary_encode()
        numbers = whole.indices.fill_null(-1).to_numpy().astype(_narrow(len(whole.dictionary)))
        dtype = pd.CategoricalDtype(pd.Index(whole.dictionary.to_pandas()))
        codes = np.empty(sum(map(len, self._codes)), numbers.dtype)
        first = row = 0
        for own, piece in zip(self._texts, self._codes, strict=True):
            new = np.append(numbers[first : first + len(own)], numbers.dtype.type(-1))
            np.take(new, piece, out=codes[row : row + len(piece)], mode="wrap")  # -1 is the last of them
            first, row = first + len(own), row + len(piece)
        self._texts, self._codes = [], []
        return pd.Categorical.from_codes(codes, dtype=dtype)


def _arrow(texts: Any) -> Any:
    import pyarrow as pa

    try:
        return texts.cast(pa.large_string()) if isinstance(texts, pa.Array) else pa.array(texts, pa.large_string())
    except UnicodeEncodeError:
        return pa.array([text and utf8(text) for text in texts], pa.large_string())


def _narrow(count: int) -> Any:
    """The type of codes of so many texts."""
    return np.min_scalar_type(-max(count, 1))


def concat(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The rows of `parts` one after another, the categories of their categoricals united.

    ``pandas.concat`` turns categoricals of different categories into plain text; for millions of rows that is
    the difference between a frame of one gigabyte and one of ten.
    """
    parts = [parts] if isinstance(parts, str | PathLike) else list(parts)
    for part in parts:
        require_frame(part, "concat()")
    if not parts:
        raise ValueError("concat() needs at least one frame.")
    if len(parts) == 1:
        return parts[0].reset_index(drop=True)
    columns: dict[str, Any] = {}
    for name in dict.fromkeys(name for part in parts for name in part.columns):
        like = next(part[name] for part in parts if name in part.columns).iloc[:0]
        pieces = [part[name] if name in part.columns else like.reindex(part.index) for part in parts]
        categorical = any(isinstance(piece.dtype, pd.CategoricalDtype) for piece in pieces)
        filled = [piece for piece in pieces if len(piece)] or pieces[:1]
        if categorical:
            columns[name] = _united([_as_categorical(piece) for piece in filled])
        else:
            columns[name] = pd.concat(filled, ignore_index=True)
    whole = pd.DataFrame(columns, copy=False)
    if "complete" in columns:
        whole["complete"] = complete_rows(whole)
    if any("skipped" in part.attrs for part in parts):
        whole.attrs["skipped"] = [entry for part in parts for entry in part.attrs.get("skipped", ())]
    return whole


def _as_categorical(piece: pd.Series) -> pd.Series:
    return piece if isinstance(piece.dtype, pd.CategoricalDtype) else piece.astype("category")


def _united(pieces: Sequence[pd.Series]) -> pd.Categorical:
    """Categoricals one after another, with the union of their categories."""
    dtype = pieces[0].dtype
    if all(piece.cat.categories.equals(dtype.categories) for piece in pieces):
        codes = [piece.cat.codes.to_numpy() for piece in pieces]
        return pd.Categorical.from_codes(np.concatenate(codes), dtype=dtype)
    if any(piece.cat.categories.inferred_type not in ("string", "empty") for piece in pieces):  # a user's own
        return pd.concat([piece.astype(object) for piece in pieces]).astype("category").array
    whole = Column()
    for piece in pieces:
        whole.add(texts_of(piece.cat), piece.cat.codes.to_numpy())
    return whole.encoded()


def verdicts(results: pd.DataFrame) -> Any:
    """The verdict on each row as its place in `VERDICTS`.

    >>> verdicts(pd.DataFrame({"verdict": ["passed", "failed", "lost"]})).tolist()
    [2, 0, 3]
    """
    codes = coded(results[["verdict"]])["verdict"].cat.codes.to_numpy()
    if (unknown := int((codes < 0).sum())) > 0:
        raise ValueError(
            f"The column verdict must hold one of {', '.join(VERDICTS)} in every row; "
            f"{unknown:,} of {len(results):,} rows hold something else."
        )
    return codes


def joint_codes(columns: Sequence[np.ndarray], rows: int) -> np.ndarray:
    """One code for each combination of the codes of some columns of `rows` rows: 0, 1, … in the order they come in.

    >>> joint_codes([np.array([7, 7, 2]), np.array([-1, 3, -1])], 3).tolist(), joint_codes([], 2).tolist()
    ([0, 1, 2], [0, 0])
    """
    return pd.factorize(_keys(columns, rows))[0]


def joint_keys(columns: Sequence[np.ndarray], rows: int) -> np.ndarray:
    """As `joint_codes`, but in any order, and with numbers left out: for rows that need only be distinguished.

    By hand: with ``groupby(...).ngroup()`` `compare` takes over twice as long, and a third more memory. All numbers are
    below sixteen times `rows`.
    """
    key = _keys(columns, rows)
    return (key if key.max(initial=0) < _ROOM * rows else pd.factorize(key)[0]).astype("int64", copy=False)


_ROOM = 16  # a table of so many numbers a row is made and read sooner than the rows are hashed


def _keys(columns: Sequence[np.ndarray], rows: int) -> np.ndarray:
    """As `joint_keys`, however large; with four bytes each where these are enough: that is quicker to number."""
    number, width = np.zeros(rows, dtype="int32"), 1
    spans = [(int(codes.min(initial=0)), int(codes.max(initial=0)), codes) for codes in columns]
    for least, most, codes in sorted(spans, key=lambda span: span[1] - span[0]):
        size = most - least + 1
        if size == 1:  # it distinguishes nothing
            continue
        if width * size > rows and 1 < width < _ROOM * rows:  # only those that are there
            there = np.zeros(width, dtype=bool)
            there[number] = True
            number, width = (np.cumsum(there, dtype="int32") - 1)[number], int(there.sum())
        if width * size > 2**62:  # before they run over
            number = pd.factorize(number)[0].astype("int64")
            width = int(number.max(initial=0)) + 1
        if max(width * size, most) > 2**30:
            number = number.astype("int64", copy=False)
        number *= size
        np.add(number, codes, out=number, casting="same_kind")
        number -= least
        width *= size
    return number


def first_rows(codes: np.ndarray) -> np.ndarray:
    """The first row of each of the `codes` that `joint_codes` gives.

    >>> first_rows(np.array([0, 0, 1])).tolist()
    [0, 2]
    """
    most = np.maximum.accumulate(codes)  # they come in the order 0, 1, …
    return np.append(0, np.flatnonzero(most[1:] > most[:-1]) + 1)[: len(codes)]


def asked(column: pd.Series, rows: np.ndarray, says: Callable[[str], Any], dtype: Any = bool) -> np.ndarray:
    """What `says` makes of the texts of a column at `rows`, each text asked once; a missing one is ""."""
    texts, place = distinct_texts(column, rows)
    return np.array([says(text or "") for text in texts], dtype=dtype)[place]


def texts_at(column: pd.Series, rows: np.ndarray) -> np.ndarray:
    """The texts of a categorical column at `rows`, None where missing; only those in use are touched."""
    used, place = distinct_texts(column, rows)
    return column_of(used)[place]


def distinct_texts(column: pd.Series, rows: np.ndarray) -> tuple[list[str | None], np.ndarray]:
    """The texts of a column that occur at `rows`, and which of them each row has."""
    values = column.array[rows] if isinstance(column.dtype, pd.CategoricalDtype) else encode(column.iloc[rows])
    codes, place = np.unique(values.codes, return_inverse=True)
    gone = int((codes < 0).sum())
    return [None] * gone + list(values.categories.take(codes[gone:])), place


def codes_at(frame: pd.DataFrame, name: str, rows: Any) -> np.ndarray:
    """The codes of a categorical column at `rows`; -1 throughout where there is no such column."""
    if name not in frame:
        return np.full(len(frame), -1, dtype="intp")[rows]
    return frame[name].cat.codes.to_numpy()[rows].astype("intp")


def column_of(values: Iterable[Any]) -> np.ndarray:
    """Any objects as a one-dimensional array: tuples and lists stay what they are."""
    values = list(values)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def sparse(length: int, rows: np.ndarray, codes: np.ndarray, dtype: pd.CategoricalDtype) -> pd.Categorical:
    """A categorical with values at `rows` only, missing elsewhere."""
    full = np.full(length, -1, dtype=np.min_scalar_type(-max(len(dtype.categories), 1)))
    full[rows] = codes
    return pd.Categorical.from_codes(full, dtype=dtype)
