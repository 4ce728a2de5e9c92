"""census(): every distinct value that a folder holds, the rarest free and private text first; no key is needed."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .. import tags
from ..amounts import reasons
from ..coded import asked, concat, first_rows, joint_codes, recode, tidy, utf8
from ..engine import released as dicom_files
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
    """Every distinct value in a folder, by attribute: it finds what no rule looked for.

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
    paths = list(dicom_files.files_below(root))
    recorder = runs.Recorder(out, {"verb": "census", "columns": [*_SEEN], **runs.versions()})
    with recorder, counting(len(paths), "file", "read", progress) as step:
        recorder.skipped += [(file.as_posix(), _HIDDEN) for file in _hidden(root)]
        batches = in_batches(paths)
        recorder.forget(len(batches), 0)
        seen = _together(kept_or_made(recorder, root, batches, partial(_counted, root), executor, step), recorder)
    skipped = recorder.skipped
    values = _ordered(seen)
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
    vr: str | None


_VALUE = [*_Attribute._fields, "actual"]
#: A row of a part: a value in the files of one series. A value that several series have has a row for each.
_SEEN = {
    **dict.fromkeys([*_VALUE, "patient", "series", "file"], "category"),
    **dict.fromkeys(["count", "in_files"], "Int64"),
}


def _summed(seen: pd.DataFrame, by: Sequence[str] = (*_VALUE, "patient", "series")) -> pd.DataFrame:
    """The first row of each combination of the columns `by`, with what they count together."""
    number = joint_codes([seen[name].cat.codes.to_numpy() for name in by], len(seen))
    groups = seen.groupby(number)
    many = groups[["patient", "series"]].nunique().rename(columns={"patient": "in_patients", "series": "in_series"})
    counts = groups[["count", "in_files"]].sum().join(many)
    first = seen.iloc[first_rows(number)].reset_index(drop=True)
    return first.assign(file=first["file"].cat.remove_unused_categories(), **counts)


_MANY = 20_000  # rows


def _together(parts: Iterable[Part], recorder: runs.Recorder) -> pd.DataFrame:
    """The values of all parts, summed again and again on the way: memory must not grow with the number of files."""
    seen, more = tidy({}, _SEEN, 0), list[pd.DataFrame]()
    for number, part in enumerate(parts):
        path = recorder.path_of(number)
        more.append(part.frame if path is None or part.frame is not None else runs.read_parquet(path, types=_SEEN))
        if sum(map(len, more)) > len(seen) + _MANY:
            seen, more = _summed(concat([seen, *more]))[[*_SEEN]], []
    return concat([seen, *more])


def _ordered(seen: pd.DataFrame) -> pd.DataFrame:
    """One row a value, free and private text and the rarest first."""
    values = _summed(seen, _VALUE).rename(columns={"path": "tag_path"})
    values["tag"] = recode(values["tag_path"], tags.leaf)
    values["creator"] = recode(values["tag"], _creator)
    private = asked(values["tag_path"], np.arange(len(values)), tags.in_private)
    values = values.assign(private=private, free_text=values["vr"].isin(FREE_TEXT) | values["vr"].isna())
    values["rank"] = ~(values["free_text"] | values["private"])
    values = values.sort_values(["rank", "in_patients", "count"], kind="stable")
    return tidy({name: values[name].array for name in values}, VALUES_FOUND, len(values))


def _creator(label: str) -> str | None:
    steps = tags.parse(label)
    return steps[0].creator if steps else None


def _counted(root: Path, task: Task, step: Step | None = None) -> Part:
    """The values of one batch: what an executor runs."""
    rows, skipped = list[tuple[Any, ...]](), list[tuple[str, str]]()
    with dicom_files.quiet():
        for path in counted(task.paths, step):
            file = path.relative_to(root)
            texts = Counter(_of_names(file))
            patient = series = None
            try:
                released = dicom_files.read(path)
                if not released.dataset:
                    raise dicom_files.Unreadable("DICOM without any attribute: is the file whole?")
                patient, series = (released.text(one) or None for one in ("(0010,0020)", "(0020,000e)"))
                texts.update(_of_header(released))
                if released.cut:
                    skipped.append((file.as_posix(), dicom_files.CUT))
            except dicom_files.Unreadable as reason:
                try:
                    kind = path.suffix.lower().lstrip(".").upper()
                    found = texts_of_file(path)
                    texts.update((_Attribute(f"{kind} file", None, where, None), text) for where, text in found)
                except dicom_files.Unreadable as other:
                    broken = "not DICOM" not in str(reason)
                    skipped.append((file.as_posix(), str(reason if broken else other)))
            whose = patient, series, utf8(file.as_posix())
            rows += [(*place, utf8(text), *whose, count, 1) for (place, text), count in texts.items()]
    seen = tidy(dict(zip(_SEEN, zip(*rows, strict=True), strict=False)), _SEEN, len(rows))
    return kept(Part(_summed(seen)[[*_SEEN]], (), skipped, Notes()), task, root)


def _of_names(file: Path) -> Iterator[tuple[_Attribute, str]]:
    yield _Attribute("file name", None, None, None), file.name
    yield from ((_Attribute("folder name", None, None, None), part) for part in file.parts[:-1])


def _of_header(released: dicom_files.Released) -> Iterator[tuple[_Attribute, str]]:
    for path, _, vr, text in released.texts(_text_of):
        if text:
            attribute = _attribute("header", tags.without_items(path), vr)
            yield from ((attribute, each) for each in (text.split("\0") if vr in _BYTES else [text]))
    for element in released.dataset.file_meta:
        path = f"({element.tag.group:04x},{element.tag.element:04x})"
        yield _attribute("file meta information", path, str(element.VR)), text_of(element)
    preamble = (getattr(released.dataset, "preamble", None) or b"").strip(b"\0")
    if preamble:
        yield _Attribute("preamble", None, None, None), preamble.decode("ascii", "backslashreplace")


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
