"""The hospital's archive: what was done to each kind of patient, on which machines, with which typing errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..answers.people import Chart, someone
from . import documents as doc
from . import images as image
from .drafts import IMPLICIT, JPEG_2000, RLE, Attributes, Draft, Instance, after, at_time, code, facts, study

#: Machines: equipment attributes and private blocks, with identifiers in the private attributes where TCIA's curators
#: have found some.
MACHINES: dict[str, Attributes] = {
    machine: facts(text)
    for machine, text in {
        "Fuji CR": """
            Manufacturer = FUJI PHOTO FILM Co., ltd.; ManufacturerModelName = 5501ES; SoftwareVersions = A09-02;
            StationName = FC[[ {host}]]; (0009,"FDMS 1.0",04) SH = CHEST; 05 SH = 0501; 92 SH = {ward};
            (0021,"FDMS 1.0",10) CS = STANDARD;
        """,
        "Philips DX": """
            Manufacturer = Philips Medical Systems; ManufacturerModelName = digital DIAGNOST; SoftwareVersions = 1.3.1;
            StationName = BUCKY-1; (2001,"Philips Imaging DD 001",10) CS = NO; 23 DS = 90.00;
            (3f01,"INTELERAD MEDICAL SYSTEMS",01) LO = ROUTED; 03 LO = AE_{surname};
        """,
        "Toshiba CT": """
            Manufacturer = TOSHIBA; ManufacturerModelName = Aquilion ONE; SoftwareVersions = V4.74ER007;
            StationName = CT-SUITE-3; (7005,"TOSHIBA_MEC_CT3",08) DS = 0.5; 0a DS = 26.5; 0b SH = FC18;
            1c LO = IOPAMIDOL[[ for {patient}]]; 1d UL = 3; 23 DS = 0.828;
        """,
        "GE CT": """
            Manufacturer = GE MEDICAL SYSTEMS; ManufacturerModelName = LightSpeed VCT; SoftwareVersions = 07MW18.4;
            StationName = CT99; (0009,"GEMS_IDEN_01",01) LO = GE_GENESIS_FF; 04 SH = LightSpeed VCT; 30 SH = {account};
            (0019,"GEMS_ACQU_01",02) SL = 912; 03 DS = 394.750000; 04 DS = 1.023900; 0f DS = 513.800000; 11 SS = 1;
            18 LO = S; 19 DS = -12.500000; 1a LO = I; 1b DS = -62.500000; 1e DS = 400.000000; 23 DS = 39.375000;
            24 DS = 0.517300; 25 SS = 1; 26 SL = 8145; 27 DS = 0.400000; 2c SL = 2960; 39 SS = 2; 3a SS = 888;
            40 SS = 1; 42 SS = 0; 43 SS = 1; 47 SS = 120; 52 SS = 1; 6a SS = 24; 6b SS = 1320; 70 DS = 800.000000;
            71 DS = 0.984000; (0023,"GEMS_STDY_01",70) FD = {seen_seconds}; (0027,"GEMS_IMAG_01",06) SL = 1;
            1c SL = 512; 33 LO = HELICAL[[ {patient}]];
        """,
        "GE MR": """
            Manufacturer = GE MEDICAL SYSTEMS; ManufacturerModelName = SIGNA EXCITE; SoftwareVersions = 11;
            StationName = MR1OW0; (0009,"GEMS_IDEN_01",01) LO = GE_GENESIS_FF; (0019,"GEMS_ACQU_01",7e) SS = 2;
            84 DS = 0.000000; (0027,"GEMS_IMAG_01",06) SL = 2; (0043,"GEMS_PARM_01",01) SS = 4; 2a OB = XSLICE;
            80 LO = 8HRBRAIN[[ {operator} {seen}]];
        """,
        "Siemens MR": """
            Manufacturer = SIEMENS; ManufacturerModelName = Avanto; SoftwareVersions = syngo MR B17;
            StationName = MRC25487; (0019,"SIEMENS MR HEADER",08) CS = IMAGE NUM 4; 0b DS = 3260;
            (0051,"SIEMENS MR HEADER",0b) SH = 192*256s; 0f LO = HEA;HEP;
            (0021,"SIEMENS MR SDS 01",19) OB = ### ASCCONV BEGIN ### tPatientName = {surname} ### ASCCONV END ###;
        """,
        "GE PET/CT": """
            Manufacturer = GE MEDICAL SYSTEMS; ManufacturerModelName = Discovery STE; SoftwareVersions = pet_dste.101;
            StationName = PETOW1; (0009,"GEMS_PETD_01",01) LO = GE Discovery STE; 03 LO = SCAN 1;
            37 LO = FDG LOT 7[[ ordered by {dr_referring}]];
        """,
        "GE MG": """
            Manufacturer = GE MEDICAL SYSTEMS; ManufacturerModelName = Senographe DS; SoftwareVersions = ADS 53.40;
            StationName = SENO-[[{ward}]]; (0045,"GEMS_SENO_02",1b) LO = CONTRAST; 20 DS = 15.0;
            26 OB = MAO OP={operator};
        """,
        "Philips US": """
            Manufacturer = Philips Medical Systems; ManufacturerModelName = iU22; SoftwareVersions = PMS5.1;
            StationName = IU22-B; (200d,"Philips US Imaging DD 023",38) TM = 101500;
        """,
        "Varian": """
            Manufacturer = Varian Medical Systems; ManufacturerModelName = ARIA RadOnc; SoftwareVersions = 11.0.31;
            StationName = ARIA-7;
        """,
        "Hamamatsu": """
            Manufacturer = Hamamatsu; ManufacturerModelName = NanoZoomer; SoftwareVersions = 3.1.7;
            StationName = SLIDE-1;
        """,
        "Reports": """
            Manufacturer = Merge Healthcare; ManufacturerModelName = RIS; SoftwareVersions = 7.0;
            StationName = REPORT-2;
        """,
    }.items()
}


def series(
    chart: Chart, study: Attributes, name: str, number: int, modality: str, machine: str, more: str = ""
) -> Attributes:
    """A series' attributes on top of its study's: equipment, people, the procedure step, and `more` facts."""
    date, time = study["StudyDate"], after(study["StudyTime"], 70 * number)
    return {
        **study,
        **MACHINES[machine],
        **facts("""
            OperatorsName = {operator}; PerformingPhysicianName = {performing}; InstitutionName = {hospital};
            InstitutionAddress = {hospital_address}; InstitutionalDepartmentName = Diagnostic Imaging;
            PerformedProcedureStepID = {step}; DeviceSerialNumber = {serial};
        """),
        "Modality": modality,
        "SeriesInstanceUID": chart.uid("series", name),
        "SeriesNumber": number,
        "PerformedProcedureStepDescription": study["StudyDescription"],
        **at_time("Series", date, time),
        **at_time("PerformedProcedureStepStart", date, time),
        **facts(more),
    }


#: What a request from the ward brings along; its last attribute lies three sequences deep.
COMMENT = facts("ValueType = TEXT; TextValue = arrives by wheelchair[[ from {address}]]") | {
    "ConceptNameCodeSequence": code("121106", "DCM", "Comment")
}
PROTOCOL = code("PROT-1", "99DEMO", "Local protocol")[0] | {"ProtocolContextSequence": [COMMENT]}
STEP = facts("""
    RequestedProcedureID = {account}; RequestedProcedureDescription = per protocol[[, phone {fax}]];
    ScheduledProcedureStepID = {visit}; ScheduledProcedureStepDescription = routine[[ {patient}]];
