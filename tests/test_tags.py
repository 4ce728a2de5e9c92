import csv
import runpy
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydicom.datadict import keyword_dict, keyword_for_tag, private_dictionary_description, tag_for_keyword

from midi_nb import frames, tags
from midi_nb.tags import Step

ROOT = Path(__file__).parents[1]

CANONICAL = {
    "(0008,1155)": "<(0008,1155)>",
    "(0008,1140)[0](0008,1155)": "<(0008,1140)>[<0000>]<(0008,1155)>",
    "(0040,a730)[12](0040,a043)[0](0008,0100)": "<(0040,a730)>[<0012>]<(0040,a043)>[<0000>]<(0008,0100)>",
    "(3006,0039)[12345](3006,0050)": "<(3006,0039)>[<12345>]<(3006,0050)>",
    '(0027,"GEMS_IMAG_01",33)': '<(0027,"GEMS_IMAG_01",33)>',
    '(0021,"SIEMENS MR SDS 01",fe)[0](0021,"SIEMENS MR SDS 01",19)': (
        '<(0021,"SIEMENS MR SDS 01",fe)>[<0000>]<(0021,"SIEMENS MR SDS 01",19)>'
    ),
    '(0029,"A ""B"" [X], (Y) <Z>",10)': '<(0029,"A ""B"" [X], (Y) <Z>",10)>',
    '(0029,"X)[0](0009,Y",10)': '<(0029,"X)[0](0009,Y",10)>',
    '(0029,"TWO\nLINES",10)': '<(0029,"TWO\nLINES",10)>',
    "(0029,0010)": "<(0029,0010)>",
    "(0002,0010)": "<(0002,0010)>",
}

NEVER_MATCHES = {
    "(0008,103E)": "upper-case hex",
    "(0008, 1030)": "space",
    '(0029,"Quokka",10)': "creator not in capitals",
    '(0028,"QUOKKA",10)': "even group with a creator",
    '(0029,"QUOKKA",1010)': "block in front of the low byte",
    '(0029,"",10)': "no creator between the quotes",
    "(0008,1140)[00](0008,1155)": "item with leading zero",
    "(0008,1140)[٣](0008,1155)": "digits of another script",
    f"(0008,1140)[{'1' * 5000}](0008,1155)": "more digits than int() takes",
    "(0008,1140)[0]": "no leaf",
    "(0008,1140)(0008,1155)": "no item",
    "(0008,1140)[0](0008,115G)": "not hex",
    "0008,1030": "no brackets",
    "(0008,1030)\n": "line end",
    "StudyDescription": "keyword",
    "": "nothing",
}

#: Official texts that are no paths, and what stands for them here.
NO_PATHS = {
    "<(0008,103E)>": "(0008,103E)",
    "<>": "",
    "<(0010,0010)> ": "<(0010,0010)> ",
    "<<(0010,0010)>>": "<(0010,0010)>",
}

UNDERSTOOD = {
    "(0010,0010)": "(0010,0010)",
    "<(0010,0010)>": "(0010,0010)",
    "(0010,0010)>": "(0010,0010)",
    "<<(0010,0010)>> ": "(0010,0010)",
    "0010,0010": "(0010,0010)",
    "00100010": "(0010,0010)",
    "0x00100010": "(0010,0010)",
    "0010 0010": "(0010,0010)",
    "[0010,0010]": "(0010,0010)",
    "(0010, 0010)": "(0010,0010)",
    "( 0010 , 0010 )": "(0010,0010)",
    "PatientName": "(0010,0010)",
    "(0008,103E)": "(0008,103e)",
    "0008103E": "(0008,103e)",
    "(0029,1010)": "(0029,1010)",
    '(0029, "Quokka", 1F)': '(0029,"QUOKKA",1f)',
    '(0029,"X)[0](0009,Y",10)': '(0029,"X)[0](0009,Y",10)',
    "<(0008,1140)>[<0000>]<(0008,1155)>": "(0008,1140)[0](0008,1155)",
    "(0008,1140)>[<0000>]<(0008,1155)": "(0008,1140)[0](0008,1155)",
    "(0008,1140)[00].(0008,1155)": "(0008,1140)[0](0008,1155)",
    "00081140[2]/00081155": "(0008,1140)[2](0008,1155)",
    "ReferencedStudySequence[0].ReferencedSOPInstanceUID": "(0008,1110)[0](0008,1155)",
    "(0040,a730)[1].ConceptNameCodeSequence[0].CodeMeaning": "(0040,a730)[1](0040,a043)[0](0008,0104)",
    '(0029,"Quokka",10)[0].PatientName': '(0029,"QUOKKA",10)[0](0010,0010)',
    "(0029,1010)[0](0010,0010)": "(0029,1010)[0](0010,0010)",
}

