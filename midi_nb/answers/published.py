"""Answer keys and identifier mappings."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .. import sniff, tags
from ..actions import ACTIONS, PIXELS, REGIONS, category_of, named
from ..coded import as_column, concat, encode, first_rows, joint_codes, recode, texts_at, tidy
from ..frames import ANSWERS, CODES, RESULTS, SCOPES, SOURCES, require_columns
from . import workshop


class Spec(NamedTuple):
    """What checks have in common: the same attribute, action and category. Shared, so rows stay small."""

    action: str | None
    tag_path: str | None
    tag: str | None
    name: str | None
    private: bool
    scope: str
    category: str
    subcategory: str | None
    prev_cat: str | None
    hipaa_z: str | None
    hipaa_m: str | None
    dicom_p15: str | None
    dicom_iod: str | None
    dicom_safe: str | None
    tcia_ptkb: str | None
    tcia_p15: str | None
    tcia_rev: str | None
    source: str | None = "published"


class Check(NamedTuple):
    """One check of one instance."""

    check: str
    spec: Spec
    original: str | None
    expected: str | None
    box: tuple[int, int, int, int] | None
    error: str | None = None
    doubt: str | None = None  # why nobody may have meant the check as it is judged: one of the texts below


#: The source of checks in the workshop's layout: they hold for a level, and their attribute stands anywhere in a file.
WORKSHOP = workshop.SOURCE

NO_ENTRY = "its entry in the key is no object"
NO_ACTION = "its action is none of the ten"
NO_MATCH = "its path is spelled as in no file (upper-case hex, a blank …) and matches nothing, as officially"
UNOFFICIAL = "its path is spelled as in no file; officially it matches nothing, here it is taken for what it means"


@lru_cache(2**16)
def _doubt(action: str | None, path: str | None, written: str | None) -> str | None:
    """What is odd in a check of `path`, which the key wrote as `written`; None where nothing is."""
    if action not in ACTIONS:
        return NO_ACTION
    if action in PIXELS:
        return None
    if path is None or tags.parse(path) is None:
        return NO_MATCH
    return None if written == tags.to_official(path) else UNOFFICIAL


class Instance(NamedTuple):
    """An instance as the key identifies it."""

    patient: str | None
    study: str | None
    series: str | None
    instance: str
    modality: str | None
    sop_class: str | None


def unwrap(text: str) -> str:
    """`text` without one leading ``<`` and one trailing ``>``.

    >>> unwrap("<CHEST <AP>>")
    'CHEST <AP>'
    """
    return text[1:-1] if len(text) > 1 and text[0] == "<" and text[-1] == ">" else text


def _text(value: Any) -> str | None:
    return unwrap(value) if isinstance(value, str) else None


def _wrapped(value: Any) -> bool:
    return isinstance(value, str) and unwrap(value) != value


def _stated(value: Any) -> str | None:
    return value if isinstance(value, str) else None


class Specs:
    """Makes each distinct `Spec` once; `path_of` reads the official text of its path."""

    def __init__(self, path_of: Callable[[str], str] = tags.from_official) -> None:
        self._path_of = path_of
        self._made = cache(self._make)

    def of(
        self, codes: tuple[Any, ...], action: Any, path: Any, name: Any, scope: Any, source: Any = "published"
    ) -> Spec:
        """The spec with these texts as the key has them; `codes` are prev_cat and the eight of `CODES`."""
        given = (action, path, name, scope, source)
        try:
            return self._made(codes, *given)
        except TypeError:  # a list where a text belongs
            return self._make(tuple(map(_stated, codes)), *map(_stated, given))

    def _make(self, codes: tuple[Any, ...], action: Any, path: Any, name: Any, scope: Any, source: Any) -> Spec:
        action, scope = _text(action), (_text(scope) or "").strip().capitalize()
        path = self._path_of(path) if isinstance(path, str) else None
        codes = tuple(None if code in (None, "") else str(code) for code in codes)
        spec = Spec(
            action,
            path,
            tags.leaf(path) if path else None,
            _text(name) or (tags.name(path) if path else None),
            tags.is_private(path) if path else False,
            scope if scope in SCOPES else tags.scope(path) if path else "Instance",
            *category_of(action or "", dict(zip(CODES, codes[1:], strict=True))),
            *codes,
        )
        return spec._replace(source=source) if source in SOURCES else spec  # official keys say none


_ENTRIES = 2**14  # checks that are remembered, if the key does not number those of each instance anew

#: The columns by which a key identifies an instance: ours, as in `Instance`, and the official ones.
IDENTITY = {
    "patient": "PatientID",
    "study": "StudyInstanceUID",
    "series": "SeriesInstanceUID",
    "instance": "SOPInstanceUID",
    "modality": "Modality",
    "sop_class": "SOPClassUID",
}


class AnswerKey:
    """An official answer key, read an instance at a time: memory does not grow with its size.

    `instances` maps the SOP Instance UID to its `Instance`; `checks(uid)` decodes that instance's checks.
    `skipped` lists the rows of the key that could not be decoded, with the reason. A path in another spelling than
    that of the files matches nothing, as officially, unless `understood` takes it for what it means.
    """

    def __init__(self, path: str | Path, understood: bool = False) -> None:
        self.path = sniff.existing(path, "The answer key")
        self.skipped: list[tuple[str, str]] = []
        self.instances: dict[str, Instance] = {}
        self._rows: dict[str, list[int]] = {}
        self._specs = Specs(_meant if understood else tags.from_official)
        # Number → scope, entry and check of the latest instance. The next slice asks mostly the same: comparing is
        # faster than taking apart again, and what is one object for many checks is written into a frame once.
        self._latest: dict[str, tuple[Any, Any, Check]] = {}
        if not self.path.is_file() or not sniff.is_sqlite(self.path):
            raise ValueError(f"{path} is not an SQLite database; an answer key in the official layout is one.")
        with sniff.database(self.path) as connection:
            found = sniff.tables(connection)
            if "answer_data" not in found:
                raise _no_answers(self.path, found)
            lacking = [name for name in (*IDENTITY.values(), "AnswerData") if name not in found["answer_data"]]
            if lacking:
                raise ValueError(f"{self.path}, table answer_data, lacks the column {', '.join(lacking)}.")
            scope = "scope" if "scope" in found["answer_data"] else "NULL"
            self._scopes: dict[int, Any] = {}
            rows = f"SELECT rowid, {scope}, {', '.join(IDENTITY.values())} FROM answer_data ORDER BY rowid"
            for row, level, *who in connection.execute(rows):
                if row is None:
                    raise ValueError(f"{self.path}: answer_data is a view; copy it to a table of that name.")
                texts = {ours: cell and str(cell) for ours, cell in zip(IDENTITY, who, strict=True)}
                uid = texts["instance"] = texts["instance"] or ""
                self.instances.setdefault(uid, Instance(**texts))
                self._rows.setdefault(uid, []).append(row)
                if level is not None:
                    self._scopes[row] = level

    def require_sound(self) -> None:
        """Raise a ValueError if no check is one of the official layout; in the first row of a sound key one is."""
        odd = False
        with sniff.database(self.path) as connection:
            for check in (check for uid in self._rows for check in self._checks(uid, connection)):
                odd = check.doubt not in (None, UNOFFICIAL)
                if not odd:
                    break
        self.skipped.clear()  # of these rows it is said when they are judged
        if odd:
            raise ValueError(
                f"{self.path}, table answer_data: no check names an attribute and one of the ten actions as official "
                "keys do: <(0010,0010)>, in a sequence <(0008,1140)>[<0000>]<(0008,1155)>, lower-case hex; "
                "<text_removed>."
            )

    @contextmanager
    def reading(self) -> Iterator[Callable[[str], list[Check]]]:
        """`checks` on one connection, for a batch: opening the database takes as long as decoding half an instance.

        Not kept for longer, as threads and forks cannot share one.
        """
        with sniff.database(self.path) as connection:
            yield lambda uid: list(self._checks(uid, connection))

    def checks(self, uid: str) -> list[Check]:
        """The checks of one instance, in the key's order."""
        with self.reading() as checks:
            return checks(uid)

    def _checks(self, uid: str, connection: Any) -> Iterator[Check]:
        for row in self._rows[uid]:
            (answers,) = connection.execute("SELECT AnswerData FROM answer_data WHERE rowid = ?", (row,)).fetchone()
            yield from self._decoded(answers, row)

    def _decoded(self, answers: Any, row: int) -> Iterator[Check]:
        try:
            entries = json.loads(answers).items()
        except (ValueError, TypeError, AttributeError, RecursionError):
            self.skipped.append((f"{self.path.name}, table answer_data, row {row}", "AnswerData is no JSON object"))
            return
        scope = self._scopes.get(row)
        if len(self._latest) > _ENTRIES:  # a key may number its checks on and on
            self._latest.clear()
        for number, entry in entries:
            latest = self._latest.get(number)
            if latest is None or latest[0] != scope or latest[1] != entry:
                latest = self._latest[number] = (scope, entry, _check(number, entry, scope, self._specs))
            yield latest[2]


