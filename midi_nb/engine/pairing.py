"""pair_folders(): the mappings of a tool that wrote none, from what its files have kept of the originals.

Evidence is taken in order of its strength: the SOP Instance UID, the stored pixel data, the decoded pixels, the parts
of an image that stayed as they were, then descriptors that de-identification leaves alone, within the patients, studies
and series that are already linked; never against the pixels. Whatever fits two files equally well stays unpaired and
says so: a wrong pair would be a wrong verdict. Where a tool keeps relative paths these pair the files, and the same
evidence may only speak against a pair.
"""

from __future__ import annotations

import hashlib
import unicodedata
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .. import tags
from ..answers.published import as_mapping
from ..answers.standard import REGISTERED
from ..coded import utf8
from ..files.runs import replacing
from ..folders import Submission, folder_of
from ..progress import counted
from . import released as dicom_files
from .likeness import Look, alike, look

__all__ = ["Pairing", "pair_folders"]


class Pairing(NamedTuple):
    """Old → new UIDs and patient IDs as `read_mapping` gives them, and the frame of what could not be paired."""

    uids: pd.Series
    patients: pd.Series
    unpaired: pd.DataFrame

    def write(self, uids: str | Path, patients: str | Path) -> None:
        """Write both mappings as CSV files that `read_mapping` takes, or neither."""
        with replacing(Path(uids)) as one, replacing(Path(patients)) as other:
            for mapping, path in ((self.uids, one), (self.patients, other)):
                mapping.rename_axis("id_old").rename("id_new").to_csv(path)


def pair_folders(
    released: str | Path | Submission, original: str | Path, *, by: str = "content", progress: bool = True
) -> Pairing:
    """The mappings from original to released identifiers, found by comparing the files of two folders.

    Parameters
    ----------
    released, original
        Folder (or `Submission`) of the tool's output, and folder of the original files.
    by
        ``"content"``: files are paired by what a tool leaves in them. ``"path"``: for tools that keep relative paths,
        files of the same path are paired, unless their content shows that they are different objects.
    progress
        Whether to show a line that says how many files are read and compared.

    Returns
    -------
    Pairing
        ``uids`` and ``patients``: Series of texts, the old ones their index, fit for ``evaluate(uids=…, patients=…)``.
        ``unpaired``: a frame of side (``original``, ``released``, or ``both`` for an identifier that did not stay one),
        file (relative to its folder) and reason. Files that were paired but have no SOP Instance UID are in it too:
        no mapping can name them, so `evaluate` skips them; and those whose image looks like another one.

    Examples
    --------
    >>> reference = demo.submissions["reference"]
    >>> found = mn.pair_folders(reference, demo.original, progress=False)
    >>> found.uids.to_dict() == mn.read_mapping(reference.uids).to_dict()
    True
    """
    if by not in _WAYS:
        raise ValueError(f"by must be one of {', '.join(_WAYS)}, got {by!r}.")
    roots = [folder_of(original, "original"), folder_of(released)]
    unpaired: list[_Unpaired] = []
    with dicom_files.quiet():
        sides = [list(_fingerprints(root, side, unpaired, progress)) for root, side in zip(roots, _SIDES, strict=True)]
        for root, prints, side in zip(roots, sides, _SIDES, strict=True):
            if not prints:
                raise ValueError(f"The folder of {side} files {root} holds no DICOM file.")
        pairs = _WAYS[by](sides[0], sides[1], unpaired)
        unpaired += [*_unnamed(pairs), *_of_another_patient(pairs)]
        uids, patients = _mappings(pairs, unpaired, progress)
    if all(one.marked for one in sides[0]) and not any(one.marked for one in sides[1]):
        warnings.warn(
            "All original files say that they are de-identified, and no released one does; the order is "
            "pair_folders(released, original).",
            stacklevel=2,
        )
    doubts = Counter(one.reason for one in unpaired if one.reason in (_UNLIKE, _OTHER_PATIENT))
    for reason, count in doubts.items():
        warnings.warn(
            f"Doubtful pairs: {count:,} × {reason}. unpaired names them; give the tool's own mapping if it wrote one.",
            stacklevel=2,
        )
    table = pd.DataFrame(unpaired, columns=list(_Unpaired._fields)).astype({"side": "category", "reason": "category"})
    return Pairing(as_mapping(uids), as_mapping(patients), table)