NOT_UNDERSTOOD = {
    "": "nothing",
    "<>": "nothing in wrappers",
    "12": "a number",
    "100010": "leading zeros lost",
    "0010,00100": "too many digits",
    "0010-0010": "no comma",
    "patientname": "not the keyword's spelling",
    "Patient's Name": "a name",
    "PatientName, PatientID": "two attributes",
    "(0010,0010)(0010,0020)": "two labels",
    "(0008,1140)(0008,1155)": "which item?",
    "ReferencedStudySequence.ReferencedSOPInstanceUID": "which item of the keyword?",
    "(0008,1140)[0]": "no leaf",
    "ReferencedStudySequence[0].": "no leaf after the dot",
    "(0010,0010)[0](0010,0020)": "an item of what is no sequence",
    "PatientName[0].PatientID": "an item of a keyword that is no sequence",
    "OverlayData": "keyword of many groups",
    "(0002,0010)": "file meta information",
    "TransferSyntaxUID": "keyword of the file meta information",
    "(0000,0110)": "a command",
    "(fffe,e000)": "a delimiter",
    '(0028,"QUOKKA",10)': "even group with a creator",
    '(0029,"",10)': "no creator between the quotes",
    "(0010,001G)": "not hex",
}

SCOPES = {
    "Patient": """
        PatientName PatientID IssuerOfPatientID PatientBirthDate PatientSex OtherPatientIDs PatientAddress EthnicGroup
        PatientTelephoneNumbers PatientComments ClinicalTrialSponsorName ClinicalTrialProtocolID ClinicalTrialSubjectID
        ClinicalTrialSiteName PatientIdentityRemoved DeidentificationMethod ReferencedPatientSequence""",
    "Study": """
        StudyInstanceUID StudyDate StudyTime StudyID StudyDescription AccessionNumber ReferringPhysicianName
        ReferringPhysicianAddress PhysiciansOfRecord PatientAge PatientSize PatientWeight MedicalAlerts Allergies
        Occupation AdmittingDiagnosesDescription AdditionalPatientHistory ReferencedStudySequence AdmissionID
        ClinicalTrialTimePointID RequestedProcedureDescription RequestedContrastAgent StudyComments ReasonForStudy
        ScheduledStudyStartDate StudyArrivalDate RequestedProcedureID RequestingPhysician DischargeDate VisitComments
        SpecialNeeds ImagingServiceRequestComments""",
    "Series": """
        SeriesInstanceUID SeriesNumber SeriesDate SeriesTime SeriesDescription Modality Laterality BodyPartExamined
        ProtocolName OperatorsName PerformingPhysicianName PatientPosition Manufacturer ManufacturerModelName
        StationName InstitutionName InstitutionAddress InstitutionCodeSequence InstitutionalDepartmentName
        DeviceSerialNumber SoftwareVersions FrameOfReferenceUID PositionReferenceIndicator
        SynchronizationFrameOfReferenceUID RequestAttributesSequence PerformedProcedureStepStartDate
        PerformedProcedureStepID ScheduledProcedureStepStartDate ClinicalTrialSeriesID DateOfLastCalibration
        RadiopharmaceuticalInformationSequence GantryID""",
    "Instance": """
        SOPClassUID SOPInstanceUID InstanceNumber InstanceCreationDate ContentDate AcquisitionDate AcquisitionTime
        AcquisitionDateTime AcquisitionUID ContrastBolusAgent ImageType ImageComments DerivationDescription KVP
        RepetitionTime ConvolutionKernel GantryDetectorTilt HeartRate ViewPosition ImageLaterality StructureSetLabel
        StructureSetDate ReferencedImageSequence Rows PixelData TextValue VerifyingObserverSequence
        MediaStorageSOPInstanceUID TransferSyntaxUID ExaminedBodyThickness StageCodeSequence""",
}


