"""Real tools, really run, with the settings they come with; each is left out where it is not installed."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from unittest import mock

from pydicom import Dataset, dcmread

from ..answers.places import walk
from .case import Case, Delivery, Maker
from .release import ROOT, new_uid

#: A started tool: (file, seeded new UIDs by old ones) → the de-identified dataset.
Run = Callable[[Path, Mapping[str, str]], Dataset]


def dicognito(seed: int) -> Run:
    """dicognito replaces identifiers by plausible ones, the same ones for the same seed."""
    from dicognito.anonymizer import Anonymizer

    anonymizer = Anonymizer(seed=str(seed))

    def run(path: Path, uids: Mapping[str, str]) -> Dataset:
        dataset = dcmread(path)
        anonymizer.anonymize(dataset)
        return dataset

    return run


def deid(seed: int) -> Run:
    """pydicom's deid removes what its default recipe names."""
    # When imported, deid has matplotlib draw into PDF files: a notebook would show no plot any more.
    with mock.patch("matplotlib.use"):
        from deid.config import DeidRecipe
        from deid.dicom import replace_identifiers

    recipe = DeidRecipe()

    def run(path: Path, uids: Mapping[str, str]) -> Dataset:
        return replace_identifiers([str(path)], deid=recipe, save=False)[0]

    return run


def dicom_anonymizer(seed: int) -> Run:
    """Kitware's dicom-anonymizer applies the basic profile; its random UIDs are seeded through its own table."""
    from dicomanonymizer import simpledicomanonymizer as tool

    def run(path: Path, uids: Mapping[str, str]) -> Dataset:
        tool.dictionary.clear()
        tool.dictionary.update(uids)
        dataset = dcmread(path)
        tool.anonymize_dataset(dataset)
        return dataset

    return run


#: Submission, which is the tool's distribution too → what starts the tool.
TOOLS: Mapping[str, Callable[[int], Run]] = {"deid": deid, "dicognito": dicognito, "dicom-anonymizer": dicom_anonymizer}


def maker(run: Run) -> Maker:
    """What makes a tool's submission: each output is paired with the original it was made of.

    A file without SOP Instance UID is no DICOM object and could not be scored at all (deid's default recipe removes
    every UID), so such a file gets a new one; nothing else is added. A file that a tool gives up on is not delivered.
    """

    def make(case: Case) -> Delivery | None:
        places = list(uids_of(case.original.dataset))
        uids = {uid: f"{ROOT}7.{new_uid(case.chart.seed, uid).removeprefix(ROOT)}" for _, uid in places}
        stream = io.BytesIO()
        try:
            with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
                released = run(case.path, uids)
                if not released.get("SOPInstanceUID"):
                    released.SOPInstanceUID = uids[case.answers.instance]
                released.save_as(stream)
        except Exception:  # whatever ails the tool: it delivers no file, and that is its result
            return None
        found = dict(uids_of(dcmread(io.BytesIO(stream.getvalue()))))
        pairs = {old: found[place] for place, old in places if place in found and is_name(place)}
        patient = released.get("PatientID")
        name = f"{case.chart.index + 1:05d}/{case.number:03d}.dcm"
        return Delivery(name, stream.getvalue(), pairs, None if patient is None else str(patient))

    return make


def uids_of(dataset: Dataset) -> Iterator[tuple[str, str]]:
    """Path and value of every UID."""
    for path, element, _ in walk(dataset):
        if element.VR == "UI" and element.value:
            yield path, str(element.value)


def is_name(path: str) -> bool:
    """Whether the UID at a path names a thing; SOP classes name a kind of thing, and no mapping changes them."""
    return not path.endswith(("(0008,0016)>", "(0008,1150)>"))