_SIDES = ("original", "released")


class _Unpaired(NamedTuple):
    side: str
    file: str
    reason: str


@dataclass(eq=False, slots=True)
class _Fingerprint:
    """What is remembered of one file."""

    path: Path
    file: str
    uid: str | None
    stored: str | None
    encoded: bool
    kind: tuple[str | None, ...]
    traits: tuple[str | None, ...]
    hints: tuple[str | None, ...]
    places: tuple[str | None, ...]
    marked: bool  # as de-identified


_Pair = tuple[_Fingerprint, _Fingerprint]  # an original file and what the tool made of it

#: What must be equal in both files of a pair: their kind.
_KIND = ("SOPClassUID", "Modality", "Rows", "Columns", "NumberOfFrames")
#: What is equal in both files of a pair, unless the tool changes it everywhere.
_TRAITS = (
    "InstanceNumber", "SeriesNumber", "AcquisitionNumber", "ImagePositionPatient", "ImageOrientationPatient",
    "PixelSpacing", "ImagerPixelSpacing", "SliceLocation", "SliceThickness", "TemporalPositionIdentifier", "KVP",
    "XRayTubeCurrent", "Exposure", "EchoTime", "EchoNumbers", "RepetitionTime", "InversionTime", "FlipAngle",
    "TriggerTime", "ImageLaterality", "ViewPosition", "BitsStored", "SamplesPerPixel",
)  # fmt: skip
_NUMBER = 0  # its place in them: tools count slices anew; until a pair shows that this one does not it cannot decide
#: What may differ, and decides only between files that fit equally well.
_HINTS = (
    "AcquisitionTime", "ContentTime", "SeriesTime", "StudyTime", "AcquisitionDateTime", "SeriesDescription",
    "StudyDescription", "ProtocolName", "BodyPartExamined", "Manufacturer", "ManufacturerModelName", "SoftwareVersions",
    "ImageType", "PatientSex", "PatientAge", "PatientSize", "PatientWeight", "StructureSetLabel", "ContentLabel",
)  # fmt: skip
_PLACES = ("(0010,0020)", "(0020,000d)", "(0020,000e)", "(0020,0052)")  # patient, study, series, frame of reference
_PLAIN = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")
_LEAST = 4  # descriptors that must agree, its kind apart, where nothing else speaks for a pair


def _fingerprints(root: Path, side: str, unpaired: list[_Unpaired], progress: bool) -> Iterator[_Fingerprint]:
    for path in counted(list(dicom_files.files_below(root)), f"{side} file", "read", progress):
        file = utf8(path.relative_to(root).as_posix())
        try:
            yield _fingerprint(dicom_files.read(path), path, file)
        except dicom_files.Unreadable as reason:
            unpaired.append(_Unpaired(side, file, str(reason)))


def _fingerprint(file: dicom_files.Released, path: Path, name: str) -> _Fingerprint:
    dataset = file.dataset
    encoded = dataset.file_meta.get("TransferSyntaxUID", _PLAIN[0]) not in _PLAIN
    stored = None
    if 0x7FE00010 in dataset:
        pixels = dataset.get_item(0x7FE00010).value or b""
        stored = (
            file.digest if (_is_evidence_encoded(pixels, dataset, path) if encoded else _is_evidence(pixels)) else None
        )
    kind, traits, hints = (tuple(_normal(dataset, keyword) for keyword in words) for words in (_KIND, _TRAITS, _HINTS))
    places = tuple(file.text(path) or None for path in _PLACES)
    marked = file.text("(0012,0062)") == "YES"
    return _Fingerprint(
        path, name, file.text("(0008,0018)") or None, stored, encoded, kind, traits, hints, places, marked
    )