def path_of(keyword):
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    return tags.show([Step(tag >> 16, tag & 0xFFFF)])


hex16 = st.integers(0, 0xFFFF)
items = st.integers(0, 99_999)
creators = st.text(st.characters(codec="utf-8") | st.sampled_from(' "[](),<>09AF'), min_size=1).map(str.upper)
public = st.builds(Step, hex16, hex16, st.none(), items)
private = st.builds(Step, hex16.map(lambda group: group | 1), st.integers(0, 0xFF), creators, items)
canonical = st.lists(public | private, min_size=1, max_size=4).map(
    lambda steps: (*steps[:-1], steps[-1]._replace(item=None))
)
scraps = st.text() | st.lists(
    st.sampled_from(
        ["(0008,1140)", "(0008,103E)", '(0029,"QUOKKA",10)', "[0]", "[<0000>]", "<", ">", '"', ",", "(", ")"]
    )
).map("".join)


class TestPaths:
    @settings(deadline=None)
    @given(canonical)
    def test_any_steps_survive_both_spellings(self, steps):
        # A creator may hold a whole path; nothing can tell that apart, in ours as in the official spelling.
        assume(not any("[" in (step.creator or "") and "),(" in (step.creator or "") for step in steps))
        path = tags.show(steps)
        assert tags.parse(path) == steps
        assert tags.from_official(tags.to_official(path)) == path
        assert tags.to_official(tags.from_official(tags.to_official(path))) == tags.to_official(path)
        assert tags.leaf(path) == tags.show(steps[-1:])
        assert tags.root(path) == tags.show([steps[0]._replace(item=None)])
        assert tags.is_nested(path) == (len(steps) > 1)
        assert tags.is_private(path) == (steps[-1].group % 2 == 1)

    @settings(deadline=None)
    @given(scraps)
    def test_any_text_gets_an_answer(self, text):
        assert tags.parse(text) is None or tags.show(tags.parse(text)) == text
        assert (
            tags.from_official(text) == text
            or tags.from_official(text) in (text[1:], text[:-1], text[1:-1])
            or (tags.to_official(tags.from_official(text)) == text)
        )
        assert tags.scope(text) in frames.SCOPES
        assert tags.name(text) is None or tags.name(text) == tags.name(tags.leaf(text))
        assert tags.leaf(text) in text
        assert tags.root(text) in text

    @pytest.mark.parametrize(("official", "path"), NO_PATHS.items())
    def test_an_official_text_that_is_no_path_comes_back_as_it_was(self, official, path):
        assert tags.from_official(official) == path
        assert tags.to_official(path) == official
        assert tags.parse(path) is None

    @pytest.mark.parametrize(("path", "official"), CANONICAL.items())
    def test_canonical_paths_have_one_official_text(self, path, official):
        assert tags.from_official(official) == path
        assert tags.to_official(path) == official
        assert tags.show(tags.parse(path)) == path

    @pytest.mark.parametrize("path", NEVER_MATCHES, ids=NEVER_MATCHES.values())
    def test_other_spellings_do_not_parse_and_come_back_as_they_were(self, path):
        assert tags.parse(path) is None
        assert tags.from_official(f"<{path}>") == path
        assert tags.to_official(path) == f"<{path}>"

    @pytest.mark.parametrize(
        "official",
        [
            "<(0008,1140)>[<0>]<(0008,1155)>",
            "<(0008,1140)>[<00000>]<(0008,1155)>",
            "<(0008,1140)>[<0000>]<(0008,115E)>",
            '<(0029,"Quokka",10)>[<0000>]<(0008,1155)>',
        ],
    )
    def test_a_nested_text_that_is_not_canonical_only_loses_its_outer_wrappers(self, official):
        path = tags.from_official(official)
        assert path == official[1:-1]
        assert tags.parse(path) is None
        assert tags.to_official(path) == official
        assert tags.is_nested(path)
        assert "<" not in tags.without_items(path)

    @pytest.mark.parametrize(("text", "path"), UNDERSTOOD.items())
    def test_any_spelling_with_one_meaning_is_understood(self, text, path):
        assert tags.understood(text) == path

    @pytest.mark.parametrize("text", NOT_UNDERSTOOD, ids=NOT_UNDERSTOOD.values())
    def test_no_other_spelling_is(self, text):
        assert tags.understood(text) is None

    @settings(deadline=None)
    @given(canonical)
    def test_a_path_is_understood_as_it_is_or_names_nothing(self, steps):
        path = tags.show(steps)
        assume(tags.parse(path) == steps)
        meant = tags.understood(path)
        assert meant == tags.understood(tags.to_official(path))
        assert meant == path or (meant is None and any(step.group % 2 == 0 or step.group == 0xFFFF for step in steps))

    @settings(deadline=None)
    @given(scraps)
    def test_what_is_understood_parses(self, text):
        path = tags.understood(text)
        assert path is None or tags.parse(path) is not None

    def test_no_keyword_looks_like_a_number(self):
        assert [word for word in keyword_dict if word and tags.understood(word) not in (None, path_of(word))] == []

    def test_steps_keep_the_low_byte_where_there_is_a_creator(self):
        assert tags.parse('(0021,"SIEMENS MR SDS 01",fe)[3](0021,1019)') == (
            Step(0x0021, 0xFE, "SIEMENS MR SDS 01", 3),
            Step(0x0021, 0x1019),
        )

    def test_items_do_not_tell_groups_apart(self):
        paths = [f"(0040,a730)[{item}](0040,a160)" for item in range(3)]
        assert {tags.without_items(path) for path in paths} == {"(0040,a730)(0040,a160)"}

    def test_display_answers_for_sloppy_spellings(self):
        assert tags.name("(0008,103E)") == tags.name("(0008, 103e)") == "Series Description"
        assert tags.scope("(0008,103E)") == tags.scope("(0008, 103e)") == "Series"
        assert tags.leaf("(0008,1140)[0](0008,115A)") == "(0008,115A)"
        assert tags.is_private('(0029,"Quokka",10)')
        assert tags.scope('(0029,"Quokka",10)') == "Instance"


