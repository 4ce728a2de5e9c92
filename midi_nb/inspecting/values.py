"""census(): every distinct value that a folder holds, the rarest free and private text first; no key is needed."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .. import tags
from ..amounts import reasons
from ..coded import tidy, utf8
from ..engine import released as files_of
from ..engine.batches import Notes, Part, Step, Task, counted, in_batches, kept, kept_or_made, require_executor
from ..files import runs
from ..folders import Submission, folder_of
from ..frames import VALUES_FOUND
from ..progress import counting
from ..text import legible
from .carried import texts_of_file
from .differences import SHOWN, text_of

__all__ = ["census"]

FREE_TEXT = frozenset(["LO", "LT", "PN", "SH", "ST", "UC", "UT", "UN", "UR", ""])


def census(
    folder: str | Path | Submission,
    *,
    executor: Executor | None = None,
    out: str | Path | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Every distinct value in a folder, by the attribute it stands in: what no rule looked for is found here.

    Parameters
    ----------
    folder
        The folder (or `Submission`). All its files are looked into: the headers of DICOM files (file meta information
        and private attributes too; of long bytes up to 50 texts in each), CSV, JSON and text files, the metadata of
        pictures (EXIF, XMP, IPTC, ICC, comments, and texts behind their end), NIfTI headers; and the names of files and
        folders.
    executor
        Any `concurrent.futures.Executor` to read batches in.
    out
        Folder to keep what was found in, part by part; a second call goes on where an interrupted one stopped.
    progress
        Whether to show a line that says how many files are read.

    Returns
    -------
    DataFrame
        The columns of ``midi_nb.frames.VALUES_FOUND``, one row a value of an attribute (of all items of a sequence
        together). Free and private text is first, and of that what is in the fewest patients. ``actual`` is the value,
        ``file`` an example; ``mask_values`` hides both. ``attrs["skipped"]`` lists the files that could not be looked
        into and why. Memory grows with the number of distinct values, not of files.

    Examples
    --------
    >>> values = mn.census(demo.submissions["careless"], progress=False)
    >>> names = values[values["tag"] == "(0010,0010)"]
    """
    require_executor(executor)
    root = folder_of(folder, "")
    paths = list(files_of.files_below(root))
    total = _Tally()
    recorder = runs.Recorder(out, {"verb": "census", **runs.versions()})
    with recorder, counting(len(paths), "file", "read", progress) as step:
        recorder.skipped += [(file.as_posix(), _HIDDEN) for file in _hidden(root)]
        batches = in_batches(paths)
        recorder.forget(len(batches), 0)
        parts = kept_or_made(recorder, root, batches, partial(_counted, root), executor, step)
        for number, part in enumerate(parts):
            for row in _rows(part.frame, recorder.path_of(number)):
                total.see(*row)
    skipped = recorder.skipped
    values = total.frame()
    values.attrs["skipped"] = skipped
    if not paths:
        warnings.warn(f"The folder {root} holds no file to look into.", stacklevel=2)
    if skipped:
        why = reasons(reason for _, reason in skipped)
        warnings.warn(f'Files that were not looked into: {why}. attrs["skipped"] names them.', stacklevel=2)
    return values


_HIDDEN = "a hidden file: its name, or that of its folder, starts with a dot"


def _hidden(root: Path) -> Iterator[Path]:
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    yield from (
        file for file in (path.relative_to(root) for path in files) if any(part[0] == "." for part in file.parts)
    )


class _Attribute(NamedTuple):
    """Where values stand."""

    place: str  # header, file meta information, file name, folder name, or the kind of a file that is no DICOM
    path: str | None  # of an attribute, without numbers of items
    name: str | None
    vr: str


_KEPT = [*_Attribute._fields, "actual", "count", "in_files", "file", "patients", "series"]


class _Seen:
    """How often a value was seen; its patients and series are bits of a number, for there may be millions of values."""

    __slots__ = ("count", "file", "files", "patients", "series")

    def __init__(self, file: str) -> None:
        self.count = self.files = self.patients = self.series = 0
        self.file = file


class _Tally:
    """The values of some files."""

    def __init__(self) -> None:
        self.values: dict[tuple[_Attribute, str], _Seen] = {}
        self.patients: dict[str, int] = {}
        self.series: dict[str, int] = {}

    def see(
        self, place: _Attribute, text: str, count: int, files: int, file: str, patients: list[str], series: list[str]
    ) -> None:
        """Take in how often a value was seen: in one file, or in those of a batch."""
        seen = self.values.get((place, text))
        if seen is None:
            seen = self.values[place, text] = _Seen(file)
        seen.count += count
        seen.files += files
        seen.patients |= _bits(self.patients, patients)
        seen.series |= _bits(self.series, series)

    def part(self) -> pd.DataFrame:
        """The tally as a frame, a row a value: what `see` takes."""
        patients, series = list(self.patients), list(self.series)
        whose = [(_named(one.patients, patients), _named(one.series, series)) for one in self.values.values()]
        rows = [
            (*place, utf8(text), one.count, one.files, utf8(one.file), *who)
            for ((place, text), one), who in zip(self.values.items(), whose, strict=True)
        ]
        return pd.DataFrame(rows, columns=_KEPT, dtype=object)

    def frame(self) -> pd.DataFrame:
        """One row a value, free and private text and the rarest first."""
        places = [place for place, _ in self.values]
        labels = [tags.leaf(place.path) if place.path else None for place in places]
        seen = list(self.values.values())
        private = [tags.in_private(place.path or "") for place in places]
        columns = {
            "place": [place.place for place in places],
            "tag_path": [place.path for place in places],
            "tag": labels,
            "creator": [_creator(label) if label else None for label in labels],
            "name": [place.name for place in places],
            "vr": [place.vr or None for place in places],
            "private": private,
            "free_text": [place.vr in FREE_TEXT for place in places],
            "actual": [text for _, text in self.values],
            "count": [one.count for one in seen],
            "in_files": [one.files for one in seen],
            "in_patients": [one.patients.bit_count() for one in seen],
            "in_series": [one.series.bit_count() for one in seen],
            "file": [one.file for one in seen],
        }
        frame = tidy(columns, VALUES_FOUND, len(seen))
        rank = np.where(frame["free_text"] | frame["private"], 0, 1)
        order = np.lexsort((frame["count"], frame["in_patients"], rank))
        return frame.iloc[order].reset_index(drop=True)