def _is_evidence(pixels: bytes) -> bool:
    """Whether there is more than one colour: a black image is like any other black image, and no evidence."""
    view = memoryview(pixels)
    return bool(pixels) and all(view[size:] != view[:-size] for size in (1, 2, 3))


def _is_evidence_encoded(pixels: bytes, dataset: Any, path: Path) -> bool:
    """The same of a compressed image. One colour takes next to no bytes, so that only few have to be decoded for it."""
    try:
        size = int(dataset.Rows) * int(dataset.Columns) * int(dataset.get("NumberOfFrames") or 1)
    except Exception:  # it does not say, or not in numbers
        size = 0
    return len(pixels) > 2048 + size // 20 or _decoded(path) is not None


def _normal(dataset: Any, keyword: str) -> str | None:
    """The value of an attribute in a form that does not depend on how it is written; None where there is none."""
    try:
        value = dataset.get(keyword)
    except Exception:  # a value pydicom cannot make sense of says nothing
        return None
    parts = [value] if isinstance(value, str) or not isinstance(value, Iterable) else list(value)
    texts = [_normal_text(part) for part in parts if part is not None]
    return "\\".join(texts) if any(texts) else None


def _normal_text(part: Any) -> str:
    try:
        return f"{float(part):.4f}"
    except (TypeError, ValueError):
        return str(part).strip()


def _without_copies(prints: Iterable[_Fingerprint], side: str, unpaired: list[_Unpaired]) -> list[_Fingerprint]:
    """One print of each instance: the first of identical files."""
    kept: dict[Hashable, _Fingerprint] = {}
    for one in prints:
        known = kept.setdefault((one.uid or one.file, one.stored, one.kind, one.traits, one.hints, one.places), one)
        if known is not one:
            unpaired.append(_Unpaired(side, one.file, "a copy of another file of the same SOP Instance UID"))
    return list(kept.values())


class _Match:
    """Two sides of files, the pairs found so far, and why the others are none."""

    def __init__(self, olds: list[_Fingerprint], news: list[_Fingerprint]) -> None:
        self.left: tuple[list[_Fingerprint], list[_Fingerprint]] = (olds, news)
        self.pairs: list[_Pair] = []
        self._why: dict[_Fingerprint, str] = {}
        self._partners: dict[_Fingerprint, set[_Fingerprint]] = {}  # with which a file has pixels in common

    def by_parts(self) -> None:
        """Pair files that share parts of their image with no other file; later steps may not contradict these
        pixels."""
        looks = [[(one, seen) for one in side if one.stored and (seen := look(one.path))] for side in self.left]
        olds, news = (_parts_of(side) for side in looks)
        common = olds.merge(news, on="part", suffixes=("_old", "_new")).groupby(["file_old", "file_new"]).size()
        common = common[common >= _LEAST]
        if common.empty:
            return
        clear = pd.Series(True, index=common.index)
        for side, level in enumerate(common.index.names):
            best = common.groupby(level=level).transform("max")
            near = common[2 * common > best]  # less than half as much is chance, a border or a ruler
            clear &= (2 * common > best) & (near.groupby(level=level).transform("size").reindex(common.index) == 1)
            for pair in near.index:
                one, other = looks[side][pair[side]][0], looks[1 - side][pair[1 - side]][0]
                self._partners.setdefault(one, set()).add(other)
        self._take([(looks[0][old][0], looks[1][new][0]) for old, new in common.index[clear]])

    def _take(self, found: list[_Pair]) -> None:
        self.pairs += found
        done = {one for pair in found for one in pair}
        self.left = ([one for one in self.left[0] if one not in done], [one for one in self.left[1] if one not in done])

    def by(self, key: Callable[[_Fingerprint], Hashable], least: int = 0) -> bool:
        """Pair what `key` and then the descriptors leave no doubt about; whether anything was paired."""
        groups: dict[Hashable, tuple[list[_Fingerprint], list[_Fingerprint]]] = defaultdict(lambda: ([], []))
        for place, prints in enumerate(self.left):
            for one in prints:
                if (value := key(one)) is not None:
                    groups[value][place].append(one)
        known = _Known(self.pairs)
        both = [(olds, news) for olds, news in groups.values() if olds and news]
        found = [pair for olds, news in both for pair in self._sure(olds, news, least, known)]
        self._take(found)
        return bool(found)

    def leftover(self) -> Iterator[_Unpaired]:
        """The files that stay unpaired, with the reason."""
        for side, other, prints in zip(_SIDES, reversed(_SIDES), self.left, strict=True):
            for one in prints:
                yield _Unpaired(
                    side,
                    one.file,
                    self._why.get(one, "no {other} file has enough in common with it").format(other=other),
                )

    def _sure(self, olds: list[_Fingerprint], news: list[_Fingerprint], least: int, known: _Known) -> Iterator[_Pair]:
        """The pairs in which each file is the only best partner of the other."""
        if not least and len(olds) == len(news) == 1:
            yield olds[0], news[0]
            return
        mine, theirs = _Best(len(olds)), _Best(len(news))
        columns = list(known.columns(olds, news))
        for start in range(0, len(news), _ROWS):
            fit = _fit(columns, slice(start, start + _ROWS), least)
            mine.see(fit, start)
            theirs.see(fit.T, 0, slice(start, start + _ROWS))
        for i, j in enumerate(mine.where):
            mutual = mine.alone[i] and theirs.alone[j] and theirs.where[j] == i
            if mutual and not self._against(olds[i], news[j]) and not known.against(olds[i], news[j]):
                yield olds[i], news[j]
        for prints, best in ((olds, mine), (news, theirs)):
            for one, value, alone in zip(prints, best.value, best.alone, strict=True):
                if value >= 0:
                    self._why[one] = _TIES if not alone else _PIXELS if one in self._partners else _RIVALS

    def _against(self, old: _Fingerprint, new: _Fingerprint) -> bool:
        """Whether the pixels of one of two files are those of another file."""
        return new not in self._partners.get(old, (new,)) or old not in self._partners.get(new, (old,))


