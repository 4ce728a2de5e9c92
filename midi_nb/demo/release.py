"""Submissions that do exactly one thing: the reference does what the key asks, the emptied drops all it may."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.dataelem import DataElement

from ..answers.careful import PSEUDONYMOUS, by_path, treat
from ..answers.lettering import Box
from ..answers.people import Chart
from ..answers.places import label
from . import policy
from .dicom import Original, compress, fill
from .drafts import code, facts
from .key import types
from .policy import Disposition, Patient, deidentify

ROOT = "1.2.826.0.1.3680043.10.1729.2."
METHODS = (
    "113100 Basic Application Confidentiality Profile", "113101 Clean Pixel Data Option",
    "113105 Clean Descriptors Option", "113107 Retain Longitudinal Temporal Information Modified Dates Option",
    "113108 Retain Patient Characteristics Option", "113109 Retain Device Identity Option",
    "113111 Retain Safe Private Option",
)  # fmt: skip


def new_uid(seed: int, old: str) -> str:
    """The UID that replaces `old` in a release."""
    return ROOT + str(int.from_bytes(hashlib.sha256(f"{seed} {old}".encode()).digest()[:12], "big"))


def new_patient(chart: Chart) -> str:
    """The pseudonym of a patient; no part of it is a word of anybody's name."""
    return f"SUBJ-{chart.index + 1:05d}"


def reference(original: Original, chart: Chart) -> Dataset:
    """The original, de-identified exactly as the key asks."""
    dataset = dcmread(io.BytesIO(original.content))
    type_of, planted = types(dataset), by_path(original.planted)

    def choose(home: Dataset, element: DataElement, path: str) -> Disposition:
        rows = planted.get(path, ()) if element.keyword != "PixelData" else ()
        action = treat(path, element, type_of(path, element), rows).action
        if action == "C" and rows:
            return action, rows[0].kept
        if action == "U" and element.value:
            return action, new_uid(chart.seed, str(element.value))
        if action == "D":
            return action, new_patient(chart) if path in PSEUDONYMOUS else "REMOVED" if element.VR == "PN" else None
        return action, None

    deidentify(dataset, choose, Patient(new_patient(chart), chart.shift))
    hide(dataset, [row.box for row in original.planted if row.box and row.path == "<(7fe0,0010)>"])
    return mark(dataset, chart)


def redraw(dataset: Dataset, change: Callable[[np.ndarray], None]) -> None:
    """Changes the pixels (frames, rows, columns, samples), in place, and stores them in the syntax they had."""
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    policy.redraw(dataset, change)
    compress(dataset, syntax)
    dataset.file_meta.TransferSyntaxUID = syntax


def hide(dataset: Dataset, boxes: Sequence[Box]) -> None:
    """Fills boxes of every frame with 0, in place."""
    if boxes:
        redraw(dataset, lambda pixels: policy.fill_boxes(pixels, boxes, 0))


def mark(dataset: Dataset, chart: Chart) -> Dataset:
    """The dataset with the attributes that say how it was de-identified, in place."""
    marks = facts("""
        PatientIdentityRemoved = YES; DeidentificationMethod = MIDI-NB DEMO REFERENCE;
        LongitudinalTemporalInformationModified = MODIFIED;
    """)
    methods = [code(number, "DCM", meaning)[0] for number, _, meaning in (method.partition(" ") for method in METHODS)]
    dataset.update(fill(chart, marks | {"DeidentificationMethodCodeSequence": methods}, "", []))
    if "PixelData" in dataset:
        dataset.BurnedInAnnotation = "NO"
    return dataset


def emptied(dataset: Dataset) -> Dataset:
    """A reference without what may be left out: no optional attribute outside of items, no value that may be empty."""
    type_of = types(dataset)
    for element in list(dataset):
        type_ = type_of(f"<{label(dataset, element)}>", element)
        if element.keyword in ("PatientID", "PixelData", "SpecificCharacterSet", "PlanarConfiguration") or type_ == "1":
            continue
        if type_ == "2":
            element.value = [] if element.VR == "SQ" else None
        else:
            del dataset[element.tag]
    return dataset