""") | {"ScheduledProtocolCodeSequence": [PROTOCOL]}
REQUEST: Attributes = {"RequestAttributesSequence": [STEP]}


def portable_chest(chart: Chart) -> Iterator[Draft]:
    """A portable chest radiograph with its lateral, a later digital one, and the report on the first."""
    person = """
        PatientComments = FOLLOW UP[[ call {phone} or {email}]]; InsurancePlanIdentification = {plan};
        AdditionalPatientHistory = smoker[[, lives in {town}]];
    """
    request = """
        RequestedProcedureDescription = Chest two views[[ {seen}]]; StudyComments = compare with priors[[, fax {fax}]];
        AdmittingDiagnosesDescription = Cough[[, seen by {dr_referring}]]; RetrieveURL = {url};
        ReasonForStudy = persistent cough[[ per {dr_referring}]];
    """
    first = study(chart, "chest", "191128", "XR CHEST AP PORTABLE[[ for {patient}]]", person + request) | REQUEST
    first["ScheduledStudyStartDate"] = first["StudyDate"]
    views = series(chart, first, "cr", 1, "CR", "Fuji CR", """
        SeriesDescription = CHEST PA LAT; ProtocolName = CHEST[[ {dr_referring}]]; DataSetSubtype = IMAGE[[ {mrn}]];
    """)  # fmt: skip
    text = {"template": image.banner(chart), "size": 12, "corner": "top left", "ink": 3900, "paper": 0}
    front = image.cr(Instance(chart, views, "cr front"), burn=text)
    yield front
    yield image.cr(Instance(chart, views, "cr lateral", 2), lateral=True)

    later = study(chart, "chest later", "084512", "XR CHEST 1V[[ {seen}]]", person, days=120)
    protocol = "SeriesDescription = CHEST AP; ProtocolName = CHEST AP STANDARD"
    upright = series(chart, later, "dx", 1, "DX", "Philips DX", protocol)
    text = {"template": "{letters}\n{mrn}", "size": 12, "corner": "bottom right", "ink": 16000, "paper": 0}
    yield image.dx(Instance(chart, upright, "dx"), text)
    yield report(chart, first, front, "CR")


def report(chart: Chart, visit: Attributes, about: Draft, kind: str) -> Draft:
    """The report on an image of this kind."""
    written = series(chart, visit, "sr", 2, "SR", "Reports", "SeriesDescription = REPORT")
    return doc.sr(Instance(chart, written, "sr"), about, kind)


def abdomen(chart: Chart) -> Iterator[Draft]:
    """A contrast CT of the abdomen."""
    visit = study(chart, "abdomen", "101500", "CT ABDOMEN W CONTRAST[[ {seen}]]", """
        PatientComments = allergy list in chart[[ of {patient}]]; MedicalAlerts = contrast reaction[[ {seen}]];
        AdditionalPatientHistory = pancreatitis[[, MRN {mrn}]];
        RequestedContrastAgent = IOPAMIDOL 300[[ ok by {dr_referring}]];
    """)  # fmt: skip
    venous = series(chart, visit, "ct", 2, "CT", "Toshiba CT", """
        SeriesDescription = ABD 5.0 VENOUS; BodyPartExamined = ABDOMEN; ContrastBolusAgent = IOPAMIDOL[[ {operator}]];
        ProtocolName = 4.6 COLONOSCOPY (ACRIN) DR.IYER;
    """)  # fmt: skip
    for number in range(1, 9):
        at = Instance(chart, venous, f"ct {number}", number)
        yield image.ct(at, 0.5 + 0.45 * (number - 1) / 7, contrast=True)


def lung_radiotherapy(chart: Chart) -> Iterator[Draft]:
    """A planning CT of the chest with its structures, plan, dose and a segmentation."""
    person = "Occupation = teacher[[ {visit}]]; StudyComments = lung SBRT[[ {mrn}]]"
    visit = study(chart, "planning", "133005", "RT PLANNING[[ {letters}]]", person)
    planning = series(chart, visit, "planning ct", 3, "CT", "GE CT", """
        SeriesDescription = CHEST 5.0[[ {dr_reading}]]; ProtocolName = P4[[ {seen}]]; BodyPartExamined = CHEST;
    """)  # fmt: skip
    sections = [
        image.ct(Instance(chart, planning, f"planning ct {number}", number), 0.06 + 0.02 * (number - 1), size=96)
        for number in range(1, 8)
    ]
    yield from sections

    def at(modality: str, number: int, machine: str, description: str) -> Instance:
        made = series(chart, visit, modality, number, modality, machine, f"SeriesDescription = {description}")
        return Instance(chart, made, modality.lower())

    structures = doc.rtstruct(at("RTSTRUCT", 10, "Varian", "ARIA RadOnc Structure Sets"), sections)
    plan = doc.rtplan(at("RTPLAN", 11, "Varian", "ARIA RadOnc Plans"), structures)
    yield structures
    yield plan
    yield doc.rtdose(at("RTDOSE", 12, "Varian", "ARIA RadOnc Dose"), plan)
    yield doc.seg(at("SEG", 13, "Reports", "Nodule segmentation"), sections)


def head(chart: Chart) -> Iterator[Draft]:
    """An MR of the head before and after contrast; the second series is compressed and one image has an overlay."""
    visit = study(chart, "head", "152201", "MR BRAIN W WO[[ {patient}]]") | REQUEST
    protocol = "SeriesDescription = t1_se_tra; ProtocolName = t1_se_tra[[ {surname}]]"
    before = series(chart, visit, "t1", 4, "MR", "Siemens MR", protocol)
    viewed = facts('(0029,"SIEMENS MEDCOM HEADER",43) LO = viewed[[ by {operator}]]')
    before['(0029,"SIEMENS MEDCOM HEADER",40) SQ'] = [viewed]
    after = series(chart, visit, "t1 post", 9, "MR", "Siemens MR", """
        SeriesDescription = t1_se_tra_post; ProtocolName = t1_se_tra post;
        ContrastBolusAgent = GADAVIST[[ given by {operator}]];
    """)  # fmt: skip
    levels = [(number, 0.25 + 0.1 * (number - 1)) for number in range(1, 7)]
    for number, level in levels:
        yield image.mr(Instance(chart, before, f"t1 {number}", number), level, "T1", overlay=number == 3)
    for number, level in levels:
        yield image.mr(Instance(chart, after, f"t1 post {number}", number), level, "T1 post", syntax=JPEG_2000)


def mammography(chart: Chart) -> Iterator[Draft]:
    """A screening mammogram in four views, two of them with the patient's banner."""
    person = "PregnancyStatus = 1; IssuerOfPatientID = 1EM800O4-{mrn}"
    visit = study(chart, "mammo", "080911", "MAMMO MOBILE SCREENING[[ {town}]]", person)
    visit["ProcedureCodeSequence"] = code("MSCREEN", "99SECTRA", "MAMMO MOBILE SCREENING")
    for number, (side, oblique) in enumerate((("R", False), ("L", False), ("R", True), ("L", True)), 1):
        view = f"{side} {'MLO' if oblique else 'CC'}"
        protocol = f"SeriesDescription = {view}; ProtocolName = ROUTINE"
        views = series(chart, visit, view, number, "MG", "GE MG", protocol)
        corner = "top right" if side == "L" else "top left"  # away from the chest wall
        text = {"template": image.banner(chart), "size": 9, "corner": corner, "ink": 4000}
        yield image.mg(Instance(chart, views, f"mg {view}"), side, oblique, text if oblique else None)


