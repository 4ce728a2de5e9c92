"""The demo, made once for all tests of it, and its tables."""

import csv
import json
import sqlite3

import pydicom
import pytest

from midi_nb.demo import make_demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    return make_demo(tmp_path_factory.mktemp("demo") / "demo", progress=False)


@pytest.fixture(scope="session")
def originals(demo):
    """SOP Instance UID → original dataset."""
    datasets = map(pydicom.dcmread, sorted(demo.original.rglob("*.dcm")))
    return {dataset.SOPInstanceUID: dataset for dataset in datasets}


@pytest.fixture(scope="session")
def checks(demo):
    """The official key as it stands in the database: (SOP Instance UID, number) → check."""
    connection = sqlite3.connect(demo.key)
    rows = connection.execute("SELECT SOPInstanceUID, AnswerData FROM answer_data").fetchall()
    connection.close()
    return {(uid, number): check for uid, text in rows for number, check in json.loads(text).items()}


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def phi(demo):
    return rows_of(demo.phi)


@pytest.fixture(scope="session")
def planted(demo):
    return rows_of(demo.planted)


@pytest.fixture(scope="session")
def audits(demo):
    return rows_of(demo.audits)
