"""Objects about images, as drafts: reports, radiotherapy, segmentations. They are full of references."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..answers.people import Chart
from . import phantoms
from .drafts import SOP_CLASSES, Attributes, Draft, code, facts, instance
from .images import planes, raster

NODULE = (-0.42, -0.03, 0.07, 0.065)  # where phantoms.ct_section puts it: middle, half axes
DETACHED_STUDY = "1.2.840.10008.3.1.2.3.1"


def refer(kind: str, uid: str, **more: Any) -> Attributes:
    """An item that points to an instance of this kind."""
    return {"ReferencedSOPClassUID": SOP_CLASSES[kind], "ReferencedSOPInstanceUID": uid, **more}


def refer_all(images: Sequence[Draft]) -> list[Attributes]:
    return [refer("CT", image.attributes["SOPInstanceUID"]) for image in images]


def item(relation: str, concept: tuple[str, str], **value: Any) -> Attributes:
    """A content item of a report: TextValue="…" makes a TEXT, ContentSequence=[…] a CONTAINER, and so on."""
    kinds = {
        "TextValue": "TEXT",
        "PersonName": "PNAME",
        "Date": "DATE",
        "DateTime": "DATETIME",
        "UID": "UIDREF",
        "ReferencedSOPSequence": "IMAGE",
        "ContentSequence": "CONTAINER",
    }
    kind = kinds[next(iter(value))]
    return {
        "RelationshipType": relation,
        "ValueType": kind,
        "ConceptNameCodeSequence": code(concept[0], "DCM", concept[1]),
        **({"ContinuityOfContent": "SEPARATE"} if kind == "CONTAINER" else {}),
        **value,
    }


def sr(chart: Chart, series: Attributes, name: str, about: Draft, kind: str) -> Draft:
    """An enhanced SR report on an image of this kind."""
    date, time = series["SeriesDate"], series["SeriesTime"]
    image = about.attributes
    reference = [refer(kind, image["SOPInstanceUID"])]
    finding, context = ("121071", "Finding"), "HAS OBS CONTEXT"
    cough = item("HAS PROPERTIES", ("121110", "Patient Presentation"), TextValue="Cough[[; SSN {ssn}]]")
    content = [
        item(context, ("121008", "Person Observer Name"), PersonName="{reading}"),
        item(context, ("121029", "Subject Name"), PersonName="{name}"),
        item(context, ("111060", "Study Date"), Date=date),
        item(context, ("121018", "Procedure Study Instance UID"), UID=series["StudyInstanceUID"]),
        item("CONTAINS", ("121070", "Findings"), ContentSequence=[
            item("CONTAINS", finding, TextValue="Lungs clear, no effusion.[[ Discussed: {dr_referring}, {phone}.]]"),
            item("CONTAINS", finding, TextValue="Heart size normal."),
            item("CONTAINS", ("111526", "DateTime Started"), DateTime=date + time),
        ]),
        item("CONTAINS", ("121076", "Conclusions"), ContentSequence=[
            item("CONTAINS", ("121077", "Conclusion"), TextValue="No acute disease[[ in {patient}, born {dob_dots}]]",
                 ContentSequence=[cough]),
        ]),
        item("CONTAINS", ("121191", "Referenced Segment"), ReferencedSOPSequence=reference),
    ]  # fmt: skip
    evidence = {
        "StudyInstanceUID": image["StudyInstanceUID"],
        "ReferencedSeriesSequence": [
            {"SeriesInstanceUID": image["SeriesInstanceUID"], "ReferencedSOPSequence": reference}
        ],
    }
    observer = {
        "VerifyingOrganization": "{hospital}",
        "VerificationDateTime": date + time,
        "VerifyingObserverName": "{reading}",
        "VerifyingObserverIdentificationCodeSequence": [],
    }
    attributes = {
        **instance(chart, series, "SR", name, 1),
        **facts("""
            ValueType = CONTAINER; ContinuityOfContent = SEPARATE; CompletionFlag = COMPLETE;
            VerificationFlag = VERIFIED;
        """),
        "ConceptNameCodeSequence": code("18748-4", "LN", "Diagnostic Imaging Report"),
        "VerifyingObserverSequence": [observer],
        "ReferencedPerformedProcedureStepSequence": [],
        "PerformedProcedureCodeSequence": [],
        "CurrentRequestedProcedureEvidenceSequence": [evidence],
        "ContentSequence": content,
    }
    return Draft(name, attributes)


def approved(series: Attributes) -> Attributes:
    """That a physician approved this, on the day of the series."""
    return {
        "ApprovalStatus": "APPROVED",
        "ReviewDate": series["SeriesDate"],
        "ReviewTime": series["SeriesTime"],
        "ReviewerName": "{reading}",
    }


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


def rtstruct(chart: Chart, series: Attributes, name: str, images: Sequence[Draft]) -> Draft:
    """A structure set on a CT series: the nodule and the body."""
    first = images[0].attributes
    frame = first["FrameOfReferenceUID"]
    structures = (  # name, type, middle, radius, colour
        ("GTV nodule[[ {surname}]]", "GTV", (-84.0, -6.0), 16.0, ["255", "0", "0"]),
        ("BODY", "EXTERNAL", (0.0, 20.0), 165.0, ["0", "255", "0"]),
    )
    rois, contours, observations = [], [], []
    for number, (title, type_, middle, radius, colour) in enumerate(structures, 1):
        rois.append({
            "ROINumber": number, "ReferencedFrameOfReferenceUID": frame, "ROIName": title,
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
    study = {
        "ReferencedSOPClassUID": DETACHED_STUDY,
        "ReferencedSOPInstanceUID": first["StudyInstanceUID"],
        "RTReferencedSeriesSequence": [
            {"SeriesInstanceUID": first["SeriesInstanceUID"], "ContourImageSequence": refer_all(images)}
        ],
    }
    attributes = {
        **instance(chart, series, "RTSTRUCT", name, 1),
        **approved(series),
        **facts("""
            StructureSetLabel = PLAN CT; StructureSetName = LUNG SBRT[[ {letters}]];
            StructureSetDescription = drawn by[[ {dr_reading}]]; PositionReferenceIndicator = SN;
        """),
        "StructureSetDate": series["SeriesDate"],
        "StructureSetTime": series["SeriesTime"],
        "FrameOfReferenceUID": frame,
        "ReferencedFrameOfReferenceSequence": [{"FrameOfReferenceUID": frame, "RTReferencedStudySequence": [study]}],
        "StructureSetROISequence": rois,
        "ROIContourSequence": contours,
        "RTROIObservationsSequence": observations,
    }
    return Draft(name, attributes)


def rtplan(chart: Chart, series: Attributes, name: str, structures: Draft) -> Draft:
    """A one-beam photon plan on a structure set."""
    jaws = ("ASYMX", "ASYMY")
    start = {
        **facts(r"""
            ControlPointIndex = 0; NominalBeamEnergy = 6; DoseRateSet = 600; GantryAngle = 30;
            GantryRotationDirection = NONE; BeamLimitingDeviceAngle = 0; BeamLimitingDeviceRotationDirection = NONE;
            PatientSupportAngle = 0; PatientSupportRotationDirection = NONE; TableTopEccentricAngle = 0;
            TableTopEccentricRotationDirection = NONE; TableTopVerticalPosition =; TableTopLongitudinalPosition =;
            TableTopLateralPosition =; IsocenterPosition = -84.0\-6.0\-15.0; SourceToSurfaceDistance = 900;
            CumulativeMetersetWeight = 0;
        """),
        "BeamLimitingDevicePositionSequence": [
            {"RTBeamLimitingDeviceType": jaw, "LeafJawPositions": ["-25", "25"]} for jaw in jaws
        ],
    }
    beam = {
        **facts("""
            BeamNumber = 1; BeamName = FIELD 1; BeamDescription = oblique field[[, checked {operator}]];
            BeamType = STATIC; RadiationType = PHOTON; TreatmentMachineName = LINAC 2; PrimaryDosimeterUnit = MU;
            SourceAxisDistance = 1000; TreatmentDeliveryType = TREATMENT; NumberOfWedges = 0; NumberOfCompensators = 0;
            NumberOfBoli = 0; NumberOfBlocks = 0; FinalCumulativeMetersetWeight = 1; NumberOfControlPoints = 2;
            ReferencedPatientSetupNumber = 1;
        """),
        "BeamLimitingDeviceSequence": [{"RTBeamLimitingDeviceType": jaw, "NumberOfLeafJawPairs": 1} for jaw in jaws],
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
        **instance(chart, series, "RTPLAN", name, 1),
        **approved(series),
        **facts("""
            RTPlanLabel = LUNG 1; RTPlanName = RUL SBRT[[ {surname}]]; PositionReferenceIndicator = SN;
            RTPlanDescription = 54 Gy in 3[[ for {patient} {mrn}]]; RTPlanGeometry = PATIENT; PlanIntent = CURATIVE;
        """),
        "RTPlanDate": series["SeriesDate"],
        "RTPlanTime": series["SeriesTime"],
        "FrameOfReferenceUID": structures.attributes["FrameOfReferenceUID"],
        "FractionGroupSequence": [fractions],
        "PatientSetupSequence": [facts("PatientSetupNumber = 1; PatientPosition = FFS")],
        "BeamSequence": [beam],
        "ReferencedStructureSetSequence": [refer("RTSTRUCT", structures.attributes["SOPInstanceUID"])],
    }
    del attributes["ContentDate"], attributes["ContentTime"]  # a plan has dates of its own
    return Draft(name, attributes)


def rtdose(chart: Chart, series: Attributes, name: str, plan: Draft) -> Draft:
    """A small dose grid of a plan, 16 bit, multi-frame."""
    gray = 54.0 * np.stack([phantoms.dose_plane(40, z) for z in np.linspace(-1, 1, 5)])
    scaling = 54.0 / 60000
    pixels = (gray / scaling).astype(np.uint16)
    attributes = {
        **instance(chart, series, "RTDOSE", name, 1),
        **raster(pixels, 16, "MONOCHROME2", frames=True),
        **planes(10.0, (-200.0, -200.0, -25.0), 5.0),
        **facts(r"""
            PositionReferenceIndicator = SN; DoseUnits = GY; DoseType = PHYSICAL; DoseSummationType = PLAN;
            DoseComment = AAA 2.5 mm[[ {operator}]]; GridFrameOffsetVector = 0.0\5.0\10.0\15.0\20.0;
            TissueHeterogeneityCorrection = IMAGE;
        """),
        "FrameOfReferenceUID": plan.attributes["FrameOfReferenceUID"],
        "FrameIncrementPointer": 0x3004000C,
        "DoseGridScaling": f"{scaling:.6e}",
        "ReferencedRTPlanSequence": [refer("RTPLAN", plan.attributes["SOPInstanceUID"])],
    }
    return Draft(name, attributes, pixels)


def seg(chart: Chart, series: Attributes, name: str, images: Sequence[Draft]) -> Draft:
    """A binary segmentation of the nodule, one frame a section."""
    first = images[0].attributes
    mask = phantoms.ellipse(*phantoms.grid(first["Rows"], first["Columns"]), *NODULE) > 0.5
    masks = np.repeat(mask[None].astype(np.uint8), len(images), axis=0)
    dimensions = {"DimensionOrganizationUID": chart.uid("dimensions", name)}
    purpose = code("121322", "DCM", "Source image for image processing operation")
    segment = {
        **facts("""
            SegmentNumber = 1; SegmentLabel = Nodule; SegmentDescription = RUL[[ seen {seen}]];
            SegmentAlgorithmType = MANUAL;
        """),
        "SegmentedPropertyCategoryCodeSequence": code("49755003", "SCT", "Morphologically Altered Structure"),
        "SegmentedPropertyTypeCodeSequence": code("27925004", "SCT", "Nodule"),
    }
    frames = [
        {
            "DerivationImageSequence": [
                {
                    "SourceImageSequence": [
                        refer("CT", image.attributes["SOPInstanceUID"], PurposeOfReferenceCodeSequence=purpose)
                    ],
                    "DerivationCodeSequence": code("113076", "DCM", "Segmentation"),
                }
            ],
            "FrameContentSequence": [{"DimensionIndexValues": [1, number]}],
            "PlanePositionSequence": [{"ImagePositionPatient": image.attributes["ImagePositionPatient"]}],
            "SegmentIdentificationSequence": [{"ReferencedSegmentNumber": 1}],
        }
        for number, image in enumerate(images, 1)
    ]
    attributes = {
        **instance(chart, series, "SEG", name, 1),
        **raster(masks, 1, "MONOCHROME2", frames=True),
        **facts(r"""
            BitsAllocated = 1; ImageType = DERIVED\PRIMARY; LossyImageCompression = 00; SegmentationType = BINARY;
            ContentLabel = NODULE; ContentDescription = lung nodule[[ {patient}]]; ContentCreatorName = {reading};
            PositionReferenceIndicator = SN;
        """),
        "FrameOfReferenceUID": first["FrameOfReferenceUID"],
        "SegmentSequence": [segment],
        "DimensionOrganizationSequence": [dimensions],
        "DimensionIndexSequence": [
            {**dimensions, "DimensionIndexPointer": 0x0062000B, "FunctionalGroupPointer": 0x0062000A},
            {**dimensions, "DimensionIndexPointer": 0x00200032, "FunctionalGroupPointer": 0x00209113},
        ],
        "ReferencedSeriesSequence": [
            {"SeriesInstanceUID": first["SeriesInstanceUID"], "ReferencedInstanceSequence": refer_all(images)}
        ],
        "SharedFunctionalGroupsSequence": [
            {
                "PixelMeasuresSequence": [{key: first[key] for key in ("PixelSpacing", "SliceThickness")}],
                "PlaneOrientationSequence": [{"ImageOrientationPatient": first["ImageOrientationPatient"]}],
            }
        ],
        "PerFrameFunctionalGroupsSequence": frames,
    }
    return Draft(name, attributes, np.packbits(masks, bitorder="little"))