def pet_ct(chart: Chart) -> Iterator[Draft]:
    """A whole-body PET with its low-dose CT, the CT in RLE."""
    visit = study(chart, "pet", "093000", "PET WB[[ {seen} {dr_reading}]]")
    protocol = "SeriesDescription = WB 3D MAC; ProtocolName = PET WB"
    pet = series(chart, visit, "pet", 1, "PT", "GE PET/CT", protocol)
    low_dose = series(chart, visit, "low dose ct", 2, "CT", "GE PET/CT", """
        SeriesDescription = CT WB 3.75; ProtocolName = P4^P101^S108^I0, Gated, 0.0%[[ {seen}]];
        BodyPartExamined = WHOLEBODY;
    """)  # fmt: skip
    for number in range(1, 9):
        yield image.pt(Instance(chart, pet, f"pet {number}", number), 8)
    for number in range(1, 5):
        at = Instance(chart, low_dose, f"low dose ct {number}", number)
        yield image.ct(at, 0.1 + 0.8 * (number - 1) / 3, 96, syntax=RLE, spacing=140.0)


def ultrasound(chart: Chart) -> Iterator[Draft]:
    """An abdominal ultrasound: three stills, one of them in RLE, and a loop."""
    comments = "PatientComments = NPO[[ since visit {visit}]]"
    visit = study(chart, "us", "111213", "US ABDOMEN[[ {dr_referring}]]", comments)
    liver = series(chart, visit, "us", 1, "US", "Philips US", "SeriesDescription = Liver; ProtocolName = Abd Gen")
    bright = {"template": image.banner(chart), "size": 11, "corner": "top left", "ink": 255, "paper": 0}
    dark = {**bright, "ink": 20, "paper": 230}
    below = {**bright, "template": "{letters} {mrn}", "size": 13, "corner": "bottom left"}
    yield image.us(Instance(chart, liver, "us 1", 1), bright)
    yield image.us(Instance(chart, liver, "us 2", 2), dark, RLE)
    yield image.us(Instance(chart, liver, "us 3", 3), below, IMPLICIT)
    yield image.cine(Instance(chart, liver, "us loop", 4), 6, {**bright, "size": 10})