class TestNames:
    @pytest.mark.parametrize(
        ("path", "name"),
        {
            "(0008,1140)[0](0008,1155)": "Referenced SOP Instance UID",
            "(0010,0010)": "Patient's Name",
            "(0032,4000)": "Study Comments",
            "(6002,3000)": "Overlay Data",
            "(0009,0010)": "Private Creator",
            "(0008,0000)": "Group Length",
            '(0019,"GEMS_ACQU_01",02)': "Detector Channel",
            '(7053,"PHILIPS PET PRIVATE GROUP",00)': "SUV Scale Factor",
            '(0019,"Gems_Acqu_01",23)': "Table Speed [mm/rotation]",
            "(0029,1010)": None,
            '(0029,"QUOKKA WORKS",10)': None,
            '(0051,"SIEMENS MR HEADER",0a)': None,
            "(0008,9999)": None,
        }.items(),
    )
    def test_are_those_of_the_dictionaries(self, path, name):
        assert tags.name(path) == name

    def test_prefer_the_usual_block_as_pydicom_does(self):
        assert tags.name('(01f1,"ELSCINT1",04)') == private_dictionary_description(0x01F11004, "ELSCINT1")


class TestScopes:
    @pytest.mark.parametrize(
        ("keyword", "scope"), [(keyword, scope) for scope in SCOPES for keyword in SCOPES[scope].split()]
    )
    def test_are_those_of_the_information_entity(self, keyword, scope):
        assert tags.scope(path_of(keyword)) == scope

    @pytest.mark.parametrize(
        ("path", "scope"),
        {
            "(0040,0275)[0](0040,1001)": "Series",
            "(0040,a730)[0](0010,0010)": "Instance",
            '(0010,1002)[0](0029,"QUOKKA",10)': "Patient",
            "(0029,0010)": "Instance",
            "(0011,0010)": "Instance",
            '(0011,"GEMS_PATI_01",10)': "Instance",
        }.items(),
    )
    def test_come_from_the_root(self, path, scope):
        assert tags.scope(path) == scope

    def test_table_is_sorted_and_names_every_attribute_right(self):
        with (ROOT / "midi_nb" / "data" / "scopes.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) > 300
        labels = [row["tag"] for row in rows]
        assert labels == sorted(set(labels))
        for row in rows:
            assert row["scope"] in frames.SCOPES
            assert row["source"]
            if "x" not in row["tag"]:
                (step,) = tags.parse(row["tag"])
                assert row["keyword"] == keyword_for_tag(step.group << 16 | step.element)

    def test_table_is_what_the_standard_gives(self):
        pytest.importorskip("highdicom", reason="compares the table with highdicom's copy of PS3.3")
        tool = runpy.run_path(str(ROOT / "tools" / "make_scopes.py"))
        fresh = {row.tag: row.scope for row in tool["rows"]()}
        with (ROOT / "midi_nb" / "data" / "scopes.csv").open(encoding="utf-8", newline="") as file:
            table = {row["tag"]: row["scope"] for row in csv.DictReader(file)}
        shared = fresh.keys() & table.keys()
        assert len(shared) > 0.9 * len(table)  # another edition may add or retire some, not move them
        assert {tag: (table[tag], fresh[tag]) for tag in shared if table[tag] != fresh[tag]} == {}


NAMED, NUMBERED = '(0029,"QUOKKA",40)', "(0029,1040)"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("(0010,0010)", "(0010,0010)", True),
        (NAMED, NUMBERED, True),
        (NUMBERED, NAMED, True),
        (f"{NAMED}[0](0008,0104)", f"{NUMBERED}[0](0008,0104)", True),
        (f"{NAMED}[0]{NUMBERED}", f"{NUMBERED}[0]{NAMED}", True),
        (f"{NAMED}[0](0008,0104)", f"{NUMBERED}[1](0008,0104)", False),
        (f"{NAMED}[0](0008,0104)", f"{NUMBERED}[0](0008,0105)", False),
        (f"{NAMED}[0](0008,0104)", NUMBERED, False),
        (NAMED, '(0029,"OTHER",40)', False),
        (NAMED, "(0029,1041)", False),
        (NAMED, "(002b,1040)", False),
        (NUMBERED, "(0029,1140)", False),
        ('(0029,"QUOKKA",10)', "(0029,0010)", False),  # a creator is in no block
        ("(0008,103E)", "(0008,103e)", False),
        ("", "(0008,103e)", False),
    ],
)
def test_an_attribute_in_a_private_sequence_has_two_paths(one, other, same):
    assert tags.same(one, other) is same


@pytest.mark.parametrize(
    ("path", "private"),
    [(NAMED, True), (f"{NUMBERED}[0](0008,0104)", True), ("(0008,1140)[0](0008,1155)", False), ("(0008,103E)", False)],
)
def test_what_is_in_a_private_sequence_is_said_to_be(path, private):
    assert tags.in_private(path) is private