def _parts_of(looks: Sequence[tuple[_Fingerprint, Look]]) -> pd.DataFrame:
    """The parts of some images, each with the number of its file; those that stand in many files are left out."""
    files = np.repeat(np.arange(len(looks)), [len(seen.parts) for _, seen in looks])
    parts = np.concatenate([np.empty(0, "uint64"), *(seen.parts for _, seen in looks)])
    found = pd.DataFrame({"part": parts, "file": files})
    return found[found.groupby("part")["file"].transform("size") <= _MANY]


class _Known:
    """What the pairs found so far show: which descriptors the tool leaves alone, and which old value became which new
    one."""

    def __init__(self, pairs: Sequence[_Pair]) -> None:
        steady = [
            place for place in range(len(_TRAITS))
            if all(_agree(old.traits[place], new.traits[place]) for old, new in pairs)
        ]  # fmt: skip
        proven = any(old.traits[_NUMBER] and new.traits[_NUMBER] for old, new in pairs)
        self._steady = [place for place in steady if place != _NUMBER or proven]
        self._counted = _NUMBER in steady and not proven
        self._links = [
            (
                _one_to_one((old.places[place], new.places[place]) for old, new in pairs),
                _one_to_one((new.places[place], old.places[place]) for old, new in pairs),
            )
            for place in range(len(_PLACES))
        ]

    def against(self, old: _Fingerprint, new: _Fingerprint) -> bool:
        """Whether the number of a slice, which the tool may have left alone, speaks against a pair."""
        return self._counted and not _agree(old.traits[_NUMBER], new.traits[_NUMBER])

    def columns(self, olds: Sequence[_Fingerprint], news: Sequence[_Fingerprint]) -> Iterator[_Column]:
        """The descriptors of two sides of files, coded."""
        for place in range(len(_KIND)):
            yield _coded([one.kind[place] for one in olds], [one.kind[place] for one in news], counts=0)
        for place in self._steady:
            yield _coded([one.traits[place] for one in olds], [one.traits[place] for one in news])
        for place, (there, back) in enumerate(self._links):
            yield _coded([there.get(one.places[place]) for one in olds], [one.places[place] for one in news])
            yield _coded([one.places[place] for one in olds], [back.get(one.places[place]) for one in news])
        for place in range(len(_HINTS)):
            yield _coded([one.hints[place] for one in olds], [one.hints[place] for one in news], binding=False)