def slides(chart: Chart) -> Iterator[Draft]:
    """A whole-slide image of a prostate core with its label."""
    visit = study(chart, "slides", "143000", "PROSTATE BX[[ {patient}]]")
    stained = series(chart, visit, "slides", 1, "SM", "Hamamatsu", "SeriesDescription = HE 20x")
    yield image.slide(Instance(chart, stained, "slide", 1), label=False)
    yield image.slide(Instance(chart, stained, "label", 2), label=True)


def second_head(chart: Chart) -> Iterator[Draft]:
    """An MR of the head on another vendor's machine, with a name in a dark corner."""
    visit = study(chart, "head", "164800", "MRI HEAD[[ {accession}]]", "StudyComments = trial[[ {code}]]")
    protocol = "SeriesDescription = AX T2 FSE; ProtocolName = BRAIN TUMOR"
    t2 = series(chart, visit, "t2", 3, "MR", "GE MR", protocol)
    text = {"template": "{letters}", "size": 8, "corner": "bottom left", "ink": 3800}
    for number in range(1, 6):
        at = Instance(chart, t2, f"t2 {number}", number)
        yield image.mr(at, 0.25 + 0.125 * (number - 1), "T2", text if number == 1 else None)


def very_old(chart: Chart) -> Iterator[Draft]:
    """A digital chest radiograph of somebody over ninety, whose age alone identifies, and its report."""
    person = "PatientAge = {age}; ReasonForStudy = fall[[ at {address}]]"
    visit = study(chart, "chest", "070245", "XR CHEST 2V[[ DOB {dob}]]", person) | REQUEST
    protocol = "SeriesDescription = CHEST ERECT; ProtocolName = CHEST ERECT"
    upright = series(chart, visit, "dx", 1, "DX", "Philips DX", protocol)
    text = {"template": image.banner(chart), "size": 12, "corner": "bottom left", "ink": 0, "paper": 15000}
    radiograph = image.dx(Instance(chart, upright, "dx"), text, IMPLICIT)
    yield radiograph
    yield report(chart, visit, radiograph, "DX")


