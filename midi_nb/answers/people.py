"""Invented people: who a patient is, who treats them, and where. Nobody here exists.

Everything of a patient that could identify them has a name, which templates write in braces (`planting`): `HIPAA` says
of each which identifier of Safe Harbor it is.
"""

from __future__ import annotations

import datetime
import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["CULTURES", "HIPAA", "Chart", "plain", "someone", "words"]


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Given names by sex and surnames, of five letters or more and none of them part of a word the demo's other texts use:
# the benchmark counts a word as present when it is found anywhere, inside other words too.
GIVEN = {
    "F": words("Stephanie Nancy Margaret Beatrix Philippa Josephine Rosalind Henrietta Yolanda Gwendolyn"),
    "M": words("Douglas Frederick Terrence Humphrey Reginald Sylvester Thaddeus Cornelius Bertrand Leopold"),
}
SURNAMES = words("""
    Davidson Meyer Jacobson Whitcombe Pemberton Ashworth Lindqvist Holloway Fairbanks Kowalczyk Ellsworth Brannigan
    Thornbury Wexford Quigley Abernathy Drummond Kensington Okonkwo Vandermeer
""")
PHYSICIANS = words("""
    Morton^Janet Porter^Jennifer Hargrove^Wallace Boydston^Elisabeth Castellano^Vincent Nakamoto^Haruki
    Rutledge^Clarissa Fitzwilliam^Edmund Sandoval^Graciela Winterbourne^Alistair
""")
MOTHERS = words("Applewhite Featherstone Lockridge")
OPERATORS = words("Gallagher^Moira Tennyson^Rupert Bloomfield^Sabrina Zimmerman^Dieter Kirkpatrick^Fiona")
#: Culture → names by sex; None: any given name and surname from above.
CULTURES: Mapping[str, Mapping[str, Sequence[str]] | None] = {
    "ascii": None,
    "latin 1": {
        "F": ("Jürgensen^Käthe", "Núñez^Begoña", "Lefèvre^Hélène"),
        "M": ("Müller^Jürgen", "Ångström^Björn", "Peña^Íñigo"),
    },
    "lusophone": {
        "F": ("DE SOUZA^MARIANA", "DE SOUZA^FERNANDA"),
        "M": ("DE SOUZA^RODRIGO", "DE SOUZA^MARCELO"),
    },
    "unicode": {
        "F": ("Παπαδοπούλου^Ελένη", "Кузнецова^Людмила"),
        "M": ("Παπαδόπουλος^Γεώργιος", "Кузнецов^Всеволод"),
    },
    "japanese": {
        "F": ("Yamada^Hanako=山田^花子=やまだ^はなこ", "Tanabe^Sachi=田辺^幸=たなべ^さち"),
        "M": ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Tanabe^Satoru=田辺^悟=たなべ^さとる"),
    },
}
#: Culture → its Specific Character Set; ISO_IR 100 for all others.
CHARSETS: Mapping[str, str | list[str]] = {"unicode": "ISO_IR 192", "japanese": ["", "ISO 2022 IR 87"]}
ROMANISED = {
    "Παπαδοπούλου^Ελένη": "Papadopoulou^Eleni",
    "Кузнецова^Людмила": "Kuznetsova^Lyudmila",
    "Παπαδόπουλος^Γεώργιος": "Papadopoulos^Georgios",
    "Кузнецов^Всеволод": "Kuznetsov^Vsevolod",
}
HOSPITALS = [  # name, street, town, what its own staff call it (fits 16 characters)
    ("Dunn-Lindsey Memorial", "4711 Larkspur Crescent", "Maplewick", "LINDSEY-4N"),
    ("Saint Aldwyn Infirmary", "209 Juniper Causeway", "Thistledown", "ALDWYN-ER"),
    ("Hôpital Général d'Estrelle", "18 Quai Montcalm", "Belcastel", "ESTRELLE-2"),
    ("Kestrel Valley Clinic", "1350 Sycamore Parade", "Oakhollow", "KESTREL-7"),
]
STREETS = ["Primrose Hollow", "Bellwether Mews", "Cloverdale Terrace", "Foxglove Esplanade", "Tamarind Gardens"]
TOWNS = ["Eastmarsh", "Dovecote", "Wyndham Falls", "Pinebrook", "Larchmoor"]

#: Field of a chart → the identifier of Safe Harbor that it is.
HIPAA: Mapping[str, str] = {
    field: f"HIPAA-{letter}"
    for letter, fields in {
        "A": """name patient surname letters mother referring performing reading requesting operator dr_referring
            dr_reading""",
        "B": "hospital ward hospital_address address town",
        "C": "dob dob_dots seen seen_dots seen_seconds age",
        "D": "phone",
        "E": "fax",
        "F": "email",
        "G": "ssn",
        "H": "mrn accession second_accession visit",
        "I": "plan",
        "J": "account",
        "M": "serial",
        "N": "url",
        "O": "host",
        "R": "study_id second_study_id step code",
    }.items()
    for field in words(fields)
}