def _agree(old: str | None, new: str | None) -> bool:
    return old is None or new is None or old == new


_ROWS = 512  # released files compared with all originals at a time
_TIES = "several {other} files fit it equally well"
_MANY = 16  # files; a part of so many images is a frame or a legend, and no evidence
_PIXELS = "its image is not that of the {other} file that fits it best"
_RIVALS = "the {other} file that fits it best fits another one as well or better"


class _Column(NamedTuple):
    """One descriptor of the files on both sides as codes (-1: missing): must they agree, and if not, their weight."""

    olds: Any
    news: Any
    binding: bool
    counts: int


def _coded(olds: Sequence[str | None], news: Sequence[str | None], binding: bool = True, counts: int = 1) -> _Column:
    codes = pd.factorize(np.asarray([*olds, *news], dtype=object), use_na_sentinel=True)[0].astype("int32")
    return _Column(codes[: len(olds)], codes[len(olds) :], binding, counts)


def _one_to_one(pairs: Iterable[tuple[str | None, str | None]]) -> dict[str | None, str | None]:
    """left → right where every pair says the same."""
    seen: dict[str | None, set[str | None]] = defaultdict(set)
    for left, right in pairs:
        seen[left].add(right)
    return {left: next(iter(rights)) for left, rights in seen.items() if left is not None and len(rights) == 1}


def _fit(columns: Sequence[_Column], rows: slice, least: int) -> Any:
    """How many descriptors agree, originals × released; -1 where one that must not differ does, or too few agree."""
    shape = (len(columns[0].olds), len(columns[0].news[rows]))
    agreeing, apart = np.zeros(shape, dtype="int16"), np.zeros(shape, dtype=bool)
    for column in columns:
        old, new = column.olds[:, None], column.news[None, rows]
        both = (old >= 0) & (new >= 0)
        agreeing += np.int16(column.counts) * (both & (old == new))
        if column.binding:
            apart |= both & (old != new)
    return np.where(apart | (agreeing < least), -1, agreeing)


class _Best:
    """The best partner of each of `size` files seen so far: how well it fits, where it is, whether it is alone."""

    def __init__(self, size: int) -> None:
        self.value = np.full(size, -1, dtype="int16")
        self.where = np.full(size, -1, dtype="int64")
        self.alone = np.zeros(size, dtype=bool)

    def see(self, fit: Any, start: int, rows: slice = slice(None)) -> None:
        """Take in `fit`, files × partners, whose first partner is number `start`."""
        value, where = fit.max(axis=1), fit.argmax(axis=1)
        alone = ((fit == value[:, None]).sum(axis=1) == 1) & (value >= 0)
        better, even = value > self.value[rows], (value == self.value[rows]) & (value >= 0)
        self.alone[rows] = np.where(better, alone, self.alone[rows] & ~even)
        self.where[rows] = np.where(better, where + start, self.where[rows])
        self.value[rows] = np.where(better, value, self.value[rows])


def _by_content(olds: list[_Fingerprint], news: list[_Fingerprint], unpaired: list[_Unpaired]) -> list[_Pair]:
    """The files that fit each other best, strongest evidence first; adds those that fit none to `unpaired`."""
    match = _Match(*(_without_copies(side, name, unpaired) for side, name in zip((olds, news), _SIDES, strict=True)))
    match.by(lambda one: one.uid)
    match.by(lambda one: one.stored)
    if any(one.encoded for side in match.left for one in side):
        decoded = {one: _decoded(one.path) for side in match.left for one in side if one.stored}
        match.by(lambda one: decoded.get(one))
    if all(match.left):
        match.by_parts()
    # Every pair links its patient, study and series, and that may settle what was open before.
    sure = len(match.pairs)
    while match.by(lambda one: one.stored) or match.by(lambda one: "", least=_LEAST):
        continue
    unpaired += [*match.leftover(), *_unlike(match.pairs[sure:])]
    return match.pairs


