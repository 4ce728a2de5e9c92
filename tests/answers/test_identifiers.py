"""Identifiers of patients, where the same words stand elsewhere, and patterns."""

import pytest

from midi_nb.answers.identifiers import PATTERNS, Identifier, Known, patterns_in


@pytest.mark.parametrize(
    ("identifier", "text", "found"),
    [
        (("A", "name", "MEYER^STEPHANIE"), "seen: Stephanie Meyer.", "Stephanie Meyer"),
        (("A", "name", "MEYER^STEPHANIE"), "MEYERSTEPHANIE", "MEYERSTEPHANIE"),
        (("A", "name", "MEYER^STEPHANIE"), "Mrs Meyer", "Meyer"),
        (("A", "name", "MEYER^STEPHANIE"), "Meyerhof technique", None),
        (("A", "name", "YOUNG^ROSE"), "young patient, rose contrast", None),  # common words
        (("A", "name", "YOUNG^ROSE"), "for Rose Young", "Rose Young"),
        (("A", "name", "DIXON^ANN"), "T1 DIXON, MRI", None),  # a sequence
        (("A", "name", "DIXON^ANN"), "T1 DIXON for Ann Dixon", "Ann Dixon"),
        (("A", "name", "LI^BO"), "LI and BO", None),  # too short alone
        (("A", "name", "LI^BO"), "Bo Li", "Bo Li"),
        (("A", "name", "Müller^Jürgen"), "MULLER JURGEN", "MULLER JURGEN"),
        (("A", "name", "MÜLLER^A"), "seen by Mueller", "Mueller"),
        (("A", "name", "MUELLER^A"), "seen by Mu\u0308ller", "Mu\u0308ller"),
        (("A", "name", "GROSS^A"), "Frau Groß, Saal 1", "Groß"),
        (("A", "name", "GROẞ^A"), "Frau Gross", "Gross"),
        (("A", "name", "SMITH-JONES^ANNA"), "Ms Jones, SmithJones, Smith Jones", "Jones SmithJones Smith Jones"),
        (("A", "name", "O'BRIEN^PAT"), "Obrien, O’Brien, O BRIEN", "Obrien O’Brien O BRIEN"),
        (("A", "name", "OBRIEN^PAT"), "O'Brien", "O'Brien"),
        (("A", "name", "王^伟"), "病人王伟复查, 王 伟", "王伟 王 伟"),
        (("A", "name", "王^伟"), "王医生", None),  # a part alone
        (("A", "name", "Kim^Min=金^敏=김^민"), "김민은 CT", "김민"),
        (("A", "name", "LI^NA"), "Lina", None),
        (("A", "name", "Yamada^Tarou=山田^太郎"), "患者山田様", "山田"),
        (("A", "name", "Παπαδοπούλου^Ελένη"), "PAPADOPOULOU", "PAPADOPOULOU"),
        (("A", "name", "Кузнецова^Людмила"), "Kuznetsova", "Kuznetsova"),
        (("H", "number", "0012345678"), "MRN 12345678", "12345678"),
        (("H", "number", "12345678"), "9912345678", None),  # inside a longer number
        (("H", "number", "123"), "123", None),
        (("D", "number", "+1-212-555-0147"), "1 212 5550147", "1 212 5550147"),
        (("D", "number", "+1-212-555-0147"), "tel. 1 (212) 555 0147", "1 (212) 555 0147"),
        (("F", "telecom", "mailto:jane@example.org"), "b'\\x00JANE@example.org'", "JANE@example.org"),
        (("B", "phrase", "12 Elm Street, Springfield"), "lives in SPRINGFIELD", "SPRINGFIELD"),
        (("B", "phrase", "Diagnostic Imaging"), "diagnostic imaging", None),  # common words only
        (("C", "date", "19530716"), "born July 16, 1953", "July 16, 1953"),
        (("C", "date", "19530716"), "DOB 07/16/1953 or 16.7.1953 or 16-JUL-1953", "07/16/1953 16.7.1953 16-JUL-1953"),
        (("C", "date", "19530916"), "16th of September 1953, Sept 16, 1953", "16th of September 1953 Sept 16, 1953"),
        (("C", "date", "1953"), "1953", None),
        (("H", "number", "4711001"), "see PAT4711001", "4711001"),
        (("H", "number", "PAT4711001"), "mrn:PAT-4711001", "PAT-4711001"),
        (("H", "number", "PAT-5530-871"), "acq 5530871, 5530, 871", "5530871 5530, 871"),
        (("D", "number", "+48 22 555 01 99"), "22-555-01-99 or 225550199", "22-555-01-99 225550199"),
        (("C", "date", "19530716"), "3/4/53, 7/16/53, 16-Jul-53", "7/16/53 16-Jul-53"),
        (("A", "name", "MEYER^ANN"), "Meyer2012, Ann2012, Meyers", "Meyer"),
        (("A", "name", "van den Berg^Jan"), "vandenBerg CT", "vandenBerg"),
        (("A", "name", "IVANOV^IVAN"), "Иванов Иван КТ", "Иванов Иван"),
        (("A", "name", "YAMADA^TAROU==やまだ^たろう"), "ヤマダ タロウ CT", "ヤマダ タロウ"),
        (("A", "name", "[BROWN^GRACE, KLEIN^EVA]"), "by Grace Brown", "Grace Brown"),  # as pydicom prints several names
        (("A", "name", "[LI^NA, 王^伟]"), "Na Li, 王伟", "Na Li 王伟"),
        (("H", "number", """["A'77112", 'B88223']"""), "old id B88223", "B88223"),
    ],
)
def test_words_of_a_patient_elsewhere(identifier, text, found):
    assert [each.text for each in Known([Identifier(*identifier)]).read(text).found] == ([found] if found else [])


