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
        "image 95, page 95",
    ],
)
def test_harmless_texts_fit_no_pattern(text):
    assert patterns_in(text) == ()


def test_each_sure_pattern_has_a_letter_of_its_own():
    letters = [pattern.letter for pattern in PATTERNS if pattern.sure]

    assert len(set(letters)) == len(letters)
