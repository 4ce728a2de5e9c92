"""Drafts of DICOM objects: plain dictionaries of keyword → value, layer on layer, and the layers all objects share.

Texts are templates of `answers.planting`. Private attributes are written `(0027,"GEMS_IMAG_01",33) LO`, a sequence is
a list of dictionaries.
"""

from __future__ import annotations

import datetime
import re
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..answers.people import Chart, words
from ..answers.planting import Planted

Attributes = dict[str, Any]

EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
RLE = "1.2.840.10008.1.2.5"
JPEG_2000 = "1.2.840.10008.1.2.4.90"
SOP_CLASSES = {
    name: f"1.2.840.10008.5.1.4.1.1.{number}"
    for name, _, number in (
        pair.partition("=")
        for pair in words("""CR=1 CT=2 DX=1.1 MG=1.2 MR=4 PT=128 RTDOSE=481.2 RTPLAN=481.5 RTSTRUCT=481.3 SEG=66.4
            SM=77.1.6 SR=88.22 US=6.1 cine=3.1""")
    )
}


class Draft(NamedTuple):
    """A DICOM object to be: its name in the patient's chart, attributes, pixels and what is burned into them."""

    name: str
    attributes: Attributes
    pixels: NDArray[np.generic] | None = None
    syntax: str = EXPLICIT
    burned: tuple[Planted, ...] = ()


def facts(text: str) -> Attributes:
    r"""Attributes written as `Keyword = value; Keyword = value`; backslashes part several values, as in DICOM.

    After a private attribute others of its block are written without their block; `[]` is a sequence without items.

    >>> facts(r"KVP = 120; ImageType = ORIGINAL\PRIMARY")
    {'KVP': '120', 'ImageType': ['ORIGINAL', 'PRIMARY']}
    >>> facts('(0009,"ACME 1",01) LO = A; 02 SH = B')
    {'(0009,"ACME 1",01) LO': 'A', '(0009,"ACME 1",02) SH': 'B'}
    """
    found: Attributes = {}
    block = ""
    for part in filter(None, re.split(r";\s+|;$", text.strip())):
        keyword, value = (side.strip() for side in part.split(" =", 1))
        if keyword.startswith("("):
            block = keyword[: -len("01) LO")]
        elif re.fullmatch(r"[0-9a-f]{2} [A-Z]{2}", keyword):
            keyword = block + keyword.replace(" ", ") ")
        values = value.split("\\")
        found[keyword] = [] if value == "[]" else values if len(values) > 1 else value
    return found


def code(value: str, scheme: str, meaning: str) -> list[Attributes]:
    """A code sequence of one item."""
    return [{"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning}]


def patient(chart: Chart) -> Attributes:
    """The patient's attributes."""
    random = chart.random("body")
    return {
        **facts("""
            PatientName = {name}; PatientID = {mrn}; IssuerOfPatientID = {hospital}; PatientBirthDate = {dob};
            PatientMotherBirthName = {mother}; PatientAddress = {address}; PatientTelephoneNumbers = {phone};
            PatientTelecomInformation = mailto:{email};
        """),
        "SpecificCharacterSet": chart.charset,
        "PatientSex": chart.sex,
        "OtherPatientIDsSequence": [facts("PatientID = {ssn}; IssuerOfPatientID = SSA; TypeOfPatientID = TEXT")],
        "PatientAge": chart.fields["age"],
        "PatientSize": f"{random.uniform(1.52, 1.95):.2f}",
        "PatientWeight": f"{random.uniform(52, 104):.1f}",
        "EthnicGroup": str(random.choice(["2135-2", "2186-5"])),
    }


def study(chart: Chart, name: str, time: str, description: str, more: str = "", days: int = 0) -> Attributes:
    """A study's attributes on top of its patient's and `more` facts, so many days after the patient was first seen."""
    day = chart.first_seen + datetime.timedelta(days=days)
    return {
        **patient(chart),
        **facts(more),
        **facts("""
            ReferringPhysicianName = {referring}; ReferringPhysicianTelephoneNumbers = {phone};
            NameOfPhysiciansReadingStudy = {reading}; RequestingPhysician = {requesting}; AdmissionID = {visit};
        """),
        "StudyInstanceUID": chart.uid("study", name),
        "StudyDate": f"{day:%Y%m%d}",
        "StudyTime": time,
        "StudyDescription": description,
        "AccessionNumber": "{second_accession}" if days else "{accession}",
        "StudyID": "{second_study_id}" if days else "{study_id}",
    }


def at_time(what: str, date: str, time: str) -> Attributes:
    """The date and the time of something, `StudyDate` and `StudyTime` of `Study`."""
    return {f"{what}Date": date, f"{what}Time": time}


class Instance(NamedTuple):
    """Which instance a draft is: whose, in which series, its name in the chart, its number in the series."""

    chart: Chart
    series: Attributes
    name: str
    number: int = 1

    def attributes(self, kind: str) -> Attributes:
        """An instance's attributes on top of its series'."""
        date, time = self.series["SeriesDate"], self.series["SeriesTime"]
        return {
            **self.series,
            "SOPClassUID": SOP_CLASSES[kind],
            "SOPInstanceUID": self.chart.uid(self.name),
            "InstanceNumber": self.number,
            **at_time("InstanceCreation", date, time),
            **at_time("Content", date, after(time, 2 * self.number)),
        }

    def at_series(self, what: str) -> Attributes:
        """The date and the time of the series, as those of something in it."""
        return at_time(what, self.series["SeriesDate"], self.series["SeriesTime"])

    @property
    def random(self) -> np.random.Generator:
        """The random stream of the instance, from its start."""
        return self.chart.random(self.name)

    @property
    def frame_of_study(self) -> str:
        """The frame of reference that all series of the study share."""
        return self.chart.uid("frame", self.series["StudyInstanceUID"])


def after(time: str, seconds: int) -> str:
    """The time of day some seconds later, both as HHMMSS."""
    return f"{datetime.datetime.strptime(time, '%H%M%S') + datetime.timedelta(seconds=seconds):%H%M%S}"
