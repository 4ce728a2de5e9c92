"""What the official rules let pass: passes that prove nothing, and what no check looks at.

Findings are never failures. The first in this file need the frame alone, the next ones the released files; the last
part is the conformance of the objects. No detail quotes a value: values are in the column ``words`` alone.
"""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .. import tags
from ..actions import ACTIONS, REGIONS, named
from ..amounts import percent
from ..coded import asked, coded, codes_at, concat, texts_at, tidy
from ..dates import fits, is_date, shifts, usual_shifts
from ..engine import pixels
from ..engine.recognition import ReadText, reader
from ..engine.released import Released, Unreadable, files_below, quiet, read, readable
from ..files import read_dciodvfy
from ..files.threads import pool
from ..folders import Submission, folder_of
from ..frames import MASK, require_columns, require_complete
from ..text import legible, stop_words, whole_words
from . import AXES, CONFIDENCES, by_instance, folder_of_submission, is_uid, repainted, require_one_submission
from .references import Web, Who, among, owners, resolved

__all__ = ["FINDINGS", "Finding", "audit", "conformance", "findings_table"]


class Finding(NamedTuple):
    """One kind of finding: what it is called, what it touches, how sure it is, and what it means."""

    code: str
    label: str
    axis: str
    confidence: str
    sentence: str


# fmt: off
#: Every kind of finding there is.
FINDINGS: tuple[Finding, ...] = (
    Finding("vacuous_pass", "Passed because nothing is there", "key", "review",
            "A removal check passed only because the attribute or the file is missing."),
    Finding("unreadable_control", "Not readable in the original either", "key", "review",
            "Burned-in text counts as hidden, but it could not be read in the original either."),
    Finding("private_path", "Passed at another path", "privacy", "certain",
            "A removal check passed unseen: the file has the attribute at another path, which officially depends on "
            "how the length of a private sequence is written."),
    Finding("date_removed", "Date removed", "utility", "certain",
            "A date that had to be shifted is gone."),
    Finding("date_bad_format", "Not a date", "validity", "certain",
            "The replacement is not a valid DICOM date."),
    Finding("date_unshifted", "Date not shifted", "privacy", "certain",
            "A date kept its day; only the time or the format changed."),
    Finding("date_inconsistent", "Not shifted like the patient's other dates", "linkage", "certain",
            "A date was shifted by another number of days than most dates of its patient."),
    Finding("date_shift_by_series", "Dates shifted series by series", "linkage", "certain",
            "Each series of a patient was shifted by another number of days."),
    Finding("date_wrong_shift", "Not shifted like the key's dates", "linkage", "certain",
            "A date was shifted by another number of days than the key's. Only with key_shift=True: the number is "
            "secret, and any one number for all dates of a patient is right."),
    Finding("uid_removed", "UID removed", "linkage", "certain",
            "A UID that had to be mapped is gone."),
    Finding("patid_removed", "Patient ID removed", "linkage", "certain",
            "A patient ID that had to be mapped is gone."),
    Finding("uid_invalid", "Not a UID", "validity", "certain",
            "The replacement is not a valid UID."),
    Finding("uid_split", "One UID became several", "linkage", "certain",
            "An old UID became several new ones."),
    Finding("uid_merged", "Several UIDs became one", "linkage", "certain",
            "Several old UIDs became one new one."),
    Finding("phi_elsewhere", "Identifier elsewhere", "privacy", "likely",
            "An identifier of this patient that the key knows appears elsewhere in the release."),
    Finding("colours_changed", "Colours changed", "utility", "likely",
            "Outside every box of the key, the colours or grey levels of the image are not those of the original."),
    Finding("dangling_reference", "Reference to no object", "linkage", "review",
            "A reference leads to no released object."),
    Finding("no_official_result", "No official result", "validity", "certain",
            "The object lacks an attribute without which the official script ends and writes no result at all."),
    Finding("marker_missing", "De-identification not recorded", "validity", "certain",
            "The object does not say that, or how, it was de-identified."),
)
# fmt: on
_BY_CODE = {finding.code: finding for finding in FINDINGS}
_WHO = ("submission", "patient", "study", "series", "instance")
_COLUMNS = {
    "finding": pd.CategoricalDtype([finding.code for finding in FINDINGS]),
    "axis": pd.CategoricalDtype(list(AXES)),
    "confidence": pd.CategoricalDtype(list(CONFIDENCES)),
    **dict.fromkeys((*_WHO, "tag_path", "name", "words", "detail", "file"), "category"),
    "days": "Int64",
}


