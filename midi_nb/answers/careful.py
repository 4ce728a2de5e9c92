"""What a careful de-identification makes of a data set with planted identifiers, and the checks that ask for exactly
that.

`treat` decides what becomes of an attribute, from its type and from what was planted into it. The checks, and a release
that passes them, both follow from that; nothing here looks at any submission.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pydicom import Dataset
from pydicom.dataelem import DataElement

from .. import tags
from ..printed import printed
from .people import words
from .places import walk
from .planting import Planted

__all__ = [
    "CODES", "PSEUDONYMOUS", "Answers", "Check", "Treatment", "TypeOf", "answers", "by_path", "printed_value", "treat",
]  # fmt: skip

#: Why an attribute is kept: TCIA's options on top of the basic profile.
KEPT_FOR: Mapping[str, frozenset[str]] = {
    code: frozenset(words(keywords))
    for code, keywords in {
        "TCIA-P15-PAT-K": "PatientSex PatientAge PatientSize PatientWeight EthnicGroup PregnancyStatus",
        "TCIA-P15-DEV-K": "Manufacturer ManufacturerModelName SoftwareVersions StationName PlateType DetectorID",
        "TCIA-P15-DEV-C": "ReceiveCoilName TransmitCoilName DetectorDescription DetectorType TreatmentMachineName",
        "TCIA-P15-DESC-C": """StudyDescription SeriesDescription ProtocolName PatientComments ImageComments
            StudyComments AdditionalPatientHistory RequestedProcedureDescription PerformedProcedureStepDescription
            AdmittingDiagnosesDescription ReasonForStudy MedicalAlerts DerivationDescription ContrastBolusAgent
            RequestedContrastAgent AcquisitionDeviceProcessingDescription ContentDescription
            AcquisitionDeviceProcessingCode StructureSetName StructureSetDescription StructureSetLabel RTPlanName
            RTPlanDescription RTPlanLabel DoseComment ROIName BeamName BeamDescription SegmentLabel SegmentDescription
            DataSetSubtype""",
    }.items()
}
PSEUDONYMOUS = ("<(0010,0010)>", "<(0010,0020)>")  # the patient's name and ID
DISPOSED = {"1": "D", "2": "Z", "3": "X"}  # type of an attribute → what becomes of one where nothing is worth keeping
REMOVED_SEQUENCES = ("<(0010,1002)>",)  # Other Patient IDs: nothing in it is worth keeping
UNASKED = words("SpecificCharacterSet BurnedInAnnotation ICCProfile ContourData PixelData")
#: Which families of categories a check belongs to, by what it is about.
CODES: Mapping[str, Mapping[str, str]] = {
    name: dict(pair.split("=") for pair in words(pairs))
    for name, pairs in {
        "1": "prev_cat=2 dicom_iod=DICOM-IOD-1",
        "2": "prev_cat=2 dicom_iod=DICOM-IOD-2",
        "date": "prev_cat=1 hipaa_z=HIPAA-C dicom_p15=DICOM-P15-BASIC-Z",
        "uid": "prev_cat=1 hipaa_z=HIPAA-R dicom_p15=DICOM-P15-BASIC-Z",
        "same uid": "prev_cat=2 dicom_p15=DICOM-P15-BASIC-U",
        "same patient": "prev_cat=2 dicom_p15=DICOM-P15-BASIC-C",
        "burned in": "prev_cat=1 hipaa_z=HIPAA-A dicom_p15=DICOM-P15-BASIC-Z",
        "pixels": "prev_cat=3 dicom_safe=DICOM-SAFE tcia_p15=TCIA-P15-PIX-K",
        "private": "prev_cat=3 tcia_ptkb=TCIA-PTKB-K",
        "time": "prev_cat=3 dicom_safe=DICOM-SAFE tcia_p15=TCIA-P15-MOD-C",
        "other": "prev_cat=3 tcia_rev=TCIA-REV",
    }.items()
}
#: (path, attribute) → its type in the object: 1, 2, or 3 for all that may be left out.
TypeOf = Callable[[str, DataElement], str]


class Treatment(NamedTuple):
    """What becomes of an attribute: a letter of PS3.15 (K, C, Z, D, X, U); and its type in the object."""

    action: str
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


def treat(path: str, element: DataElement, type_: str, planted: Sequence[Planted]) -> Treatment:
    """What a careful de-identification does to an attribute of this type, given what was planted into it."""
    if path in PSEUDONYMOUS:
        return Treatment("D", type_)
    if element.tag.group >> 8 == 0x60 or path.startswith(REMOVED_SEQUENCES):
        return Treatment("X", type_)
    if planted:
        return Treatment("C" if planted[0].kept else DISPOSED[type_], type_)
    if element.VR in ("DA", "DT"):
        return Treatment("C", type_)
    if element.VR == "UI" and not element.keyword.endswith("ClassUID"):
        return Treatment("U", type_)
    return Treatment("K", type_)


def by_path(planted: Iterable[Planted]) -> dict[str, list[Planted]]:
    found: dict[str, list[Planted]] = {}
    for row in planted:
        found.setdefault(row.path, []).append(row)
    return found


def answers(dataset: Dataset, planted: Iterable[Planted], shift: int, type_of: TypeOf) -> Answers:
    """All checks of a data set into which `planted` was put; its dates are to move by `shift` days."""
    rows_at = by_path(planted)
    checks: list[Check] = []
    for path, element, _ in walk(dataset):
        rows = rows_at.get(path, ())
        if element.keyword == "PixelData":
            checks += pixel_checks(path, element, rows)
        elif not element.is_private or element.tag.element >> 8:  # creators are asked for by their attributes
            checks += attribute_checks(path, element, treat(path, element, type_of(path, element), rows), rows, shift)
    who = (dataset.PatientID, dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID)
    return Answers(dataset.Modality, dataset.SOPClassUID, *who, tuple(checks))


def attribute_checks(
    path: str, element: DataElement, treatment: Treatment, planted: Sequence[Planted], shift: int
) -> Iterator[Check]:
    value = printed_value(element)
    about = (path, tags.name(tags.from_official(path)) or element.name, value)
    action, type_ = treatment
    if type_ in "12":
        yield Check("tag_retained", *about, None, CODES[type_])
    if type_ == "1":
        yield Check("text_notnull", *about, None, CODES[type_])
    if element.VR == "SQ" or not value:
        return
    if element.name != "Overlay Data":  # which is never printed
        for row in planted:
            yield Check("text_removed", *about, row.text, removal_codes(row, treatment, element.is_private))
    if path == "<(0010,0020)>":
        yield Check("patid_consistent", *about, None, CODES["same patient"])
    elif action == "C" and not planted:
        yield Check("date_shifted", *about, str(shift), CODES["date"])
    elif action == "U":
        yield Check("uid_changed", *about, None, CODES["uid"])
        yield Check("uid_consistent", *about, None, CODES["same uid"])
    elif action in "KC" and element.keyword not in UNASKED:
        yield Check("text_retained", *about, planted[0].kept if planted else value, keeping_codes(element))


def pixel_checks(path: str, element: DataElement, burned: Sequence[Planted]) -> Iterator[Check]:
    """Burned-in text is to be hidden; pixels without any are to stay as they are."""
    about = (path, element.name, "REMOVED")
    for row in burned:
        yield Check("pixels_hidden", *about, row.text, CODES["burned in"], row.box, row.size)
    if not burned:
        digest = hashlib.md5(element.value, usedforsecurity=False).hexdigest()
        yield Check("pixels_retained", *about, digest, CODES["pixels"])


def removal_codes(row: Planted, treatment: Treatment, private: bool) -> dict[str, str]:
    cleaned = {"hipaa_m": row.hipaa} if treatment.action == "C" else {}
    if private:
        return {"prev_cat": "3", "tcia_ptkb": "TCIA-PTKB-X", **cleaned}
    if cleaned:
        return {"prev_cat": "0", **cleaned, "dicom_safe": "DICOM-SAFE", "tcia_p15": "TCIA-P15-DESC-C"}
    basic = {"tcia_p15": f"TCIA-P15-BASIC-{DISPOSED[treatment.type]}"}
    if row.hipaa == "HIPAA-R":  # no identifier that Safe Harbor names
        return {"prev_cat": "3", "dicom_safe": "DICOM-SAFE", **basic}
    return {"prev_cat": "1", "hipaa_z": row.hipaa, "dicom_p15": "DICOM-P15-BASIC-Z", **basic}


def keeping_codes(element: DataElement) -> Mapping[str, str]:
    if element.is_private:
        return CODES["private"]
    if element.VR == "TM":
        return CODES["time"]
    for code, keywords in KEPT_FOR.items():
        if element.keyword in keywords:
            return {"prev_cat": "3", "dicom_safe": "DICOM-SAFE", "tcia_p15": code}
    return CODES["other"]


def printed_value(element: DataElement) -> str:
    """An element's value as the official program prints it, without wrappers; pixels and overlays are not printed."""
    if element.name in ("Pixel Data", "Overlay Data"):
        return "REMOVED"
    return "" if element.value is None else printed(element).strip()