def _by_path(olds: list[_Fingerprint], news: list[_Fingerprint], unpaired: list[_Unpaired]) -> list[_Pair]:
    """The files of the same relative path, unless they are different objects; adds the others to `unpaired`."""
    there, here = ({unicodedata.normalize("NFC", one.file): one for one in side} for side in (olds, news))
    both = [(old, here[path]) for path, old in there.items() if path in here]
    if not both:
        raise ValueError("No released file has the relative path of an original file; pair them by content.")
    unpaired += [_Unpaired("original", one.file, _NO_RELEASED) for path, one in there.items() if path not in here]
    unpaired += [_Unpaired("released", one.file, _NO_ORIGINAL) for path, one in here.items() if path not in there]
    another = _Another(olds, both)
    wrong = {pair: None for pair in both if another(*pair)}
    unpaired += [
        _Unpaired(side, one.file, _OTHER_OBJECT) for pair in wrong for side, one in zip(_SIDES, pair, strict=True)
    ]
    return [pair for pair in both if pair not in wrong]


_WAYS = {"content": _by_content, "path": _by_path}
_NO_RELEASED = "no released file has its path"
_NO_ORIGINAL = "no original file has its path"
_OTHER_OBJECT = "the file of the same path in the other folder is another object"


class _Another:
    """Whether the released file of a pair shows that it was made of another original than its path says."""

    def __init__(self, olds: Sequence[_Fingerprint], pairs: Sequence[_Pair]) -> None:
        agreeing = [
            [_agree(old.traits[place], new.traits[place]) for old, new in pairs] for place in range(len(_TRAITS))
        ]
        self._usual = [place for place, agree in enumerate(agreeing) if 2 * sum(agree) > len(agree)]
        values = [Counter(value for one in olds if (value := key(one))) for key in self._keys]
        self._of_one = [{value for value, count in of_olds.items() if count == 1} for of_olds in values]

    @property
    def _keys(self) -> Sequence[Callable[[_Fingerprint], Hashable]]:
        return lambda one: one.uid, lambda one: one.stored, self._traits

    def _traits(self, one: _Fingerprint) -> Hashable:
        """The descriptors that the tool mostly leaves alone, where there are enough of them."""
        traits = tuple(one.traits[place] for place in self._usual)
        return traits if sum(trait is not None for trait in traits) >= _LEAST else None

    def __call__(self, old: _Fingerprint, new: _Fingerprint) -> bool:
        if not all(map(_agree, old.kind, new.kind)):
            return True
        for key, of_one in zip(self._keys, self._of_one, strict=True):
            if key(new) in of_one:
                return key(new) != key(old)
        return False


def _unnamed(pairs: Iterable[_Pair]) -> Iterator[_Unpaired]:
    """The files that were paired but cannot be named by a mapping: without a SOP Instance UID, or with a shared one."""
    owners: dict[str | None, set[str | None]] = defaultdict(set)
    pairs = list(pairs)
    for old, new in pairs:
        owners[new.uid].add(old.uid)
    for pair in pairs:
        for side, one in zip(_SIDES, pair, strict=True):
            if one.uid is None:
                yield _Unpaired(side, one.file, "paired, but it has no SOP Instance UID: no mapping can name it")
        if pair[1].uid is not None and len(owners[pair[1].uid]) > 1:
            yield _Unpaired("released", pair[1].file, "paired, but other files have its SOP Instance UID too")


def _unlike(pairs: Iterable[_Pair]) -> Iterator[_Unpaired]:
    """The released files whose image has nothing in common with that of the original they were paired with."""
    for old, new in pairs:
        if old.stored and new.stored and alike(look(old.path), look(new.path)) is False:
            yield _Unpaired("released", new.file, _UNLIKE)


