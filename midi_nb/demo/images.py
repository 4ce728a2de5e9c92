"""Images as drafts, one function per kind of image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..answers.people import Chart
from ..answers.planting import Planted, burn_in
from . import phantoms
from .drafts import EXPLICIT, JPEG_2000, Attributes, Draft, Instance, code, facts

Burn = Mapping[str, Any]  # the arguments of `burn_in` after the picture

DETECTOR = r"""
    PresentationIntentType = FOR PRESENTATION; PixelIntensityRelationship = LOG; PixelIntensityRelationshipSign = 1;
    RescaleIntercept = 0; RescaleSlope = 1; RescaleType = US; PresentationLUTShape = IDENTITY;
    LossyImageCompression = 00; DetectorType = DIRECT; DetectorID = PANEL-2; FieldOfViewShape = RECTANGLE;
    ImagerPixelSpacing = 1.400000\1.400000; PhotometricInterpretation = MONOCHROME2; BurnedInAnnotation = NO;
    AcquisitionContextSequence = [];
"""
ULTRASOUND = r"""
    ImageType = ORIGINAL\PRIMARY\ABDOMINAL\0001; PatientOrientation = \; BodyPartExamined = ABDOMEN; HeartRate = 72;
    BitsStored = 8; BurnedInAnnotation = NO; LossyImageCompression = 00;