Story = Callable[[Chart], Iterator[Draft]]

#: The kinds of patients, in the order they are admitted, over and over: story, culture of the name, age, sex.
PATIENTS: tuple[tuple[Story, str, int, str], ...] = (
    (portable_chest, "ascii", 59, "F"),
    (abdomen, "latin 1", 47, "M"),
    (lung_radiotherapy, "ascii", 71, "M"),
    (head, "japanese", 38, "F"),
    (mammography, "ascii", 52, "F"),
    (pet_ct, "unicode", 63, "M"),
    (ultrasound, "lusophone", 34, "F"),
    (slides, "ascii", 66, "M"),
    (second_head, "unicode", 45, "F"),
    (very_old, "latin 1", 93, "M"),
)


def chart(seed: int, index: int) -> Chart:
    """The chart of patient number `index`; the kinds of patients take turns."""
    _, culture, age, sex = PATIENTS[index % len(PATIENTS)]
    return someone(seed, index, culture, age, sex)


def story(chart: Chart) -> str:
    """What the kind of this patient is called."""
    return PATIENTS[chart.index % len(PATIENTS)][0].__name__


def records(chart: Chart) -> Iterator[Draft]:
    """All DICOM objects of a patient, as drafts."""
    yield from PATIENTS[chart.index % len(PATIENTS)][0](chart)
