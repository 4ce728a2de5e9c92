"""A plausible tool with bugs: the reference, damaged in every way that has a cause; each damage is on record.

`BUGS` is the table: whose files, which attribute, what the tool made of it, and which causes its failing checks have.
Four bugs hit several patients, as rules do that are wrong for everybody; the others are special cases.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement

from ..answers import lettering
from ..answers.lettering import Box
from ..answers.people import words
from ..answers.places import walk
from .case import Case, Delivery
from .hospital import story
from .policy import shifted
from .release import hide, new_uid, redraw

#: In place of a value: the attribute is deleted; the length of the sequence is written instead of left undefined.
DROP, WRITE_LENGTH = object(), object()
#: (released value, original value, case) → the value the careless tool leaves behind, DROP or WRITE_LENGTH.
Spoil = Callable[[Any, Any, Case], Any]
#: What the careless tool does to the pixels of a released dataset, in place.
SpoilPixels = Callable[[Dataset, Case], None]


class Bug(NamedTuple):
    """One way in which the careless tool goes wrong, on every instance whose names match."""

    stories: str  # of the patients, as in hospital.PATIENTS, with blanks between
    instances: str  # pattern of names of its instances
    where: str  # keywords joined by dots, an official path of a private attribute, or a private creator and "*"
    spoil: Callable[..., Any]  # a Spoil, or a SpoilPixels where pixels are what goes wrong
    causes: Mapping[str, str]  # action → cause of its failing check; none: the benchmark lets it pass
    note: str
    audit: str = ""  # what an audit should find where no check fails


#: A planted flaw: the number of the check that has to fail or stay blank, its action and path, the cause, a note.
Flaw = tuple[int, str, str, str, str]
#: A planted flaw that no check sees: where an audit has to find it, what it is called there, a note.
Finding = tuple[str, str, str]


def to(value: Any) -> Spoil:
    return lambda now, was, case: value


def original(now: Any, was: Any, case: Case) -> Any:
    return was


drop, write_length = to(DROP), to(WRITE_LENGTH)


def glued(template: str) -> Spoil:
    """The released value, `now`, and words of the chart in one text."""
    return lambda now, was, case: template.format(now=now, **case.chart.fields)


def referrer(part: int) -> Spoil:
    """The released value, then the surname (0) or the given name (1) of the referring physician."""
    return lambda now, was, case: f"{now} {case.chart.fields['referring'].split('^')[part]}"


def foreign_uid(now: Any, was: Any, case: Case) -> Any:
    return new_uid(case.chart.seed, f"{was} once more")


def days_off(days: int) -> Spoil:
    return lambda now, was, case: shifted(str(now), days)


RETAINED = {"text_retained": "value_emptied"}
DATES = words("StudyDate SeriesDate AcquisitionDate ContentDate InstanceCreationDate PerformedProcedureStepStartDate")
BUGS: tuple[Bug, ...] = (
    # privacy
    Bug("portable_chest abdomen ultrasound", "*", "PatientComments",
        original, {"text_removed": "leak_untouched"}, "free text is not cleaned at all"),
    Bug("head", "t1 [1-6]", "StudyDescription",
        glued("{now} ({patient})"), {"text_removed": "leak_full"}, "name put in brackets instead of removed"),
    Bug("second_head ultrasound slides", "*", "AccessionNumber",
        lambda now, was, case: str(int(was)), {"text_removed": "leak_numeric"},
        "accession number passed through a number: only the leading zeros are gone"),
    Bug("ultrasound", "us 2", "ImageComments",
        to("liver seg VI depth 8"), {"text_removed": "leak_substring"},
        "a name's particle survives inside another word"),
    Bug("pet_ct", "pet *", '<(0009,"GEMS_PETD_01",37)>',
        referrer(0), {"text_removed": "leak_partial"},
        "title and given name removed, surname left"),
    Bug("abdomen", "ct *", "RequestedContrastAgent",
        referrer(1), {"text_removed": "leak_partial"},
        "surname removed, given name left"),
    *(Bug("pet_ct", "low dose ct *", date, original, {"date_shifted": "date_unshifted"},
          "dates of one series are not shifted") for date in ("SeriesDate", "AcquisitionDate", "ContentDate")),
    Bug("head", "t1 post *", "FrameOfReferenceUID",
        original, {"uid_changed": "uid_unchanged", "uid_consistent": "uid_unchanged"},
        "frame of reference is not remapped in one series"),
    Bug("portable_chest", "sr",
        "CurrentRequestedProcedureEvidenceSequence.ReferencedSeriesSequence"
        ".ReferencedSOPSequence.ReferencedSOPInstanceUID",
        original, {"uid_changed": "uid_unchanged_nested", "uid_consistent": "uid_unchanged_nested"},
        "UIDs inside sequences are not remapped"),
    Bug("portable_chest", "dx", "PatientID",
        original, {"text_removed": "leak_untouched", "patid_consistent": "patient_id_unchanged"},
        "the second study keeps its patient ID"),
    # utility
    Bug("lung_radiotherapy", "planning ct *", '"GEMS_ACQU_01"*',
        drop, {"text_retained": "private_block_dropped"}, "a private block dropped over a whole series"),
    Bug("abdomen", "ct *", '<(7005,"TOSHIBA_MEC_CT3",23)>',
        drop, {"text_retained": "private_tag_dropped"}, "one private attribute dropped"),
    Bug("abdomen lung_radiotherapy pet_ct", "*ct *", "ConvolutionKernel",
        drop, {"text_retained": "tag_dropped"}, "an optional attribute dropped"),
    Bug("lung_radiotherapy", "planning ct *", "ProtocolName",
        to(""), RETAINED, "protocol name emptied for the date in it"),
    Bug("second_head mammography very_old", "*", "PatientSize",
        to(""), RETAINED, "a patient characteristic emptied"),
    Bug("pet_ct", "pet *", "ImagePositionPatient",
        lambda now, was, case: [f"{float(v):.1f}" for v in was], {"text_retained": "reformatted"},
        "numbers written anew, values unchanged"),
    Bug("abdomen", "ct *", "ProtocolName",
        to("4.6 COLONOSCOPY (ACRIN)"), {"text_retained": "overclean_disputable"},
        "a doctor's name removed that the key wants kept"),
    Bug("mammography", "*", "StudyDescription",
        to("MAMMO SCREENING"), {"text_retained": "overclean_partial"}, "an ordinary word removed"),
    Bug("pet_ct", "pet *", "RadiopharmaceuticalInformationSequence.Radiopharmaceutical",
        to("ANONYMIZED"), {"text_retained": "value_dummy"}, "a harmless text replaced by a placeholder"),
    Bug("ultrasound", "us ?", "ProcessingFunction",
        to("Standard"), {"text_retained": "value_replaced"}, "a text replaced by another"),
    # validity
    Bug("mammography", "mg L CC", "DeidentificationMethod",
        to(""), {"text_notnull": "added_empty"}, "a marker added without a value"),
    Bug("portable_chest", "cr lateral", "ViewPosition",
        drop, {"tag_retained": "required_tag_dropped", "text_retained": "tag_dropped"},
        "a required attribute dropped"),
    Bug("head", "t1 2", "ScanningSequence",
        to(""), {"text_notnull": "required_value_emptied", **RETAINED}, "a required attribute emptied"),
    # linkage
    Bug("lung_radiotherapy", "seg", "ReferencedSeriesSequence.ReferencedInstanceSequence.ReferencedSOPInstanceUID",
        foreign_uid, {"uid_consistent": "uid_nested_not_remapped"}, "references get UIDs of their own"),
    Bug("lung_radiotherapy", "rtdose", "ReferencedRTPlanSequence.ReferencedSOPInstanceUID",
        foreign_uid, {"uid_consistent": "uid_nested_not_remapped"}, "references get UIDs of their own"),
    Bug("second_head", "t2 2", "FrameOfReferenceUID",
        to("1.2.826.0.1.3680043.10.1729.2.007"), {"uid_consistent": "uid_invalid"}, "a component with leading zeros"),
    Bug("abdomen", "ct *", "FrameOfReferenceUID",
        lambda now, was, case: new_uid(case.chart.seed, f"{was} {case.number}"), {"uid_consistent": "uid_inconsistent"},
        "every slice gets a frame of reference of its own"),
    Bug("lung_radiotherapy", "rtdose", "PatientID",
        to(""), {"patid_consistent": "patient_id_emptied"}, "patient ID emptied"),
    Bug("pet_ct", "pet *", "PatientID",
        lambda now, was, case: f"{now}B", {"patid_consistent": "patient_id_inconsistent"},
        "one series goes to another pseudonym"),
    # key
    Bug("mammography", "mg R CC", "PatientIdentityRemoved",
        drop, {"text_retained": "source_gap"}, "markers are not added"),
    Bug("mammography", "mg R CC", "DeidentificationMethod",
        drop, {"tag_retained": "source_gap", "text_notnull": "source_gap"}, "markers are not added"),
    Bug("head", "t1 [1-6]", '<(0029,1040)><(0029,"SIEMENS MEDCOM HEADER",43)>',
        original, {"text_retained": "private_path"}, "a private sequence is not cleaned, and found under another path",
        "private_path"),
    Bug("head", "t1 [1-6]", "<(0029,1040)>",
        write_length, {}, "the length of a private sequence is written"),
    Bug("abdomen", "ct 2", "PatientSex",
        to("O"), {"text_retained": "blank_no_words"}, "sex replaced; M is a stop word"),
    Bug("portable_chest", "cr lateral", "ScheduledStudyStopDate",
        to(""), {"date_shifted": "blank_error"}, "an empty element added, for which the key has no original"),
    Bug("slides", "label", "SpecimenDescriptionSequence.SpecimenUID",
        to(""), {"text_notnull": "required_value_emptied"}, "a UID emptied that no mapping has", "uid_removed"),
    # what the benchmark lets pass
    Bug("second_head", "*", "ImageComments",
        glued("prev. {patient}"), {},
        "the name moved into another attribute", "phi_elsewhere"),
    Bug("ultrasound", "us 1", "StudyDate",
        to(""), {}, "a date emptied instead of shifted", "date_removed"),
    Bug("slides", "slide", "ContentDate",
        lambda now, was, case: f"{str(now)[:4]}.{str(now)[4:6]}.{str(now)[6:8]}", {},
        "a date in another format", "date_bad_format"),
    Bug("very_old", "sr", "StudyDate",
        days_off(1), {}, "a date shifted by one day too many", "date_inconsistent"),
    Bug("abdomen", "ct *", "AcquisitionDateTime",
        lambda now, was, case: str(was)[:8], {}, "the time removed, the day left as it was", "date_unshifted"),
    *(Bug("second_head", "*", date, days_off(1), {},
          "all dates of a patient shifted by one other number of days", "date_wrong_shift") for date in DATES),
    *(Bug("head", "t1 post *", date, days_off(3), {},
          "each series of a patient shifted by another number of days", "date_shift_by_series") for date in DATES),
    Bug("mammography", "mg R CC", "SeriesDate",
        days_off(10), {}, "another shift than the patient's other dates", "date_inconsistent"),
    Bug("lung_radiotherapy", "rtstruct", "StructureSetROISequence.ReferencedFrameOfReferenceUID",
        drop, {}, "a UID removed", "uid_removed"),
)  # fmt: skip


def unhidden(dataset: Dataset, case: Case) -> None:
    """The burned-in text as it was."""
    dataset.PixelData = case.original.dataset.PixelData


def half_hidden(dataset: Dataset, case: Case) -> None:
    """A box that covers the first of two lines only."""
    unhidden(dataset, case)
    (box,) = boxes(case)
    hide(dataset, [Box(box.x0, box.y0, box.x1, (box.y0 + box.y1) // 2)])


def redrawn(change: Callable[[NDArray[Any], Case], None], *, original: bool = False) -> SpoilPixels:
    """Changes the pixels of the reference, or those of the original, in place."""

    def spoil(dataset: Dataset, case: Case) -> None:
        if original:
            unhidden(dataset, case)
        redraw(dataset, lambda pixels: change(pixels, case))

    return spoil


def dimmed(pixels: NDArray[Any], case: Case) -> None:
    """A translucent box: the text is paler, not gone."""
    for box in boxes(case):
        pixels[:, box.y0 : box.y1, box.x0 : box.x1] //= 2


def coarser(pixels: NDArray[Any], case: Case) -> None:
    """An image of fewer shades."""
    pixels[...] = pixels // 4 * 4


def tinted(pixels: NDArray[Any], case: Case) -> None:
    """Half of the blue lost."""
    pixels[..., 2] //= 2


def stamped(pixels: NDArray[Any], case: Case) -> None:
    """The tool's own stamp where the text was."""
    lettering.burn(pixels[0], "DE-IDENTIFIED", 13, boxes(case)[0], 255, 0)


