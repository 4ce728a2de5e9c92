"""A de-identification tool small enough to read in class: it does what a table of rules says, and nothing else.

A rule is a line ``what action``. If several rules match, the last one applies: write general rules first, exceptions
after them. What an action does is one line of `ACTIONS`.

`deidentify` asks what becomes of each attribute, so it also makes the demo's reference: there the record of what was
planted takes the place of rules.
"""

from __future__ import annotations

import csv
import datetime
import hashlib
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.datadict import DicomDictionary, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import FileMetaDataset
from pydicom.multival import MultiValue
from pydicom.valuerep import VR

from ..amounts import reasons
from ..answers.places import label, official, walk
from ..answers.standard import REGISTERED
from ..folders import Submission, folder_of

__all__ = ["ACTIONS", "Rule", "apply_policy", "read_policy"]

Box = tuple[int, int, int, int]


class Rule(NamedTuple):
    """What a policy does with the attributes that `what` names."""

    what: str
    action: str


class Patient(NamedTuple):
    """What the actions need to know of a patient: a pseudonym, a shift in days, and the words that identify them."""

    pseudonym: str
    days: int
    words: frozenset[str] = frozenset()


#: What becomes of an attribute: a letter of ACTIONS, and its new value where that is known already.
Disposition = tuple[str, Any]
#: (dataset, attribute in it, its path as the official program spells it) → what becomes of it.
Choose = Callable[[Dataset, DataElement, str], Disposition]


