"""Identifiers of an invented person put into data sets, each on record: into texts of attributes, and into pixels.

What to plant is written as a template, `XR CHEST AP PORTABLE[[ for {patient}]]`: a field of the person's chart in
braces, in double brackets what a careful de-identification takes out. Without double brackets nothing is kept.
"""

from __future__ import annotations

import re
from string import Formatter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import lettering
from .lettering import Box
from .people import HIPAA, Chart

__all__ = ["Planted", "burn_in", "fill_in", "said"]


class Planted(NamedTuple):
    """An identifier and where it was put: an attribute's path, or a region of the pixels or of an overlay plane."""

    path: str  # as the official program spells it
    field: str
    hipaa: str
    text: str
    kept: str = ""  # what of the attribute's text is no identifier and should stay
    box: Box | None = None
    size: int = 0  # of burned-in letters


def said(chart: Chart, template: str) -> str:
    """The text of a template, filled in from this chart.

    >>> from midi_nb.answers.people import someone
    >>> said(someone(0, 0, "ascii", 59, "F"), "XR CHEST[[ for {patient}]]")
    'XR CHEST for Margaret Thornbury'
    """
    return _bare(template).format_map(chart.fields)


def fill_in(chart: Chart, path: str, template: str) -> tuple[str, list[Planted]]:
    """The text of a template for the attribute at `path`, and a record of each identifier in it."""
    kept = re.sub(r"\[\[.*?\]\]", "", template).strip() if "[[" in template else ""
    fields = [field for _, field, _, _ in Formatter().parse(_bare(template)) if field]
    return said(chart, template), [Planted(path, field, HIPAA[field], chart.fields[field], kept) for field in fields]


def _bare(template: str) -> str:
    return template.replace("[[", "").replace("]]", "")


def burn_in(
    chart: Chart,
    image: NDArray[np.generic],
    template: str,
    *,
    size: int,
    corner: str,
    ink: float,
    paper: float | None = None,
    path: str = "<(7fe0,0010)>",
) -> Planted:
    """The record of a text that is written into a picture (rows, columns[, samples]), in place."""
    text = said(chart, template)
    rows, columns = image.shape[:2]
    box = lettering.text_box((rows, columns), text, size, corner)
    while min(box) < 0 or box.x1 > columns:  # a long name: smaller letters
        size -= 1
        box = lettering.text_box((rows, columns), text, size, corner)
    lettering.burn(image, text, size, box, ink, paper)
    return Planted(path, "burned in", "HIPAA-A", text, box=box, size=size)