"""
#: Kind of image → what all images of this kind say.
KINDS: Mapping[str, Attributes] = {
    kind: facts(text)
    for kind, text in {
        "CR": r"""
            BitsStored = 12; PhotometricInterpretation = MONOCHROME1; ImageType = DERIVED\PRIMARY;
            BodyPartExamined = CHEST; Exposure = 4; PlateType = ST-VI; Sensitivity = 203.5;
            ImagerPixelSpacing = 1.400000\1.400000; WindowCenter = 2048; WindowWidth = 3600; RescaleIntercept = 0;
            RescaleSlope = 1; RescaleType = US; AcquisitionDeviceProcessingDescription = CHEST,GENERAL;
            AcquisitionDeviceProcessingCode = 1501[[ {seen}]]; LossyImageCompression = 00;
        """,
        "DX": rf"""{DETECTOR}
            BitsStored = 14; ImageType = ORIGINAL\PRIMARY\; BodyPartExamined = CHEST; ViewPosition = AP;
            PatientOrientation = L\F; ImageLaterality = U; PositionerType = NONE; KVP = 110; ExposureInuAs = 1800;
            DetectorDescription = CsI flat panel, bay 4[[, acceptance tested {{seen}}]]; DetectorTemperature = 31.40;
            ExposureTime = 9; RelativeXRayExposure = 412; WindowCenter = 7900; WindowWidth = 15000;
        """,
        "MG": rf"""{DETECTOR}
            BitsStored = 12; ImageType = DERIVED\PRIMARY\; BodyPartExamined = BREAST; PositionerType = MAMMOGRAPHIC;
            OrganExposed = BREAST; CompressionForce = 98; BodyPartThickness = 54; BreastImplantPresent = NO; KVP = 29;
            Exposure = 82; AnodeTargetMaterial = RHODIUM; FilterMaterial = RHODIUM; OrganDose = 0.0164;
            PartialView = NO; WindowCenter = 1600; WindowWidth = 3200;
            DerivationDescription = PREMIUM VIEW[[ {{operator}} {{seen}}]];
        """,
        "CT": r"""
            BitsStored = 16; PhotometricInterpretation = MONOCHROME2; ImageType = ORIGINAL\PRIMARY\AXIAL;
            AcquisitionNumber = 1; PositionReferenceIndicator = SN; PatientPosition = FFS; KVP = 120;
            XRayTubeCurrent = 240; ExposureTime = 500; Exposure = 120; ScanOptions = HELICAL MODE;
            DataCollectionDiameter = 500.000000; ReconstructionDiameter = 400.000000; GantryDetectorTilt = 0.000000;
            TableHeight = 152.500000; RotationDirection = CW; FilterType = BODY FILTER; FocalSpots = 1.200000;
            ConvolutionKernel = STANDARD; RescaleIntercept = -1024.0; RescaleSlope = 1.0; RescaleType = HU;
            PixelPaddingValue = -2000; WindowCenter = 40\-500; WindowWidth = 400\1500; TimezoneOffsetFromUTC = -0500;
        """,
        "MR": r"""
            PhotometricInterpretation = MONOCHROME2; ImageType = ORIGINAL\PRIMARY\M\ND; AcquisitionNumber = 1;
            PositionReferenceIndicator = NASION; PatientPosition = HFS; BodyPartExamined = BRAIN; ScanningSequence = SE;
            SequenceVariant = SK\SP; ScanOptions = SAT_GEMS; MRAcquisitionType = 2D; SequenceName = *se2d1;
            NumberOfAverages = 1; ImagingFrequency = 63.855341; ImagedNucleus = 1H; EchoNumbers = 1;
            MagneticFieldStrength = 1.5; SpacingBetweenSlices = 6.0; NumberOfPhaseEncodingSteps = 192;
            EchoTrainLength = 1; PercentSampling = 75; PercentPhaseFieldOfView = 81.25; PixelBandwidth = 130;
            FlipAngle = 90; SAR = 0.4173; AcquisitionMatrix = 0\256\192\0; InPlanePhaseEncodingDirection = ROW;
            VariableFlipAngleFlag = N; ReceiveCoilName = HEAD8[[ {mrn}]]; TransmitCoilName = BODY;
        """,
        "PT": r"""
            BitsStored = 16; PhotometricInterpretation = MONOCHROME2; ImageType = ORIGINAL\PRIMARY;
            PositionReferenceIndicator = OM; BodyPartExamined = WHOLEBODY; Units = BQML; CountsSource = EMISSION;
            SeriesType = WHOLE BODY\IMAGE; CorrectedImage = DECY\ATTN\SCAT\DTIM\RAN\NORM; RandomsCorrectionMethod = RAN;
            AttenuationCorrectionMethod = CT derived mu-map; DecayCorrection = START; ReconstructionMethod = 3D OSEM;
            ScatterCorrectionMethod = Model Based; CollimatorType = NONE; AxialAcceptance = 0; AxialMash = 1\1;
            ActualFrameDuration = 180000; DecayFactor = 1.0091; DoseCalibrationFactor = 1.0; RescaleIntercept = 0;
            WindowCenter = 20000; WindowWidth = 40000;
        """,
        "US": rf"""{ULTRASOUND}
            PhotometricInterpretation = RGB; TransducerData = C5-1\\;
            ProcessingFunction = GEN; MechanicalIndex = 1.2; ImageComments = liver seg VI[[ {{patient}}]];
        """,
        "cine": rf"""{ULTRASOUND}
            PhotometricInterpretation = MONOCHROME2; FrameTime = 50.0; CineRate = 20; StartTrim = 1;
        """,
        "SM": r"""
            BitsStored = 8; PhotometricInterpretation = RGB; AcquisitionDuration = 61.5; BurnedInAnnotation = NO;
            PositionReferenceIndicator = SLIDE_CORNER; ContainerIdentifier = {visit}; NumberOfOpticalPaths = 1;
            TotalPixelMatrixFocalPlanes = 1; ImageOrientationSlide = 0\-1\0\-1\0\0; ImagedVolumeDepth = 0.005;
            VolumetricProperties = VOLUME; FocusMethod = AUTO; ExtendedDepthOfField = NO; LossyImageCompression = 00;
            DimensionOrganizationType = TILED_FULL; AcquisitionContextSequence = [];
            IssuerOfTheContainerIdentifierSequence = [];
        """,
        "RTDOSE": r"""
            BitsStored = 16; PhotometricInterpretation = MONOCHROME2; PositionReferenceIndicator = SN; DoseUnits = GY;
            DoseType = PHYSICAL; DoseSummationType = PLAN; DoseComment = AAA 2.5 mm[[ {operator}]];
            GridFrameOffsetVector = 0.0\5.0\10.0\15.0\20.0; TissueHeterogeneityCorrection = IMAGE;
        """,
        "SEG": r"""
            BitsStored = 1; PhotometricInterpretation = MONOCHROME2; ImageType = DERIVED\PRIMARY;
            LossyImageCompression = 00; SegmentationType = BINARY; ContentLabel = NODULE;
            ContentDescription = lung nodule[[ {patient}]]; ContentCreatorName = {reading};
            PositionReferenceIndicator = SN;
        """,
    }.items()
}
FRAMES = ("cine", "SM", "RTDOSE", "SEG")  # kinds of several frames
MADE = ("SM", "RTDOSE", "SEG")  # kinds that nobody acquired from the patient on the day of the series


def image(
    at: Instance, kind: str, pixels: NDArray[Any], own: Attributes, burn: Burn | None = None, syntax: str = EXPLICIT
) -> Draft:
    """An image of this kind with attributes of its own; a text may be burned into its pixels, in every frame."""
    frames = pixels if kind in FRAMES else [pixels]
    burned: list[Planted] = [burn_in(at.chart, frame, **burn) for frame in frames][:1] if burn else []
    attributes = at.attributes(kind) | KINDS[kind] | own
    attributes |= raster(pixels, int(attributes["BitsStored"]), kind in FRAMES)
    if kind not in MADE:
        attributes |= at.at_series("Acquisition")
    if burn and "BurnedInAnnotation" in attributes:
        attributes["BurnedInAnnotation"] = "YES"
    return Draft(at.name, attributes, pixels, syntax, tuple(burned))


def raster(pixels: NDArray[Any], stored: int, frames: bool = False) -> Attributes:
    """The attributes that describe an array (frames, rows, columns, samples where it has them) of `stored` bits."""
    colour = pixels.ndim > 2 and pixels.shape[-1] == 3
    rows, columns = pixels.shape[1 if frames else 0 :][:2]
    return {
        "SamplesPerPixel": 3 if colour else 1,
        **({"PlanarConfiguration": 0} if colour else {}),
        **({"NumberOfFrames": pixels.shape[0]} if frames else {}),
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": 1 if stored == 1 else pixels.dtype.itemsize * 8,
        "HighBit": stored - 1,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
    }


def planes(spacing: float, position: tuple[float, float, float], thickness: float) -> Attributes:
    """Where an axial section lies in the patient."""
    return {
        "ImagePositionPatient": [f"{p:.3f}" for p in position],
        "ImageOrientationPatient": ["1", "0", "0", "0", "1", "0"],
        "PixelSpacing": [f"{spacing:.6f}"] * 2,
        "SliceThickness": f"{thickness:.2f}",
        "SliceLocation": f"{position[2]:.2f}",
    }


def banner(chart: Chart) -> str:
    """What a scanner burns in, as the real set has it: `MEYER STEPHANIE [F] 02.25.2012` over `DOB: 07.16.1953`."""
    return f"{{letters}} [{chart.sex}] {{seen_dots}}\nDOB: {{dob_dots}}"


def cr(at: Instance, lateral: bool = False, burn: Burn | None = None) -> Draft:
    """A computed radiograph of the chest, 12 bit, MONOCHROME1."""
    beam = phantoms.chest_xray(at.random, 300, 256, lateral)
    pixels = (4095 - 3600 * beam - 200).astype(np.uint16)  # MONOCHROME1: high values are dark
    view, orientation, voltage = ("LL", ["A", "F"], "125") if lateral else ("PA", ["L", "F"], "117")
    return image(at, "CR", pixels, {"ViewPosition": view, "PatientOrientation": orientation, "KVP": voltage}, burn)


def view(number: str, meaning: str) -> list[Attributes]:
    """From where an X-ray was taken."""
    return [code(number, "SCT", meaning)[0] | {"ViewModifierCodeSequence": []}]


def dx(at: Instance, burn: Burn | None = None, syntax: str = EXPLICIT) -> Draft:
    """A digital radiograph of the chest, 14 bit, MONOCHROME2."""
    pixels = (400 + 15000 * phantoms.chest_xray(at.random, 300, 256)).astype(np.uint16)
    own = {
        "AnatomicRegionSequence": code("51185008", "SCT", "Chest"),
        "ViewCodeSequence": view("399348003", "antero-posterior"),
        "PatientOrientationCodeSequence": code("10904000", "SCT", "erect"),
    }
    return image(at, "DX", pixels, own, burn, syntax)


def mg(at: Instance, side: str, oblique: bool, burn: Burn | None = None) -> Draft:
    """A mammogram, 12 bit, MONOCHROME2."""
    pixels = (4000 * phantoms.breast(at.random, 272, 204, side, oblique)).astype(np.uint16)
    seen = view("399368009", "medio-lateral oblique") if oblique else view("399162004", "cranio-caudal")
    own = {
        "ViewPosition": "MLO" if oblique else "CC",
        "ImageLaterality": side,
        "PatientOrientation": ["A" if side == "L" else "P", "F" if oblique else side],
        "PositionerPrimaryAngle": "45" if oblique else "0",
        "AnatomicRegionSequence": code("76752008", "SCT", "Breast"),
        "ViewCodeSequence": seen,
    }
    return image(at, "MG", pixels, own, burn)


def ct(
    at: Instance, level: float, size: int = 128, contrast: bool = False, syntax: str = EXPLICIT, spacing: float = 5.0
) -> Draft:
    """An axial CT section, signed 16 bit with a rescale; `level` runs from the upper chest, 0, to the pelvis, 1."""
    hu = phantoms.ct_section(at.random, size, level, contrast)
    pixels = (np.clip(hu, -1024, 3071) + 1024).astype(np.int16)
    own = {
        **planes(400.0 / size, (-200.0, -200.0, -spacing * at.number), spacing),
        "AcquisitionDateTime": at.series["SeriesDate"] + at.series["SeriesTime"] + ".000",
        "FrameOfReferenceUID": at.chart.uid("frame", at.series["SeriesInstanceUID"]),
    }
    return image(at, "CT", pixels, own, syntax=syntax)


def mr(
    at: Instance, level: float, weighting: str, burn: Burn | None = None, overlay: bool = False, syntax: str = EXPLICIT
) -> Draft:
    """An axial MR section of the head, 16 bit allocated; an overlay plane can carry text."""
    size = 128
    stored, top = (16, 30000) if syntax == JPEG_2000 else (12, 3800)
    pixels = (top * phantoms.head_mr(at.random, size, level, weighting)).astype(np.uint16)
    echo, repetition = ("98", "4200") if weighting == "T2" else ("9.1", "550")
    own = {
        **planes(230.0 / size, (-115.0, -115.0, 6.0 * at.number), 5.0),
        "BitsStored": stored,
        "FrameOfReferenceUID": at.frame_of_study,
        "EchoTime": echo,
        "RepetitionTime": repetition,
        "WindowCenter": f"{top * 0.4:.0f}",
        "WindowWidth": f"{top * 0.8:.0f}",
    }
    draft = image(at, "MR", pixels, own, burn, syntax)
    return with_overlay(draft, at.chart, size) if overlay else draft


def with_overlay(draft: Draft, chart: Chart, size: int) -> Draft:
    """The draft with an overlay plane that has a text in it."""
    ink = np.zeros((size, size), np.float32)
    written = burn_in(chart, ink, "{surname} {seen_dots}", size=10, corner="bottom left", ink=1.0, path="<(6000,3000)>")
    plane = {
        **facts(r"""
            OverlayType = G; OverlayOrigin = 1\1; OverlayBitsAllocated = 1; OverlayBitPosition = 0;
            OverlayLabel = ANNOTATION[[ {surname}]]; OverlayDescription = Console graphics[[ by {operator}]];
        """),
        "OverlayRows": size,
        "OverlayColumns": size,
        "OverlayData": np.packbits(ink > 0.5, bitorder="little").tobytes(),
    }
    return draft._replace(attributes=draft.attributes | plane, burned=(*draft.burned, written))


def pt(at: Instance, of: int) -> Draft:
    """An axial PET section in Bq/ml, one `of` so many from the brain to the pelvis."""
    size = 96
    activity = 1e4 * phantoms.pet_section(at.random, size, (at.number - 1) / max(1, of - 1))
    slope = max(float(activity.max()) / 32000, 1e-3)
    tracer = {
        **facts("""
            Radiopharmaceutical = FDG -- fluorodeoxyglucose; RadiopharmaceuticalVolume = 5.0;
            RadiopharmaceuticalStartTime = 083000.00; RadionuclideTotalDose = 370000000; RadionuclideHalfLife = 6586.2;
            RadionuclidePositronFraction = 0.97;
        """),
        "RadiopharmaceuticalStartDateTime": at.series["SeriesDate"] + "083000",
        "RadionuclideCodeSequence": code("77004003", "SCT", "^18^Fluorine"),
        "RadiopharmaceuticalCodeSequence": code("35321007", "SCT", "Fluorodeoxyglucose F^18^"),
    }
    lying = {"PatientOrientationModifierCodeSequence": code("40199007", "SCT", "supine")}
    own = {
        **planes(480.0 / size, (-240.0, -240.0, -70.0 * at.number), 70.0),
        "FrameOfReferenceUID": at.frame_of_study,
        "NumberOfSlices": of,
        "ImageIndex": at.number,
        "FrameReferenceTime": str(90000 + 180000 * (at.number - 1)),
        "RescaleSlope": f"{slope:.6g}",
        "RadiopharmaceuticalInformationSequence": [tracer],
        "PatientOrientationCodeSequence": [code("102538003", "SCT", "recumbent")[0] | lying],
        "PatientGantryRelationshipCodeSequence": code("102540008", "SCT", "headfirst"),
    }
    return image(at, "PT", (activity / slope).astype(np.int16), own)


def us(at: Instance, burn: Burn, syntax: str = EXPLICIT) -> Draft:
    """An ultrasound still, 8 bit RGB, with the scanner's banner."""
    grey = phantoms.ultrasound(at.random, 216, 288)
    pixels = np.repeat((255 * grey).astype(np.uint8)[..., None], 3, axis=2)
    pixels[30:170, 4:10] = np.linspace(255, 0, 140).astype(np.uint8)[:, None, None]  # the grey scale
    region = facts("""
        RegionSpatialFormat = 1; RegionDataType = 1; RegionFlags = 0; RegionLocationMinX0 = 20;
        RegionLocationMinY0 = 26; RegionLocationMaxX1 = 280; RegionLocationMaxY1 = 214; PhysicalUnitsXDirection = 3;
        PhysicalUnitsYDirection = 3; PhysicalDeltaX = 0.0782; PhysicalDeltaY = 0.0782;
    """)
    return image(at, "US", pixels, {"SequenceOfUltrasoundRegions": [region]}, burn, syntax)