def _check(number: str, entry: Any, scope: Any, specs: Specs) -> Check:
    """One check of the official key, read as literally as the official script does: it finds actions, and identifiers
    in mappings, only with their <…>."""
    if not isinstance(entry, dict):
        return _check(number, {}, scope, specs)._replace(error=NO_ENTRY, doubt=NO_ENTRY)
    action, path = entry.get("action"), entry.get("tag_ds")
    spec = specs.of(
        _codes(entry.get("answer_category_v2")),
        action if _wrapped(action) else None,
        path,
        entry.get("tag_name"),
        entry.get("scope", scope),
        entry.get("source"),
    )
    original, expected = _text(entry.get("value")), _text(entry.get("action_text"))
    if spec.action in _MAPPED and not _wrapped(entry.get("value")):
        original = None
    if spec.action in REGIONS and expected is not None:
        text, box = region_of(expected) or (expected, None)
        return Check(number, spec, original, text, box, _unread(spec.action, expected, box))
    return Check(number, spec, original, expected, None, None, _doubt(spec.action, spec.tag_path, _stated(path)))


_MAPPED = named("map")


def _unread(action: str | None, expected: str | None, box: Any) -> str | None:
    """Why the check of a region cannot be judged; None if it can."""
    return "the key's region cannot be read" if action in REGIONS and expected is not None and box is None else None


