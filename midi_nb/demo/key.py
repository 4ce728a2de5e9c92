"""The answer key: what a careful de-identification does to each attribute, and the checks that ask for it.

`treat` decides, from the standard and from what was planted, what becomes of an attribute. The key's checks and the
reference submission both follow from it; nothing here looks at any submission.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pydicom import Dataset
from pydicom.dataelem import DataElement

from .. import tags
from ..answers.people import words
from ..answers.planting import Planted
from .dicom import Original, printed_value, walk
from .required import type_of

#: Why an attribute is kept: TCIA's options on top of the basic profile.
KEPT_FOR: Mapping[str, frozenset[str]] = {
    code: frozenset(words(keywords))
    for code, keywords in {
        "TCIA-P15-PAT-K": "PatientSex PatientAge PatientSize PatientWeight EthnicGroup PregnancyStatus",
        "TCIA-P15-DEV-K": "Manufacturer ManufacturerModelName SoftwareVersions StationName PlateType DetectorID",
        "TCIA-P15-DEV-C": """ReceiveCoilName TransmitCoilName DetectorDescription DetectorType TreatmentMachineName""",
        "TCIA-P15-DESC-C": """StudyDescription SeriesDescription ProtocolName PatientComments ImageComments
            StudyComments AdditionalPatientHistory RequestedProcedureDescription PerformedProcedureStepDescription
            AdmittingDiagnosesDescription ReasonForStudy MedicalAlerts DerivationDescription ContrastBolusAgent
            RequestedContrastAgent AcquisitionDeviceProcessingDescription ContentDescription
            AcquisitionDeviceProcessingCode StructureSetName StructureSetDescription StructureSetLabel RTPlanName
            RTPlanDescription RTPlanLabel DoseComment ROIName BeamName BeamDescription SegmentLabel SegmentDescription
            DataSetSubtype""",
    }.items()
}
REMOVED_SEQUENCES = ("<(0010,1002)>",)  # Other Patient IDs: nothing in it is worth keeping
UNASKED = words("SpecificCharacterSet BurnedInAnnotation ICCProfile ContourData PixelData")


class Treatment(NamedTuple):
    """What becomes of an attribute: keep, clean, empty, dummy, remove, date, uid, patient; and its type in the IOD."""

    how: str
    type: str  # 1, 2 or 3


class Check(NamedTuple):
    """One question of the key. `expected` is the text it is about, for regions too; None where it is about none."""

    action: str
    path: str  # as the official program spells it
    name: str
    original: str | None
    expected: str | None
    codes: Mapping[str, str]
    box: tuple[int, int, int, int] | None = None
    size: int = 0  # of burned-in letters


class Answers(NamedTuple):
    """All checks of one instance, with its identifiers in the original."""

    modality: str
    sop_class: str
    patient: str
    study: str
    series: str
    instance: str
    checks: tuple[Check, ...]


def treat(path: str, element: DataElement, modality: str, planted: Sequence[Planted]) -> Treatment:
    """What a careful de-identification does to an attribute into which this was planted."""
    type_ = type_of(path, element, modality)
    if path in ("<(0010,0010)>", "<(0010,0020)>"):
        return Treatment("patient", type_)
    if element.tag.group >> 8 == 0x60 or path.startswith(REMOVED_SEQUENCES):
        return Treatment("remove", type_)
    if planted:
        gone = {"1": "dummy", "2": "empty", "3": "remove"}[type_]
        return Treatment("clean" if planted[0].kept else gone, type_)
    if element.VR in ("DA", "DT"):
        return Treatment("date", type_)
    if element.VR == "UI" and not element.keyword.endswith("ClassUID"):
        return Treatment("uid", type_)
    return Treatment("keep", type_)


def by_path(planted: Iterable[Planted]) -> dict[str, list[Planted]]:
    found: dict[str, list[Planted]] = {}
    for row in planted:
        found.setdefault(row.path, []).append(row)
    return found


def answers(original: Original, shift: int) -> Answers:
    """What the key asks of an instance."""
    dataset, planted = original.dataset, by_path(original.planted)
    checks: list[Check] = []
    for path, element, _ in walk(dataset):
        if element.keyword == "PixelData":
            checks += pixel_checks(path, element, original.planted)
        elif not element.is_private or element.tag.element >> 8:  # creators are asked for by their attributes
            checks += attribute_checks(
                path,
                element,
                treat(path, element, dataset.Modality, planted.get(path, ())),
                planted.get(path, ()),
                shift,
            )
    checks += odd_checks(dataset)
    return Answers(dataset.Modality, dataset.SOPClassUID, dataset.PatientID, dataset.StudyInstanceUID,
    dataset.SeriesInstanceUID,
                   dataset.SOPInstanceUID, tuple(checks))  # fmt: skip


def attribute_checks(
    path: str, element: DataElement, treatment: Treatment, planted: Sequence[Planted], shift: int
) -> Iterator[Check]:
    value, name = printed_value(element), tags.name(tags.from_official(path)) or element.name
    how, type_ = treatment
    if type_ in "12":
        iod = {"prev_cat": "2", "dicom_iod": f"DICOM-IOD-{type_}"}
        yield Check("tag_retained", path, name, value, None, iod)
        if type_ == "1":
            yield Check("text_notnull", path, name, value, None, iod)
    if element.VR == "SQ" or not value:
        return
    if (
        how in ("patient", "remove", "empty", "dummy", "clean") and element.name != "Overlay Data"
    ):  # which is never printed
        for row in planted:
            yield Check("text_removed", path, name, value, row.text, removal_codes(row, treatment, element.is_private))
    if how == "patient" and path == "<(0010,0020)>":
        yield Check("patid_consistent", path, name, value, None, {"prev_cat": "2", "dicom_p15": "DICOM-P15-BASIC-C"})
    elif how == "date":
        yield Check(
            "date_shifted",
            path,
            name,
            value,
            str(shift),
            {"prev_cat": "1", "hipaa_z": "HIPAA-C", "dicom_p15": "DICOM-P15-BASIC-Z"},
        )
    elif how == "uid":
        yield Check(
            "uid_changed",
            path,
            name,
            value,
            None,
            {"prev_cat": "1", "hipaa_z": "HIPAA-R", "dicom_p15": "DICOM-P15-BASIC-Z"},
        )
        yield Check("uid_consistent", path, name, value, None, {"prev_cat": "2", "dicom_p15": "DICOM-P15-BASIC-U"})
    elif how in ("keep", "clean") and element.keyword not in UNASKED:
        kept = planted[0].kept if planted else value
        yield Check("text_retained", path, name, value, kept, keeping_codes(element))


def pixel_checks(path: str, element: DataElement, planted: Sequence[Planted]) -> Iterator[Check]:
    """Burned-in text is to be hidden; pixels without any are to stay as they are."""
    burned = [row for row in planted if row.box and row.path == path]
    for row in burned:
        codes = {"prev_cat": "1", "hipaa_z": "HIPAA-A", "dicom_p15": "DICOM-P15-BASIC-Z"}
        yield Check("pixels_hidden", path, element.name, "REMOVED", row.text, codes, tuple(row.box or ()), row.size)  # type: ignore[arg-type]
    if not burned:
        codes = {"prev_cat": "3", "dicom_safe": "DICOM-SAFE", "tcia_p15": "TCIA-P15-PIX-K"}
        yield Check(
            "pixels_retained",
            path,
            element.name,
            "REMOVED",
            hashlib.md5(element.value, usedforsecurity=False).hexdigest(),
            codes,
        )


def odd_checks(dataset: Dataset) -> Iterator[Check]:
    """Questions as a key written from TCIA's own release asks them, though the original gives no reason for them.

    Mammograms are asked for the markers that TCIA's curation added; radiographs for a date that nobody recorded; PET
    images for a line in the print of a sequence, where decimals are printed as floats.
    """
    if dataset.Modality == "MG":
        iod = {"prev_cat": "2", "dicom_iod": "DICOM-IOD-1"}
        yield Check(
            "text_retained",
            "<(0012,0062)>",
            "Patient Identity Removed",
            "",
            "YES",
            {"prev_cat": "3", "tcia_rev": "TCIA-REV"},
        )
        yield Check("tag_retained", "<(0012,0063)>", "De-identification Method", "", None, iod)
        yield Check("text_notnull", "<(0012,0063)>", "De-identification Method", "", None, iod)
    if dataset.Modality == "CR":
        yield Check(
            "date_shifted",
            "<(0032,1010)>",
            "Scheduled Study Stop Date",
            None,
            None,
            {"prev_cat": "1", "hipaa_z": "HIPAA-C"},
        )
    if dataset.Modality == "PT":
        sequence = dataset["RadiopharmaceuticalInformationSequence"]
        dose = float(sequence.value[0].RadionuclideTotalDose)
        codes = {"prev_cat": "3", "tcia_rev": "TCIA-REV"}
        yield Check("text_retained", "<(0054,0016)>", sequence.name, printed_value(sequence), f"DS: '{dose!r}'", codes)


def removal_codes(row: Planted, treatment: Treatment, private: bool) -> dict[str, str]:
    if private:
        return {
            "prev_cat": "3",
            "tcia_ptkb": "TCIA-PTKB-X",
            **({"hipaa_m": row.hipaa} if treatment.how == "clean" else {}),
        }
    if treatment.how == "clean":
        return {"prev_cat": "0", "hipaa_m": row.hipaa, "dicom_safe": "DICOM-SAFE", "tcia_p15": "TCIA-P15-DESC-C"}
    letter = {"1": "D", "2": "Z", "3": "X"}[treatment.type]
    if row.hipaa == "HIPAA-R":  # no identifier that Safe Harbor names
        return {"prev_cat": "3", "dicom_safe": "DICOM-SAFE", "tcia_p15": f"TCIA-P15-BASIC-{letter}"}
    return {
        "prev_cat": "1",
        "hipaa_z": row.hipaa,
        "dicom_p15": "DICOM-P15-BASIC-Z",
        "tcia_p15": f"TCIA-P15-BASIC-{letter}",
    }


def keeping_codes(element: DataElement) -> dict[str, str]:
    if element.is_private:
        return {"prev_cat": "3", "tcia_ptkb": "TCIA-PTKB-K"}
    if element.VR == "TM":
        return {"prev_cat": "3", "dicom_safe": "DICOM-SAFE", "tcia_p15": "TCIA-P15-MOD-C"}
    for code, keywords in KEPT_FOR.items():
        if element.keyword in keywords:
            return {"prev_cat": "3", "dicom_safe": "DICOM-SAFE", "tcia_p15": code}
    return {"prev_cat": "3", "tcia_rev": "TCIA-REV"}
