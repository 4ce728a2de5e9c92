"""inspect(): what became of every attribute, from the original files to the released ones; no key is needed.

A file is compared with the original that the mapping names, or that `pair_folders` finds. A file without a certain
partner is not compared, and listed with the reason: a wrong pair would be a hundred wrong differences.
"""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .. import amounts, dates, tags
from ..answers.published import as_mapping, sent_mapping
from ..answers.standard import profile_of
from ..coded import tidy
from ..engine import released as dicom_files
from ..engine.batches import (
    Job,
    Notes,
    Part,
    Step,
    Task,
    counted,
    in_batches,
    kept,
    kept_or_made,
    require_executor,
    whole,
)
from ..engine.likeness import alike, look
from ..engine.pairing import pair_folders
from ..files import runs
from ..folders import Submission, folder_of, submission_of
from ..frames import DIFFERENCES, REMOVED, require_columns
from ..printed import printed
from ..progress import counting

__all__ = ["SHOWN", "Difference", "are_apart", "before_after", "differences_between", "inspect", "inspect_run"]

_PARTS = ["tag", "name", "creator", "modality", "manufacturer"]


def inspect(
    original: str | Path,
    released: str | Path | Submission,
    uids: Any = None,
    patients: Any = None,
    *,
    profile: str = "basic",
    edition: str = "2024e",
    executor: Executor | None = None,
    out: str | Path | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """What became of every attribute of every released file, beside its original.

    Parameters
    ----------
    original, released
        Folder of the original files, and folder (or `Submission`) of what the tool made of them.
    uids, patients
        Old → new UIDs and patient IDs: a path of a mapping CSV, a dict, a Series or a frame. Without one the files are
        paired by `pair_folders`.
    profile, edition
        Of PS3.15, as ``derive_key`` takes them: ``asked`` says what they ask of each attribute.
    executor
        Any `concurrent.futures.Executor` to compare batches in.
    out
        Folder to keep the parts in, as `evaluate` does: a second call goes on where an interrupted one stopped. For
        folders whose differences do not fit in memory: `inspect_run`.
    progress
        Whether to show a line that says how many files are compared.

    Returns
    -------
    DataFrame
        The columns of ``midi_nb.frames.DIFFERENCES``, one row an attribute path of an instance. ``change`` is one of
        kept, retyped (the same value, but another VR: ``released_vr``), emptied, removed, replaced, added, shifted (a
        date, by ``days``), remapped (as the mapping says).
        ``doubtful`` marks the rows of a pair whose files do not look like one image. ``attrs["skipped"]`` lists the
        files that were compared with nothing and why.

    Examples
    --------
    >>> changes = mn.inspect(demo.original, demo.submissions["reference"], progress=False)
    >>> table = mn.before_after(changes, by="tag")
    """
    job = _job(original, released, uids, patients, (profile, edition), executor, progress)
    with job.recorder(out) as recorder:
        parts = list(_parts(job, executor, progress, recorder))
    differences = whole(parts, out, DIFFERENCES)
    differences.attrs["skipped"] = recorder.skipped
    return differences


def inspect_run(
    original: str | Path,
    released: str | Path | Submission,
    out: str | Path,
    uids: Any = None,
    patients: Any = None,
    *,
    profile: str = "basic",
    edition: str = "2024e",
    executor: Executor | None = None,
    progress: bool = True,
) -> Path:
    """The folder `out` with the differences, nothing larger than a batch ever held; `before_after` counts them.

    Examples
    --------
    >>> import tempfile
    >>> kept = mn.inspect_run(demo.original, demo.submissions["reference"], tempfile.mkdtemp(), progress=False)
    >>> table = mn.before_after(kept, by=["tag", "modality"])
    """
    job = _job(original, released, uids, patients, (profile, edition), executor, progress)
    with job.recorder(out) as recorder:
        for _ in _parts(job, executor, progress, recorder):
            pass
    return Path(out)


def before_after(differences: Any, by: str | Sequence[str] = _PARTS) -> pd.DataFrame:
    """How often each change occurred in the attributes of `differences`, one row a combination of the columns `by`.

    `differences` is the frame of `inspect`, or the folder of `inspect_run`, which is counted part by part. A column for
    each change, ``attributes`` (all of them) and ``untouched``, the share of those before that kept their value.
    """
    columns = [by] if isinstance(by, str) else [*by]
    if "change" in columns or not columns:
        raise ValueError("before_after() has a column for each change; by must be other columns, at least one.")
    frames = _kept(Path(differences)) if isinstance(differences, str | Path) else [differences]
    counts = [_counted(frame, columns) for frame in frames]
    if not counts:
        counts = [_counted(tidy({}, DIFFERENCES, 0), columns)]
    total = pd.concat(counts, ignore_index=True)
    changes = list(DIFFERENCES["change"].categories)
    table = total[columns].assign(**{change: total["rows"].where(total["change"] == change, 0) for change in changes})
    table = table.groupby(columns, dropna=False)[changes].sum()
    table["attributes"] = table.sum(axis=1)
    before = table["attributes"] - table["added"]
    table["untouched"] = ((table["kept"] + table["retyped"]) / before).where(before > 0)
    return table.sort_values("attributes", ascending=False, kind="stable").reset_index()


def _counted(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    require_columns(frame, [*columns, "change"], "before_after()")
    texts = frame[[*columns, "change"]].astype(object)
    return texts.groupby([*columns, "change"], dropna=False).size().rename("rows").reset_index()


def _kept(folder: Path) -> Iterator[pd.DataFrame]:
    for path in runs.parts_of(folder):
        yield runs.read_parquet(path, types=DIFFERENCES, verb="before_after()")


class _Beside(NamedTuple):
    """What is known of the released files of a batch."""

    originals: Mapping[Path, tuple[str, Path]]  # released file → UID and path of its original
    alone: frozenset[Path]  # files with a UID but without a certain original
    people: frozenset[str]  # names and IDs of all patients of the originals


@dataclass(frozen=True, eq=False)
class _Job(Job):
    original: Path
    released: Path
    given: tuple[Any, Any]  # UIDs, patient IDs
    asks: tuple[str, str]  # profile and edition of PS3.15

    @cached_property
    def mappings(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Old → new UIDs and patient IDs; those that were given as paths are read by each worker."""
        uids, patients = ({} if one is None else as_mapping(one).to_dict() for one in self.given)
        return uids, patients

    def recorder(self, out: str | Path | None) -> runs.Recorder:
        """Keeps the parts in a folder, and knows what all parts of one inspection have in common."""
        if out is None:
            return runs.Recorder(None, {})
        uids, patients = map(runs.digest, self.given)
        provenance = {
            "verb": "inspect",
            "uids": uids,
            "patients": patients,
            "original": dicom_files.listing(self.original),
            "asks": " ".join(self.asks),
            **runs.versions(),
        }
        return runs.Recorder(out, provenance)


def _job(
    original: Any, released: Any, uids: Any, patients: Any, asks: tuple[str, str], executor: Any, progress: bool
) -> _Job:
    require_executor(executor)
    profile_of(*asks)  # an unknown one is refused before anything is read
    after, uids, patients = submission_of(released, uids, patients)
    before = folder_of(original, "original")
    if uids is None:
        found = pair_folders(after, before, progress=progress)
        uids, patients = found.uids, found.patients if patients is None else patients
    job = _Job(before, after, (sent_mapping(uids), sent_mapping(patients)), asks)
    _ = job.mappings  # wrong files are refused before anything is read
    return job


def _parts(job: _Job, executor: Executor | None, progress: bool, recorder: runs.Recorder) -> Iterator[Part]:
    said = dict(dicom_files.identifiers(job.original, "SOPInstanceUID", "PatientID", "PatientName"))
    originals, recorder.skipped = _originals(job.original, {path: uid for path, (uid, *_) in said.items()})
    partners, alone = _partners(job, originals)
    people = frozenset(text for _, *texts in said.values() for text in texts if text)
    recorder.skipped += [(path.relative_to(job.released).as_posix(), reason) for path, reason in alone.items()]
    paths = list(dicom_files.files_below(job.released))
    batches, notes = in_batches(paths), Notes()
    recorder.forget(len(batches), 0)

    def own(number: int) -> _Beside:
        batch = batches[number]
        its = {path: partners[path] for path in batch if path in partners}
        return _Beside(its, frozenset(alone).intersection(batch), people)

    def beside(number: int) -> list[Path]:
        return [path for _, path in own(number).originals.values()]

    compared = {uid for uid, _ in partners.values()}
    with counting(len(paths), "file", "compared", progress) as step:
        for part in kept_or_made(recorder, job.released, batches, partial(_compared, job), executor, step, own, beside):
            notes.update(part.notes)
            yield part
    recorder.skipped += [
        (path.relative_to(job.original).as_posix(), "original: no released file of it")
        for uid, path in originals.items()
        if uid not in compared
    ]
    for text in _warnings(recorder.skipped, notes):
        warnings.warn(text, stacklevel=3)


def _originals(folder: Path, named: Mapping[Path, str]) -> tuple[dict[str, Path], list[tuple[str, str]]]:
    """The original files by SOP Instance UID, and those that cannot be one side of a pair, with the reason."""
    many = _repeated(named)
    usable = {uid: path for path, uid in named.items() if uid not in many}
    left = [path for path in dicom_files.files_below(folder) if named.get(path) not in usable]
    return usable, [(path.relative_to(folder).as_posix(), _SHARED if path in named else _NO_UID) for path in left]


_SHARED = "original: other files have its SOP Instance UID too"
_NO_UID = "original: no readable DICOM with a SOP Instance UID"


def _partners(job: _Job, originals: Mapping[str, Path]) -> tuple[dict[Path, tuple[str, Path]], dict[Path, str]]:
    """The original of each released file; and why the others with a SOP Instance UID have none."""
    olds: dict[str, list[str]] = defaultdict(list)
    for old_uid, new in job.mappings[0].items():
        olds[new].append(old_uid)
    named = {path: uid for path, (uid,) in dicom_files.identifiers(job.released, "SOPInstanceUID")}
    many = _repeated(named)
    partners, alone = {}, {}
    for path, uid in named.items():
        old = [one for one in olds.get(uid, ()) if one in originals]
        if uid in many:
            alone[path] = "released: other files have its SOP Instance UID too"
        elif len(old) > 1:
            alone[path] = "released: the mapping names several originals"
        elif not old:
            alone[path] = "released: " + ("no original file of it" if uid in olds else "not in the mapping")
        else:
            partners[path] = (old[0], originals[old[0]])
    return partners, alone


def _repeated(named: Mapping[Path, str]) -> set[str]:
    return {uid for uid, count in Counter(named.values()).items() if count > 1}


def _warnings(skipped: Sequence[tuple[str, str]], notes: Notes) -> Iterator[str]:
    """What is to be said of the whole: files compared with nothing, doubtful pairs, releases that are the original."""
    if skipped:
        reasons = amounts.reasons(reason for _, reason in skipped)
        yield f'Files that were not compared: {reasons}. attrs["skipped"] names them.'
    if doubtful := sum(count for (what, _), count in notes.items() if what == "doubtful"):
        yield (
            f"Pairs whose files do not look like one image (another class, size, image or patient): {doubtful:,}; "
            "the column doubtful marks their rows. Is the mapping that of these folders?"
        )
    changes = {what: count for (kind, what), count in notes.items() if kind == "change"}
    if changes and set(changes) <= {"kept"}:
        yield "Nothing changed: every released file has exactly the attributes of its original."


def _compared(job: _Job, task: Task, step: Step | None = None) -> Part:
    """The differences of one batch: what an executor runs."""
    columns: dict[str, list[Any]] = {name: [] for name in DIFFERENCES}
    compared: list[str] = []
    skipped: list[tuple[str, str]] = []
    notes = Notes()
    with dicom_files.quiet():
        for path in counted(task.paths, step):
            if path in task.own.alone:
                continue
            name = path.relative_to(job.released).as_posix()
            try:
                after = _side(job.released, path, "released")
                if path not in task.own.originals:
                    raise _Skipped(name, "released: no SOP Instance UID")
                uid, source = task.own.originals[path]
                before = _side(job.original, source, "original")
            except _Skipped as entry:
                skipped.append(entry.args)
                continue
            rows = list(differences_between(before, after, *job.mappings))
            doubtful = are_apart(before, after) or _is_of_another(before, after, task.own.people, job.mappings[1])
            of_file = {
                "patient": before.text("(0010,0020)") or None, "study": before.text("(0020,000d)") or None,
                "series": before.text("(0020,000e)") or None, "instance": uid,
                "released": after.text("(0008,0018)") or None, "modality": before.text("(0008,0060)") or None,
                "manufacturer": before.text("(0008,0070)") or None, "doubtful": doubtful, "file": name,
            }  # fmt: skip
            for key, value in of_file.items():
                columns[key] += [value] * len(rows)
            profile, sop_class = profile_of(*job.asks), before.text("(0008,0016)") or ""
            columns["asked"] += [profile.at(row.tag_path, sop_class)[0].action or None for row in rows]
            for key, values in zip(Difference._fields, zip(*rows, strict=True), strict=True):
                columns[key] += values
            compared.append(uid)
            notes.update(("change", row.change) for row in rows)
            notes["doubtful", ""] += doubtful
        frame = tidy(columns, DIFFERENCES, len(columns["change"]))
    beside = [path for _, path in task.own.originals.values()]
    return kept(Part(frame, compared, skipped, notes), task, job.released, beside)


class _Skipped(Exception):
    """A file that is compared with nothing: its name, and why."""

    args: tuple[str, str]


def _side(root: Path, path: Path, side: str) -> dicom_files.Released:
    """The whole file that is one side of a pair."""
    try:
        file = dicom_files.read(path)
        if file.cut:
            raise dicom_files.Unreadable(dicom_files.CUT)
    except dicom_files.Unreadable as reason:
        raise _Skipped(path.relative_to(root).as_posix(), f"{side}: {reason}") from None
    return file


_KIND = ("(0008,0016)", "(0028,0010)", "(0028,0011)")
_WHO = ("(0008,0018)", "(0010,0010)", "(0010,0020)")


def are_apart(before: dicom_files.Released, after: dicom_files.Released) -> bool:
    """Whether two files do not look like one image: another class, rows or columns; or other pixels, and no identifier
    of the original left."""
    texts = ((before.text(path), after.text(path)) for path in _KIND)
    if any(bool(old) and bool(new) and old != new for old, new in texts):
        return True
    if before.digest == after.digest or any(
        before.text(path) and before.text(path) == after.text(path) for path in _WHO
    ):
        return False
    return alike(look(before.dataset), look(after.dataset)) is False


def _is_of_another(
    before: dicom_files.Released, after: dicom_files.Released, people: frozenset[str], patients: Mapping[str, str]
) -> bool:
    """Whether name and ID of the patient are those of another original, or the ID what the mapping makes of another's,
    whatever the pixels say."""
    mapped, new_id = patients.get(before.text("(0010,0020)") or ""), after.text("(0010,0020)")
    if mapped and mapped != new_id and new_id in patients.values():
        return True
    texts = [(before.text(path), after.text(path)) for path in ("(0010,0010)", "(0010,0020)")]
    return all(new in people and new != old for old, new in texts)


class Difference(NamedTuple):
    """What became of one attribute path; its texts are None where a file does not have it."""

    tag_path: str
    tag: str
    creator: str | None
    name: str | None
    vr: str
    released_vr: str | None
    private: bool
    scope: str
    change: str  # one of ``frames.CHANGES``
    days: float
    original: str | None
    actual: str | None


def differences_between(
    before: dicom_files.Released, after: dicom_files.Released, uids: Mapping[str, str], patients: Mapping[str, str]
) -> Iterator[Difference]:
    """What became of each attribute path of one file, those that only the later file has last.

    Items are numbered as in the original, those that only the later file has behind all.
    """
    olds = _by_path(before)
    news = _aligned(olds, _by_path(after), uids)
    for place in [place for place in olds if place not in news and tags.in_private(place[0])]:
        # One private sequence has two paths, with its length written and without.
        twin = next((one for one in news if one not in olds and tags.same(one[0], place[0])), None)
        if twin is not None:
            news[place] = news.pop(twin)
    for place in [*olds, *(place for place in news if place not in olds)]:
        path, old, new = place[0], olds.get(place), news.get(place)
        leaf = tags.leaf(path)
        steps, one = tags.parse(leaf), old or new
        creator = one.creator if one and steps and steps[0].creator else None
        vr, new_vr = one.vr if one else "", new.vr if new else None
        if old and new and old.is_same(new):
            text = old.text(text_of)
            became: tuple[str, float, str | None, str | None] = ("kept", float("nan"), text, text)
        else:
            became = change_of(path, old and old.element, new and new.element, uids, patients)
            if old and new and became[0] == "kept" and old.is_retyped(new):
                became = ("retyped", *became[1:])
        yield Difference(
            path, leaf, creator, tags.name(path), vr, new_vr, tags.is_private(path), tags.scope(path), *became
        )


def _by_path(file: dicom_files.Released) -> dict[tuple[str, int], dicom_files.Place]:
    """(path, which of those alike) → place of the element; of two private blocks of one creator each has its own."""
    seen: Counter[str] = Counter()
    found: dict[tuple[str, int], dicom_files.Place] = {}
    for path, place in file.places():
        found[path, seen[path]] = place
        seen[path] += 1
    return found


_Places = Mapping[tuple[str, int], dicom_files.Place]
_MOST = 10_000  # pairs of items that are compared


def _aligned(olds: _Places, news: _Places, uids: Mapping[str, str]) -> dict[tuple[str, int], dicom_files.Place]:
    """`news` where, in sequences that lost or gained items, each has the number of the original one it is most like."""
    for place, old in olds.items():  # a sequence comes before what is in it
        path, new = place[0], news.get(place)
        if new is None or old.vr != "SQ" or new.vr != "SQ":
            continue
        many, more = (len(one.items) for one in (old, new))
        if many != more and many and more:
            numbers = _numbers(_items(olds, path, many, uids), _items(news, path, more, {}))
            start = len(path) + 1
            news = {
                (f"{path}[{numbers[int((parts := key[start:].partition(']'))[0])]}]{parts[2]}", twin)
                if key.startswith(f"{path}[")
                else (key, twin): one
                for (key, twin), one in news.items()
            }
    return dict(news)


def _items(places: _Places, path: str, many: int, uids: Mapping[str, str]) -> list[set[tuple[str, str]]]:
    """What each item of a sequence says: (path in it, text), UIDs as the mapping has them."""
    items = [set[tuple[str, str]]() for _ in range(many)]
    for (key, _), place in places.items():
        if key.startswith(f"{path}["):
            number, _, inner = key[len(path) + 1 :].partition("]")
            text = place.text(text_of)
            items[int(number)].add((inner, uids.get(text, text)))
    return items


def _numbers(olds: Sequence[Set[Any]], news: Sequence[Set[Any]]) -> list[int]:
    """For each new item the number of the old one it is most like, all in order; behind all where there is none.

    Items that both begin or end with are the same; if there are too many between, items there are paired by their
    number.

    >>> _numbers([{"a"}, {"b", "c"}], [{"b"}]), _numbers([{"a"}], [{"b"}, {"a"}]), _numbers([{"a"}], [{"b"}, {"c"}])
    ([1], [1, 0], [0, 1])
    """
    head = _same(zip(olds, news, strict=False))
    tail = _same(zip(reversed(olds[head:]), reversed(news[head:]), strict=False))
    before, after = olds[head : len(olds) - tail], news[head : len(news) - tail]
    few = len(before) * len(after) <= _MOST
    between = _likest(before, after) if few else [place if place < len(before) else -1 for place in range(len(after))]
    behind = iter(range(len(olds), len(olds) + len(news)))
    inner = [head + number if number >= 0 else next(behind) for number in between]
    return [*range(head), *inner, *range(len(olds) - tail, len(olds))]


def _same(pairs: Iterable[tuple[Any, Any]]) -> int:
    """How many pairs come before the first of two that differ."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _likest(olds: Sequence[Set[Any]], news: Sequence[Set[Any]]) -> list[int]:
    """For each new item the number of the old one it is most like, all in order; -1 where there is none."""
    best = np.zeros((len(olds) + 1, len(news) + 1), dtype=int)  # what the items from here on have in common
    alike = [[1 + 1000 * len(old & new) for new in news] for old in olds]
    for i in reversed(range(len(olds))):
        for j in reversed(range(len(news))):
            best[i, j] = max(best[i + 1, j + 1] + alike[i][j], best[i + 1, j], best[i, j + 1])
    numbers, i, j = [-1] * len(news), 0, 0
    while i < len(olds) and j < len(news):
        if best[i, j] == best[i + 1, j + 1] + alike[i][j]:
            numbers[j] = i
            i, j = i + 1, j + 1
        elif best[i, j] == best[i + 1, j]:
            i += 1
        else:
            j += 1
    return numbers


def change_of(
    path: str, old: Any, new: Any, uids: Mapping[str, str], patients: Mapping[str, str]
) -> tuple[str, float, str | None, str | None]:
    """(change, days, text before, text after) of the elements of one path, None where a file has none.

    Values are compared as pydicom compares them; one that is of unknown VR on one side, by its bytes.
    """
    was, now = (None if one is None else text_of(one) for one in (old, new))
    none = float("nan")
    if old is None or new is None:
        return ("added" if old is None else "removed"), none, was, now
    if _equal(old, new):
        return "kept", none, was, now
    if _is_empty(new):
        return "emptied", none, was, now
    if str(old.VR) in ("DA", "DT") and (days := dates.shift(str(old.value), str(new.value))):
        return "shifted", float(days), was, now
    known = uids if str(old.VR) == "UI" else patients if path.endswith("(0010,0020)") else {}
    if known and [known.get(one) for one in _values(old)] == _values(new):
        return "remapped", none, was, now
    return "replaced", none, was, now


def _values(element: Any) -> list[str]:
    value = element.value
    return [str(value).strip()] if isinstance(value, str) or not hasattr(value, "__iter__") else [*map(str, value)]


def _equal(old: Any, new: Any) -> bool:
    if "SQ" in (old.VR, new.VR):  # items are compared path by path
        return old.VR == new.VR and len(old.value or ()) == len(new.value or ())
    if _is_empty(old) and _is_empty(new):
        return True
    if "UN" in (old.VR, new.VR) and old.VR != new.VR:
        return _bytes(old) == _bytes(new)
    return bool(old.value == new.value) or (str(old.value) == str(new.value) == "nan")


def _bytes(element: Any) -> bytes:
    value = element.value
    if not isinstance(value, bytes):
        value = "\\".join(_values(element)).encode("utf-8", "backslashreplace")
    return bytes(value).strip(b" \0")


def _is_empty(element: Any) -> bool:
    value = element.value
    return value is None or (hasattr(value, "__len__") and len(value) == 0)


SHOWN = 256  # bytes; longer ones are numbers for a machine, and a digest stands for them


def text_of(element: Any) -> str:
    """The text of an element as the scorer prints it; items of a sequence by their number, long bytes by a digest."""
    value = element.value
    if element.VR == "SQ":
        return amounts.count(len(value or ()), "item")
    if isinstance(value, bytes) and len(value) > SHOWN:
        return f"{len(value):,} bytes, MD5 {hashlib.md5(value, usedforsecurity=False).hexdigest()}"
    return REMOVED if value is None and element.tag == 0x7FE00010 else "" if value is None else _printed(element)


def _printed(element: Any) -> str:
    try:
        return printed(element).strip()
    except Exception:  # what pydicom could not make sense of is shown as its bytes
        return str(element.value).strip()