def apply_policy(
    rules: Any,
    original: str | Path,
    folder: str | Path,
    *,
    boxes: Mapping[str, Box | Sequence[Box]] | None = None,
) -> Any:
    """The submission that a policy makes of a folder of DICOM files.

    Parameters
    ----------
    rules
        Text with one rule a line, or a frame with the columns ``what`` and ``action``. ``what`` is ``*`` (everything),
        a value representation (``PN``, ``DA``, ``UI``), a keyword (``PatientName``), several of these, a tag
        ``(0010,0010)``, a group ``(0010,*)``, ``private``, a private attribute ``(0019,"CREATOR",7e)`` or block
        ``(0019,"CREATOR",*)``; at any depth. ``action`` is a letter of PS3.15: K keep, X remove, Z empty, D dummy, U
        new UID, C clean (a date is shifted, identifying words go, an age over 89 becomes 90); a picture is removed
        by Z, D and U, too. The last rule that speaks of an attribute counts; an attribute that none speaks of is kept.
    original
        Folder of the files before de-identification.
    folder
        Where the released files and the two mappings go. A warning counts the files that are not released, as they are
        not DICOM or cannot be written.
    boxes
        Regions to black out, (x0, y0, x1, y1) or several of them, by modality or by SOP Instance UID.

    Returns
    -------
    Submission
        folder, uids, patients, as `evaluate` takes it.

    Examples
    --------
    >>> import tempfile
    >>> attempt = apply_policy("PatientName Z", demo.original, tempfile.mkdtemp())
    >>> results = mn.evaluate(attempt, demo.key, read_text=None, progress=False)
    >>> bool(results.loc[results["name"] == "Patient's Name", "verdict"].eq("passed").all())
    True
    """
    policy = {rule.what: (place, rule.action) for place, rule in enumerate(read_policy(rules))}
    original, folder = folder_of(original, "original"), Path(folder)
    made = Submission(folder / "files", folder / "uid_mapping.csv", folder / "patid_mapping.csv")
    made.folder.mkdir(parents=True, exist_ok=True)
    uids: dict[str, str] = {}
    files: dict[str, str] = {}
    patients: dict[str, str] = {}
    left: list[tuple[str, str]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns of values; originals are as they are
        for number, path in enumerate(sorted(path for path in original.rglob("*") if path.is_file()), 1):
            new = made.folder / f"{number:05d}.dcm"
            try:
                dataset = dcmread(path)
                instance, name, regions = *_ids(dataset), _regions(boxes or {}, dataset)
                deidentify(dataset, _chosen(policy), _patient(dataset), uids)
                _drop_empty_blocks(dataset)
                _black_out(dataset, regions)
                _marked(dataset).save_as(new)
            except OSError:  # a full disk, a folder that cannot be written: no fault of this file
                raise
            except Exception as error:  # pydicom raises many kinds; of a file in part nothing is released
                new.unlink(missing_ok=True)
                left.append((path.relative_to(original).as_posix(), type(error).__name__))
                continue
            files[instance], patients[name] = _ids(dataset)
    _write_mapping(made.uids, uids | files)
    _write_mapping(made.patients, patients)
    if left:
        named = ", ".join(file for file, _ in left[:3]) + (", …" if len(left) > 3 else "")
        warnings.warn(
            f"Not released, as pydicom could not read or write them: {reasons(why for _, why in left)} ({named}).",
            stacklevel=2,
        )
    return made


def read_policy(rules: Any) -> list[Rule]:
    """The rules of a policy; a line that is no rule is refused, with a suggestion.

    >>> read_policy('''
    ... DA DT        C    # all dates
    ... PatientName  D
    ... ''')
    [Rule(what='DA', action='C'), Rule(what='DT', action='C'), Rule(what='PatientName', action='D')]
    """
    if isinstance(rules, str):
        lines = [(number, line.split("#")[0].rsplit(maxsplit=1)) for number, line in enumerate(rules.splitlines(), 1)]
        pairs = [(f"Line {number} of the policy", line) for number, line in lines if line]
    elif not {"what", "action"} <= set(getattr(rules, "columns", ())):
        raise TypeError("A policy is text with one rule a line, or a frame with the columns what and action.")
    else:
        rows = rules[["what", "action"]].to_numpy().tolist()
        pairs = [(f"Row {number} of the policy", row) for number, row in enumerate(rows)]
    return [rule for where, pair in pairs for rule in _rules(where, pair)]


def _rules(where: str, pair: Sequence[str]) -> Iterator[Rule]:
    if len(pair) != 2:
        raise ValueError(f"{where} is {pair[0]!r} alone; a rule names attributes and an action: `PatientName Z`.")
    whole, action = str(pair[0]).strip(), str(pair[1]).strip()
    if action not in ACTIONS:
        raise ValueError(f"{where} asks for the action {action!r}; the actions are {', '.join(ACTIONS)}.")
    for what in [whole] if whole.startswith("(") else whole.split():
        yield Rule(_known(what, where), action)


def _known(what: str, where: str) -> str:
    """What a rule is about, as `_names` spells it."""
    if re.fullmatch(r"\([0-9a-fA-F]{4},([0-9a-fA-F]{4}|\*)\)", what):
        return what.lower()
    if private := re.fullmatch(r'\(([0-9a-fA-F]{4}),"(.+)",([0-9a-fA-F]{2}|\*)\)', what):
        return f'({private[1].lower()},"{private[2].upper()}",{private[3].lower()})'
    if what in ("*", "private") or what in _VRS or tag_for_keyword(what) is not None:
        return what
    near = get_close_matches(what, [entry[4] for entry in DicomDictionary.values()], 1)
    raise ValueError(
        f"{where} speaks of {what!r}, which is no tag, keyword or value representation"
        + (f"; did you mean {near[0]}?" if near else ".")
    )


_VRS = {member.value for member in VR}


def _names(spelled: str, element: DataElement) -> Iterator[str]:
    """Everything that a rule can call an attribute."""
    yield from ("*", str(element.VR), spelled, f"({element.tag.group:04x},*)")
    if element.tag.is_private:
        yield from ("private", re.sub(r",\w\w\)$", ",*)", spelled))
    elif element.keyword:
        yield element.keyword


def _ids(dataset: Dataset) -> tuple[str, str]:
    """The instance UID and the patient ID of a dataset."""
    return str(dataset.get("SOPInstanceUID") or ""), str(dataset.get("PatientID") or "")


def _chosen(policy: Mapping[str, tuple[int, str]]) -> Choose:
    """What the rules of a policy make of an attribute: the last one that names it counts."""

    def choose(dataset: Dataset, element: DataElement, path: str) -> Disposition:
        said = [policy[name] for name in _names(label(dataset, element), element) if name in policy]
        return (max(said)[1] if said else "K"), None

    return choose


def deidentify(
    dataset: Dataset, choose: Choose, patient: Patient, uids: dict[str, str] | None = None, path: str = ""
) -> None:
    """Does to every attribute what was chosen for it, in place; what becomes of its UIDs is added to `uids`."""
    uids = {} if uids is None else uids
    for element in list(dataset):
        if element.tag.is_private_creator:
            continue
        spelled = f"{path}<{official(dataset, element)}>"
        action, value = choose(dataset, element, spelled)
        before = [str(uid) for uid in _several(element)] if element.VR == "UI" else []
        if action == "X" or (element.keyword in PICTURES and action in ("Z", "D", "U")):
            del dataset[element.tag]
        elif element.VR == "SQ" and action not in ("Z", "D"):
            for number, item in enumerate(element.value):
                deidentify(item, choose, patient, uids, f"{spelled}[<{number:04d}>]")
        else:
            element.value = ACTIONS[action](element, patient) if value is None else value
            for old, new in zip(before, map(str, _several(element)), strict=False):
                if not _registered(old) and (action != "K" or old not in uids):
                    uids[old] = new


def _dummy(element: DataElement, patient: Patient) -> Any:
    if element.keyword == "PatientID":
        return patient.pseudonym
    if element.keyword == "SpecificCharacterSet":  # else no text could be read
        return element.value
    return _new_uid(element, patient) if element.VR == "UI" else DUMMIES.get(str(element.VR), "REMOVED")


def _new_uid(element: DataElement, patient: Patient) -> Any:
    if element.VR != "UI":
        return _dummy(element, patient)
    return [uid if _registered(uid) else _uid(uid) for uid in map(str, _several(element))] or None


def _clean(element: DataElement, patient: Patient) -> Any:
    if element.VR == "UI":
        return _new_uid(element, patient)
    cleaner, values = _CLEANERS.get(str(element.VR)), _several(element)
    if cleaner is None or not values:
        return element.value
    cleaned = [cleaner(str(value), patient) for value in values]
    return cleaned if len(cleaned) > 1 else cleaned[0]


#: Letter of PS3.15 → (attribute, patient) → its new value. X never comes here: there is no value then.
ACTIONS: Mapping[str, Callable[[DataElement, Patient], Any]] = {
    "K": lambda element, patient: element.value,
    "X": lambda element, patient: None,
    "Z": lambda element, patient: [] if element.VR == "SQ" else None,
    "D": _dummy,
    "U": _new_uid,
    "C": _clean,
}
#: Value representation → what takes a value's place; "REMOVED" for all others.
DUMMIES: Mapping[str, Any] = {
    "DA": "19000101", "DT": "19000101", "TM": "000000", "AS": "000Y", "PN": "ANONYMOUS", "IS": "0", "DS": "0", "AT": 0,
    **dict.fromkeys(("US", "SS", "UL", "SL", "UV", "SV", "FL", "FD"), 0),
    **dict.fromkeys(("OB", "OW", "OD", "OF", "OL", "OV", "UN"), b"\0\0"), "SQ": [],
}  # fmt: skip
#: There is no empty picture, and no dummy of one: these are removed instead.
PICTURES = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def shifted(text: str, days: int) -> str:
    """A DICOM date or datetime moved by so many days; the time of day stays."""
    day = datetime.datetime.strptime(text[:8], "%Y%m%d") + datetime.timedelta(days=days)
    return f"{day:%Y%m%d}{text[8:]}"


def _shift(text: str, patient: Patient) -> str:
    """A date moved by the patient's number of days; anything that is no date is removed."""
    try:
        return shifted(text, patient.days)
    except (ValueError, OverflowError):
        return ""


def _age(text: str, patient: Patient) -> str:
    """An age, those over 89 as one: they are so rare that the age alone identifies somebody."""
    return "090Y" if text.endswith("Y") and text[:-1].isdigit() and int(text[:-1]) > 89 else text


#: What identifies anybody: dates, IP and web and e-mail addresses, telephone and long numbers.
PATTERNS = re.compile(
    r"\b\d{1,2}[./]\d{1,2}[./]\d{4}\b|\b\d{1,3}(?:\.\d{1,3}){3}\b|\bhttps?://\S+|\S+@\S+"
    r"|\+?\b\d[\d-]{7,}\d\b|\b\d{6,}\b"
)
TITLES = frozenset(("dr", "prof"))  # not "mr": that is a modality


def _without_identity(text: str, patient: Patient) -> str:
    """A text without the words that identify somebody."""
    gone = patient.words | TITLES
    kept = [word for word in PATTERNS.sub("", text).split() if not set(re.findall(r"\w+", word.lower())) & gone]
    return text if kept == text.split() else " ".join(kept).strip(" ,;:^-")


_CLEANERS: Mapping[str, Callable[[str, Patient], str]] = {
    **dict.fromkeys(("DA", "DT"), _shift),
    "AS": _age,
    **dict.fromkeys(("PN", "LO", "LT", "SH", "ST", "UC", "UT", "CS", "AE", "UR"), _without_identity),
}


def _patient(dataset: Dataset) -> Patient:
    number = int.from_bytes(hashlib.sha256(str(dataset.get("PatientID", "")).encode()).digest()[:6], "big")
    return Patient(f"P{number % 10**8:08d}", 30 + number % 1800, frozenset(_identity(dataset)))


def _identity(dataset: Dataset) -> Iterator[str]:
    """The words, in lower case, of every person and identifier that the header names."""
    for _, element, _ in walk(dataset):
        if element.VR == "PN" or element.keyword in ("PatientID", "AccessionNumber", "OtherPatientIDs"):
            yield from (
                word for value in _several(element) for word in re.findall(r"\w+", str(value).lower()) if len(word) > 1
            )


def _several(element: DataElement) -> list[Any]:
    """The values of an attribute."""
    value = element.value
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, MultiValue | list) else [value]