@dataclass(frozen=True)
class Chart:
    """What is known of an invented patient: their fields as text; UIDs and random streams for what is made of them."""

    seed: int
    index: int
    sex: str
    charset: str | list[str]
    born: datetime.date
    first_seen: datetime.date
    shift: int  # days that de-identification moves this patient's dates by
    fields: Mapping[str, str]  # as in HIPAA

    def uid(self, *name: object) -> str:
        """The UID of the thing of this name; the same name gives the same UID."""
        return f"2.25.{int.from_bytes(digest(self.seed, self.index, *name)[:16], 'big')}"

    def random(self, *name: object) -> np.random.Generator:
        """A random stream of its own for the thing of this name."""
        return stream(self.seed, self.index, *name)


def stream(*key: object) -> np.random.Generator:
    """A random stream of its own for each key, the same wherever and whenever it is asked for."""
    return np.random.default_rng(int.from_bytes(digest(*key)[:8], "big"))


def digest(*key: object) -> bytes:
    """A hash of a key that does not depend on Python's own randomised one."""
    return hashlib.sha256(repr(key).encode()).digest()


def someone(seed: int, index: int, culture: str, age: int, sex: str) -> Chart:
    """The chart of the person who is patient number `index` with this seed."""
    random = stream(seed, "person", index)
    names, charset = CULTURES[culture], CHARSETS.get(culture, "ISO_IR 100")
    name = f"{_pick(random, SURNAMES)}^{_pick(random, GIVEN[sex])}" if names is None else _pick(random, names[sex])
    doctors = (PHYSICIANS[place] for place in random.permutation(len(PHYSICIANS)))
    staff = dict(zip(words("referring performing reading requesting"), doctors, strict=False))
    place = _pick(random, [h for h in HOSPITALS if h[0].isascii() or charset == "ISO_IR 100"])
    first_seen = datetime.date(2010, 1, 4) + datetime.timedelta(days=int(random.integers(0, 1500)))
    born = first_seen - datetime.timedelta(days=int(age * 365.25) + int(random.integers(1, 300)))
    fields = {
        **_name(name),
        **staff,
        **{f"dr_{role}": "Dr. " + " ".join(reversed(staff[role].split("^"))) for role in ("referring", "reading")},
        "hospital": place[0],
        "hospital_address": f"{place[1]}, {place[2]}",
        "ward": place[3],
        "dob": f"{born:%Y%m%d}",
        "dob_dots": f"{born:%m.%d.%Y}",
        "age": f"{age:03d}Y",
        "seen": f"{first_seen:%Y%m%d}",
        "seen_dots": f"{first_seen:%m.%d.%Y}",
        "seen_seconds": f"{(first_seen - datetime.date(1970, 1, 1)).total_seconds():.1f}",
        **_drawn(random, index),
        **_numbers(seed, index),
    }
    shift = int(random.integers(200, 1800))
    fields["host"] = f"10.{shift % 250}.{index % 250}.17"
    return Chart(seed, index, sex, charset, born, first_seen, shift, fields)


def _pick(random: np.random.Generator, options: Sequence[Any]) -> Any:
    return options[int(random.integers(len(options)))]


def _name(name: str) -> dict[str, str]:
    """The fields of a name as DICOM writes it, with all its component groups."""
    first = name.split("=")[0]
    surname, given = ROMANISED.get(first, first).split("^")
    mailbox = f"{given}.{surname}".lower().replace(" ", "").encode("ascii", "ignore").decode()
    return {
        "name": name,
        "patient": f"{given} {surname}",
        "surname": surname,
        "letters": plain(f"{surname} {given}").upper(),
        "email": f"{mailbox}@example.org",
    }


def plain(text: str) -> str:
    """A text without accents, as a scanner's console writes it."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _drawn(random: np.random.Generator, index: int) -> dict[str, str]:
    """The fields that chance gives a person, always in this order."""
    digits = lambda n: f"{random.integers(10**n):0{n}d}"  # noqa: E731
    drawn = {
        "mrn": f"{random.integers(10, 99)}{digits(3)}{index % 100000:05d}",
        "ssn": f"9{digits(2)}-{random.integers(10, 99)}-{digits(4)}",  # 9xx: never issued
        "mother": f"{_pick(random, MOTHERS)}^Wilhelmina",
        "phone": f"+1-{random.integers(200, 999)}-555-{digits(4)}",
        "fax": f"+1-{random.integers(200, 999)}-555-{digits(4)}",
    }
    street = f"{random.integers(100, 9999)} {_pick(random, STREETS)}"
    town = _pick(random, TOWNS)
    return drawn | {
        "address": f"{street}, {town}",
        "town": town,
        "account": f"ACC{digits(8)}",
        "plan": f"HPN-{digits(7)}",
        "operator": _pick(random, OPERATORS),
    }


def _numbers(seed: int, index: int) -> dict[str, str]:
    """The fields that are numbers, each of them drawn from its own name."""

    def number(name: str, digits: int = 8) -> str:
        least = 10 ** (digits - 1)
        return str(least + int.from_bytes(digest(seed, index, "number", name)[:8], "big") % (9 * least))

    return {
        "accession": f"00{number('accession')}",  # leading zeros, which some tools lose
        "second_accession": f"00{number('second accession')}",
        "study_id": number("study id", 6),
        "second_study_id": number("second study id", 6),
        "step": number("step", 7),
        "visit": number("visit", 7),
        "serial": f"SN{number('serial')}",
        "url": f"https://pacs.example.org/{number('url')}",
        "code": f"TRIAL-{number('code', 6)}",
    }