def _codes(given: Any) -> tuple[Any, ...]:
    """prev_cat and the eight codes of ``answer_category_v2``, in the order of `CODES`; what is not there is None."""
    nested = given if isinstance(given, dict) else {}
    branches = {name: part for name, part in nested.items() if isinstance(part, dict)}
    codes = (branches.get(branch, {}).get(leaf) for branch, leaf in (name.split("_") for name in CODES))
    return (nested.get("prev_cat"), *codes)


def region_of(text: str) -> tuple[str, tuple[int, int, int, int]] | None:
    """(text, (x0, y0, x1, y1)) of the JSON in which the official key writes a region; None if it is none.

    >>> region_of('{"text": "DOE", "top_left": [1, 2], "bottom_right": ["30", 12]}')
    ('DOE', (1, 2, 30, 12))
    """
    try:
        region = json.loads(text.strip("<>"))
        (x0, y0), (x1, y1) = region["top_left"][:2], region["bottom_right"][:2]
        box = _box((x0, y0, x1, y1))
        return (region["text"], box) if isinstance(region["text"], str) else None
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None


def _box(edges: Iterable[Any]) -> tuple[int, int, int, int]:
    """The edges of a region as numbers that a column of them holds: no image is larger."""
    x0, y0, x1, y1 = (max(-_LARGEST, min(int(edge), _LARGEST)) for edge in edges)
    return x0, y0, x1, y1


_LARGEST = 2**31 - 1


def _no_answers(path: Path, found: Mapping[str, Sequence[str]]) -> ValueError:
    for columns in found.values():
        kind = sniff.kind_of(columns)
        if kind is not None and kind.verb != "read_key()":
            return ValueError(f"{path} holds {kind.name}, not an answer key; read it with {kind.verb}.")
    return ValueError(f"{path} has no table answer_data (found: {', '.join(found) or 'none'}); it is no answer key.")


