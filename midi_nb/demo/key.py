"""The demo's answer key: the checks that ask for what was planted, and the odd ones that published keys have, too."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom import Dataset

from ..answers.careful import CODES, Answers, Check, TypeOf, printed_value
from ..answers.careful import answers as asked
from .dicom import Original
from .required import type_of


def types(dataset: Dataset) -> TypeOf:
    """The types of the attributes of an object of this kind."""
    return lambda path, element: type_of(path, element, dataset.Modality)


def answers(original: Original, shift: int) -> Answers:
    """What the key asks of an instance."""
    dataset = original.dataset
    made = asked(dataset, original.planted, shift, types(dataset))
    return made._replace(checks=(*made.checks, *odd_checks(dataset)))


def odd_checks(dataset: Dataset) -> Iterator[Check]:
    """Questions as a key written from TCIA's own release asks them, though the original gives no reason for them.

    Mammograms are asked for the markers that TCIA's curation added; radiographs for a date that nobody recorded; PET
    images for a line in the print of a sequence, where decimals are printed as floats.
    """
    if dataset.Modality == "MG":
        yield Check("text_retained", "<(0012,0062)>", "Patient Identity Removed", "", "YES", CODES["other"])
        for action in ("tag_retained", "text_notnull"):
            yield Check(action, "<(0012,0063)>", "De-identification Method", "", None, CODES["1"])
    if dataset.Modality == "CR":
        date = ("<(0032,1010)>", "Scheduled Study Stop Date", None, None)
        yield Check("date_shifted", *date, {"prev_cat": "1", "hipaa_z": "HIPAA-C"})
    if dataset.Modality == "PT":
        sequence = dataset["RadiopharmaceuticalInformationSequence"]
        dose = f"DS: '{float(sequence.value[0].RadionuclideTotalDose)!r}'"
        yield Check("text_retained", "<(0054,0016)>", sequence.name, printed_value(sequence), dose, CODES["other"])