def _registered(uid: str) -> bool:
    """Whether the standard itself gives this UID, as it does for classes of objects."""
    return uid.startswith(REGISTERED)


def _uid(old: str) -> str:
    """The new UID for an old one: always the same."""
    return "2.25." + str(int.from_bytes(hashlib.sha256(old.encode()).digest()[:15], "big"))


def _drop_empty_blocks(dataset: Dataset) -> None:
    """Deletes the creators of private blocks that are empty now, in place."""
    used = {(tag.group, tag.element >> 8) for tag in dataset.keys() if tag.is_private and not tag.is_private_creator}  # noqa: SIM118
    for element in list(dataset):
        if element.tag.is_private_creator and (element.tag.group, element.tag.element) not in used:
            del dataset[element.tag]
        elif element.VR == "SQ":
            for item in element.value:
                _drop_empty_blocks(item)


def _regions(boxes: Mapping[str, Any], dataset: Dataset) -> list[Box]:
    """The boxes for an image: those of its modality and its own."""
    found: list[Box] = []
    for name in (str(dataset.get("Modality", "")), str(dataset.get("SOPInstanceUID", ""))):
        given = boxes.get(name, [])
        found += [tuple(box) for box in np.atleast_2d(np.asarray(given, dtype=int)).tolist() if box]
    return found


