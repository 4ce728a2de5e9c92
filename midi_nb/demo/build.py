"""Builds the demo folder, one instance at a time: memory hardly grows with the number of patients."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pydicom import dcmread

from ..progress import counted
from . import careless, hospital, installed, key, layouts, release, tools
from .case import Case, Delivery, Maker
from .dicom import finish, write
from .readme import readme


def build(folder: Path, patients: int, seed: int, progress: bool) -> list[str]:
    """Writes the whole demo into an empty folder; gives the tools that are not installed."""
    present = installed.tools()
    with ExitStack() as stack, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns of values, and planted flaws are meant
        tables = Tables(folder, stack)
        makers: dict[str, Maker] = {
            "reference": lambda case: delivery(case, case.reference),
            "untouched": make_untouched,
            "emptied": make_emptied,
            "careless": tables.make_careless,
            **{name: tools.maker(start(seed)) for name, start in tools.TOOLS.items() if name in present},
        }
        releases = {name: SubmissionFiles(folder, name, stack) for name in makers}
        for index in counted(range(patients), "patient", "made", progress):
            for case in cases(folder / "original", seed, index):
                tables.add(case)
                for name, make in makers.items():
                    releases[name].add(case, make(case))
            for released in releases.values():
                released.write_mappings()
    missing = [name for name in installed.NAMES if name not in present]
    (folder / "README.md").write_text(readme(folder, patients, seed, missing), encoding="utf-8")
    return missing


def cases(folder: Path, seed: int, index: int) -> Iterator[Case]:
    """The instances of a patient, each with its original saved."""
    chart = hospital.chart(seed, index)
    for number, draft in enumerate(hospital.records(chart), 1):
        original = finish(chart, draft)
        path = save(folder / f"{index + 1:05d}" / f"{draft.name.replace(' ', '_')}.dcm", original.content)
        reference = write(release.reference(original, chart))
        yield Case(chart, number, original, path, key.answers(original, chart.shift), reference)


def save(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def table(path: Path, header: Sequence[str], stack: ExitStack) -> Any:
    """A CSV file to write rows to, closed with the stack."""
    file = stack.enter_context(path.open("w", encoding="utf-8", newline=""))
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    return writer


class SubmissionFiles:
    """A submission being written: its DICOM files, and away from them the two mappings."""

    def __init__(self, folder: Path, name: str, stack: ExitStack) -> None:
        self.files, mappings = folder / "submissions" / name, folder / "mappings" / name
        for place in (self.files, mappings):
            place.mkdir(parents=True)
        names = ("uid_mapping.csv", "patid_mapping.csv")
        self.tables = [table(mappings / name, ("id_old", "id_new"), stack) for name in names]
        self.given: tuple[dict[str, str], dict[str, str]] = ({}, {})

    def add(self, case: Case, delivery: Delivery | None) -> None:
        """Saves a file and remembers the identifiers it gives; the first one counts."""
        if delivery is None:
            return
        if delivery.content is not None:
            save(self.files / delivery.name, delivery.content)
        uids, patients = self.given
        for old, new in delivery.uids.items():
            uids.setdefault(old, new)
        if delivery.patient is not None:
            patients.setdefault(case.answers.patient, delivery.patient)

    def write_mappings(self) -> None:
        """Writes a patient's identifiers to the mappings, and forgets them."""
        for writer, given in zip(self.tables, self.given, strict=True):
            writer.writerows(given.items())
            given.clear()


class Tables:
    """The answer keys and the tables of what was planted, being written."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.official = layouts.OfficialKey(folder / "answer_key.db")
        stack.callback(self.official.close)
        self.flat = table(folder / "answer_key_flat.csv", layouts.FLAT, stack)
        self.planted, self.audits, self.phi = (
            table(folder / f"{name}.csv", header.split(), stack)
            for name, header in (
                ("planted", "instance check action tag_path cause note"),
                ("audits", "instance tag_path finding note"),
                ("phi", "patient instance tag_path field hipaa text x0 y0 x1 y1"),
            )
        )

    def add(self, case: Case) -> None:
        """Writes what the key asks of an instance, and what identifies in it."""
        self.official.add(case.answers)
        self.flat.writerows(layouts.flat_rows(case.answers))
        self.phi.writerows(identifiers(case))

    def make_careless(self, case: Case) -> Delivery:
        """The careless tool's file; its flaws go on record."""
        dataset, flaws, findings = careless.spoil(dcmread(io.BytesIO(case.reference)), case)
        for table, rows in ((self.planted, flaws), (self.audits, findings)):
            table.writerows((case.answers.instance, *row) for row in rows)
        return careless.with_gaps(case, delivery(case, None if dataset is None else write(dataset)))


def identifiers(case: Case) -> Iterator[Sequence[object]]:
    """Everything in an instance that identifies: what was planted, its dates and its UIDs."""
    who = (case.answers.patient, case.answers.instance)
    for row in case.original.planted:
        yield (*who, row.path, row.field, row.hipaa, row.text, *(row.box or ("",) * 4))
    for check in case.answers.checks:
        if check.action in ("date_shifted", "uid_changed") and check.original:
            yield (*who, check.path, check.action.split("_")[0], check.codes["hipaa_z"], check.original, *("",) * 4)


def old_uids(case: Case) -> Iterable[str]:
    return dict.fromkeys(c.original for c in case.answers.checks if c.action == "uid_changed" and c.original)


def delivery(case: Case, content: bytes | None) -> Delivery:
    """A file under the name and with the identifiers that the reference gives it."""
    patient = release.new_patient(case.chart)
    uids = {uid: release.new_uid(case.chart.seed, uid) for uid in old_uids(case)}
    return Delivery(f"{patient}/{case.number:03d}.dcm", content, uids, patient)


def make_untouched(case: Case) -> Delivery:
    """The original under another file name."""
    name = f"{case.chart.index + 1:05d}-{case.number:03d}"
    return Delivery(name, case.original.content, {uid: uid for uid in old_uids(case)}, case.answers.patient)


def make_emptied(case: Case) -> Delivery:
    """The file without anything that may be left out."""
    return delivery(case, write(release.emptied(dcmread(io.BytesIO(case.reference)))))
