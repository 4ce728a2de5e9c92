"""A patient's chart: who they are, and what their identifiers are called in templates.

Objects are drawn up as drafts: plain dictionaries of keyword → value, layer on layer. A text may carry identifiers in
braces, `XR CHEST AP PORTABLE[[ for {patient}]]`: a field of the chart stands in for the name, and double brackets hold
what a careful de-identification takes out. Private attributes are written `(0027,"GEMS_IMAG_01",33) LO`, a sequence is
a list of dictionaries.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .lettering import Box
from .people import Person, digest, stream

Attributes = dict[str, Any]

EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
RLE = "1.2.840.10008.1.2.5"
JPEG_2000 = "1.2.840.10008.1.2.4.90"
SOP_CLASSES = {
    name: f"1.2.840.10008.5.1.4.1.1.{number}"
    for name, number in (
        pair.split("=")
        for pair in [
            "CR=1",
            "CT=2",
            "DX=1.1",
            "MG=1.2",
            "MR=4",
            "PT=128",
            "RTDOSE=481.2",
            "RTPLAN=481.5",
            "RTSTRUCT=481.3",
            "SEG=66.4",
            "SM=77.1.6",
            "SR=88.22",
            "US=6.1",
            "cine=3.1",
        ]
    )
}


class Burned(NamedTuple):
    """A text burned into the pixels (or an overlay plane): what it says, where, and how large."""

    text: str
    box: Box
    size: int
    overlay: bool = False


class Draft(NamedTuple):
    """A DICOM object to be: its name in the patient's chart, attributes, pixels and what is burned into them."""

    name: str
    attributes: Attributes
    pixels: NDArray[np.generic] | None = None
    syntax: str = EXPLICIT
    burned: tuple[Burned, ...] = ()


def plain(text: str) -> str:
    """A text without accents, as a scanner's console writes it."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


@dataclass(frozen=True)
class Chart:
    """What is known of a patient while their objects are drawn up: the person, UIDs, days, random streams."""

    seed: int
    index: int
    person: Person
    age: int

    def uid(self, *name: object) -> str:
        """The UID of the thing of this name; the same name gives the same UID."""
        return f"2.25.{int.from_bytes(digest(self.seed, self.index, *name)[:16], 'big')}"

    def random(self, *name: object) -> np.random.Generator:
        """A random stream of its own for the thing of this name."""
        return stream(self.seed, self.index, *name)

    def number(self, *name: object, digits: int = 8) -> str:
        """An identifying number of so many digits; the same name gives the same number."""
        least = 10 ** (digits - 1)
        return str(least + int.from_bytes(digest(self.seed, self.index, "number", *name)[:8], "big") % (9 * least))

    @cached_property
    def fields(self) -> dict[str, tuple[str, str]]:
        """What the braces of this chart's texts stand for: field → (text, HIPAA identifier)."""
        p = self.person
        doctor = lambda name: "Dr. " + " ".join(reversed(name.split("^")))  # noqa: E731
        surname, given = p.roman.split("^")
        return {
            "name": (p.name, "HIPAA-A"),
            "patient": (p.spoken, "HIPAA-A"),
            "surname": (surname, "HIPAA-A"),
            "letters": (plain(f"{surname} {given}").upper(), "HIPAA-A"),
            "mother": (p.mother, "HIPAA-A"),
            "referring": (p.referring, "HIPAA-A"),
            "performing": (p.performing, "HIPAA-A"),
            "reading": (p.reading, "HIPAA-A"),
            "requesting": (p.requesting, "HIPAA-A"),
            "operator": (p.operator, "HIPAA-A"),
            "dr_referring": (doctor(p.referring), "HIPAA-A"),
            "dr_reading": (doctor(p.reading), "HIPAA-A"),
            "hospital": (p.hospital, "HIPAA-B"),
            "ward": (p.ward, "HIPAA-B"),
            "hospital_address": (f"{p.hospital_street}, {p.hospital_town}", "HIPAA-B"),
            "address": (f"{p.street}, {p.town}", "HIPAA-B"),
            "town": (p.town, "HIPAA-B"),
            "dob": (f"{p.born:%Y%m%d}", "HIPAA-C"),
            "dob_dots": (f"{p.born:%m.%d.%Y}", "HIPAA-C"),
            "seen": (f"{p.first_seen:%Y%m%d}", "HIPAA-C"),
            "seen_dots": (f"{p.first_seen:%m.%d.%Y}", "HIPAA-C"),
            "seen_seconds": (f"{(p.first_seen - datetime.date(1970, 1, 1)).total_seconds():.1f}", "HIPAA-C"),
            "age": (f"{self.age:03d}Y", "HIPAA-C"),
            "phone": (p.phone, "HIPAA-D"),
            "fax": (p.fax, "HIPAA-E"),
            "email": (p.email, "HIPAA-F"),
            "ssn": (p.ssn, "HIPAA-G"),
            "mrn": (p.mrn, "HIPAA-H"),
            "accession": (f"00{self.number('accession')}", "HIPAA-H"),  # leading zeros, which some tools lose
            "second_accession": (f"00{self.number('second accession')}", "HIPAA-H"),
            "study_id": (self.number("study id", digits=6), "HIPAA-R"),
            "second_study_id": (self.number("second study id", digits=6), "HIPAA-R"),
            "step": (self.number("step", digits=7), "HIPAA-R"),
            "visit": (self.number("visit", digits=7), "HIPAA-H"),
            "plan": (p.plan, "HIPAA-I"),
            "account": (p.account, "HIPAA-J"),
            "serial": (f"SN{self.number('serial')}", "HIPAA-M"),
            "url": (f"https://pacs.example.org/{self.number('url')}", "HIPAA-N"),
            "host": (f"10.{p.shift % 250}.{self.index % 250}.17", "HIPAA-O"),
            "code": (f"TRIAL-{self.number('code', digits=6)}", "HIPAA-R"),
        }

    def say(self, template: str) -> str:
        """A template's text with the patient's own words in its braces."""
        texts = {field: text for field, (text, _) in self.fields.items()}
        return template.replace("[[", "").replace("]]", "").format_map(texts)


