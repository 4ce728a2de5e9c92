"""Invented people: who a demo patient is, who treats them, and where. Nobody here exists."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np


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
LATIN_1 = {
    "F": ["Jürgensen^Käthe", "Núñez^Begoña", "Lefèvre^Hélène"],
    "M": ["Müller^Jürgen", "Ångström^Björn", "Peña^Íñigo"],
}
LUSOPHONE = {"F": ["DE SOUZA^MARIANA", "DE SOUZA^FERNANDA"], "M": ["DE SOUZA^RODRIGO", "DE SOUZA^MARCELO"]}
UNICODE = {"F": ["Παπαδοπούλου^Ελένη", "Кузнецова^Людмила"], "M": ["Παπαδόπουλος^Γεώργιος", "Кузнецов^Всеволод"]}
ROMANISED = {
    "Παπαδοπούλου^Ελένη": "Papadopoulou^Eleni",
    "Кузнецова^Людмила": "Kuznetsova^Lyudmila",
    "Παπαδόπουλος^Γεώργιος": "Papadopoulos^Georgios",
    "Кузнецов^Всеволод": "Kuznetsov^Vsevolod",
}
JAPANESE = {
    "F": ["Yamada^Hanako=山田^花子=やまだ^はなこ", "Tanabe^Sachi=田辺^幸=たなべ^さち"],
    "M": ["Yamada^Tarou=山田^太郎=やまだ^たろう", "Tanabe^Satoru=田辺^悟=たなべ^さとる"],
}
CULTURES: Mapping[
    str, tuple[Mapping[str, Sequence[str]] | None, str | list[str]]
] = {  # culture: (names by sex or None for the mixed lists above, Specific Character Set)
    "ascii": (None, "ISO_IR 100"),
    "latin 1": (LATIN_1, "ISO_IR 100"),
    "lusophone": (LUSOPHONE, "ISO_IR 100"),
    "unicode": (UNICODE, "ISO_IR 192"),
    "japanese": (JAPANESE, ["", "ISO 2022 IR 87"]),
}
HOSPITALS = [  # name, street, town, what its own staff call it (fits 16 characters)
    ("Dunn-Lindsey Memorial", "4711 Larkspur Crescent", "Maplewick", "LINDSEY-4N"),
    ("Saint Aldwyn Infirmary", "209 Juniper Causeway", "Thistledown", "ALDWYN-ER"),
    ("Hôpital Général d'Estrelle", "18 Quai Montcalm", "Belcastel", "ESTRELLE-2"),
    ("Kestrel Valley Clinic", "1350 Sycamore Parade", "Oakhollow", "KESTREL-7"),
]
STREETS = ["Primrose Hollow", "Bellwether Mews", "Cloverdale Terrace", "Foxglove Esplanade", "Tamarind Gardens"]
TOWNS = ["Eastmarsh", "Dovecote", "Wyndham Falls", "Pinebrook", "Larchmoor"]


class Person(NamedTuple):
    """A demo patient with everybody and everything that could identify them."""

    name: str  # as DICOM writes it, all component groups
    sex: str
    born: datetime.date
    charset: str | list[str]
    mrn: str
    ssn: str
    mother: str
    phone: str
    fax: str
    email: str
    street: str
    town: str
    account: str
    plan: str
    referring: str
    performing: str
    reading: str
    requesting: str
    operator: str
    hospital: str
    hospital_street: str
    hospital_town: str
    ward: str
    first_seen: datetime.date
    shift: int  # days that de-identification moves this patient's dates by

    @property
    def roman(self) -> str:
        """The name's first component group in Latin letters, `Surname^Given`."""
        first = self.name.split("=")[0]
        return ROMANISED.get(first, first)

    @property
    def spoken(self) -> str:
        """`Given Surname`, as free text has it."""
        surname, given = self.roman.split("^")
        return f"{given} {surname}"


def stream(*key: object) -> np.random.Generator:
    """A random stream of its own for each key, the same wherever and whenever it is asked for."""
    return np.random.default_rng(int.from_bytes(digest(*key)[:8], "big"))


def digest(*key: object) -> bytes:
    """A hash of a key that does not depend on Python's own randomised one."""
    return hashlib.sha256(repr(key).encode()).digest()


def someone(seed: int, index: int, culture: str, age: int, sex: str) -> Person:
    """The person who is patient number `index` of the demo with this seed."""
    random = stream(seed, "person", index)
    pick = lambda options: options[int(random.integers(len(options)))]  # noqa: E731
    digits = lambda n: f"{random.integers(10**n):0{n}d}"  # noqa: E731
    names, charset = CULTURES[culture]
    name = f"{pick(SURNAMES)}^{pick(GIVEN[sex])}" if names is None else pick(names[sex])
    surname, given = ROMANISED.get(name.split("=")[0], name.split("=")[0]).split("^")
    mailbox = f"{given}.{surname}".lower().replace(" ", "").encode("ascii", "ignore").decode()
    referring, performing, reading, requesting = (PHYSICIANS[i] for i in random.permutation(len(PHYSICIANS))[:4])
    institutions = [h for h in HOSPITALS if h[0].isascii() or charset == "ISO_IR 100"]
    hospital, hospital_street, hospital_town, ward = pick(institutions)
    first_seen = datetime.date(2010, 1, 4) + datetime.timedelta(days=int(random.integers(0, 1500)))
    return Person(
        name=name,
        sex=sex,
        born=first_seen - datetime.timedelta(days=int(age * 365.25) + int(random.integers(1, 300))),
        charset=charset,
        mrn=f"{random.integers(10, 99)}{digits(3)}{index % 100000:05d}",
        ssn=f"9{digits(2)}-{random.integers(10, 99)}-{digits(4)}",  # 9xx: never issued
        mother=f"{pick(MOTHERS)}^Wilhelmina",
        phone=f"+1-{random.integers(200, 999)}-555-{digits(4)}",
        fax=f"+1-{random.integers(200, 999)}-555-{digits(4)}",
        email=f"{mailbox}@example.org",
        street=f"{random.integers(100, 9999)} {pick(STREETS)}",
        town=pick(TOWNS),
        account=f"ACC{digits(8)}",
        plan=f"HPN-{digits(7)}",
        referring=referring,
        performing=performing,
        reading=reading,
        requesting=requesting,
        operator=pick(OPERATORS),
        hospital=hospital,
        hospital_street=hospital_street,
        hospital_town=hospital_town,
        ward=ward,
        first_seen=first_seen,
        shift=int(random.integers(200, 1800)),
    )