class FrameKey:
    """An answers frame with the methods of `AnswerKey`; of an attribute it needs only the path.

    Only official keys must spell their paths as files do; others may write them in any way that has one meaning. Rows
    of the workshop's layout hold for all instances of their level among those that `everyone` gives; without it, for
    the one they are about.
    """

    def __init__(
        self, answers: pd.DataFrame, understood: bool = False, everyone: Callable[[], dict[str, Instance]] | None = None
    ) -> None:
        require_columns(answers, ["instance", "action", "tag_path"], "evaluate()")
        if answers["instance"].isna().any():
            raise ValueError(
                "evaluate() needs to know which instance each check is about, and this key does not say; "
                "add a column SOPInstanceUID to it, or a row uid_changed of (0008,0018) for each instance."
            )
        self.skipped: list[tuple[str, str]] = []
        given = [name for name in ANSWERS if name in answers.columns]
        frame = tidy({name: cells(answers[name], ANSWERS[name]) for name in given}, ANSWERS, len(answers))
        who = frame[list(Instance._fields)].drop_duplicates("instance").astype(object)
        who = who.where(who.notna(), None)
        self.instances = {row[3]: Instance(*row) for row in who.itertuples(index=False, name=None)}
        self._frame = frame.assign(tag_path=_paths(frame, understood))
        self._specs, self._spec_of = self._shared([name for name in Spec._fields if name in given])
        self._rows = dict(frame.groupby("instance", observed=True, sort=False).indices)
        if (self._frame["source"] == workshop.SOURCE).any():
            there = everyone() if everyone else {}
            self.instances, self._rows = workshop.placed(self._frame, self.instances, there)

    @contextmanager
    def reading(self) -> Iterator[Callable[[str], list[Check]]]:
        """`checks`, as `AnswerKey.reading` gives it."""
        yield self.checks

    def checks(self, uid: str) -> list[Check]:
        """The checks of one instance, in the frame's order."""
        rows = self._rows[uid]
        specs = [self._specs[number] for number in self._spec_of[rows]]
        texts = (texts_at(self._frame[name], rows) for name in ("check", "original", "expected"))
        edges = (self._frame[name].array[rows].to_numpy(object, na_value=None) for name in ("x0", "y0", "x1", "y1"))
        return [
            Check(
                number,
                spec,
                original,
                expected,
                box := None if None in corners else _box(corners),
                _unread(spec.action, expected, box),
                _doubt(spec.action, spec.tag_path, spec.tag_path and tags.to_official(spec.tag_path)),
            )
            for spec, number, original, expected, *corners in zip(specs, *texts, *edges, strict=True)
        ]

    def _shared(self, given: Sequence[str]) -> tuple[list[Spec], np.ndarray]:
        """The distinct specs of the frame, and for each row the number of its spec. Columns that are not `given` follow
        from path and codes."""
        columns = self._frame[list(Spec._fields)]
        parts = (columns[name].astype("int8") if name == "private" else columns[name].cat.codes for name in columns)
        spec_of = joint_codes([part.to_numpy() for part in parts], len(columns))
        distinct = columns.iloc[first_rows(spec_of)].astype(object)
        known, specs = Specs(), []
        for cells in distinct.where(distinct.notna(), None).to_dict("records"):
            path, codes = cells["tag_path"], tuple(cells[name] for name in ("prev_cat", *CODES))
            made = known.of(codes, cells["action"], path and tags.to_official(path), cells["name"], cells["scope"])
            specs.append(made._replace(**{name: cells[name] for name in given}))
        return specs, spec_of


def _meant(text: str) -> str:
    """The path that an official text names; the text itself if it names none."""
    return tags.understood(text) or tags.from_official(text)


def _paths(answers: pd.DataFrame, understood: bool) -> Any:
    """The paths of an answers frame, spelled as in files; a path that means no attribute is refused.

    Paths of an official key are not changed, unless they are `understood`: a misspelt path there matches nothing.
    """
    paths = answers["tag_path"].astype(object)
    meant = paths.map({text: tags.understood(text) for text in answers["tag_path"].cat.categories})
    official = (answers["source"] == "published").to_numpy()
    if not any(map(tags.parse, paths[official].dropna().unique())):
        official = np.zeros_like(official)  # not written by the official program
    looks = answers["action"].isin(set(ACTIONS) - set(PIXELS)).to_numpy()
    nameless = np.flatnonzero(looks & ~official & meant.isna().to_numpy())
    if len(nameless):
        raise _no_attribute(len(nameless), f"the answers frame, row {nameless[0]} (the first being 0), column tag_path")
    return encode(meant.where(~official | understood).fillna(paths).to_numpy())


def _no_attribute(count: int, place: str) -> ValueError:
    checks, name = ("check", "names") if count == 1 else ("checks", "name")
    return ValueError(
        f"{count:,} {checks} of the key {name} no attribute; the first: {place}. Write (0010,0010), 00100010, a "
        "keyword such as PatientName, or a path with its items: (0008,1140)[0](0008,1155)."
    )