@pytest.mark.parametrize(
    ("text", "name", "fits"),
    [
        ("mail s.meyer+x@mail.example.org now", "e-mail", "s.meyer+x@mail.example.org"),
        ("SSN 912-34-5678", "social security number", "912-34-5678"),
        ("call (212) 555-0147", "telephone", "(212) 555-0147"),
        ("call (212)555-0147", "telephone", "(212)555-0147"),
        ("call 212 555 0147", "telephone", "212 555 0147"),
        ("SSN 123 45 6789", "social security number", "123 45 6789"),
        ("a 95 year old", "age over 89", "95"),
        ("101yo", "age over 89", "101"),
        ("aged 95, age: 92, age 101y; she is 90 years of age", "age over 89", "95 92 101 90"),
        ("SSN123-45-6789", "social security number", "123-45-6789"),
        ("089/123456", "telephone", "089/123456"),
        ("020 7946 0958", "telephone", "020 7946 0958"),
        ("phone 555-0147", "telephone", "555-0147"),
        ("Tel. 030-123456, fax: 030 123457", "telephone", "030-123456 030 123457"),
        ("221B Baker Street", "address", "221B Baker Street"),
        ("12 Oak Court, 5 Elm Way", "address", "12 Oak Court 5 Elm Way"),
        ("PO Box 77", "address", "77"),
        ("host 10.216.0.17", "URL", "10.216.0.17"),
        ("on the 3rd of March 2011", "date", "3rd of March 2011"),
        ("Sept. 3, 2011", "date", "Sept. 3, 2011"),
        ("2011 March 3", "date", "2011 March 3"),
        ("call +49 30 1234 5678", "telephone", "+49 30 1234 5678"),
        ("at 12 Elm Street", "address", "12 Elm Street"),
        ("see https://pacs.example.org/1", "URL", "https://pacs.example.org/1"),
        ("done 02.25.2012", "date", "02.25.2012"),
        ("done 20120225", "date", "20120225"),
        ("no. 12345678", "number", "12345678"),
    ],
)
def test_patterns(text, name, fits):
    assert [(pattern.name, found) for pattern, found in patterns_in(text)] == [(name, fits)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.2.840.10008.1.2",
        "P4^P101^S108^I0, Gated, 0.0%",
        "4.6 COLONOSCOPY (ACRIN)",
        "120 kV, 250 mA",
        "3 mm",
        "89 year old",
        "90+ year old",
        "64 Slice Ct scan, 2 Phase Liver Ct, 1 Chest Ct, 12 Ax Dr",
        "10 Left Pl, 3 Plane Dr, 5 Field Way",
        "FSE 300-20-4000, 100-20-5000",
        "512-512-1024",
        "256 256 1024",
        "image 95, page 95",
        "PET 60min@3.0mCi, F18@10.5mCi",
        "bone age: 92 months, aged 90 days, age 120 mo",
        "Pos 0101 2000 1000, TR/TE 030/12345",
    ],
)
def test_harmless_texts_fit_no_pattern(text):
    assert patterns_in(text) == ()


def test_each_sure_pattern_has_a_letter_of_its_own():
    letters = [pattern.letter for pattern in PATTERNS if pattern.sure]

    assert len(set(letters)) == len(letters)
