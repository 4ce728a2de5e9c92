"""Objects about images, as drafts: reports, radiotherapy, segmentations. They are full of references."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import phantoms
from .drafts import SOP_CLASSES, Attributes, Draft, Instance, code, facts
from .images import image, planes

NODULE = (-0.42, -0.03, 0.07, 0.065)  # where phantoms.ct_section puts it: middle, half axes
DETACHED_STUDY = "1.2.840.10008.3.1.2.3.1"


def refer(kind: str, to: Draft, **more: Any) -> Attributes:
    """An item that points to an instance of this kind."""
    uid = to.attributes["SOPInstanceUID"]
    return {"ReferencedSOPClassUID": SOP_CLASSES[kind], "ReferencedSOPInstanceUID": uid, **more}


def refer_all(images: Sequence[Draft]) -> list[Attributes]:
    return [refer("CT", image) for image in images]


#: What a content item says → its kind.
VALUE_TYPES = {
    "TextValue": "TEXT", "PersonName": "PNAME", "Date": "DATE", "DateTime": "DATETIME", "UID": "UIDREF",
    "ReferencedSOPSequence": "IMAGE", "ContentSequence": "CONTAINER",
}  # fmt: skip


def item(relation: str, number: str, concept: str, **value: Any) -> Attributes:
    """A content item of a report: TextValue="…" makes a TEXT, ContentSequence=[…] a CONTAINER, and so on."""
    kind = VALUE_TYPES[next(iter(value))]
    return {
        "RelationshipType": relation,
        "ValueType": kind,
        "ConceptNameCodeSequence": code(number, "DCM", concept),
        **({"ContinuityOfContent": "SEPARATE"} if kind == "CONTAINER" else {}),
        **value,
    }


def sr(at: Instance, about: Draft, kind: str) -> Draft:
    """An enhanced SR report on an image of this kind."""
    date, time = at.series["SeriesDate"], at.series["SeriesTime"]
    reference = [refer(kind, about)]
    context, contains = "HAS OBS CONTEXT", "CONTAINS"
    cough = item("HAS PROPERTIES", "121110", "Patient Presentation", TextValue="Cough[[; SSN {ssn}]]")
    lungs = "Lungs clear, no effusion.[[ Discussed: {dr_referring}, {phone}.]]"
    disease = "No acute disease[[ in {patient}, born {dob_dots}]]"
    content = [
        item(context, "121008", "Person Observer Name", PersonName="{reading}"),
        item(context, "121029", "Subject Name", PersonName="{name}"),
        item(context, "111060", "Study Date", Date=date),
        item(context, "121018", "Procedure Study Instance UID", UID=at.series["StudyInstanceUID"]),
        item(contains, "121070", "Findings", ContentSequence=[
            item(contains, "121071", "Finding", TextValue=lungs),
            item(contains, "121071", "Finding", TextValue="Heart size normal."),
            item(contains, "111526", "DateTime Started", DateTime=date + time),
        ]),
        item(contains, "121076", "Conclusions", ContentSequence=[
            item(contains, "121077", "Conclusion", TextValue=disease, ContentSequence=[cough]),
        ]),
        item(contains, "121191", "Referenced Segment", ReferencedSOPSequence=reference),
    ]  # fmt: skip
    shown = {"SeriesInstanceUID": about.attributes["SeriesInstanceUID"], "ReferencedSOPSequence": reference}
    evidence = {"StudyInstanceUID": about.attributes["StudyInstanceUID"], "ReferencedSeriesSequence": [shown]}
    observer = {
        **facts("""
            VerifyingOrganization = {hospital}; VerifyingObserverName = {reading};
            VerifyingObserverIdentificationCodeSequence = [];
        """),
        "VerificationDateTime": date + time,
    }
    attributes = {
        **at.attributes("SR"),
        **facts("""
            ValueType = CONTAINER; ContinuityOfContent = SEPARATE; CompletionFlag = COMPLETE;
            VerificationFlag = VERIFIED; ReferencedPerformedProcedureStepSequence = [];
            PerformedProcedureCodeSequence = [];
        """),
        "ConceptNameCodeSequence": code("18748-4", "LN", "Diagnostic Imaging Report"),
        "VerifyingObserverSequence": [observer],
        "CurrentRequestedProcedureEvidenceSequence": [evidence],
        "ContentSequence": content,
    }
    return Draft(at.name, attributes)


def approved(at: Instance) -> Attributes:
    """That a physician approved this, on the day of the series."""
    return facts("ApprovalStatus = APPROVED; ReviewerName = {reading}") | at.at_series("Review")


def outline(middle: tuple[float, float], radius: float, image: Draft) -> Attributes:
    """An octagonal contour in the plane of an image."""
    z = image.attributes["ImagePositionPatient"][2]
    angles = np.linspace(0, 2 * np.pi, 9)[:-1]
    points = [(middle[0] + radius * np.cos(a), middle[1] + 0.7 * radius * np.sin(a)) for a in angles]
    return {
        "ContourImageSequence": refer_all([image]),
        "ContourGeometricType": "CLOSED_PLANAR",
        "NumberOfContourPoints": len(points),
        "ContourData": [value for x, y in points for value in (f"{x:.2f}", f"{y:.2f}", z)],
    }


#: What a structure set outlines: name, type, middle, radius, colour.
STRUCTURES = (
    ("GTV nodule[[ {surname}]]", "GTV", (-84.0, -6.0), 16.0, ["255", "0", "0"]),
    ("BODY", "EXTERNAL", (0.0, 20.0), 165.0, ["0", "255", "0"]),
)


def rtstruct(at: Instance, images: Sequence[Draft]) -> Draft:
    """A structure set on a CT series: the nodule and the body."""
    first = images[0].attributes
    frame = {"FrameOfReferenceUID": first["FrameOfReferenceUID"]}
    rois, contours, observations = [], [], []
    for number, (title, type_, middle, radius, colour) in enumerate(STRUCTURES, 1):
        rois.append({
            "ROINumber": number, "ReferencedFrameOfReferenceUID": first["FrameOfReferenceUID"], "ROIName": title,
            "ROIGenerationAlgorithm": "MANUAL",
        })  # fmt: skip
        contours.append({
            "ROIDisplayColor": colour, "ReferencedROINumber": number,
            "ContourSequence": [outline(middle, radius, image) for image in images[1:4]],
        })  # fmt: skip
        observations.append({
            "ObservationNumber": number, "ReferencedROINumber": number, "RTROIInterpretedType": type_,
            "ROIInterpreter": "{reading}",
        })  # fmt: skip
    shown = {"SeriesInstanceUID": first["SeriesInstanceUID"], "ContourImageSequence": refer_all(images)}
    study = {
        "ReferencedSOPClassUID": DETACHED_STUDY,
        "ReferencedSOPInstanceUID": first["StudyInstanceUID"],
        "RTReferencedSeriesSequence": [shown],
    }
    attributes = {
        **at.attributes("RTSTRUCT"),
        **approved(at),
        **facts("""
            StructureSetLabel = PLAN CT; StructureSetName = LUNG SBRT[[ {letters}]];
            StructureSetDescription = drawn by[[ {dr_reading}]]; PositionReferenceIndicator = SN;
        """),
        **at.at_series("StructureSet"),
        **frame,
        "ReferencedFrameOfReferenceSequence": [frame | {"RTReferencedStudySequence": [study]}],
        "StructureSetROISequence": rois,
        "ROIContourSequence": contours,
        "RTROIObservationsSequence": observations,
    }
    return Draft(at.name, attributes)


def rtplan(at: Instance, structures: Draft) -> Draft:
    """A one-beam photon plan on a structure set."""
    jaws = [{"RTBeamLimitingDeviceType": name} for name in ("ASYMX", "ASYMY")]
    start = {
        **facts(r"""
            ControlPointIndex = 0; NominalBeamEnergy = 6; DoseRateSet = 600; GantryAngle = 30;
            GantryRotationDirection = NONE; BeamLimitingDeviceAngle = 0; BeamLimitingDeviceRotationDirection = NONE;
            PatientSupportAngle = 0; PatientSupportRotationDirection = NONE; TableTopEccentricAngle = 0;
            TableTopEccentricRotationDirection = NONE; TableTopVerticalPosition =; TableTopLongitudinalPosition =;
            TableTopLateralPosition =; IsocenterPosition = -84.0\-6.0\-15.0; SourceToSurfaceDistance = 900;
            CumulativeMetersetWeight = 0;
        """),
        "BeamLimitingDevicePositionSequence": [jaw | facts(r"LeafJawPositions = -25\25") for jaw in jaws],
    }
    beam = {
        **facts("""
            BeamNumber = 1; BeamName = FIELD 1; BeamDescription = oblique field[[, checked {operator}]];
            BeamType = STATIC; RadiationType = PHOTON; TreatmentMachineName = LINAC 2; PrimaryDosimeterUnit = MU;
            SourceAxisDistance = 1000; TreatmentDeliveryType = TREATMENT; NumberOfWedges = 0; NumberOfCompensators = 0;
            NumberOfBoli = 0; NumberOfBlocks = 0; FinalCumulativeMetersetWeight = 1; NumberOfControlPoints = 2;
            ReferencedPatientSetupNumber = 1;
        """),
        "BeamLimitingDeviceSequence": [jaw | {"NumberOfLeafJawPairs": 1} for jaw in jaws],
        "ControlPointSequence": [start, facts("ControlPointIndex = 1; CumulativeMetersetWeight = 1")],
    }
    fractions = {
        **facts("""
            FractionGroupNumber = 1; NumberOfFractionsPlanned = 3; NumberOfBeams = 1;
            NumberOfBrachyApplicationSetups = 0;
        """),
        "ReferencedBeamSequence": [facts("ReferencedBeamNumber = 1; BeamMeterset = 1450.5")],
    }
    attributes = {
        **at.attributes("RTPLAN"),
        **approved(at),
        **facts("""
            RTPlanLabel = LUNG 1; RTPlanName = RUL SBRT[[ {surname}]]; PositionReferenceIndicator = SN;
            RTPlanDescription = 54 Gy in 3[[ for {patient} {mrn}]]; RTPlanGeometry = PATIENT; PlanIntent = CURATIVE;
        """),
        **at.at_series("RTPlan"),
        "FrameOfReferenceUID": structures.attributes["FrameOfReferenceUID"],
        "FractionGroupSequence": [fractions],
        "PatientSetupSequence": [facts("PatientSetupNumber = 1; PatientPosition = FFS")],
        "BeamSequence": [beam],
        "ReferencedStructureSetSequence": [refer("RTSTRUCT", structures)],
    }
    del attributes["ContentDate"], attributes["ContentTime"]  # a plan has dates of its own
    return Draft(at.name, attributes)


def rtdose(at: Instance, plan: Draft) -> Draft:
    """A small dose grid of a plan, 16 bit, multi-frame."""
    gray = 54.0 * np.stack([phantoms.dose_plane(40, z) for z in np.linspace(-1, 1, 5)])
    scaling = 54.0 / 60000
    own = {
        **planes(10.0, (-200.0, -200.0, -25.0), 5.0),
        "FrameOfReferenceUID": plan.attributes["FrameOfReferenceUID"],
        "FrameIncrementPointer": 0x3004000C,
        "DoseGridScaling": f"{scaling:.6e}",
        "ReferencedRTPlanSequence": [refer("RTPLAN", plan)],
    }
    return image(at, "RTDOSE", (gray / scaling).astype(np.uint16), own)


def seg(at: Instance, images: Sequence[Draft]) -> Draft:
    """A binary segmentation of the nodule, one frame a section."""
    first = images[0].attributes
    mask = phantoms.ellipse(*phantoms.grid(first["Rows"], first["Columns"]), *NODULE) > 0.5
    masks = np.repeat(mask[None].astype(np.uint8), len(images), axis=0)
    dimensions = {"DimensionOrganizationUID": at.chart.uid("dimensions", at.name)}
    purpose = code("121322", "DCM", "Source image for image processing operation")
    segment = {
        **facts("""
            SegmentNumber = 1; SegmentLabel = Nodule; SegmentDescription = RUL[[ seen {seen}]];
            SegmentAlgorithmType = MANUAL;
        """),
        "SegmentedPropertyCategoryCodeSequence": code("49755003", "SCT", "Morphologically Altered Structure"),
        "SegmentedPropertyTypeCodeSequence": code("27925004", "SCT", "Nodule"),
    }
    frames = []
    for number, image_ in enumerate(images, 1):
        source = {
            "SourceImageSequence": [refer("CT", image_, PurposeOfReferenceCodeSequence=purpose)],
            "DerivationCodeSequence": code("113076", "DCM", "Segmentation"),
        }
        frames.append({
            "DerivationImageSequence": [source],
            "FrameContentSequence": [{"DimensionIndexValues": [1, number]}],
            "PlanePositionSequence": [{"ImagePositionPatient": image_.attributes["ImagePositionPatient"]}],
            "SegmentIdentificationSequence": [{"ReferencedSegmentNumber": 1}],
        })  # fmt: skip
    shared = {
        "PixelMeasuresSequence": [{key: first[key] for key in ("PixelSpacing", "SliceThickness")}],
        "PlaneOrientationSequence": [{"ImageOrientationPatient": first["ImageOrientationPatient"]}],
    }
    shown = {"SeriesInstanceUID": first["SeriesInstanceUID"], "ReferencedInstanceSequence": refer_all(images)}
    own = {
        "FrameOfReferenceUID": first["FrameOfReferenceUID"],
        "SegmentSequence": [segment],
        "DimensionOrganizationSequence": [dimensions],
        "DimensionIndexSequence": [
            {**dimensions, "DimensionIndexPointer": 0x0062000B, "FunctionalGroupPointer": 0x0062000A},
            {**dimensions, "DimensionIndexPointer": 0x00200032, "FunctionalGroupPointer": 0x00209113},
        ],
        "ReferencedSeriesSequence": [shown],
        "SharedFunctionalGroupsSequence": [shared],
        "PerFrameFunctionalGroupsSequence": frames,
    }
    return image(at, "SEG", masks, own)._replace(pixels=np.packbits(masks, bitorder="little"))