def findings_table() -> pd.DataFrame:
    """The kinds of findings.

    Returns
    -------
    DataFrame
        finding, label, axis, confidence (the usual one), explanation.
    """
    return pd.DataFrame(FINDINGS).rename(columns={"code": "finding", "sentence": "explanation"})


def audit(
    results: pd.DataFrame,
    released: str | Path | Submission | None = None,
    original: str | Path | Mapping[str, str | Path] | None = None,
    *,
    read_text: ReadText | str | None = None,
    key_shift: bool = False,
) -> pd.DataFrame:
    """What the official rules let pass, one finding a row.

    Parameters
    ----------
    results
        What ``evaluate`` or ``read_results`` returns. Alone it finds passes that prove nothing, and dates and UIDs.
    released
        The submission or its folder (then `results` must be of that one). Every file in it is searched for what the key
        plants for its patient, followed along its references, and asked for its de-identification markers.
    original
        Folder of the original files, or instance UID → path: a reference that led nowhere there is no finding.
    read_text
        What reads text in images, to search those too: the pixels, overlay planes and icons, of each the first, the
        middle and the last frame. ``"auto"`` for the installed engine, or a callable that takes an image array.
        ``.attrs["skipped"]`` lists the images that could not be searched, and why.
    key_shift
        Whether to find dates too that were shifted by another number of days than the key's. That number is secret:
        ask only about a tool that was given it.

    Returns
    -------
    DataFrame
        finding, axis, confidence, submission, patient, study, series, instance, tag_path, name, words (the value found,
        where there is one), detail (without values), file, days (how far a date was shifted). ``findings_table()``
        explains the findings.

    Examples
    --------
    >>> results = mn.evaluate(demo.submissions["emptied"], demo.key, progress=False)
    >>> bool(mn.audit(results)["finding"].eq("vacuous_pass").any())
    True
    """
    require_complete(results, "audit()")
    require_columns(
        results, [*_WHO, "action", "tag_path", "original", "expected", "actual", "state", "verdict", "error"], "audit()"
    )
    results = coded(results)
    parts = [*_vacuous(results), *_dates(results, key_shift), *_uids(results)]
    skipped: list[_Skipped] = []
    if released is not None:
        found_in_files, skipped = _of_files(results, released, original, reader(read_text))
        parts += found_in_files
    found = concat([tidy({}, _COLUMNS, 0), *(part for part in parts if len(part))])
    order = np.argsort(found["finding"].cat.codes.to_numpy(), kind="stable")
    found = found.iloc[order].reset_index(drop=True)
    found.attrs["skipped"] = skipped
    if skipped:
        reasons = Counter(reason for *_, reason in skipped).most_common(3)
        counts = "; ".join(f"{count:,} × {reason}" for reason, count in reasons)
        warnings.warn(f"Images not searched for text: {len(skipped):,} ({counts}).", stacklevel=2)
    return found


def _findings(code: str, results: pd.DataFrame, rows: np.ndarray, **columns: Any) -> pd.DataFrame:
    """The findings of one kind, one for each of `rows`; `columns` override the columns of the results."""
    finding = _BY_CODE[code]
    known = {name: results[name].iloc[rows].array for name in (*_WHO, "tag_path", "name", "file") if name in results}
    usual = {"finding": code, "axis": finding.axis, "confidence": finding.confidence}
    return tidy(known | usual | columns, _COLUMNS, len(rows))


_REMOVALS = named("remove", "change", "map")
_DATES = named(about=["date"])
_UIDS = named(about=["uid"])
#: Finding → checks of what was there, and what their originals must be for it to be that.
_REMOVED: dict[str, tuple[Sequence[str], Callable[[str], Any]]] = {
    "date_removed": (_DATES, is_date),
    "uid_removed": (_UIDS, bool),
    "patid_removed": (named(about=["patient"]), bool),
}


