"""A released file as the scorer sees it: attribute paths, their texts, the digest of its pixels."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import threading
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from .. import tags
from ..frames import REMOVED
from ..printed import printed

_PIXEL_DATA = 0x7FE00010
_NEEDED = {
    "(0008,0016)": 0x00080016,
    "(0008,0018)": 0x00080018,
    "(0008,0060)": 0x00080060,
    "(0010,0020)": 0x00100020,
    "(0020,000d)": 0x0020000D,
    "(0020,000e)": 0x0020000E,
}
_UNTOLD = ("Pixel Data", "Overlay Data", "File Meta Information Version")  # officially shown as <REMOVED>


CUT = "cut off within an attribute, what followed is lost"


class Unreadable(Exception):
    """A file that is no readable DICOM; its text is the reason, without values of the file."""


def files_below(folder: str | Path) -> Iterator[Path]:
    """The regular files below `folder` in a fixed order; names that start with a dot are not entered.

    Folders behind symbolic links are entered once, so links that lead in circles end. A folder that cannot be entered
    is given as if it were a file: reading it says why.
    """
    seen: set[tuple[int, int]] = set()
    closed: list[OSError] = []
    for parent, folders, names in os.walk(folder, followlinks=True, onerror=closed.append):
        status = os.stat(parent)
        place = (status.st_dev, status.st_ino)
        if place in seen:
            folders.clear()
            continue
        seen.add(place)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(parent, name)
            if not name.startswith(".") and _may_be_file(path):
                yield path
    yield from sorted(Path(error.filename) for error in closed)


def _may_be_file(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError:  # in a folder that may be listed but not entered: reading it says why
        return True


def by_instance(folder: str | Path) -> dict[str, Path]:
    """The DICOM files below `folder` by their SOP Instance UID."""
    return {uid: path for path, (uid,) in identifiers(folder, "SOPInstanceUID")}


def listing(folder: Path) -> str:
    """A digest of what files there are below `folder`, by name and size."""
    files = [(path.relative_to(folder).as_posix(), path.stat().st_size) for path in files_below(folder)]
    return hashlib.sha256(repr(files).encode("utf-8", "backslashreplace")).hexdigest()[:32]


def identifiers(folder: str | Path, *keywords: str) -> Iterator[tuple[Path, list[str]]]:
    """(path, its texts of these attributes) of the DICOM files below `folder` that have the first; the others may be
    empty."""
    from pydicom import dcmread

    with quiet():
        for path in files_below(folder):
            try:
                with opened(path) as file:
                    header = dcmread(file, stop_before_pixels=True, specific_tags=list(keywords))
                texts = [str(header.get(keyword) or "").strip() for keyword in keywords]
            except Exception:  # not every file beside them is one
                continue
            if texts[0]:
                yield path, texts


@contextmanager
def quiet() -> Iterator[None]:
    """Silences pydicom's warnings and its log while its block runs: they quote values, and values can be PHI."""
    with _turn:
        if not _inside:
            _before.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            log = logging.getLogger("pydicom")
            _before.callback(log.setLevel, log.level)
            log.setLevel(logging.CRITICAL + 1)  # and with it those below, which disabling it would leave as they are
        _inside.append(None)
    try:
        yield
    finally:
        with _turn:
            _inside.pop()
            if not _inside:
                _before.close()


# All threads share Python's warning filters: were each to put back what it found, one would end the silence of another
# or leave it behind for good. The first to come makes it quiet, the last to go loud again.
_turn = threading.Lock()
_inside: list[None] = []
_before = ExitStack()


_SMALL = 1 << 20  # bytes


@contextmanager
def opened(path: str | Path) -> Iterator[BinaryIO]:
    """The file at `path`, a small one held in memory.

    pydicom asks for its position at each element, which is a system call for a file on disk.
    """
    with open(path, "rb") as file:
        small = os.fstat(file.fileno()).st_size <= _SMALL
        yield io.BytesIO(file.read()) if small else file


def read(path: str | Path) -> Released:
    """The released file at `path`.

    Raises
    ------
    Unreadable
        With the reason, where pydicom does not read the file without force.
    """
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    try:
        with opened(path) as file:
            _check_inflated(file)
            return Released(dcmread(file))
    except Unreadable:
        raise
    except InvalidDicomError:
        raise Unreadable("not DICOM (no preamble and DICM)") from None
    except PermissionError:
        raise Unreadable("no permission to read it") from None
    except RecursionError:
        raise Unreadable("sequences nested too deep to read") from None
    except Exception as error:  # pydicom raises many kinds on broken files; their texts can quote values
        raise Unreadable(f"broken DICOM ({type(error).__name__})") from None