def smoothed(pixels: NDArray[Any], case: Case) -> None:
    """Pixels averaged with their neighbours."""
    pixels[...] = (pixels.astype(np.int32) + np.roll(pixels, 1, axis=2)) // 2


def without_pixels(dataset: Dataset, case: Case) -> None:
    del dataset.PixelData


def decompressed(dataset: Dataset, case: Case) -> None:
    dataset.decompress(generate_instance_uid=False)


def over_redacted(dataset: Dataset, case: Case) -> None:
    """A box over anatomy."""
    rows, columns = dataset.Rows, dataset.Columns
    hide(dataset, [Box(columns // 3, rows // 3, columns // 3 + columns // 5, rows // 3 + rows // 8)])


def boxes(case: Case) -> list[Box]:
    return [row.box for row in case.original.planted if row.box and row.path == "<(7fe0,0010)>"]


PIXEL_BUGS: tuple[Bug, ...] = (
    Bug("ultrasound", "us 1", "PixelData",
        unhidden, {"pixels_hidden": "burned_in_untouched"}, "burned-in text overlooked"),
    Bug("mammography", "mg L MLO", "PixelData",
        half_hidden, {"pixels_hidden": "burned_in_partial"}, "a redaction box too small"),
    Bug("portable_chest", "cr front", "PixelData",
        redrawn(dimmed, original=True), {"pixels_hidden": "burned_in_see_through"}, "a translucent redaction box"),
    Bug("slides", "label", "PixelData",
        redrawn(coarser, original=True), {"pixels_hidden": "burned_in_visible"},
        "only the number of shades was reduced"),
    Bug("ultrasound", "us 3", "PixelData",
        redrawn(tinted), {}, "blue halved in the whole image", "colours_changed"),
    Bug("ultrasound", "us 3", "PixelData",
        redrawn(stamped), {"pixels_hidden": "ocr_noise"}, "the tool's stamp shares two letters with the name"),
    Bug("abdomen", "ct 8", "PixelData",
        without_pixels, {"pixels_retained": "pixel_data_dropped"}, "pixel data dropped"),
    Bug("pet_ct", "low dose ct *", "PixelData",
        decompressed, {"pixels_retained": "pixels_reencoded"}, "recompressed without loss"),
    Bug("head", "t1 4", "PixelData",
        over_redacted, {"pixels_retained": "pixels_over_redacted"}, "a box over anatomy"),
    Bug("pet_ct", "pet 5", "PixelData",
        redrawn(smoothed), {"pixels_retained": "pixels_altered"}, "pixels smoothed"),
    Bug("very_old", "dx", "PixelData",
        without_pixels, {"pixels_hidden": "lost_check"}, "no pixels left to look for text in"),
)  # fmt: skip
MISSING = ("abdomen", "ct 5")  # a slice that never arrives
MISSING_FAIL = words("tag_retained text_notnull text_retained pixels_retained uid_consistent patid_consistent")


class Gap(NamedTuple):
    """An identifier that is left out of the mapping: where it is, and what its failing check is caused by."""

    path: str
    causes: Mapping[str, str]


UNMAPPED = {
    "slides": Gap("<(0040,0560)>[<0000>]<(0040,0554)>", {"uid_consistent": "uid_not_in_mapping"}),
    "very_old": Gap("<(0010,0020)>", {"patid_consistent": "patient_id_not_in_mapping"}),
}


def spoil(dataset: Dataset, case: Case) -> tuple[Dataset | None, list[Flaw], list[Finding]]:
    """What the careless tool makes of a reference (in place; None: no file), its failing checks, its audit findings."""
    (kind, name), checks = (story(case.chart), case.original.name), list(enumerate(case.answers.checks))

    def flaws(causes: Mapping[str, str], note: str, paths: Collection[str] | None = None) -> list[Flaw]:
        return [
            (number, check.action, check.path, causes[check.action], note)
            for number, check in checks
            if check.action in causes and (paths is None or check.path in paths)
        ]

    if (kind, name) == MISSING:
        return None, flaws(dict.fromkeys(MISSING_FAIL, "missing_file"), "a slice is missing"), []
    planted, findings = [], []
    for bug in BUGS + PIXEL_BUGS:
        if kind in bug.stories.split() and fnmatchcase(name, bug.instances):
            touched = damage(dataset, case, bug)
            planted += flaws(bug.causes, bug.note, touched)
            findings += [(path, bug.audit, bug.note) for path in sorted(touched) if bug.audit]
    if gap := UNMAPPED.get(kind):
        planted += flaws(gap.causes, "an identifier is missing in the mapping", [gap.path])
    return dataset, sorted(planted), findings


def with_gaps(case: Case, delivery: Delivery) -> Delivery:
    """The delivery without the identifiers that the careless tool leaves out of its mappings."""
    gap = UNMAPPED.get(story(case.chart))
    gaps = {check.original for check in case.answers.checks if gap and check.path == gap.path}
    uids = {old: new for old, new in delivery.uids.items() if old not in gaps}
    return delivery._replace(uids=uids, patient=None if case.answers.patient in gaps else delivery.patient)


def damage(dataset: Dataset, case: Case, bug: Bug) -> set[str]:
    """Applies a bug to a reference, in place; gives the official paths it touched."""
    if bug.where == "PixelData":
        bug.spoil(dataset, case)
        return {"<(7fe0,0010)>"}
    before = {path: element for path, element, _ in walk(case.original.dataset)}
    released = {path: (element, home) for path, element, home in walk(dataset)}
    touched = {path for path in before.keys() | released.keys() if matches(path, bug.where)} or {route(bug.where)}
    for path in touched:
        element, home = released.get(path, (None, dataset))
        was = before[path].value if path in before else ""
        value = bug.spoil(element.value if element is not None else "", was, case)
        if element is None:
            if value is not DROP:
                tag = before[path].tag if path in before else int(tag_for_keyword(bug.where) or 0)
                home.add(DataElement(tag, before[path].VR if path in before else dictionary_VR(tag), value))
        elif value is DROP:
            del home[element.tag]
        elif value is WRITE_LENGTH:
            element.is_undefined_length = False
        else:
            element.value = value
    if bug.where.endswith("*"):
        for element in list(dataset):
            if element.tag.is_private_creator and f'"{element.value}"*' == bug.where:
                del dataset[element.tag]
    return touched


def matches(path: str, where: str) -> bool:
    if where.endswith("*"):
        return where[:-1] in path
    return re.sub(r"\[<\d+>\]", "", path) == route(where)


def route(where: str) -> str:
    """An official path without item numbers, from keywords joined by dots; paths stay as they are."""
    if where.startswith(("<", '"')):
        return where
    tags = [int(tag_for_keyword(keyword) or 0) for keyword in where.split(".")]
    return "".join(f"<({tag >> 16:04x},{tag & 0xFFFF:04x})>" for tag in tags)
