"""Submissions that do exactly one thing: the reference does what the key asks, the emptied drops all it may."""

from __future__ import annotations

import datetime
import hashlib
import io
from collections.abc import Mapping, Sequence

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.dataelem import DataElement

from ..answers.lettering import Box
from ..answers.people import Chart
from ..answers.planting import Planted
from .dicom import Original, compress, label, official
from .drafts import JPEG_2000, RLE, code
from .key import REMOVED_SEQUENCES, by_path, treat
from .required import type_of

ROOT = "1.2.826.0.1.3680043.10.1729.2."
DUMMIES = {"DA": "19000101", "DT": "19000101", "TM": "000000"}
METHODS = (
    ("113100", "Basic Application Confidentiality Profile"), ("113101", "Clean Pixel Data Option"), ("113105",
    "Clean Descriptors Option"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"), ("113108",
    "Retain Patient Characteristics Option"),
    ("113109", "Retain Device Identity Option"), ("113111", "Retain Safe Private Option"),
)  # fmt: skip


def new_uid(seed: int, old: str) -> str:
    """The UID that replaces `old` in a release."""
    return ROOT + str(int.from_bytes(hashlib.sha256(f"{seed} {old}".encode()).digest()[:12], "big"))


def new_patient(chart: Chart) -> str:
    """The pseudonym of a patient; no part of it is a word of anybody's name."""
    return f"SUBJ-{chart.index + 1:05d}"


def shifted(text: str, days: int) -> str:
    """A DICOM date or datetime moved by so many days; the time of day stays."""
    day = datetime.datetime.strptime(text[:8], "%Y%m%d") + datetime.timedelta(days=days)
    return f"{day:%Y%m%d}{text[8:]}"


def reference(original: Original, chart: Chart) -> Dataset:
    """The original, de-identified exactly as the key asks."""
    dataset = dcmread(io.BytesIO(original.content))
    clean(dataset, "", by_path(original.planted), chart, dataset.Modality)
    hide(dataset, [row.box for row in original.planted if row.box and row.path == "<(7fe0,0010)>"])
    return mark(dataset)


def clean(dataset: Dataset, path: str, planted: Mapping[str, Sequence[Planted]], chart: Chart, modality: str) -> None:
    """De-identifies all attributes of a dataset and its sequences, in place."""
    for element in list(dataset):
        spelled = f"{path}<{official(dataset, element)}>"
        if spelled in REMOVED_SEQUENCES:
            del dataset[element.tag]
        elif element.VR == "SQ":
            for number, item in enumerate(element.value):
                clean(item, f"{spelled}[<{number:04d}>]", planted, chart, modality)
        else:
            rows = planted.get(spelled, ()) if element.keyword != "PixelData" else ()
            apply(dataset, element, treat(spelled, element, modality, rows).how, rows, chart)


def apply(dataset: Dataset, element: DataElement, how: str, planted: Sequence[Planted], chart: Chart) -> None:
    """Does to an attribute what its treatment says, in place."""
    if how == "remove":
        del dataset[element.tag]
    elif how == "empty":
        element.value = None
    elif how == "patient":
        element.value = new_patient(chart)
    elif how == "dummy":
        element.value = DUMMIES.get(element.VR, "REMOVED")
    elif how == "clean":
        element.value = planted[0].kept
    elif how == "date" and element.value:
        element.value = shifted(str(element.value), chart.shift)
    elif how == "uid" and element.value:
        element.value = new_uid(chart.seed, str(element.value))


def pixels_of(dataset: Dataset) -> np.ndarray:
    """The stored values as a writable array (frames, rows, columns, samples where there are more than one)."""
    bits = f"{'i' if dataset.PixelRepresentation else 'u'}{dataset.BitsAllocated // 8}"
    shape = (int(dataset.get("NumberOfFrames", 1)), dataset.Rows, dataset.Columns, dataset.SamplesPerPixel)
    return np.frombuffer(dataset.PixelData, bits, int(np.prod(shape))).reshape(shape).copy()


def put_pixels(dataset: Dataset, pixels: np.ndarray, syntax: str) -> None:
    """Stores pixels of the same shape, in place, in the transfer syntax."""
    content = pixels.tobytes()
    dataset.PixelData = content + b"\0" * (len(content) % 2)
    compress(dataset, syntax)


def native(dataset: Dataset) -> str:
    """Decompresses the pixels in place; gives the transfer syntax they had."""
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    if syntax in (RLE, JPEG_2000):
        dataset.decompress(generate_instance_uid=False)
    return syntax


def hide(dataset: Dataset, boxes: Sequence[Box], value: int = 0) -> None:
    """Fills boxes of every frame with one value, in place."""
    if boxes:
        syntax = native(dataset)
        pixels = pixels_of(dataset)
        for box in boxes:
            pixels[:, box.y0 : box.y1, box.x0 : box.x1] = value
        put_pixels(dataset, pixels, syntax)
        dataset.file_meta.TransferSyntaxUID = syntax


def mark(dataset: Dataset) -> Dataset:
    """The dataset with the attributes that say how it was de-identified, in place."""
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = "MIDI-NB DEMO REFERENCE"
    dataset.DeidentificationMethodCodeSequence = [Dataset() for _ in METHODS]
    for item, (value, meaning) in zip(dataset.DeidentificationMethodCodeSequence, METHODS, strict=True):
        for keyword, text in code(value, "DCM", meaning)[0].items():
            setattr(item, keyword, text)
    dataset.LongitudinalTemporalInformationModified = "MODIFIED"
    if "PixelData" in dataset:
        dataset.BurnedInAnnotation = "NO"
    return dataset


def emptied(dataset: Dataset) -> Dataset:
    """A reference without what may be left out: no optional attribute outside of items, no value that may be empty."""
    for element in list(dataset):
        type_ = type_of(f"<{label(dataset, element)}>", element, dataset.Modality)
        if element.keyword in ("PatientID", "PixelData", "SpecificCharacterSet", "PlanarConfiguration") or type_ == "1":
            continue
        if type_ == "2":
            element.value = [] if element.VR == "SQ" else None
        else:
            del dataset[element.tag]
    return dataset