def readable(paths: Iterable[Path]) -> Iterator[tuple[Path, Released]]:
    """The files that can be read; pydicom's warnings are off until the last one is done."""
    with quiet():
        for path in paths:
            try:
                file = read(path)
            except Unreadable:
                continue
            yield path, file


_DEFLATED = "1.2.840.10008.1.2.1.99"
_MOST = 1 << 30  # bytes; pydicom inflates a deflated file whole, and one of 4 MB can hold 4 GB


def _check_inflated(file: BinaryIO) -> None:
    """Refuses a deflated data set that would inflate to an unreasonable size; leaves `file` at its start."""
    if file.read(132)[128:] == b"DICM" and _transfer_syntax(file) == _DEFLATED:
        inflate, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
        while (chunk := file.read(1 << 16)) and not inflate.eof:
            while chunk:
                size += len(inflate.decompress(chunk, 1 << 24))
                chunk = inflate.unconsumed_tail
                if size > _MOST:
                    raise Unreadable("deflated data that inflate to more than a gigabyte")
    file.seek(0)


def _transfer_syntax(file: BinaryIO) -> str | None:
    """The transfer syntax that the file's meta information names; leaves `file` where the data set starts."""
    from pydicom.filereader import read_dataset

    try:
        meta = read_dataset(file, False, True, stop_when=lambda tag, vr, length: tag >> 16 != 2)
        return meta.get("TransferSyntaxUID")
    except Exception:  # whether such a file can be read is dcmread's to say
        return None


Show = Callable[[Any], str]


class Place:
    """Where an element is in a data set, and how it was read."""

    __slots__ = ("dataset", "raw", "tag")

    def __init__(self, dataset: Any, tag: int, raw: Any) -> None:
        self.dataset, self.tag, self.raw = dataset, tag, raw

    @property
    def element(self) -> Any:
        """The element as pydicom makes sense of it; as it was read, in bytes, where it cannot."""
        try:
            return self.dataset[self.tag]
        except Exception:
            return self.raw

    @property
    def items(self) -> Sequence[Any]:
        """The items of a sequence; none where it is empty or broken."""
        value = self.element.value
        return () if value is None or isinstance(value, bytes) else value

    @property
    def vr(self) -> str:
        """The value representation that pydicom finds."""
        vr = self.raw.VR
        return str(vr) if vr in _CACHED or vr == "SQ" else str(self.element.VR)

    @property
    def creator(self) -> str | None:
        """The creator of a private element as the file spells it; in paths it is in capitals."""
        owner = self.tag & 0xFFFF0000 | (self.tag & 0xFFFF) >> 8
        if not self.tag >> 16 & 1 or owner == self.tag or owner not in self.dataset:
            return None
        return str(Place(self.dataset, owner, self.dataset.get_item(owner)).element.value).strip()

    def is_retyped(self, other: Place) -> bool:
        """Whether two files give an element different value representations; files in an implicit transfer syntax give
        none."""
        return bool(self.raw.VR and other.raw.VR) and self.vr != other.vr

    def is_same(self, other: Place) -> bool:
        """Whether two elements have the same bytes, representation and character set, so that they need not be
        decoded."""
        mine, its = self.raw, other.raw
        return (
            type(mine).__name__ == type(its).__name__ == "RawDataElement"
            and mine.VR in _CACHED
            and (mine.VR, mine.value, mine.is_little_endian) == (its.VR, its.value, its.is_little_endian)
            and (mine.VR not in _ENCODED or _charset(self.dataset) == _charset(other.dataset))
        )

    def text(self, show: Show) -> str:
        """The text of the element; `show` makes it where the bytes alone do not determine it."""
        try:
            return _text(self.dataset, self.tag, self.raw, show)
        except Exception:
            return show(self.element)