_UNLIKE = "paired, but its image has nothing in common with the original one"


def _of_another_patient(pairs: Iterable[_Pair]) -> Iterator[_Unpaired]:
    """The released files whose patient ID is that of another original."""
    pairs = list(pairs)
    patients = {old.places[0] for old, _ in pairs}.difference([None])
    for old, new in pairs:
        if new.places[0] in patients and new.places[0] != old.places[0]:
            yield _Unpaired("released", new.file, _OTHER_PATIENT)


_OTHER_PATIENT = "paired, but its patient ID is that of another original patient"


def _decoded(path: Path) -> str | None:
    """A digest of the decoded pixels; None where they cannot be decoded, or have one colour."""
    from pydicom.pixels.utils import pixel_array

    try:
        array = pixel_array(path)
    except Exception:  # decoders fail in many ways; the descriptors remain
        return None
    if array.size == 0 or array.min() == array.max():
        return None
    made = hashlib.blake2b(str(array.shape).encode(), digest_size=16)
    made.update(np.ascontiguousarray(array, dtype="<i8" if array.dtype.kind in "iu" else "<f8").tobytes())
    return made.hexdigest()


def _mappings(
    pairs: Sequence[_Pair], unpaired: list[_Unpaired], progress: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """The UIDs and the patient IDs, old → new: values at the same place in both files of a pair."""
    uids, patients = _Votes("UID"), _Votes("Patient ID")
    for old, new in counted(pairs, "pair", "compared", progress):
        before, after = dict(_uids_of(old.path)), dict(_uids_of(new.path))
        for path, those in before.items():
            if len(those) == len(after.get(path, ())):
                for was, now in zip(those, after[path], strict=True):
                    uids.add(was, now, _weight(path), old.file)
        patients.add(old.places[0], new.places[0], 0, old.file)
    unpaired += [*uids.conflicts(), *patients.conflicts()]
    return uids.winners(), patients.winners()


def _weight(path: str) -> int:
    # The file's own UIDs say where they went; references to them are what a tool may have forgotten.
    return 0 if path == "(0008,0018)" else 2 if tags.is_nested(path) else 1


def _uids_of(path: Path) -> Iterator[tuple[str, list[str]]]:
    """(path, UIDs) of every element of UIDs, without those that DICOM itself registers."""
    from pydicom import dcmread

    for where, place in dicom_files.Released(dcmread(path, stop_before_pixels=True)).places():
        value = place.element.value if place.vr == "UI" else None
        if value and not isinstance(value, bytes):  # which it is where pydicom cannot make sense of it
            uids = [value] if isinstance(value, str) else list(value)
            if not any(uid.startswith(REGISTERED) for uid in uids):
                yield where, [str(uid) for uid in uids]


class _Votes:
    """What became of identifiers, by the pairs: the weightiest places decide, there the most frequent."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._counts: dict[str, Counter[str]] = {}
        self._weights: dict[str, int] = {}
        self._files: dict[str, str] = {}

    def add(self, old: str | None, new: str | None, weight: int, file: str) -> None:
        if not old or not new:
            return
        known = self._weights.get(old)
        if known is None or weight < known:
            self._weights[old], self._counts[old], self._files[old] = weight, Counter(), file
        if weight == self._weights[old]:
            self._counts[old][new] += 1

    def winners(self) -> dict[str, str]:
        return {old: news.most_common(1)[0][0] for old, news in self._counts.items() if not _tied(news)}

    def conflicts(self) -> Iterator[_Unpaired]:
        for old, news in self._counts.items():
            if len(news) > 1:
                end = ", equally often: not mapped" if _tied(news) else "; the most frequent was taken"
                reason = f"one original {self._what} became {len(news)} released ones{end}"
                yield _Unpaired("both", self._files[old], reason)


def _tied(counts: Counter[str]) -> bool:
    best = counts.most_common(2)
    return len(best) == 2 and best[0][1] == best[1][1]