def cine(at: Instance, frames: int, burn: Burn) -> Draft:
    """An ultrasound loop, 8 bit, several frames with the same banner."""
    beats = np.sin(2 * np.pi * np.arange(frames) / frames)
    loop = np.stack([(255 * phantoms.ultrasound(at.random, 160, 216, beat)).astype(np.uint8) for beat in beats])
    return image(at, "cine", loop, {"FrameIncrementPointer": 0x00181063, "StopTrim": frames}, burn)


def tiled(random: np.random.Generator, tile: int = 64, across: int = 4) -> NDArray[np.uint8]:
    """A stained section cut into tiles, row by row."""
    whole = phantoms.stained_tissue(random, tile * across)
    return whole.reshape(across, tile, across, tile, 3).swapaxes(1, 2).reshape(-1, tile, tile, 3)


def barcode(random: np.random.Generator) -> NDArray[np.uint8]:
    """The paper label of a slide with its barcode, and room for what is written on it."""
    paper = np.full((1, 120, 208, 3), 244, np.uint8)
    bars = np.repeat(random.random(60) > 0.45, 3)
    paper[0, 78:112, 14 : 14 + bars.size] = np.where(bars, 20, 244).astype(np.uint8)[None, :, None]
    return paper


def slide(at: Instance, label: bool) -> Draft:
    """A whole-slide image: the tiled tissue, or the slide's label."""
    pixels = barcode(at.random) if label else tiled(at.random)
    rows, columns = pixels.shape[1:3] if label else (256, 256)
    flavour = ["ORIGINAL", "PRIMARY", "LABEL" if label else "VOLUME", "NONE"]
    optics = {
        **facts("OpticalPathIdentifier = 1; ObjectiveLensPower = 20; ColorSpace = SRGB"),
        "IlluminationTypeCodeSequence": code("111744", "DCM", "Brightfield illumination"),
        "IlluminationColorCodeSequence": code("414298005", "SCT", "Full Spectrum"),
        "ICCProfile": srgb(),
    }
    shared = {
        "PixelMeasuresSequence": [facts(r"PixelSpacing = 0.008000\0.008000; SliceThickness = 0.005")],
        "WholeSlideMicroscopyImageFrameTypeSequence": [{"FrameType": flavour}],
        "OpticalPathIdentificationSequence": [{"OpticalPathIdentifier": "1"}],
    }
    origin = facts("XOffsetInSlideCoordinateSystem = 20; YOffsetInSlideCoordinateSystem = 40")
    own = {
        **({"LabelText": "{letters} {mrn}", "BarcodeValue": "{mrn}"} if label else {}),
        "AcquisitionDateTime": at.series["SeriesDate"] + at.series["SeriesTime"] + ".000",
        "ImageType": flavour,
        "SpecimenLabelInImage": "YES" if label else "NO",
        "FrameOfReferenceUID": at.frame_of_study,
        "TotalPixelMatrixColumns": columns,
        "TotalPixelMatrixRows": rows,
        "ImagedVolumeWidth": columns * 0.008,
        "ImagedVolumeHeight": rows * 0.008,
        "ContainerTypeCodeSequence": code("433466003", "SCT", "Microscope slide"),
        "SpecimenDescriptionSequence": [specimen(at.chart)],
        "OpticalPathSequence": [optics],
        "TotalPixelMatrixOriginSequence": [origin],
        "DimensionOrganizationSequence": [{"DimensionOrganizationUID": at.chart.uid("dimensions", at.name)}],
        "SharedFunctionalGroupsSequence": [shared],
    }
    text = {"template": "{letters}\n{mrn}\n{seen_dots}", "size": 14, "corner": "top left", "ink": 25}
    return image(at, "SM", pixels, own, text if label else None)


def specimen(chart: Chart) -> Attributes:
    """What lies on the slide, and how it was prepared."""
    block = {
        **facts("ValueType = TEXT; TextValue = block A1[[ {patient}]]"),
        "ConceptNameCodeSequence": code("121041", "DCM", "Specimen Identifier"),
    }
    staining = {
        "ValueType": "CODE",
        "ConceptNameCodeSequence": code("111701", "DCM", "Processing type"),
        "ConceptCodeSequence": code("127790008", "SCT", "Staining"),
    }
    return {
        **facts("""
            SpecimenIdentifier = {visit}-A1; SpecimenShortDescription = prostate core[[ of {patient}]];
            IssuerOfTheSpecimenIdentifierSequence = [];
        """),
        "SpecimenUID": chart.uid("specimen"),
        "SpecimenPreparationSequence": [{"SpecimenPreparationStepContentItemSequence": [block, staining]}],
        "PrimaryAnatomicStructureSequence": code("41216001", "SCT", "Prostate"),
    }


def srgb() -> bytes:
    """An ICC profile for sRGB that is always the same bytes: without the time of its creation."""
    from PIL import ImageCms

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes((7, 208, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0))
    return bytes(profile) + b"\0" * (len(profile) % 2)