class Released:
    """One released file: the `text` at a path, the `digest` of its pixels, every one of its `elements`.

    The texts are those of the official script: what ``str`` makes of pydicom's value, stripped.
    """

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset
        self._texts: dict[str, str | None] = {}
        self._owners: dict[int, dict[int, str]] = {}
        self._raw: dict[int, dict[int, Any]] = {}
        self._nested: dict[str, list[str]] | None = None

    def text(self, path: str) -> str | None:
        """The text of the attribute at `path` (short form); None where it is absent."""
        try:
            return self._texts[path]
        except KeyError:
            found = self._texts[path] = self._find(path)
            return found

    def identifier(self, keyword: str) -> str | None:
        """The text of an attribute that identifies a row, its blanks kept as officially; None if absent or broken."""
        try:
            return str(self.dataset[keyword].value)
        except Exception:  # pydicom raises many kinds on broken values, and the other checks of the file stand
            return None

    def spelled(self, path: str) -> str | None:
        """The path at which this file has the attribute that `path` names, however the lengths of private sequences
        are written; None where it is absent."""
        if self.text(path) is not None:
            return path
        if not tags.in_private(path):
            return None
        return next((each for each, _ in self.elements() if tags.same(each, path)), None)

    @property
    def digest(self) -> str | None:
        """MD5 of the stored Pixel Data bytes; None without Pixel Data."""
        if _PIXEL_DATA not in self.dataset:
            return None
        return hashlib.md5(self.dataset.get_item(_PIXEL_DATA).value or b"", usedforsecurity=False).hexdigest()

    @property
    def cut(self) -> bool:
        """Whether the file ends within an attribute, so that what followed is lost."""
        raw = [one for one in self._elements(self.dataset).values() if type(one).__name__ == "RawDataElement"]
        last = max(raw, key=lambda one: one.value_tell, default=None)
        return last is not None and last.length != 0xFFFFFFFF and len(last.value or b"") < last.length

    @property
    def lacking(self) -> list[str]:
        """The paths of absent attributes that the official script needs: without them it stops and writes no result at
        all."""
        return [path for path, tag in _NEEDED.items() if tag not in self.dataset]

    def places(self) -> Iterator[tuple[str, Place]]:
        """(path, place) of every element of the main data set, depth first, in order; decoded when asked."""
        yield from self._places_of(self.dataset, "")

    def _places_of(self, dataset: Any, parent: str) -> Iterator[tuple[str, Place]]:
        elements = self._elements(dataset)
        for tag in sorted(elements):
            place, path = Place(dataset, tag, elements[tag]), parent + self._label(dataset, tag)
            yield path, place
            vr = place.raw.VR or _dictionary_vr(tag)  # known without decoding, but where a writer did not know it
            if (place.vr if vr in (None, "UN") else vr) == "SQ":
                for number, item in enumerate(place.items):
                    yield from self._places_of(item, f"{path}[{number}]")

    def elements(self) -> Iterator[tuple[str, Any]]:
        """(path, element) of every element of the main data set, depth first, in order.

        Those that pydicom cannot make sense of are left out; the others still can be looked at.
        """
        for path, place in self.places():
            try:
                element = place.dataset[place.tag]
            except Exception:  # pydicom raises many kinds on broken values
                continue
            yield path, element

    def texts(self, show: Show | None = None) -> Iterator[tuple[str, int, str, str | None]]:
        """(path, tag, VR, text) of every element of the main data set, depth first; a sequence has no text here.

        Faster than the text of each of the `elements`: known bytes are not decoded again. With `show`, which makes the
        text of an element, the VR is the one that pydicom finds, and elements that pydicom cannot decode are included
        as they were read.
        """
        for path, place in self.places():
            dataset, tag, raw = place.dataset, place.tag, place.raw
            try:
                vr = str(raw.VR or _dictionary_vr(tag) or dataset[tag].VR)
                if vr == "SQ" or (show is not None and vr not in _CACHED):
                    vr = str(dataset[tag].VR)
                text = None if vr == "SQ" else _text(dataset, tag, raw, show)
            except Exception:  # a value pydicom cannot make sense of
                if show is None:
                    continue
                vr, text = str(raw.VR or "UN"), show(raw)
            yield path, int(tag), vr, text

    def nested(self, label: str) -> list[str]:
        """The paths inside sequences at which an attribute stands."""
        if self._nested is None:
            self._nested = {}
            for path, _ in self.elements():
                if tags.is_nested(path):
                    self._nested.setdefault(tags.leaf(path), []).append(path)
        return self._nested.get(label, [])

    def _label(self, dataset: Any, tag: int) -> str:
        group, element, creator = tag >> 16, tag & 0xFFFF, self._creator(dataset, tag)
        return f'({group:04x},"{creator}",{element & 0xFF:02x})' if creator else f"({group:04x},{element:04x})"

    def _creator(self, dataset: Any, tag: int) -> str:
        """The creator in capitals that stands in the path of a private element; "" where none does.

        A sequence of undefined length is parsed while pydicom reads the file, before it looks for creators: officially
        such a sequence has none. The group length of a private group (rarely written today) counts as the creator of
        its creators.
        """
        if not tag >> 16 & 1:
            return ""
        element = self._elements(dataset)[tag]
        if type(element).__name__ != "RawDataElement":
            return str(element.private_creator or "").upper()
        owner = tag & 0xFFFF0000 | (tag & 0xFFFF) >> 8
        return "" if owner == tag else self._creators(dataset).get(owner, "")

    def _creators(self, dataset: Any) -> dict[int, str]:
        """Element that reserves a private block of `dataset` → the creator it names, in capitals."""
        try:
            return self._owners[id(dataset)]
        except KeyError:
            owners = sorted(tag for tag in self._elements(dataset) if tag >> 16 & 1 and tag & 0xFFFF <= 0xFF)
            found = self._owners[id(dataset)] = {tag: _named(dataset, tag) for tag in owners}
            return found

    def _find(self, path: str) -> str | None:
        steps = _parsed(path)
        if steps is None:  # officially compared to the letter: a path in other spelling matches nothing
            return None
        return self._at(self.dataset, steps, 0)

    def _at(self, dataset: Any, steps: Sequence[tags.Step], depth: int) -> str | None:
        """The text at the end of the steps from `depth` on; None where a step leads nowhere.

        Of two private blocks of one creator officially the later is seen, if the whole rest of the path is in it.
        """
        step = steps[depth]
        for tag in self._tags(dataset, step):
            if step.item is None:
                return _text(dataset, tag, self._elements(dataset)[tag])
            element = dataset[tag]
            if element.VR != "SQ" or not element.value or step.item >= len(element.value):
                continue
            if (found := self._at(element.value[step.item], steps, depth + 1)) is not None:
                return found
        return None

    def _elements(self, dataset: Any) -> dict[int, Any]:
        """Tag → element as it was read: looking up plain numbers is many times faster than asking the Dataset."""
        try:
            return self._raw[id(dataset)]
        except KeyError:
            found = self._raw[id(dataset)] = dict(dataset.items())
            return found

    def _tags(self, dataset: Any, step: tags.Step) -> Sequence[int]:
        """The tags in `dataset` that one step of a path can mean, the latest block first."""
        elements = self._elements(dataset)
        if step.creator is None:
            tag = step.group << 16 | step.element
            return [tag] if tag in elements and not self._creator(dataset, tag) else []
        owners = [
            owner
            for owner, name in self._creators(dataset).items()
            if name == step.creator and owner >> 16 == step.group
        ]
        found = [owner & 0xFFFF0000 | (owner & 0xFF) << 8 | step.element for owner in owners]
        return [tag for tag in reversed(found) if tag in elements and self._creator(dataset, tag)]