def _black_out(dataset: Dataset, boxes: Sequence[Box]) -> None:
    """Fills boxes of every frame with black, in place; a compressed image is stored uncompressed then."""
    if not boxes or "PixelData" not in dataset:
        return
    # The least number, or where that is white the largest.
    largest = 2 ** (dataset.BitsStored - dataset.PixelRepresentation) - 1
    black = largest if dataset.PhotometricInterpretation == "MONOCHROME1" else 0
    redraw(dataset, lambda pixels: fill_boxes(pixels, boxes, black))


def redraw(dataset: Dataset, change: Callable[[np.ndarray], None]) -> None:
    """Changes the pixels (frames, rows, columns, samples), in place; a compressed image is stored uncompressed then."""
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        dataset.decompress(generate_instance_uid=False)
    dataset.pixel_array_options(raw=True)
    pixels = dataset.pixel_array.copy()
    change(pixels.reshape(-1, dataset.Rows, dataset.Columns, dataset.SamplesPerPixel))
    frames = dataset.get("NumberOfFrames")
    dataset.set_pixel_data(pixels, dataset.PhotometricInterpretation, dataset.BitsStored, generate_instance_uid=False)
    if frames is not None:  # pydicom deletes it where it is 1, which images of kinds with many must say, too
        dataset.NumberOfFrames = frames


def fill_boxes(pixels: np.ndarray, boxes: Iterable[Box], value: int) -> None:
    """Sets the pixels in boxes of every frame to one value, in place."""
    for x0, y0, x1, y1 in boxes:
        pixels[:, max(y0, 0) : y1, max(x0, 0) : x1] = value


def _marked(dataset: Dataset) -> Dataset:
    """The dataset saying that it is de-identified, with file meta information of its own, in place."""
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = "midi_nb policy"
    syntax, dataset.file_meta = dataset.file_meta.TransferSyntaxUID, FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", "")
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "")
    return dataset


def _write_mapping(path: Path, mapping: Mapping[str, str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("id_old", "id_new"), *mapping.items()])