def _passing(results: pd.DataFrame, actions: Sequence[str], *states: str) -> np.ndarray:
    """The rows that passed, of these actions and states of the released value."""
    asked_for = results["action"].isin(actions) & results["state"].isin(states)
    return np.flatnonzero(asked_for & (results["verdict"] == "passed"))


def _vacuous(results: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Removal checks that passed because there was nothing to look at; removed dates, UIDs and such are findings of
    their own."""
    nameless = _passing(results, _REMOVALS, "absent")
    for (code, (actions, was)), state in itertools.product(_REMOVED.items(), ("absent", "empty")):
        rows = _passing(results, actions, state)
        rows = rows[asked(results["original"], rows, was)]
        nameless = np.setdiff1d(nameless, rows)
        yield _findings(code, results, rows, detail=f"value {state}")
    yield _findings("vacuous_pass", results, nameless, detail="attribute absent")
    yield _findings("vacuous_pass", results, _passing(results, _REMOVALS, "missing"), detail="file missing")
    unproven = (results["verdict"] == "passed") & results["error"].notna()  # the only pass that comes with a reason
    yield _findings("unreadable_control", results, np.flatnonzero(unproven), detail="not readable in the original")


def _dates(results: pd.DataFrame, key_shift: bool) -> Iterator[pd.DataFrame]:
    """Dates that passed, and are malformed, or not shifted as they should be."""
    passing = _passing(results, _DATES, "value")
    if not len(passing):
        return
    dates = shifts(results)
    usual = usual_shifts([dates])
    dates = dates.loc[passing].query("was")
    yield _findings("date_bad_format", results, dates.index[~dates["now"]].to_numpy(), detail="not a date")
    dates = dates[dates["now"]].assign(series=lambda dates: codes_at(results, "series", dates.index.to_numpy()))
    moved = dates[dates["days"] != 0]
    by_series = _by_series(moved)
    for code, detail, found in (
        ("date_unshifted", "the day of the original", dates[dates["days"] == 0]),
        (
            "date_inconsistent",
            "not the number of days of the patient's other dates",
            moved[~fits(moved, usual) & ~by_series],
        ),
        (
            "date_shift_by_series",
            "each series of the patient by another number of days",
            moved[by_series].drop_duplicates(_SERIES),
        ),
        ("date_wrong_shift", "not the key's number of days", moved[_unlike_key(results, moved)] if key_shift else None),
    ):
        if found is not None:
            yield _findings(code, results, found.index.to_numpy(), detail=detail, days=found["days"].astype("Int64"))


_SERIES = ["submission", "patient", "series"]


def _by_series(dates: pd.DataFrame) -> np.ndarray:
    """Which dates belong to a patient whose series were each shifted by a different number of days.

    A single odd date is no series: unless each series has several dates, at least three of them have to differ.
    """
    who = _SERIES[:-1]
    series = dates.groupby(_SERIES)["days"].agg(["min", "max", "count", "size"]).reset_index()
    series["one"] = (series["min"] == series["max"]) & (series["count"] == series["size"])
    patients = series.groupby(who).agg(
        one=("one", "all"), series=("series", "size"), numbers=("min", "nunique"), dates=("size", "min")
    )
    own = patients["one"] & (patients["series"] == patients["numbers"]) & (patients["series"] > 1)
    own &= (patients["series"] > 2) | (patients["dates"] > 1)
    return own.reindex(pd.MultiIndex.from_frame(dates[who]), fill_value=False).to_numpy(dtype=bool)


def _unlike_key(results: pd.DataFrame, dates: pd.DataFrame) -> np.ndarray:
    """Which dates were shifted by another number of days than the key says, with either sign."""
    wanted = asked(results["expected"], dates.index.to_numpy(), _number, "float64")
    return np.isfinite(wanted) & (dates["days"].abs().to_numpy() != np.abs(wanted))


def _number(text: str) -> float:
    return float(text) if re.fullmatch(r"[+-]?\d+", text) else np.nan


def _uids(results: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """UIDs that passed, and are invalid, or not one to one with the old ones."""
    rows = _passing(results, _UIDS, "value")
    rows = rows[~asked(results["actual"], rows, lambda text: text == MASK)]
    valid = asked(results["actual"], rows, is_uid)
    yield _findings("uid_invalid", results, rows[~valid], detail="not a UID")
    rows = rows[valid & results["original"].iloc[rows].notna().to_numpy()]
    yield _several("uid_split", results, rows, "original", "actual", "new UIDs for one old one")
    yield _several("uid_merged", results, rows, "actual", "original", "old UIDs on one new one")


def _several(code: str, results: pd.DataFrame, rows: np.ndarray, one: str, many: str, what: str) -> pd.DataFrame:
    """Findings where one value of `one` goes with several of `many`: one for each of these except the most frequent."""
    pairs = pd.DataFrame({name: codes_at(results, name, rows) for name in ("submission", one, many)} | {"row": rows})
    found = pairs.groupby(["submission", one, many], sort=False)["row"].agg(["size", "first"]).reset_index()
    found = found.sort_values(["size", "first"], ascending=[False, True], kind="stable")
    group = found.groupby(["submission", one], sort=False)
    rarer = (
        found.assign(number=group.cumcount(), all=group["size"].transform("size"))
        .query("number > 0")
        .sort_values("first")
    )
    return _findings(code, results, rarer["first"].to_numpy(), detail=[f"{n} {what}" for n in rarer["all"]])


def _of_files(
    results: pd.DataFrame,
    released: Any,
    original: str | Path | Mapping[str, str | Path] | None,
    read_text: ReadText | None,
) -> tuple[list[pd.DataFrame], list[_Skipped]]:
    """The findings that only the released files show, and the images that were not searched for text."""
    require_columns(results, ["released", "released_patient"], "audit(released=...)")
    require_one_submission(results, "audit(released=...)")
    folder = folder_of_submission(results, released)
    searches = _Searches(results, read_text)
    originals = {} if original is None else by_instance(original)
    boxes = _hidden_in(results, originals)
    web = Web()
    notes: list[_Note] = []
    for path, file in readable(files_below(folder)):
        where = searches.place_of(file, path.relative_to(folder).as_posix())
        notes += searches.found(file, where)
        notes += searches.unseen(file, where)
        notes += _colours(file, where, boxes.get(where.instance or "", ()), originals)
        notes += _markers(file, where, searches)
        notes += (
            _Note("no_official_result", "certain", where, path, None, "the attribute is absent")
            for path in file.lacking
        )
        web.add(file, where)
    notes += _dangling(web, None if original is None else resolved(originals), searches.references)
    return [_of_notes(notes)] if notes else [], searches.skipped


_Skipped = tuple[str, str, str]  # file, path of the image in it, why it was not searched


class _Note(NamedTuple):
    """One finding in a file."""

    finding: str
    confidence: str
    place: Who
    tag_path: str | None
    words: str | None
    detail: str


def _of_notes(notes: Sequence[_Note]) -> pd.DataFrame:
    """Notes as findings."""
    said = ("finding", "confidence", "tag_path", "words", "detail")
    data: dict[str, Any] = {
        **{name: [getattr(note.place, name) for note in notes] for name in (*_WHO, "file")},
        **{name: [getattr(note, name) for note in notes] for name in said},
        "axis": [_BY_CODE[note.finding].axis for note in notes],
        "name": [tags.name(note.tag_path) if note.tag_path else None for note in notes],
    }
    return tidy(data, _COLUMNS, len(notes))


class _Terms(NamedTuple):
    """What the key plants for one patient, made ready to be found.

    `phrases` are runs of words by their first one, `names` are the parts of a name, `uids` old UIDs, `days` dates as
    eight digits.
    """

    phrases: dict[str, dict[tuple[str, ...], str]]
    names: dict[frozenset[str], str]
    parts: frozenset[str]
    uids: frozenset[str]
    days: frozenset[str]


class _Hit(NamedTuple):
    words: str
    confidence: str
    detail: str


class _Searches:
    """The planted values of every patient, and where a released file contains them."""

    def __init__(self, results: pd.DataFrame, read_text: ReadText | None) -> None:
        self._read_text = read_text
        self.skipped: list[_Skipped] = []
        self._owners = owners(results)
        self._stranger = Who(submission=next(iter(results["submission"].dropna()), None))
        self._new = dict(
            results[["released_patient", "patient"]].dropna().drop_duplicates().astype(object).itertuples(index=False)
        )
        action = results["action"]
        self.hidden = set(results["instance"][action.isin(REGIONS).to_numpy()])
        self.shifted = bool(action.isin(_DATES).any())
        of_instances = results["original"].isin(results["instance"].cat.categories)
        references = np.flatnonzero(action.isin(_UIDS) & of_instances)
        self.references = set(_cells(results, references, ("instance", "tag_path")))
        absent = _passing(results, _REMOVALS, "absent")
        private = absent[asked(results["tag_path"], absent, tags.in_private)]
        self._unseen: dict[str, set[str]] = defaultdict(set)
        for instance, path in _cells(results, private, ("instance", "tag_path")):
            self._unseen[instance].add(path)
        self._terms = {patient: _terms(values) for patient, values in _planted(results).items()}
        self._hits = lru_cache(500_000)(self._hits_of)  # slices of a series repeat most of their texts
        self._reported: dict[tuple[Any, ...], set[str]] = defaultdict(set)
        for name in _REMOVALS:
            column = ACTIONS[name].column
            failed = np.flatnonzero((action == name) & (results["verdict"] == "failed"))
            for patient, instance, path, text, left in _cells(
                results, failed, ("patient", "instance", "tag_path", column, "actual")
            ):
                said = self._words(patient, text or "")
                if name in REGIONS:  # its box is a part of the image: what is gone there may stand elsewhere
                    said = {word for word in said if word.casefold() in (left or "").casefold()} or said
                self._reported[instance, path] |= said

    def _words(self, patient: str | None, text: str) -> set[str]:
        """The words of a text, and of the planted values in it."""
        texts = (text, *(hit.words for hit in self._hits(patient, text)))
        return {word for each in texts for word in whole_words(each)}

    def place_of(self, file: Released, name: str) -> Who:
        """The owner of a file: by its SOP Instance UID, else by its patient ID."""
        owner = self._owners.get(file.text("(0008,0018)") or "")
        if owner is None:
            owner = self._stranger._replace(patient=self._new.get(file.text("(0010,0020)") or ""))
        return owner._replace(file=name)

    def found(self, file: Released, place: Who) -> Iterator[_Note]:
        """The planted values of its patient that a file contains, without those that a failed check already reports at
        the same place."""
        if place.patient not in self._terms:
            return
        for path, text, kind in (*_all_texts(file, place.file or ""), *self._read(file, place.file or "")):
            reported = self._reported.get((place.instance, path), set())
            for hit in self._hits(place.patient, text):
                if not reported.issuperset(whole_words(hit.words)):
                    yield _Note("phi_elsewhere", hit.confidence, place, path, hit.words, f"{hit.detail} in {kind}")

    def _read(self, file: Released, name: str) -> Iterator[tuple[str, str, str]]:
        """(path, text, what it is) of every image in a file, where something can read it."""
        if self._read_text is None:
            return
        for path, kind, decode in _images(file):
            try:
                images = decode()
            except ValueError as reason:
                self.skipped.append((name, path, str(reason).rstrip(".")))
                continue
            try:
                yield path, "\n".join(map(self._read_text, images)), kind
            except Exception as error:  # a reader of somebody's own; its text can quote what it read
                self.skipped.append((name, path, f"the text recognition failed ({type(error).__name__})"))

    def unseen(self, file: Released, place: Who) -> Iterator[_Note]:
        """The attributes that a check did not see because the file has them at another path."""
        for path in sorted(self._unseen.get(place.instance or "", ())):
            if there := file.spelled(path):
                yield _Note("private_path", "certain", place, path, None, f"the attribute is at {there}")

    def _hits_of(self, patient: str | None, text: str) -> tuple[_Hit, ...]:
        return tuple(_hits(text, self._terms[patient])) if patient in self._terms else ()


def _cells(results: pd.DataFrame, rows: np.ndarray, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The texts of some columns, row by row."""
    return zip(*(texts_at(results[name], rows) for name in names), strict=True)


def _planted(results: pd.DataFrame) -> dict[str, set[tuple[str, str]]]:
    """What the key plants for each patient: (action, text)."""
    planted: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for action in _REMOVALS:
        column = ACTIONS[action].column
        rows = np.flatnonzero((results["action"] == action).to_numpy())
        distinct = results[["patient", column]].iloc[rows].drop_duplicates().dropna().astype(object)
        for patient, text in distinct.itertuples(index=False):
            planted[patient].add((action, text))
    return planted


def _terms(planted: Iterable[tuple[str, str]]) -> _Terms:
    phrases: dict[str, dict[tuple[str, ...], str]] = defaultdict(dict)
    names: dict[frozenset[str], str] = {}
    uids, days = set(), set()
    for action, text in sorted(planted):
        words = tuple(whole_words(text))
        if action in _UIDS:
            uids.add(text)
        elif is_date(text):
            days.add(text[:8])
        elif action in _DATES:
            continue
        elif "^" in text or action in REGIONS:
            parts = frozenset(word for word in words if len(word) > 2 and word.isalpha() and word not in stop_words())
            names |= {parts: text} if parts else {}
        elif _identifies(words):
            phrases[words[0]][words] = text
    parts = frozenset(word for group in names for word in group if len(word) > 3 and word not in _vocabulary())
    return _Terms(dict(phrases), names, parts, frozenset(uids), frozenset(days))


def _identifies(words: tuple[str, ...]) -> bool:
    """Whether words are enough to identify a person: `F`, `045Y` and `12` stand everywhere."""
    if len(words) == 1:
        return (
            len(words[0]) >= (4 if words[0].isalpha() else 5)
            and words[0] not in _vocabulary()
            and words[0] not in stop_words()
        )
    return len("".join(words)) >= 6 and not all(word in _vocabulary() or word in stop_words() for word in words)


@cache
def _vocabulary() -> frozenset[str]:
    """The words in the names of the standard's attributes: no evidence of a person (Head, Young's modulus)."""
    from pydicom.datadict import DicomDictionary

    return frozenset(word for entry in DicomDictionary.values() for word in whole_words(entry[2]))


_UID_TEXT = re.compile(r"(?<![\d.])\d+(?:\.\d+)+(?!\.?\d)")
_DATE_TEXT = re.compile(r"(?<!\d)(?:(\d{4})[-./]?(\d\d)[-./]?(\d\d)|(\d\d)[-./](\d\d)[-./](\d{4}))(?=\d{6}(?!\d)|\D|$)")


def _hits(text: str, terms: _Terms) -> Iterator[_Hit]:
    """The planted values that a text contains as whole words."""
    words = whole_words(text)
    for place, word in enumerate(words):
        for phrase, value in terms.phrases.get(word, {}).items():
            if tuple(words[place : place + len(phrase)]) == phrase:
                yield _Hit(value, "certain" if len(phrase) > 1 else "likely", "a known text")
    standing = set(words)
    whole = {parts: parts & standing for parts in terms.names}
    named = {p: there for p, there in whole.items() if len(there) > 1 or (len(p) == 1 and there & terms.parts)}
    for parts, there in named.items():
        yield _Hit(terms.names[parts], "certain" if there == parts else "likely", "a known name")
    for word in sorted((terms.parts & standing).difference(*named.values())):
        yield _Hit(word, "review", "part of a known name")
    for uid in _UID_TEXT.findall(text) if terms.uids else ():
        if uid in terms.uids:
            yield _Hit(uid, "certain", "an old UID")
    for groups in _DATE_TEXT.findall(text) if terms.days else ():
        year, month, day, a, b, late = groups
        for digits in {year + month + day} if year else {late + a + b, late + b + a}:
            if digits in terms.days:
                yield _Hit(digits, "likely", "an original date")


_PIXELS = "(7fe0,0010)"
_NO_TEXT = re.compile(r"\((7fe0,[0-9a-f]{4}|60[0-9a-f]{2},3000)\)$")


def _all_texts(file: Released, name: str) -> Iterator[tuple[str | None, str, str]]:
    """(path, text, what it is) of everything in a file, and of its name."""
    yield None, name, "the file's path"
    yield None, _as_text(getattr(file.dataset, "preamble", None)), "the preamble"
    for element in getattr(file.dataset, "file_meta", ()):
        yield f"({element.tag.group:04x},{element.tag.element:04x})", _as_text(element.value), "the file's header"
    for path, element in file.elements():
        if element.VR != "SQ" and not _NO_TEXT.search(path):
            yield path, _as_text(element.value), "a private attribute" if tags.is_private(path) else "an attribute"


def _as_text(value: Any) -> str:
    return " ".join(legible(value)) if isinstance(value, bytes | bytearray) else "" if value is None else str(value)


def _images(file: Released) -> Iterator[tuple[str, str, Callable[[], list[Any]]]]:
    """(path, what it is, how to see it) of every image in a file: its pixels, overlay planes, icons."""
    for place, dataset in _datasets(file):
        groups = {tag >> 16 for tag in sorted(dataset.keys())}
        for group in sorted(groups.intersection(_OVERLAYS)):
            yield f"{place}({group:04x},3000)", "an overlay", partial(pixels.overlay, dataset, group)
        if any(tag in dataset and dataset.get_item(tag).value for tag in _PIXEL_TAGS):
            kind = "an image in a sequence" if place else "the pixels"
            yield place + _PIXELS, kind, partial(pixels.sample, dataset, file.dataset)


_OVERLAYS = range(0x6000, 0x6100, 2)
_PIXEL_TAGS = (0x7FE00008, 0x7FE00009, 0x7FE00010)


def _datasets(file: Released) -> Iterator[tuple[str, Any]]:
    """The data set of a file and those in its sequences, each with its place."""
    yield "", file.dataset
    for path, element in file.elements():
        if element.VR == "SQ":
            yield from ((f"{path}[{number}]", item) for number, item in enumerate(element.value or ()))


def _hidden_in(results: pd.DataFrame, originals: Mapping[str, Path]) -> dict[str, list[tuple[float, ...]]]:
    """The boxes of the text to hide, by instance, where there is an original."""
    boxes = results.reindex(columns=["instance", "x0", "y0", "x1", "y1"])[results["action"].isin(REGIONS)].dropna()
    found: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for instance, *box in boxes.astype(object).itertuples(index=False):
        if instance in originals:
            found[instance].append(tuple(box))
    return found


def _colours(file: Released, place: Who, boxes: Sequence[Any], originals: Mapping[str, Path]) -> Iterator[_Note]:
    """Colours or grey levels that are not those of the original, outside every box of the key: no check asks that."""
    if not boxes:
        return
    try:
        before = read(originals[str(place.instance)])
    except Unreadable:
        return
    share = repainted(before, file, boxes)
    if share > 0.01:
        yield _Note("colours_changed", "likely", place, _PIXELS, None, f"{percent(share, 0)} of the image")


def _markers(file: Released, place: Who, searches: _Searches) -> Iterator[_Note]:
    """The de-identification markers that the file lacks (PS3.15 E.1.1)."""
    said = {
        path: (file.text(path) or "").upper()
        for path in ("(0012,0062)", "(0012,0063)", "(0012,0064)", "(0028,0303)", "(0028,0301)")
    }
    burned = said["(0028,0301)"]
    methods = said["(0012,0063)"] + said["(0012,0064)"].replace("[]", "")
    for path, is_lacking, detail in (
        ("(0012,0062)", said["(0012,0062)"] != "YES", "Patient Identity Removed is not YES"),
        ("(0012,0063)", not methods, "neither De-identification Method nor its Code Sequence"),
        (
            "(0028,0303)",
            searches.shifted and said["(0028,0303)"] not in ("MODIFIED", "REMOVED"),
            "does not say that dates were modified or removed",
        ),
        (
            "(0028,0301)",
            burned == "YES" or (burned != "NO" and place.instance in searches.hidden),
            "Burned In Annotation is not NO",
        ),
    ):
        if is_lacking:
            yield _Note("marker_missing", "certain", place, path, None, detail)


def _dangling(web: Web, before: set[tuple[str | None, str]] | None, asked: set[tuple[Any, ...]]) -> Iterator[_Note]:
    """The references that lead nowhere; given the originals, only those that lead somewhere in the originals."""
    for place, path, _, uid, to in web:
        led = None if before is None else among(before, place.instance, path)
        if to is None and led is not False:
            sure = "certain" if led or among(asked, place.instance, path) else "review"
            yield _Note("dangling_reference", sure, place, path, uid, "no released object has this UID")


def conformance(path: str | Path | Submission) -> pd.DataFrame:
    """What dciodvfy says of released objects: an official report, or the program's word on a file or folder.

    Parameters
    ----------
    path
        ``dciodvfy_report.csv``, or a DICOM file, folder or `Submission`. For these the program must be installed (it is
        in David Clunie's dicom3tools; Debian's package has that name).

    Returns
    -------
    DataFrame
        type (error or warning), tag_path, tag, name, message (without the value), words (the value it is about),
        modality, sop_class, released_patient, released_study, released_series, released, file: so that
        ``results.merge(found, on=["released", "tag_path"])`` sets them beside the checks.
    """
    path = folder_of(path) if isinstance(path, Submission) else Path(path)
    if not path.exists():
        raise FileNotFoundError(
            f"{path} does not exist; conformance() takes a dciodvfy report, a DICOM file or a folder."
        )
    rows = _reported(path) if path.suffix.lower() == ".csv" else _verified(path)
    columns = dict(zip(_CONFORMANCE, zip(*rows, strict=True), strict=False))
    return tidy(columns, dict.fromkeys(_CONFORMANCE, "category"), len(rows))


_OF_FILE = {
    "modality": "(0008,0060)",
    "sop_class": "(0008,0016)",
    "released_patient": "(0010,0020)",
    "released_study": "(0020,000d)",
    "released_series": "(0020,000e)",
    "released": "(0008,0018)",
}
_CONFORMANCE = ("type", "tag_path", "tag", "name", "message", "words", *_OF_FILE, "file")


def _reported(path: Path) -> list[tuple[str | None, ...]]:
    """The rows of an official report."""
    report = read_dciodvfy(path).astype(object)
    report = report.where(report.notna(), None)
    return [
        (str(kind).lower(), *_about(tag or message or ""), *_without_value(message or ""), *of_file)
        for kind, tag, message, *of_file in report.itertuples(index=False)
    ]


def _verified(path: Path) -> list[tuple[str | None, ...]]:
    """The rows the program writes on each file."""
    program = shutil.which("dciodvfy")
    if program is None:
        raise FileNotFoundError(
            "conformance() needs the program dciodvfy for DICOM files: install dicom3tools, or pass a report.csv"
            " that was made elsewhere."
        )
    files = [path] if path.is_file() else list(files_below(path))
    with pool() as workers, quiet():
        return [row for rows in workers.map(lambda file: _verdicts(program, file, path), files) for row in rows]


_LINE = re.compile(r"(Error|Warning) - (?:<(?P<path>/.*?)> - )?(.*)")


def _verdicts(program: str, file: Path, root: Path) -> list[tuple[str | None, ...]]:
    try:
        released = read(file)
    except Unreadable:
        return []
    said = subprocess.run(
        [program, "-new", str(file)], capture_output=True, text=True, errors="replace", check=False
    ).stderr
    identity = [released.text(path) for path in _OF_FILE.values()]
    name = file.name if file == root else file.relative_to(root).as_posix()
    return [
        (kind.lower(), *_about(path or ""), *_without_value(message), *identity, name)
        for kind, path, message in (match.groups() for match in map(_LINE.fullmatch, said.splitlines()) if match)
    ]


_STEP = re.compile(r"\((?:0x)?([0-9a-f]{4}),(?:0x)?([0-9a-f]{4})\)(?:\[(\d+)\])?", re.IGNORECASE)


def _about(text: str) -> tuple[str | None, str | None, str | None]:
    """(tag_path, tag, name) of what dciodvfy writes as ``</Sequence(0008,1140)[1]/Name(0008,1155)[1]>``."""
    steps = _STEP.findall(text)
    if not steps:
        return None, None, None
    labels = [f"({group},{element})".lower() for group, element, _ in steps]
    items = [f"[{int(number) - 1}]" if number else "[0]" for *_, number in steps[:-1]]  # dciodvfy counts from 1
    path = "".join(label + item for label, item in zip(labels, [*items, ""], strict=True))
    return path, labels[-1], tags.name(path)


def _without_value(message: str) -> tuple[str, str | None]:
    """A message without the value (or character) that it quotes, and the value."""
    message = re.sub(r" = '.' \(0x[0-9a-f]+\)", "", message, flags=re.IGNORECASE | re.DOTALL)
    value = re.search(r" = <(.*?)>(?= - |$)", message, re.DOTALL)
    return (message[: value.start()] + message[value.end() :], value[1] or None) if value else (message, None)