def _rows(part: pd.DataFrame | None, path: Path | None) -> Iterator[tuple[Any, ...]]:
    """The rows of a part, in memory or at `path`, as `_Tally.see` takes them."""
    import pyarrow.parquet as pq

    rows = map(dict.values, pq.read_table(path).to_pylist()) if part is None else part.itertuples(False, None)
    yield from ((_shared(*row[:4]), *row[4:]) for row in map(tuple, rows))


_shared = lru_cache(65536)(_Attribute)


def _bits(numbers: dict[str, int], texts: list[str]) -> int:
    """The bits of patients or series; 0 where a value has none."""
    return sum(1 << numbers.setdefault(text, len(numbers)) for text in texts if text)


def _named(bits: int, names: Sequence[str]) -> list[str]:
    """Whose bits are set."""
    made = []
    while bits:
        low = bits & -bits
        made.append(names[low.bit_length() - 1])
        bits ^= low
    return made


@lru_cache(8192)
def _creator(label: str) -> str | None:
    steps = tags.parse(label)
    return steps[0].creator if steps else None


def _counted(root: Path, task: Task, step: Step | None = None) -> Part:
    """The values of one batch: what an executor runs."""
    tally, skipped = _Tally(), list[tuple[str, str]]()
    with files_of.quiet():
        for path in counted(task.paths, step):
            file = path.relative_to(root)
            texts = Counter(_of_names(file))
            patient = series = ""
            try:
                released = files_of.read(path)
                if not released.dataset:
                    raise files_of.Unreadable("DICOM without any attribute: is the file whole?")
                patient, series = (released.text(one) or "" for one in ("(0010,0020)", "(0020,000e)"))
                texts.update(_of_header(released))
                if released.cut:
                    skipped.append((file.as_posix(), files_of.CUT))
            except files_of.Unreadable as reason:
                try:
                    kind = path.suffix.lower().lstrip(".").upper()
                    found = texts_of_file(path)
                    texts.update((_Attribute(f"{kind} file", None, where, ""), text) for where, text in found)
                except files_of.Unreadable as other:
                    broken = "not DICOM" not in str(reason)
                    skipped.append((file.as_posix(), str(reason if broken else other)))
            for (place, text), count in texts.items():
                tally.see(place, text, count, 1, file.as_posix(), [patient], [series])
    return kept(Part(tally.part(), (), skipped, Notes()), task, root)


def _of_names(file: Path) -> Iterator[tuple[_Attribute, str]]:
    yield _Attribute("file name", None, None, ""), file.name
    yield from ((_Attribute("folder name", None, None, ""), part) for part in file.parts[:-1])


def _of_header(released: files_of.Released) -> Iterator[tuple[_Attribute, str]]:
    for path, _, vr, text in released.texts(_text_of):
        if text:
            attribute = _attribute("header", tags.without_items(path), vr)
            yield from ((attribute, each) for each in (text.split("\0") if vr in _BYTES else [text]))
    for element in released.dataset.file_meta:
        path = f"({element.tag.group:04x},{element.tag.element:04x})"
        yield _attribute("file meta information", path, str(element.VR)), text_of(element)
    preamble = (getattr(released.dataset, "preamble", None) or b"").strip(b"\0")
    if preamble:
        yield _Attribute("preamble", None, None, ""), preamble.decode("ascii", "backslashreplace")


_BYTES = frozenset(["OB", "OW", "UN"])
_WORDS = re.compile(r"[^\W_]{4}")
_TEXTS = 50  # of one value of bytes


def _text_of(element: Any) -> str:
    """As `text_of`, and of long bytes the texts in them, with a zero before each."""
    shown = text_of(element)
    if not isinstance(element.value, bytes) or len(element.value) <= SHOWN or element.tag == 0x7FE00010:
        return shown
    texts = (text.strip()[:500] for text in legible(element.value) if len(text) > 5 and _WORDS.search(text))
    return "\0".join([shown, *islice(dict.fromkeys(texts), _TEXTS)])


@lru_cache(65536)
def _attribute(place: str, path: str, vr: str) -> _Attribute:
    return _Attribute(place, path, tags.name(path), vr)