def _named(dataset: Any, tag: int) -> str:
    try:
        return str(dataset[tag].value or "").upper()
    except Exception:  # a creator that cannot be read owns nothing
        return ""


# VRs whose text depends on the bytes and the character set alone (that of SS depends on the tag too: pydicom takes the
# lengths of tables as unsigned); the slices of a series repeat most values.
_ENCODED = frozenset(["LO", "LT", "PN", "SH", "ST", "UC", "UT"])
_CACHED = _ENCODED | frozenset(
    ["AE", "AS", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "SL", "TM", "UI", "UL", "UR", "US"]
)
_LONG = 1000  # bytes; a longer value is hardly met twice, and thousands of them would fill the memory
_known: dict[tuple[Any, ...], str] = {}


_parsed = lru_cache(maxsize=65536)(tags.parse)


def _text(dataset: Any, tag: int, raw: Any, show: Show | None = None) -> str:
    vr = raw.VR or _dictionary_vr(tag)
    if type(raw).__name__ != "RawDataElement" or vr not in _CACHED or raw.value is None or len(raw.value) > _LONG:
        return (show or _shown)(dataset[tag])
    charset = _charset(dataset) if vr in _ENCODED else None
    key = (vr, raw.value, raw.is_little_endian, charset)
    text = _known.get(key)
    if text is None:
        text = _shown(dataset[tag])
        if len(_known) >= 100_000:
            _known.clear()
        _known[key] = text
    return text


def _charset(dataset: Any) -> str:
    return str(dataset.original_character_set or dataset._character_set)


@lru_cache(maxsize=8192)
def _dictionary_vr(tag: int) -> str | None:
    from pydicom.datadict import dictionary_VR

    try:
        return None if tag >> 16 & 1 else dictionary_VR(tag)
    except KeyError:
        return None


def _shown(element: Any) -> str:
    if element.name in _UNTOLD:
        return REMOVED
    if element.value is None:
        return ""
    return printed(element).strip()
