"""What every maker of a submission gets, and what it hands back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ..answers.careful import Answers
from ..answers.people import Chart
from .dicom import Original


class Case(NamedTuple):
    """One instance, with everything that the demo knows about it."""

    chart: Chart
    number: int  # within its patient, from 1
    original: Original
    path: Path  # of the original
    answers: Answers
    reference: bytes  # the file that does exactly what the key asks


class Delivery(NamedTuple):
    """One file of a submission with the identifiers it gives; no content where a file goes missing."""

    name: str
    content: bytes | None
    uids: dict[str, str]  # old → new
    patient: str | None  # the new identifier, None where there is none


Maker = Callable[[Case], Delivery | None]
