"""Which attributes an object must have: the types that PS3.3 gives to the attributes of the demo's objects.

A test compares these tables with those of highdicom.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydicom.dataelem import DataElement

from ..answers.people import words

#: Object, by modality → type → attributes; where the modality has no line for an attribute, `any` and `nested` count.
REQUIRED: Mapping[str, Mapping[str, frozenset[str]]] = {
    modality: {type_: frozenset(words(keywords)) for type_, keywords in types.items()}
    for modality, types in {
        "any": {
            "1": """ApprovalStatus BeamSequence BitsAllocated BitsStored Columns CompletionFlag ContainerIdentifier
                ContentLabel ContinuityOfContent CountsSource DecayCorrection DimensionOrganizationSequence
                DoseSummationType DoseType DoseUnits ExtendedDepthOfField FocusMethod FractionGroupSequence
                FrameIncrementPointer FrameOfReferenceUID FrameReferenceTime HighBit ImageIndex ImageLaterality
                ImageOrientationPatient ImagePositionPatient Modality NumberOfFrames NumberOfSlices OpticalPathSequence
                OrganExposed PatientSetupSequence PhotometricInterpretation PixelIntensityRelationship
                PixelIntensityRelationshipSign PixelRepresentation PixelSpacing PresentationIntentType
                PresentationLUTShape RTPlanGeometry RTPlanLabel Rows SOPClassUID SOPInstanceUID SamplesPerPixel
                ScanningSequence SegmentSequence SegmentationType SequenceOfUltrasoundRegions SequenceVariant
                SeriesInstanceUID SeriesType SharedFunctionalGroupsSequence SpecimenDescriptionSequence
                SpecimenLabelInImage StructureSetLabel StudyInstanceUID TotalPixelMatrixColumns
                TotalPixelMatrixOriginSequence TotalPixelMatrixRows Units ValueType VerificationFlag
                VolumetricProperties""",
            "2": """AccessionNumber AcquisitionContextSequence ActualFrameDuration BarcodeValue CollimatorType
                ContainerTypeCodeSequence ContentDescription ContrastBolusAgent CorrectedImage DetectorType EchoTime
                EchoTrainLength IssuerOfTheContainerIdentifierSequence LabelText MRAcquisitionType PatientBirthDate
                PatientGantryRelationshipCodeSequence PatientID PatientName PatientSex PerformedProcedureCodeSequence
                PositionReferenceIndicator RTPlanDate RTPlanTime RadiopharmaceuticalInformationSequence
                ReferencedPerformedProcedureStepSequence ReferringPhysicianName ReviewerName SliceThickness
                StructureSetDate StructureSetTime StudyDate StudyID StudyTime""",
        },
        "nested": {
            "1": """CodeMeaning PersonName ReferencedSOPClassUID ReferencedSOPInstanceUID SpecimenIdentifier SpecimenUID
                VerifyingObserverName VerifyingOrganization""",
            "2": "ROIInterpreter ROIName",
        },
        "CR": {"2": "BodyPartExamined InstanceNumber Manufacturer SeriesNumber ViewPosition"},
        "CT": {
            "1": "ImageType RescaleIntercept RescaleSlope",
            "2": "AcquisitionNumber InstanceNumber KVP Manufacturer SeriesNumber",
        },
        "DX": {
            "1": """BurnedInAnnotation ImageType ImagerPixelSpacing LossyImageCompression RescaleIntercept RescaleSlope
                RescaleType""",
            "2": "AnatomicRegionSequence InstanceNumber Manufacturer PositionerType SeriesNumber",
        },
        "MG": {
            "1": """AnatomicRegionSequence BurnedInAnnotation ImageType ImagerPixelSpacing LossyImageCompression
                PositionerType RescaleIntercept RescaleSlope RescaleType ViewCodeSequence""",
            "2": "InstanceNumber Manufacturer SeriesNumber",
        },
        "MR": {"1": "ImageType", "2": "InstanceNumber Manufacturer ScanOptions SeriesNumber"},
        "PT": {
            "1": "ImageType RescaleIntercept RescaleSlope SeriesDate SeriesTime",
            "2": """AcquisitionDate AcquisitionTime InstanceNumber Manufacturer PatientOrientationCodeSequence
                SeriesNumber""",
        },
        "RTDOSE": {"2": "InstanceNumber Manufacturer OperatorsName SeriesNumber"},
        "RTPLAN": {"2": "Manufacturer OperatorsName SeriesNumber"},
        "RTSTRUCT": {"2": "Manufacturer OperatorsName SeriesNumber"},
        "SEG": {
            "1": """ContentDate ContentTime DeviceSerialNumber ImageType InstanceNumber LossyImageCompression
                Manufacturer ManufacturerModelName SeriesNumber SoftwareVersions""",
        },
        "SM": {
            "1": """AcquisitionDateTime BurnedInAnnotation ContentDate ContentTime DeviceSerialNumber ImageType
                InstanceNumber LossyImageCompression Manufacturer ManufacturerModelName SoftwareVersions""",
            "2": "SeriesNumber",
        },
        "SR": {"1": "ContentDate ContentTime InstanceNumber SeriesNumber", "2": "Manufacturer"},
        "US": {"2": "ImageType InstanceNumber Manufacturer SeriesNumber"},
    }.items()
}


def type_of(path: str, element: DataElement, modality: str) -> str:
    """The attribute's type in its object: 1, 2, or 3 for everything that may be left out."""
    tables = ("nested",) if "[" in path else (modality, "any")
    for table in tables:
        for type_, keywords in REQUIRED.get(table, {}).items():
            if element.keyword in keywords:
                return type_
    return "3"
