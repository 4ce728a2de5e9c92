"""Write midi_nb/data/scopes.csv: the level at which the DICOM model holds each attribute above Instance.

The tables of PS3.3 are read as highdicom ships them: which module belongs to which information entity in each composite
IOD, and which attributes each module has. Run it again when a new edition matters::

    pip install highdicom
    python tools/make_scopes.py
"""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from pydicom.datadict import tag_for_keyword

TARGET = Path(__file__).parents[1] / "midi_nb" / "data" / "scopes.csv"

SCOPES = ("Patient", "Study", "Series", "Instance")

# Any other information entity (Image, SR Document, Plan, Acquisition, ...) is Instance.
ENTITIES = {
    "Patient": "Patient",
    "Study": "Study",
    "Series": "Series",
    "Equipment": "Series",
    "Frame of Reference": "Series",
}

# Modules of no composite IOD: worklists, requests, visits. Stray copies of their attributes do turn up in images.
# Patient Medical is Study, where composite IODs have what they have of it (Medical Alerts, Allergies).
NORMALIZED = {
    "patient-demographic": "Patient",
    "patient-identification": "Patient",
    "patient-medical": "Study",
    "patient-relationship": "Study",
    "visit-admission": "Study",
    "visit-identification": "Study",
    "visit-relationship": "Study",
    "visit-status": "Study",
    "imaging-service-request": "Study",
    "requested-procedure": "Study",
    "scheduled-procedure-step": "Series",
    "performed-procedure-step-information": "Series",
    "performed-procedure-step-relationship": "Series",
    "image-acquisition-results": "Series",
    "billing-and-material-management-code": "Series",
    "unified-procedure-step-performed-procedure-information": "Series",
    "unified-procedure-step-progress-information": "Series",
    "unified-procedure-step-relationship": "Series",
    "unified-procedure-step-scheduled-procedure-information": "Series",
}

# Attributes in the main data set of no module at all: retired ones, and those the model has inside sequences only.
RANGES = {
    "(0010,xxxx)": ("Patient", "patient"),
    "(0032,xxxx)": ("Study", "study management, retired"),
    "(0038,xxxx)": ("Study", "visit"),
    "(0040,00xx)": ("Series", "scheduled procedure step"),
    "(0040,02xx)": ("Series", "performed procedure step"),
    "(0040,10xx)": ("Study", "requested procedure"),
    "(0040,20xx)": ("Study", "imaging service request"),
}

# Single choices, each with its reason.
CHOICES = {
    "InstitutionCodeSequence": ("Series", "beside Institution Name"),
    "StationAETitle": ("Series", "beside Station Name"),
    "DeviceID": ("Series", "beside Device Serial Number"),
    "UniqueDeviceIdentifier": ("Series", "beside Device Serial Number"),
    "DateTimeOfLastCalibration": ("Series", "beside Date of Last Calibration"),
    "GantryDetectorTilt": ("Instance", "CT Image against PET Series"),
    "RadiopharmaceuticalInformationSequence": ("Series", "PET Isotope against NM and Enhanced PET"),
    "ModalitiesInStudy": ("Study", "named after it"),
    "SOPClassesInStudy": ("Study", "named after it"),
    "AnatomicRegionsInStudyCodeSequence": ("Study", "named after it"),
    "SeriesInStudy": ("Study", "named after it"),
    "AcquisitionsInStudy": ("Study", "named after it"),
    "ImagesInStudy": ("Study", "named after it"),
    "OtherStudyNumbers": ("Study", "named after it"),
    "AcquisitionsInSeries": ("Series", "named after it"),
    "ImagesInSeries": ("Series", "named after it"),
    "NuclearMedicineSeriesType": ("Series", "named after it"),
    "NumberOfPatientRelatedStudies": ("Patient", "named after it"),
    "NumberOfPatientRelatedSeries": ("Patient", "named after it"),
    "NumberOfPatientRelatedInstances": ("Patient", "named after it"),
    "NumberOfStudyRelatedSeries": ("Study", "named after it"),
    "NumberOfStudyRelatedInstances": ("Study", "named after it"),
    "NumberOfSeriesRelatedInstances": ("Series", "named after it"),
}


class Row(NamedTuple):
    """One line of the table; a tag ending in x stands for every tag of its range that has no line of its own."""

    tag: str
    scope: str
    keyword: str
    source: str


def standard(name: str) -> dict[str, list[dict[str, Any]]]:
    """One of highdicom's tables of PS3.3."""
    spec = find_spec("highdicom")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("highdicom is not installed: pip install highdicom")
    table: dict[str, list[dict[str, Any]]] = json.loads(
        (Path(spec.origin).parent / "_standard" / f"{name}.json").read_text(encoding="utf-8")
    )
    return table


def top_level(module: list[dict[str, Any]]) -> list[str]:
    """Keywords of a module's attributes outside sequences."""
    return [attribute["keyword"] for attribute in module if not attribute["path"]]


def composite_levels() -> dict[str, Counter[tuple[str, str]]]:
    """For each keyword, how many composite IODs have it as (scope, module), each IOD counted once at its broadest."""
    modules = standard("module_attribute_map")
    levels: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for iod in standard("iod_module_map").values():
        uses = sorted(((ENTITIES.get(use["ie"], "Instance"), use["key"]) for use in iod), key=breadth)
        first: dict[str, tuple[str, str]] = {}
        for level in uses:
            for keyword in top_level(modules.get(level[1], [])):
                first.setdefault(keyword, level)
        for keyword, level in first.items():
            levels[keyword][level] += 1
    return levels


def breadth(level: tuple[str, str]) -> int:
    """Sort key: the broadest scope first."""
    return SCOPES.index(level[0])


def decide(levels: Counter[tuple[str, str]]) -> tuple[str, str]:
    """The (scope, module) that most IODs agree on; the broader scope where they are even.

    The broadest alone would file Convolution Kernel or Heart Rate by PET Series, against all other modalities.
    """
    votes: Counter[str] = Counter()
    for (scope, _), count in levels.items():
        votes[scope] += count
    winner = min(votes, key=lambda scope: (-votes[scope], SCOPES.index(scope)))
    return min((level for level in levels if level[0] == winner), key=lambda level: (-levels[level], level))


def decisions() -> dict[str, tuple[str, str]]:
    """For each keyword, its (scope, source): a choice, else the composite IODs', else a normalized module's."""
    modules = standard("module_attribute_map")
    normalized = {
        keyword: (scope, module) for module, scope in NORMALIZED.items() for keyword in top_level(modules[module])
    }
    return normalized | {keyword: decide(levels) for keyword, levels in composite_levels().items()} | CHOICES


def ranges_of(tag: int) -> list[str]:
    """The ranges a tag falls into."""
    group, element = divmod(tag, 0x10000)
    return [name for name in (f"({group:04x},{element >> 8:02x}xx)", f"({group:04x},xxxx)") if name in RANGES]


def rows() -> Iterator[Row]:
    """Lines for all that is above Instance, or would be by its range."""
    for name, (scope, source) in RANGES.items():
        yield Row(name, scope, "", source)
    for keyword, (scope, source) in decisions().items():
        tag = tag_for_keyword(keyword)
        if tag is not None and (scope != "Instance" or ranges_of(tag)):
            yield Row(f"({tag >> 16:04x},{tag & 0xFFFF:04x})", scope, keyword, source)


def main() -> None:
    """Write the table."""
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Row._fields)
        writer.writerows(sorted(rows()))


if __name__ == "__main__":
    main()