def facts(text: str) -> Attributes:
    r"""Attributes written as `Keyword = value; Keyword = value`; backslashes part several values, as in DICOM.

    >>> facts(r"KVP = 120; ImageType = ORIGINAL\PRIMARY")
    {'KVP': '120', 'ImageType': ['ORIGINAL', 'PRIMARY']}
    """
    pairs = (part.split(" =", 1) for part in re.split(r";\s+|;$", text.strip()) if part)
    values = ((keyword.strip(), value.strip().split("\\")) for keyword, value in pairs)
    return {keyword: value if len(value) > 1 else value[0] for keyword, value in values}


def code(value: str, scheme: str, meaning: str) -> list[Attributes]:
    """A code sequence of one item."""
    return [{"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning}]


def patient(chart: Chart) -> Attributes:
    """The patient's attributes."""
    p = chart.person
    random = chart.random("body")
    return {
        "SpecificCharacterSet": p.charset,
        "PatientName": "{name}",
        "PatientID": "{mrn}",
        "IssuerOfPatientID": "{hospital}",
        "PatientBirthDate": "{dob}",
        "PatientSex": p.sex,
        "OtherPatientIDsSequence": [{"PatientID": "{ssn}", "IssuerOfPatientID": "SSA", "TypeOfPatientID": "TEXT"}],
        "PatientMotherBirthName": "{mother}",
        "PatientAddress": "{address}",
        "PatientTelephoneNumbers": "{phone}",
        "PatientTelecomInformation": "mailto:{email}",
        "PatientAge": f"{chart.age:03d}Y",
        "PatientSize": f"{random.uniform(1.52, 1.95):.2f}",
        "PatientWeight": f"{random.uniform(52, 104):.1f}",
        "EthnicGroup": str(random.choice(["2135-2", "2186-5"])),
    }


def study(chart: Chart, name: str, time: str, description: str, days: int = 0) -> Attributes:
    """A study's own attributes, so many days after the patient was first seen."""
    day = chart.person.first_seen + datetime.timedelta(days=days)
    return {
        "StudyInstanceUID": chart.uid("study", name),
        "StudyDate": f"{day:%Y%m%d}",
        "StudyTime": time,
        "StudyDescription": description,
        "AccessionNumber": "{second_accession}" if days else "{accession}",
        "StudyID": "{second_study_id}" if days else "{study_id}",
        "ReferringPhysicianName": "{referring}",
        "ReferringPhysicianTelephoneNumbers": "{phone}",
        "NameOfPhysiciansReadingStudy": "{reading}",
        "RequestingPhysician": "{requesting}",
        "AdmissionID": "{visit}",
    }


def series(chart: Chart, study: Attributes, name: str, number: int, modality: str, machine: Attributes) -> Attributes:
    """A series' attributes on top of its study's: equipment, people, the procedure step."""
    date, time = study["StudyDate"], after(study["StudyTime"], 70 * number)
    return {
        **study,
        **machine,
        "Modality": modality,
        "SeriesInstanceUID": chart.uid("series", name),
        "SeriesNumber": number,
        "SeriesDate": date,
        "SeriesTime": time,
        "OperatorsName": "{operator}",
        "PerformingPhysicianName": "{performing}",
        "InstitutionName": "{hospital}",
        "InstitutionAddress": "{hospital_address}",
        "InstitutionalDepartmentName": "Diagnostic Imaging",
        "PerformedProcedureStepStartDate": date,
        "PerformedProcedureStepStartTime": time,
        "PerformedProcedureStepID": "{step}",
        "PerformedProcedureStepDescription": study["StudyDescription"],
        "DeviceSerialNumber": "{serial}",
    }


def instance(chart: Chart, series: Attributes, kind: str, name: str, number: int) -> Attributes:
    """An instance's attributes on top of its series'."""
    return {
        **series,
        "SOPClassUID": SOP_CLASSES[kind],
        "SOPInstanceUID": chart.uid(name),
        "InstanceCreationDate": series["SeriesDate"],
        "InstanceCreationTime": series["SeriesTime"],
        "ContentDate": series["SeriesDate"],
        "ContentTime": after(series["SeriesTime"], 2 * number),
        "InstanceNumber": number,
    }


def after(time: str, seconds: int) -> str:
    """The time of day some seconds later, both as HHMMSS."""
    return f"{datetime.datetime.strptime(time, '%H%M%S') + datetime.timedelta(seconds=seconds):%H%M%S}"