def cells(column: pd.Series, kind: Any) -> Any:
    """The cells of a column of someone's own frame, numbers as texts where texts are due."""
    if kind in ("bool", "Int32"):
        return column.array
    if isinstance(kind, pd.CategoricalDtype) and not column.dropna().isin(kind.categories).all():
        raise ValueError(f"The key's column {column.name} holds a text that is none of {', '.join(kind.categories)}.")
    if isinstance(column.dtype, pd.CategoricalDtype):
        return recode(column, str)
    return [None if gone else str(cell) for cell, gone in zip(column, column.isna(), strict=True)]


def read_key(
    path: str | Path, *, instances: Iterable[str] | None = None, columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """The answers of a key as a frame, one check a row.

    Parameters
    ----------
    path
        The official SQLite database, or the older flat table (SQLite, CSV or text with the columns Scope, Tag,
        Tag Name, Action and Action Text).
    instances
        SOP Instance UIDs to read; all of them by default. A full key holds millions of checks, and only what is
        asked for is decoded.
    columns
        Columns to keep.

    Returns
    -------
    DataFrame
        The columns of ``midi_nb.frames.ANSWERS``.

    Examples
    --------
    >>> answers = mn.read_key(demo.key)
    >>> answers[["action", "tag_path", "name"]].head()  # doctest: +SKIP
    """
    path = sniff.existing(path, "The answer key")
    answers = _read_official(path, instances) if _is_official(path) else _read_flat(path, instances)
    if columns is not None:
        require_columns(answers, columns, "read_key(columns=…)")
        answers = answers[list(columns)]
    return answers


def open_key(
    key: Any, understood: bool = False, everyone: Callable[[], dict[str, Instance]] | None = None
) -> AnswerKey | FrameKey:
    """A key to evaluate against: from a path or an answers frame.

    `understood`: whether paths that officially match nothing are taken for what they mean. `everyone` gives the
    instances there are, for keys whose rows hold for all instances of a level.
    """
    if isinstance(key, pd.DataFrame):
        return FrameKey(key, understood, everyone)
    path = sniff.existing(key, "The answer key")
    if not _is_official(path):
        return FrameKey(_read_flat(path, None), understood, everyone)
    official = AnswerKey(path, understood)
    official.require_sound()
    return official


def _is_official(path: Path) -> bool:
    if path.is_dir():
        raise ValueError(f"{path} is a folder, not an answer key; give the database in it.")
    if not sniff.is_sqlite(path):
        return False
    with sniff.database(path) as connection:
        found = sniff.tables(connection)
    if "answer_data" in found:
        return True
    if any((kind := sniff.kind_of(columns)) and kind.verb == "read_key()" for columns in found.values()):
        return False
    raise _no_answers(path, found)


_BATCH = 500  # instances decoded at a time: some hundred thousand checks


def _read_official(path: Path, instances: Iterable[str] | None) -> pd.DataFrame:
    key = AnswerKey(path)
    wanted = (
        list(key.instances)
        if instances is None
        else [uid for uid in dict.fromkeys(map(str, instances)) if uid in key.instances]
    )
    parts = [_answers(key, wanted[start : start + _BATCH]) for start in range(0, len(wanted), _BATCH)]
    if key.skipped:
        place, reason = key.skipped[0]
        warnings.warn(f"Rows of the key left out: {len(key.skipped)}; the first: {place}: {reason}.", stacklevel=3)
    return concat(parts) if parts else tidy({}, ANSWERS, 0)


def _answers(key: AnswerKey, uids: Sequence[str]) -> pd.DataFrame:
    with key.reading() as checks_of:
        rows = [(key.instances[uid], check) for uid in uids for check in checks_of(uid)]
    checks = [check for _, check in rows]
    columns: dict[str, Any] = {
        **shared_columns(Instance._fields, [who for who, _ in rows]),
        **check_columns(checks),
    }
    return tidy(columns, ANSWERS, len(rows))


def check_columns(checks: Sequence[Check]) -> dict[str, Any]:
    """The columns of `checks`: those of their specs, and their own."""
    checks, rows = _distinct(checks)
    boxes = [check.box for check in checks]
    columns: dict[str, Any] = shared_columns(Spec._fields, [check.spec for check in checks])
    for field in ("check", "original", "expected"):
        columns[field] = encode([getattr(check, field) for check in checks])
    for place, field in enumerate(("x0", "y0", "x1", "y1") if any(boxes) else ()):
        columns[field] = pd.array([pd.NA if box is None else box[place] for box in boxes], dtype="Int32")
    return {field: column.take(rows) for field, column in columns.items()}


def shared_columns(fields: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    """The columns of rows that repeat a few tuple objects: each object is read once."""
    distinct, codes = _distinct(rows)
    columns = zip(*distinct, strict=True) if distinct else [()] * len(fields)
    return {
        field: as_column(values, RESULTS[field], len(distinct)).take(codes)
        for field, values in zip(fields, columns, strict=True)
    }


def _distinct(rows: Sequence[Any]) -> tuple[list[Any], np.ndarray]:
    """The objects among `rows`, each once, and which of them each row is."""
    codes, ids = pd.factorize(np.fromiter(map(id, rows), dtype="int64", count=len(rows)))
    first = np.empty(len(ids), dtype="int64")
    first[codes[::-1]] = np.arange(len(rows) - 1, -1, -1)
    return [rows[row] for row in first], codes


def _read_flat(path: Path, instances: Iterable[str] | None) -> pd.DataFrame:
    header, rows, rows_at = _flat_rows(path)
    names = sniff.plain(header)
    if not {"scope", "tag", "action", "action_text"} <= set(names):
        raise sniff.wrong(path, "read_key()", "an answer key", header)
    specs = Specs()
    whos: dict[Instance, Instance] = {}
    who: list[Instance] = []
    checks: list[Check] = []
    numbers: list[int] = []
    nameless: list[int] = []
    unscoped: list[int] = []
    for number, cells in enumerate(rows):
        row = {name: unwrap(str(cell)) for name, cell in zip(names, cells, strict=False) if cell not in (None, "")}
        if not row:
            continue
        check = _flat_check(row, str(number), specs)
        if check.spec.tag_path is None and check.spec.action in ACTIONS:
            nameless.append(number)
        if row.get("scope", "Instance").strip().capitalize() not in SCOPES:
            unscoped.append(number)
        person = Instance._make(row.get(theirs.lower()) for theirs in IDENTITY.values())
        who.append(whos.setdefault(person, person))
        checks.append(check)
        numbers.append(number)
    if nameless:
        column = "Tag Path" if "tag_path" in names else "Tag"
        raise _no_attribute(len(nameless), f"{rows_at(nameless[0], nameless[0])}, column {column}")
    columns = {**shared_columns(Instance._fields, who), **check_columns(checks)}
    if all(person.instance is None for person in whos):
        found = workshop.identities(checks, lambda first, last: rows_at(numbers[first], numbers[last]))
        if found and unscoped:
            raise ValueError(f"{rows_at(unscoped[0], unscoped[0])}, column Scope: write one of {', '.join(SCOPES)}.")
        if found:
            columns |= {**shared_columns(Instance._fields[:4], found), "source": workshop.SOURCE}
    answers = tidy(columns, ANSWERS, len(checks))
    if instances is None:
        return answers
    return answers[answers["instance"].isin(list(map(str, instances)))].reset_index(drop=True)


def _flat_rows(path: Path) -> tuple[Sequence[str], Iterable[Sequence[Any]], Callable[[int, int], str]]:
    """(header, rows, where the rows from one number to another stand) of a flat key."""

    def rows_at(place: str, before: int, first: int, last: int) -> str:
        return f"{place}, row{f's {first + before} to' * (first != last)} {last + before}"

    if not sniff.is_sqlite(path):
        return *sniff.table_rows(path), partial(rows_at, str(path), 2)  # as a spreadsheet counts, the header being 1
    with sniff.database(path) as connection:
        for table, columns in sniff.tables(connection).items():
            if {"scope", "tag", "action", "action_text"} <= set(sniff.plain(columns)):
                rows = connection.execute(f"SELECT * FROM {sniff.quoted(table)}").fetchall()
                return columns, rows, partial(rows_at, f"{path}, table {table}", 1)
        raise _no_answers(path, sniff.tables(connection))


def _flat_check(row: Mapping[str, str | None], number: str, specs: Specs) -> Check:
    action, text = row.get("action") or "", row.get("action_text")
    path = tags.understood(row.get("tag_path") or row.get("tag") or "")
    if not path and action in PIXELS:
        path = "(7fe0,0010)"
    original, expected, box = _FLAT_TEXTS.get(action, _flat_words)(_listed(text))
    codes = tuple(row.get(name) for name in ("prev_cat", *CODES))
    spec = specs.of(codes, action or None, path and tags.to_official(path), row.get("tag_name"), row.get("scope"))
    unread = _unread(action, expected, box)
    return Check(row.get("check") or number, spec, row.get("value", original), expected, box, unread)


def _listed(text: str | None) -> list[Any]:
    """The list that Action Text writes as JSON; a text that is no list is kept as it is."""
    if text is None:
        return []
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        return [text]
    return listed if isinstance(listed, list) else [text]


_FlatTexts = tuple[str | None, str | None, tuple[int, int, int, int] | None]


def _flat_words(listed: list[Any]) -> _FlatTexts:
    expected = None if not listed else str(listed[0]) if len(listed) == 1 else str([str(part) for part in listed])
    return expected, expected, None


def _flat_change(listed: list[Any]) -> _FlatTexts:
    original, expected, *_ = [*map(str, listed), None, None]
    return original, expected, None


def _flat_date(listed: list[Any]) -> _FlatTexts:
    original, days, _ = _flat_change(listed)
    return original, days and days.strip("()"), None


def _flat_region(listed: list[Any]) -> _FlatTexts:
    expected = str(listed[0]).replace("\\n", "\n") if listed else None
    try:
        return None, expected, _box(listed[1][:4])
    except (IndexError, KeyError, TypeError, ValueError, OverflowError):
        return None, expected, None


_FLAT_TEXTS: dict[str, Callable[[list[Any]], _FlatTexts]] = {
    **dict.fromkeys(named(about=["date"]), _flat_date),
    **dict.fromkeys(named(about=["uid", "patient"]), _flat_change),
    **dict.fromkeys(REGIONS, _flat_region),
}


_HEADERS = (("id_old", "id_new"), ("evaluation", "de-identified"))


def read_mapping(path: str | Path) -> pd.Series:
    """Old identifiers → new ones: a Series of texts, the old ones its index.

    The header is ``id_old,id_new`` or ``evaluation,de-identified``. As in the official script everything is text and
    the first row of an old identifier counts.

    Examples
    --------
    >>> uids = mn.read_mapping(demo.submissions["reference"].uids)
    >>> uids.index.name, uids.name
    ('old', 'new')
    """
    path = sniff.existing(path, "The mapping")
    if path.is_dir() or sniff.is_sqlite(path) or sniff.is_xlsx(path):
        raise ValueError(f"{path} is not a CSV file; a mapping is one with the columns id_old,id_new.")
    header, rows = sniff.table_rows(path)
    names = sniff.plain(header)
    pair = next((pair for pair in _HEADERS if set(pair) <= set(names)), None)
    if pair is None:
        raise sniff.wrong(path, "read_mapping()", "a mapping", header)
    old, new = (names.index(name) for name in pair)
    cells = [(row[old], row[new]) for row in rows if len(row) > max(old, new)]
    return as_mapping(pd.Series([c[1] for c in cells], index=[c[0] for c in cells], dtype="str" if cells else "object"))


def as_mapping(mapping: Any) -> pd.Series:
    """A mapping as `read_mapping` gives it, from a path, a dict, a Series or a frame of two columns."""
    if isinstance(mapping, str | Path):
        return read_mapping(mapping)
    if isinstance(mapping, Mapping):
        mapping = pd.Series(list(mapping.values()), index=list(mapping), dtype="object")
    if isinstance(mapping, pd.DataFrame):
        names = sniff.plain(mapping.columns)
        pair = next((pair for pair in _HEADERS if set(pair) <= set(names)), None)
        if pair is None:
            # Those it has are not quoted: without a header they are its first row, identifiers and all.
            raise ValueError("A mapping frame needs the columns id_old and id_new.")
        old, new = (mapping.iloc[:, names.index(name)] for name in pair)
        mapping = pd.Series(new.to_numpy(), index=old.to_numpy())
    if not isinstance(mapping, pd.Series):
        raise TypeError(f"A mapping is a path, a dict, a Series or a frame, not {type(mapping).__name__}.")
    mapping = mapping[mapping.index.notna()]
    new = mapping.astype(object).where(mapping.notna(), "")  # as in a CSV file, where missing is empty
    series = pd.Series(new.astype(str).to_numpy(), index=pd.Index(new.index.astype(str), name="old"), name="new")
    return series[~series.index.duplicated()]


def sent_mapping(given: Any) -> Any:
    """A mapping as workers are sent it: a path, which they read themselves, as it is; None where there is none."""
    return given if given is None or isinstance(given, str | Path) else as_mapping(given)
