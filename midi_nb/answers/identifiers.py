"""Identifiers in original files, where their words occur again, and patterns of identifiers in any text.

One rule says which words are searched on their own, outside their own attribute: of names, words of three letters or
more (two in other scripts than Latin) that are not common words; of numbers, those of five characters or more with at
least four digits. Shorter or common ones (a first name that is also a technical word, ``M``, a year) are searched only
as a part of the whole name.

Texts are searched without accents, case and differences between apostrophes, once with ``ü`` as ``u`` and once as
``ue``; findings are returned as the text has them.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache, lru_cache
from itertools import groupby
from typing import NamedTuple

from ..text import legible, stop_words, whole_words, words

__all__ = [
    "PATTERNS",
    "TEXTS",
    "Found",
    "Identifier",
    "Known",
    "asked_to_go",
    "evident",
    "identifying",
    "name_words",
    "of_people",
    "patterns_in",
    "respelled",
    "searched",
]


class Identifier(NamedTuple):
    """An identifier in an original file: its letter in Safe Harbor, the kind of text, the text."""

    letter: str
    kind: str  # name, number, phrase, date, telecom
    text: str


def _words(text: str) -> list[str]:
    return text.split()


#: (letter, kind) → the attributes that say it. Beside these every name (VR PN) is one, of letter A.
_ATTRIBUTES: Mapping[tuple[str, str], list[str]] = {
    ("A", "name"): _words("""PatientName OtherPatientNames PatientBirthName PatientMotherBirthName ResponsiblePerson
        ReferringPhysicianName ConsultingPhysicianName PhysiciansOfRecord PerformingPhysicianName
        NameOfPhysiciansReadingStudy OperatorsName RequestingPhysician ScheduledPerformingPhysicianName
        HumanPerformerName VerifyingObserverName PersonName ContentCreatorName ReviewerName ROIInterpreter
        OrderEnteredBy NamesOfIntendedRecipientsOfResults"""),
    ("H", "number"): _words("""PatientID OtherPatientIDs AccessionNumber AdmissionID ServiceEpisodeID
        MedicalRecordLocator ClinicalTrialSubjectID ClinicalTrialSubjectReadingID
        PlacerOrderNumberImagingServiceRequest FillerOrderNumberImagingServiceRequest"""),
    ("R", "number"): _words("""StudyID RequestedProcedureID ScheduledProcedureStepID PerformedProcedureStepID"""),
    ("D", "number"): _words("""PatientTelephoneNumbers ReferringPhysicianTelephoneNumbers PersonTelephoneNumbers
        OrderCallbackPhoneNumber"""),
    ("F", "telecom"): _words("""PatientTelecomInformation PersonTelecomInformation OrderCallbackTelecomInformation"""),
    ("B", "phrase"): _words("""PatientAddress ReferringPhysicianAddress PersonAddress InstitutionAddress
        InstitutionName InstitutionalDepartmentName VerifyingOrganization ResponsibleOrganization RequestingService
        CurrentPatientLocation PatientInstitutionResidence CustodialInstitutionName IssuerOfPatientID"""),
    ("I", "number"): ["InsurancePlanIdentification"],
    ("C", "date"): ["PatientBirthDate"],
    ("M", "number"): _words("""DeviceSerialNumber GantryID GeneratorID DetectorID PlateID CassetteID
        SourceSerialNumber LensSerialNumber UniqueDeviceIdentifier XRayDetectorID XRaySourceID"""),
    ("M", "phrase"): ["StationName"],
}  # fmt: skip
#: Sequences that are large and name nobody. All others are searched for people, too.
_LARGE = _words("""PerFrameFunctionalGroupsSequence SharedFunctionalGroupsSequence ROIContourSequence BeamSequence
    IonBeamSequence WaveformSequence SegmentSequence SurfaceSequence GraphicAnnotationSequence""")


@cache
def searched() -> frozenset[int]:
    """The tags of attributes that identify people, and of sequences that can contain such attributes."""
    from pydicom.datadict import DicomDictionary

    return frozenset(
        tag
        for tag, (vr, *_, keyword) in DicomDictionary.items()
        if identifying(keyword, vr) or (vr == "SQ" and keyword not in _LARGE)
    )


@cache
def _by_keyword() -> dict[str, tuple[str, str]]:
    return {keyword: kind for kind, keywords in _ATTRIBUTES.items() for keyword in keywords}


def identifying(keyword: str, vr: str) -> tuple[str, str] | None:
    """(letter, kind) of an attribute that identifies people; None for all others.

    >>> identifying("PatientID", "LO"), identifying("", "PN"), identifying("BodyPartExamined", "CS")
    (('H', 'number'), ('A', 'name'), None)
    """
    return _by_keyword().get(keyword) or (("A", "name") if vr == "PN" else None)


def of_people(said: Iterable[Identifier], manufacturer: str) -> set[Identifier]:
    """The identifiers, without institutions that have the name of the device's maker: that word is everywhere.

    >>> of_people([Identifier("B", "phrase", "ACME"), Identifier("A", "name", "ACME")], "ACME_MEC")
    {Identifier(letter='A', kind='name', text='ACME')}
    """
    maker = set(whole_words(manufacturer))
    return {each for each in said if each.kind != "phrase" or not maker.issuperset(whole_words(each.text))}


class Found(NamedTuple):
    """Words of an identifier as a text has them."""

    letter: str
    text: str


class Reading(NamedTuple):
    """The identifiers found in a text, and the text without them."""

    found: tuple[Found, ...]
    rest: str


class Known:
    """The identifiers of one patient's files, ready to be found in texts.

    >>> known = Known([Identifier("A", "name", "MEYER^STEPHANIE"), Identifier("H", "number", "4711001")])
    >>> known.read("CHEST of Stephanie Meyer, no. 4711001").found
    (Found(letter='A', text='Stephanie Meyer'), Found(letter='H', text='4711001'))
    """

    def __init__(self, identifiers: Iterable[Identifier]) -> None:
        forms: dict[str, set[str]] = {}
        for letter, kind, text in identifiers:
            forms.setdefault(letter, set()).update(
                form for said in _spellings(text, kind) for form in _FORMS[kind](said)
            )
        # Longer forms first: of two at one place the whole name counts, not its first word.
        self._letters = {
            letter: re.compile(_either(sorted(each, key=lambda form: (-len(form), form))), re.IGNORECASE)
            for letter, each in sorted(forms.items())
            if each
        }
        self.read = lru_cache(20_000)(self._read)

    def read_bytes(self, value: bytes) -> Reading:
        """The identifiers in bytes, spelled as Python prints those: that is what a check compares.

        >>> Known([Identifier("A", "name", "MÜLLER^JANE")]).read_bytes(b"\\1\\0" + "Jane Müller".encode()).found
        (Found(letter='A', text='Jane M\\\\xc3\\\\xbcller'),)
        """
        found, rest = self._read(" ".join(legible(value)))
        return Reading(tuple(Found(letter, _spelled(text, value)) for letter, text in found), rest)

    def _read(self, text: str) -> Reading:
        """The identifiers in a text, those of one letter together."""
        found, places = list[Found](), set[int]()
        ways = [_Folded.of(text, spelled) for spelled in ((False,) if text.isascii() else (False, True))]
        for letter, form in self._letters.items():
            spans = sorted({way.span(match) for way in ways for match in form.finditer(way.text)})
            if spans:
                found.append(Found(letter, " ".join(dict.fromkeys(text[start:end] for start, end in spans))))
                places.update(place for span in spans for place in range(*span))
        rest = "".join(" " if place in places else each for place, each in enumerate(text)) if places else text
        return Reading(tuple(found), rest)


def _spelled(text: str, value: bytes) -> str:
    """The words of a text as printed bytes contain them, in whatever encoding."""
    found = dict.fromkeys(
        repr(spelled)[2:-1]
        for word in text.split()
        for spelled in (
            word.encode(encoding, "replace").rstrip(b"\0") for encoding in ("utf-8", "latin-1", "utf-16-le")
        )
        if spelled in value
    )
    return " ".join(found)


# Letters that Unicode does not take apart, and what is written where there are no such letters.
_BARE = {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "’": "'", "‘": "'",
         "ʼ": "'", "´": "'", "`": "'", "‐": "-", "‑": "-", "–": "-"}  # fmt: skip
_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}  # of the katakana letters
_SPELLED = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"}
# A letter with what is put on or under it; a Korean syllable written as its letters.
_CLUSTER = re.compile("[\u1100-\u115f][\u1160-\u11a7][\u11a8-\u11ff]?|.[\u0300-\u036f\u3099\u309a]*", re.DOTALL)


class _Folded(NamedTuple):
    """A text in the form that is searched, and for each of its characters (and its end) the place in the original
    text."""

    text: str
    places: Sequence[int] | None  # None where they are the same

    @classmethod
    def of(cls, text: str, spelled: bool) -> _Folded:
        if text.isascii():
            return cls(text.lower().replace("`", "'"), None)
        letters, places = list[str](), list[int]()
        for match in _CLUSTER.finditer(text):
            folded = _fold(match[0], spelled)
            letters.append(folded)
            places += [match.start()] * len(folded)
        return cls("".join(letters), [*places, len(text)])

    def span(self, match: re.Match[str]) -> tuple[int, int]:
        start, end = match.span()
        if self.places is None:
            return start, end
        after = self.places[end - 1]  # all of the last letter, though it was folded to several
        return self.places[start], self.places[bisect_right(self.places, after, end)]


@lru_cache(2**14)
def _fold(letter: str, spelled: bool) -> str:
    letter = unicodedata.normalize("NFC", letter).lower()
    if spelled and letter in _SPELLED | _ROMAN:
        return (_SPELLED | _ROMAN)[letter]
    if letter in _BARE:
        return _BARE[letter]
    if "\uac00" <= letter <= "\ud7a3":
        return letter
    bare = "".join(each for each in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(each))
    return bare.casefold().translate(_HIRAGANA)


def _spellings(text: str, kind: str) -> set[str]:
    said = {text, _romanised(unicodedata.normalize("NFC", text))} if kind == "name" else {text}
    return {_Folded.of(each, spelled).text for each in said for spelled in (False, True)}


_START, _END = r"(?<![^\W_])", r"(?![^\W_])"  # of a word: letters and digits, as `text.whole_words` has them


def _whole(form: str) -> str:
    return f"{_START}{form}{_END}"


def _either(forms: Iterable[str]) -> str:
    """One pattern for all of them, in their order; the start of a word is checked once for neighbours that ask for
    it."""
    runs = groupby(forms, key=lambda form: form.startswith(_START))
    return "|".join(
        f"{_START}(?:{'|'.join(form.removeprefix(_START) for form in run)})" if begins else "|".join(run)
        for begins, run in runs
    )


def name_words(name: str) -> list[str]:
    """The words of a name in all its groups of components, titles and single letters left out.

    Of Chinese, Japanese and Korean names a single character is a word.

    >>> name_words("MEYER^STEPHANIE^^DR.=山田^花子"), name_words("Wang^W=王^伟")
    (['MEYER', 'STEPHANIE', '山田', '花子'], ['Wang', '王', '伟'])
    """
    parts = (word.strip(" .'\"-[]") for word in re.split(r"[\^=\s,\\]+", name))
    return [word for word in parts if word and (len(word) > 1 or _unspaced(word)) and not _title(word)]


def name_asked(name: str) -> str:
    """What to look for of a name that must go from its own attribute: its words, parts of double names apart.

    Where a group has no word long enough to be evidence, the whole group is one word.

    >>> name_asked("SMITH-JONES^ANNA"), name_asked("O'BRIEN^PAT"), name_asked("LI^NA"), name_asked("Wang^Wei=王^伟")
    ('SMITH JONES ANNA', 'BRIEN PAT', 'LI^NA', 'Wang Wei 王^伟 王伟')
    """
    asked = list[str]()
    for group in _groups(name):
        parts = name_words(group)
        apart = [part for word in parts for part in _apart(word) if not short(part)]
        group = group.strip(" ^[]'\"")
        if apart or len(parts) < 2:
            asked += [part for part in apart if not _instead(part)]
        elif re.search(r"\s", group):
            asked += evident(group, "").split()
        else:
            asked += [group, "".join(parts)] if _unspaced(group) else [group]
    return " ".join(dict.fromkeys(asked))


def _groups(name: str) -> list[str]:
    return [group for value in _several(name) for group in value.split("=")]


def _apart(word: str) -> list[str]:
    return [part for part in re.split("[-'’‐‑–]", word) if part]


def short(word: str) -> bool:
    """Whether a word is too short to be evidence: up to two letters or digits; one, in a script without blanks."""
    signs = re.sub(r"[\W_]", "", word)
    return len(signs) < (3 if signs.isascii() else 2)


def _unspaced(word: str) -> bool:
    """Whether words of this script are written without blanks between them."""
    return word[:1] >= "\u2e80"


#: What is written instead of what was removed: words in it cannot be asked to be absent.
_INSTEAD = "anonymous anonymized anonymised de-identified deidentified redacted removed name patient subject"


def _instead(word: str) -> bool:
    return word.lower() in _INSTEAD.split()


def evident(found: str, rest: str) -> str:
    """The words found in a text that prove that an identifier was left: a cleaned text can be without them.

    The official rule searches words within words; `rest` is the text without what was found. Short words count only
    where there is no other.

    >>> evident("Li Na", "in clinical examination, final"), evident("Ann de Meyer", "depth"), evident("Li Bo", "CT")
    ('', 'Ann Meyer', 'Li Bo')
    """
    around = f"{rest} {_INSTEAD}".lower()
    left = [each for each in found.split() if not any(word in around for word in words(each.lower()))]
    return " ".join(dict.fromkeys([each for each in left if not short(each)] or left))


def _title(word: str) -> bool:
    return word.lower().rstrip(".") in {"dr", "md", "mr", "mrs", "ms", "prof", "phd", "jr", "sr", "rt", "van", "de"}


def _name_forms(text: str) -> Iterator[str]:
    for group in _groups(text):
        parts = name_words(group)
        whole = (lambda form: form) if any(map(_unspaced, parts)) else _whole
        if len(parts) > 1:
            # Words such as LI^NA are no longer a name where they are joined.
            between = r"[\W_]+" if all(map(short, parts)) and not any(map(_unspaced, parts)) else r"[\W_]*"
            orders = (parts, parts[::-1], [*parts[1:], parts[0]])
            yield from (whole(between.join(map(_word_form, order))) for order in orders)
        for first, *more in filter(None, map(str.split, group.split("^"))):
            if first.lower() in _PARTICLES and more and _alone(more[-1]):
                yield _whole(r"[\W_]*".join(map(_word_form, [first, *more])))  # vandenBerg
        for word in parts:
            for part in {word, *_apart(word)}:
                if _alone(part):
                    yield _word_form(part) if _unspaced(part) else _named(part)


_PARTICLES = frozenset(_words("van von de la le el al di da du del"))


def _named(word: str) -> str:
    """A word of a name on its own; a number may follow it, as in Meyer2012, if it is no short one."""
    form = _word_form(word)
    return rf"{_START}{form}(?![^\W\d_])" if len(word) > 3 and word.isalpha() else _whole(form)


def _word_form(word: str) -> str:
    """How a word of a name is written: hyphens and apostrophes or none, an apostrophe after the first letter."""
    if _unspaced(word):
        return r"\s?".join(map(re.escape, word))
    apart = _apart(word)
    if len(apart[0]) > 2:
        apart[0] = f"{re.escape(apart[0][0])}'?{re.escape(apart[0][1:])}"
    else:
        apart[0] = re.escape(apart[0])
    return r"[\W_]{0,2}".join([apart[0], *map(re.escape, apart[1:])])


def _alone(word: str) -> bool:
    """Whether a word of a name identifies on its own, see above."""
    if word.isdigit():
        return len(word) >= 5
    least = 3 if word.isascii() else 2
    return len(word) >= least and word.lower() not in common_words()


@cache
def common_words() -> frozenset[str]:
    """Words that harmless texts are made of: those of the names of all DICOM attributes, and a few more."""
    from pydicom.datadict import DicomDictionary

    named = {word.lower() for entry in DicomDictionary.values() for word in re.findall(r"[A-Za-z]{3,}", entry[2])}
    return frozenset(named | stop_words() | set(_words(_OFTEN)) | _NOBODY)


#: What stands where there is no value, or no more.
_NOBODY = frozenset(
    _words(
        """anon anonym anonymous anonymised anonymized deidentified none null removed unknown withheld xxx
        xxxx yes no"""
    )
)
_OFTEN = """mri cat flair dixon tse fse gre epi haste space star swan sense smart fast fat cube vibe lava tof dwi adc
    cor sag tra axial sagittal coronal oblique helical spiral scout localizer localiser topogram scanogram
    survey recon mip mpr bolus delay portal venous arterial native stroke trauma screening angio cardiac
    perfusion diffusion standard sharp
    chest abdomen pelvis brain neck spine thorax skull knee ankle wrist elbow shoulder breast lung liver heart
    kidney bladder prostate hand foot routine contrast without phantom test
    doctor hospital clinic radiology imaging center centre medical department young brown white black grey gray green
    long short may april june august march rose grace hope best good male female other
    north south east west street road avenue lane parade"""


# Greek and Cyrillic letters as passports write them (ICAO 9303, BGN/PCGN where it differs).
_LATIN = {
    "αάἀ": "a", "β": "v", "γ": "g", "δ": "d", "εέ": "e", "ζ": "z", "ηή": "i", "θ": "th", "ιίϊΐ": "i", "κ": "k",
    "λ": "l", "μ": "m", "ν": "n", "ξ": "x", "οό": "o", "π": "p", "ρ": "r", "σς": "s", "τ": "t", "υύϋΰ": "y",
    "φ": "f", "χ": "ch", "ψ": "ps", "ωώ": "o", "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "еэё": "e",
    "ж": "zh", "з": "z", "и": "i", "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r",
    "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ы": "y",
    "ю": "yu", "я": "ya", "ьъ": "",
}  # fmt: skip
_ROMAN = {letter: latin for letters, latin in _LATIN.items() for letter in letters}


def _romanised(text: str) -> str:
    text = re.sub("ο[υύ]", "ou", text.lower()) if re.search("[Ͱ-ӿ]", text) else text
    return "".join(_ROMAN.get(letter, letter) for letter in text)


_APART = r"[^a-zA-Z0-9]{0,3}"  # between the parts of a number


def _number_forms(text: str) -> Iterator[str]:
    for number in _several(text):
        signs = re.sub(r"[\W_]", "", number)
        if sum(map(str.isdigit, signs)) < 4 or len(signs) < 5 or not signs.strip("0"):
            continue
        parts = re.findall(r"[^\W\d_]+|\d+", number)
        # As written, its parts with any separators; not inside a longer number.
        yield _whole(_APART.join(map(re.escape, parts)))
        rest = parts[1:] if parts[0].isalpha() or number.startswith("+") else []
        if sum(map(len, rest)) >= 6 and all(map(str.isdigit, rest)):  # without the letters or the country in front
            yield _whole(_APART.join(rest))
        if number.isdigit() and len(number) >= 6:
            yield rf"(?<=[^\W\d_]){number}{_END}"  # behind letters: PAT4711001
        if len(bare := signs.lstrip("0")) < len(signs) and len(bare) >= 6:
            yield _whole(re.escape(bare))  # a tool that reads it as a number loses its zeros


def respelled(asked: str) -> str:
    """Words to look for, and the spellings that numbers among them are often given: without separators, letters in
    front or zeros in front, of telephone numbers the last seven digits.

    >>> respelled("12-34-56"), respelled("PAT4711001"), respelled("212-555-0147"), respelled("CT-7")
    ('12-34-56 123456', 'PAT4711001 4711001', '212-555-0147 2125550147 555-0147', 'CT-7')
    """
    found = list[str]()
    for word in asked.split():
        signs = re.sub(r"[\W_]", "", word)
        found.append(word)
        if sum(map(str.isdigit, signs)) < 4 or len(signs) < 5 or not signs.strip("0"):
            continue
        digits = re.sub(r"^[^\W\d_]+(?=\d{6,}$)|^0+(?=.{6,}$)", "", signs)
        found += [signs, digits]
        found += re.findall(r"(?<=\d[-. ])\d{3}[-.]\d{4}$", word)
    return " ".join(dict.fromkeys(found))


def telling(text: str) -> str:
    """The part of a value that shows it was left: its words that identify, or the whole value if it has none.

    A telling word has three letters or digits or more and is not a common one: a cleaned text may keep the common
    words, which identify nobody. Empty if the official comparison finds no word, or only zeros, and if the value is a
    placeholder.

    >>> telling("FC 10.216.0.17"), telling("Diagnostic Imaging"), telling("M"), telling("000000"), telling("Anonymous")
    ('10.216.0.17', 'Diagnostic Imaging', '', '', '')
    """
    plain = text.lower().replace("<", "").replace(">", "")
    if not re.sub(r"[\W_0]", "", plain) or not words(plain) or _NOBODY.issuperset(whole_words(plain)):
        return ""
    return " ".join(word for word in text.split() if _tells(re.sub(r"[\W_]", "", word).lower())) or text


TEXTS = frozenset(["AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"])
_LONG = 4000  # characters of a text that are asked to go, half of them from its end
_PREFIX = 500  # of numbers or bytes: where their start is gone they are no more what they were
_RUNS = re.compile(r"(?:(?<![\\A-Za-z0-9])|(?<=\\x[0-9a-f]{2})|(?<=\\[nrt]))[A-Za-z0-9]{8,}")  # of bytes as printed


def asked_to_go(vr: str, text: str, keyword: str = "", action: str = "") -> str:
    """The part of a value that must be gone from its own attribute; empty if no part would be evidence.

    All words of a text count, except those of one or two letters, which are in many others. Numbers are compared whole.

    >>> asked_to_go("CS", "F"), asked_to_go("LO", "at 12 Long Street"), asked_to_go("PN", "Wang^W")
    ('', 'Long Street', 'Wang')
    """
    kind = identifying(keyword, vr)
    if kind and kind[1] == "name":
        asked = name_asked(text)
    elif vr in TEXTS:
        text = " ".join(_several(text))
        # Streets and towns are named by common words; what must go without replacement has none of them.
        common = keyword.endswith("Address") and action == "X"
        ends = text if common or len(text) <= _LONG else f"{text[: _LONG // 2]} {text[-_LONG // 2 :]}"
        asked = ends if common else telling(ends)
        asked = " ".join(dict.fromkeys(word for word in asked.split() if not short(word)))
        if kind and kind[1] == "number":
            asked = respelled(" ".join(word for word in asked.split() if not _instead(word)))
    elif text.startswith(("b'", 'b"')) and (run := max(_RUNS.findall(text[2:]), key=len, default="")):
        asked = run  # no word of a format: what stands instead of a document is a document
    else:
        asked = telling(text[:_PREFIX])
        if vr == "DT" and asked:
            asked = " ".join(dict.fromkeys([asked, *re.findall(r"(?<!\d)\d{8}(?=\d)", asked)]))  # the day of a time
    return asked if telling(asked) else ""


def _tells(word: str) -> bool:
    if any(map(str.isdigit, word)):
        return len(word) > 2 and bool(word.strip("0"))
    return len(word) > (2 if word.isascii() else 0) and word not in common_words()


def _phrase_forms(text: str) -> Iterator[str]:
    for phrase in _several(text):
        for part in {phrase, *phrase.split(",")}:
            found = re.findall(r"[^\W_]+(?:['-][^\W_]+)*", part)
            if sum(map(len, found)) >= 5 and not all(word.lower() in common_words() for word in found):
                yield _whole(r"[\W_]+".join(map(re.escape, found)))


def _telecom_forms(text: str) -> Iterator[str]:
    for value in _several(text):
        value = value.split(":")[-1].strip()
        if len(value) >= 6:
            yield re.escape(value)


_MONTHS = _words("""January February March April May June July August September October November December""")

_ORDINAL = "(?:st|nd|rd|th)?"


def _date_forms(text: str) -> Iterator[str]:
    for value in _several(text):
        try:
            day = date(int(value[:4]), int(value[4:6]), int(value[6:8]))
        except ValueError:
            continue
        year, month, number, name = f"{day:%Y}", f"0?{day.month}", f"0?{day.day}", _MONTHS[day.month - 1]
        spoken, separator = rf"(?:{name}|{name[:4]}|{name[:3]})\.?", r"[-./ ]"
        for parts in ((year, month, number), (number, month, year), (month, number, year)):
            yield _whole(separator.join(parts))
        for first, second in ((number, month), (month, number)):
            yield _whole("[-./]".join([first, second, year[2:]]))
        yield rf"{_START}{year}{day:%m%d}(?:(?=\d{{2,6}}(?!\d))|{_END})"  # a time may follow
        yield _whole(rf"{number}{_ORDINAL}[-. ]+(?:of )?{spoken}[-., ]+(?:{year[:2]})?{year[2:]}")
        yield _whole(rf"{spoken} {number}{_ORDINAL},? {year}")
        yield _whole(rf"{year}[-. ]{spoken}[-. ]{number}{_ORDINAL}")


def _several(text: str) -> list[str]:
    """The single values in the text of an attribute; names are printed without quotes, other values with quotes.

    >>> _several("[BROWN^GRACE, KLEIN^EVA]"), _several("['A77112', 'B88223']"), _several("12 Elm Street, York")
    (['BROWN^GRACE', 'KLEIN^EVA'], ['A77112', 'B88223'], ['12 Elm Street, York'])
    """
    if not (text.startswith("[") and text.endswith("]")):
        return text.split("\\")
    if text[1:2] in ("'", '"'):
        return [value.strip("'\"") for value in re.split(r"(?<=['\"]), (?=['\"])", text[1:-1])]
    return text[1:-1].split(", ")


_FORMS = {
    "name": _name_forms,
    "number": _number_forms,
    "phrase": _phrase_forms,
    "telecom": _telecom_forms,
    "date": _date_forms,
}


class Pattern(NamedTuple):
    """How an identifier looks, whatever its value. `sure`: nothing harmless looks so; the others are for a person to
    review."""

    name: str
    letter: str
    sure: bool
    form: re.Pattern[str]

    def hits(self, text: str) -> list[str]:
        """The places in a text that the pattern fits."""
        return list(dict.fromkeys(match[0] for match in self.form.finditer(text) if self._fits(match[0])))

    def without(self, text: str) -> str:
        """The text with these places cut out."""
        return self.form.sub(lambda match: " " if self._fits(match[0]) else match[0], text)

    def _fits(self, place: str) -> bool:
        """Whether a place can be an address, unlike `64 Slice Ct` or `5 Field Way`: a street has a name before its
        kind."""
        if self.name != "address" or (said := place.split())[-1] not in _UNSURE:
            return True
        return not any(len(name) < 3 or name.lower() in common_words() for name in said[1:-1])


_UNSURE = frozenset(["St", "Drive", "Dr", "Court", "Ct", "Place", "Pl", "Way"])
_STREETS = "Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Place|Pl|Terrace|Crescent|Parade|Way"
_MONTH = "|".join(f"{name}|{name[:3]}" for name in [*_MONTHS, "Sept"])
_CALLED = "|".join(rf"(?<=\b{word}{mark} )" for word in ("tel", "phone", "fax", "mobile") for mark in ("", r"\.", ":"))
_BOX = r"(?:(?<=PO Box )|(?<=P\.O\. Box ))"
_OLD = r"(?:9\d|1[0-2]\d)"
_SHORTER = "mos?|mths?|months?|w|wks?|weeks?|d|days?|h|hrs?|hours?|min|minutes?|s|sec|seconds?"  # than years

#: Every pattern there is; of what several fit the first counts.
PATTERNS = tuple(
    Pattern(name, letter, sure, re.compile(form, flags))
    for name, letter, sure, form, flags in (
        ("e-mail", "F", True, r"[\w.+-]+@(?:[\w-]+\.)+[^\W\d_]{2,}\b", 0),
        (
            "social security number",
            "G",
            True,
            # Three round numbers are sizes: 300-20-4000.
            r"(?:(?<![\w.-])|(?<=SSN))(?!\d\d0.\d0.\d{3}0)\d{3}([- ])\d{2}\1\d{4}(?![\w-]|\.\d)",
            0,
        ),
        (
            "telephone",
            "D",
            True,
            # Twice the same number and a third are the size of images: 512-512-1024.
            r"(?<![\w.])(?:\+\d{1,3}[-. ]?)?(?!\(?(\d{3})\)?[-. ]\1)\(?\d{3}\)?[-. ]\d{3}[-.]\d{4}(?![\w-]|\.\d)"
            r"|(?<![\w.])(?!\(?(\d{3})\)?[-. ]\2)(?:\(\d{3}\) ?|[2-9]\d{2} )[2-9]\d{2}[-. ]\d{4}(?![\w-]|\.\d)"
            r"|(?<!\w)\+\d{1,3}(?:[-. ]\d{2,4}){3,4}\b"
            r"|(?<![\w./])0\d{2,4}(?:/\d{6,8}| (?!\d+00 \d000)\d{3,4} \d{4})(?![\w/]|\.\d)"
            rf"|(?i:{_CALLED})\(?\d(?:[-/. ()]{{0,2}}\d){{5,}}(?![\w/]|\.\d)",
            0,
        ),
        ("address", "B", True, rf"(?<!\w)\d{{1,5}}[A-Ca-c]? (?:[A-Z][a-z]+ ){{1,2}}(?:{_STREETS})\b|{_BOX}\d+", 0),
        # The number alone, for the other words of it may stay: `90+ year old`.
        (
            "age over 89",
            "C",
            True,
            rf"(?<![\w.]){_OLD}(?=[- ]?(?:(?:years?|yrs?)[- ](?:old|of[- ]age)|y/?o)\b)"
            rf"|(?:(?<=\baged )|(?<=\bage )|(?<=\bage: )){_OLD}(?=y?(?![\w.%+])(?![- ]?(?:{_SHORTER})\b))",
            re.IGNORECASE,
        ),
        (
            "URL",
            "N",
            False,
            r"(?:https?|ftp)://[^\s'\"<>]+|\bwww\.[^\s'\"<>]+"
            r"|(?<![\w.])(?:10\.\d+|172\.(?:1[6-9]|2\d|3[01])|192\.168)\.\d{1,3}\.\d{1,3}(?!\w|\.\d)",
            re.IGNORECASE,
        ),
        (
            "date",
            "C",
            False,
            r"(?<![\d.])(?:\d{1,2}[-./]\d{1,2}[-./](?:19|20)\d\d|(?:19|20)\d\d[-./]\d{1,2}[-./]\d{1,2})(?![\d.]\d)"
            r"|(?<!\d)(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)"
            rf"|\b\d{{1,2}}{_ORDINAL}[-. ](?:of )?(?:{_MONTH})[-., ]+(?:19|20)\d\d\b"
            rf"|\b(?:{_MONTH})\.? \d{{1,2}}{_ORDINAL},? (?:19|20)\d\d\b"
            rf"|\b(?:19|20)\d\d[-. ](?:{_MONTH})\.?[-. ]\d{{1,2}}\b",
            re.IGNORECASE,
        ),
        ("number", "R", False, r"(?<![\w.-])\d{7,}(?![\w-]|\.\d)", 0),
    )
)
_MAY = re.compile(
    r"[@]|://|www\.|\d{4}|\d\d[-. ]\d\d|\d[A-C]? |\d-?y|aged? |age:|box \d|0\d+/\d", re.IGNORECASE
)  # a quick look: most texts have nothing


@lru_cache(2**14)
def patterns_in(text: str) -> tuple[tuple[Pattern, str], ...]:
    """(pattern, the places it fits) in a text, without places that an earlier pattern fits.

    >>> [(pattern.name, fits) for pattern, fits in patterns_in("call 212-555-0147, jane@example.org, 02/25/2012")]
    [('e-mail', 'jane@example.org'), ('telephone', '212-555-0147'), ('date', '02/25/2012')]
    """
    if not _MAY.search(text):
        return ()
    found = []
    for pattern in PATTERNS:
        if hits := pattern.hits(text):
            found.append((pattern, " ".join(hits)))
            text = pattern.without(text)
    return tuple(found)
