"""A tiny benchmark to test against: released files, answer key and mappings, made on the spot."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from collections import Counter
from pathlib import Path

import hypothesis
import numpy as np
import pandas as pd
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

hypothesis.settings.register_profile("midi_nb", deadline=None, max_examples=6)
hypothesis.settings.register_profile("long", deadline=None, max_examples=200)
hypothesis.settings.load_profile("midi_nb")


@pytest.hookimpl(wrapper=True)
def pytest_collect_file():
    """Tests hold no examples: looking for some in their docstrings takes a quarter of the collection."""
    found = yield
    return [collector for collector in found if type(collector) is pytest.Module]


def _scope(nodeid):
    """What one of several processes runs as a whole, as it shares what is made once: a file, the demo, all examples.

    Notebooks share nothing.
    """
    file = nodeid.split("::")[0]
    if "test_notebooks.py::test_runs" in nodeid:
        return nodeid
    return next((room for room in ("tests/demo", "midi_nb") if file.startswith(f"{room}/")), file)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Notebooks, browsers, then what has many tests: none of several processes is left with long ones at the end."""
    first = [{item.path for item in items if item.get_closest_marker(name)} for name in ("notebook", "browser")]
    scopes = {item: _scope(item.nodeid) for item in items}
    tests = Counter(scopes.values())
    items.sort(key=lambda item: (*(item.path not in paths for paths in first), -tests[scopes[item]]))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling

    config.option.loadscopereorder = False  # they come in order

    class ByScope(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return _scope(nodeid)

    return ByScope(config, log)


SC = "1.2.840.10008.5.1.4.1.1.7"
_KEY_COLUMNS = (
    "Modality",
    "SOPClassUID",
    "PatientID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SOPInstanceUID",
    "AnswerData",
)
_CODES = {"hipaa": ("z", "m"), "dicom": ("p15", "iod", "safe"), "tcia": ("ptkb", "p15", "rev")}


def make_dataset(instance="1.2.3", **attributes):
    """A Secondary Capture object without pixels; None deletes an attribute, ``pixels`` takes an array."""
    dataset = Dataset()
    dataset.update(
        {
            "SOPClassUID": SC,
            "SOPInstanceUID": instance,
            "Modality": "OT",
            "PatientID": "NEW",
            "StudyInstanceUID": "9.10",
            "SeriesInstanceUID": "9.11",
        }
    )
    pixels = attributes.pop("pixels", None)
    if pixels is not None:
        add_pixels(dataset, pixels)
    for keyword, value in attributes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset


def add_pixels(dataset, pixels):
    frames, bits = (len(pixels),) if pixels.ndim == 3 else (), pixels.dtype.itemsize * 8
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    if frames:
        dataset.NumberOfFrames = frames[0]
    dataset.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    dataset["PixelData"].VR = "OW" if bits > 8 else "OB"


def save(dataset, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = SC
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.save_as(path, enforce_file_format=True)
    return path


def make_check(action, path="", expected=None, original=None, name="Name", **codes):
    """One check as the official key writes it; codes under the names of our columns (hipaa_z="HIPAA-A")."""
    tag_ds = "<" + re.sub(r"\[(\d+)]", lambda item: f">[<{int(item[1]):04d}>]<", path) + ">"
    return {
        "action": f"<{action}>",
        "tag_ds": tag_ds,
        "tag": tag_ds[tag_ds.rindex("<(") :] if path else "<>",
        "tag_name": f"<{name}>",
        "action_text": None if expected is None else f"<{expected}>",
        "value": None if original is None else f"<{original}>",
        "answer_category_v2": {
            "prev_cat": codes.pop("prev_cat", None),
            **{book: {code: codes.get(f"{book}_{code}") for code in names} for book, names in _CODES.items()},
        },
    }


def make_region(text, x0, y0, x1, y1):
    """The action text of a region."""
    return json.dumps({"text": text, "top_left": [x0, y0], "bottom_right": [x1, y1]})


class Bench:
    """A benchmark in a folder. `ask` adds to its key, `release` to its files and mappings."""

    def __init__(self, folder: Path) -> None:
        self.released = folder / "released"
        self.key = folder / "answer_key.db"
        self.uids = folder / "uid_mapping.csv"
        self.patients = folder / "patid_mapping.csv"
        self.released.mkdir()
        self.write_mapping(self.uids, [("1.10", "9.10"), ("1.11", "9.11")])
        self.write_mapping(self.patients, [("OLD", "NEW")])
        with self._database() as database:
            columns = ", ".join(f'"{name}" TEXT' for name in _KEY_COLUMNS)
            database.execute(f'CREATE TABLE answer_data ("index" INTEGER, {columns})')

    def _database(self):
        return Closing(self.key)

    def ask(self, instance, *checks, patient="OLD", study="1.10", series="1.11", data=None):
        """One row of the key: what is asked of `instance`."""
        answers = json.dumps({str(number): check for number, check in enumerate(checks)}) if data is None else data
        with self._database() as database:
            database.execute(
                "INSERT INTO answer_data VALUES (0, ?, ?, ?, ?, ?, ?, ?)",
                ("OT", SC, patient, study, series, instance, answers),
            )

    def release(self, name, old=None, /, **attributes):
        """A released file; with its `old` UID it is mapped, its new one being 9.old."""
        if old is not None:
            attributes["instance"] = f"9.{old}"
            with open(self.uids, "a", encoding="utf-8") as file:
                file.write(f"{old},9.{old}\n")
        return save(make_dataset(**attributes), self.released / name)

    @staticmethod
    def write_mapping(path, pairs, header=("id_old", "id_new")):
        with open(path, "w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *pairs])
        return path

    def evaluate(self, **options):
        from midi_nb.engine.judging import evaluate

        options = {
            "uids": self.uids,
            "patients": self.patients,
            "name": "run",
            "read_text": None,
            "progress": False,
            **options,
        }
        return evaluate(self.released, options.pop("key", self.key), **options)


class Closing:
    """A connection that commits and closes."""

    def __init__(self, path):
        self._connection = sqlite3.connect(path)
        self._connection.execute("PRAGMA synchronous=OFF")

    def __enter__(self):
        return self._connection

    def __exit__(self, *error):
        self._connection.commit()
        self._connection.close()


def make_results(rows):
    """A results frame of a few dicts; what they leave out is one passed check of an attribute that is there."""
    from midi_nb.coded import tidy
    from midi_nb.frames import RESULTS

    usual = {
        "submission": "run",
        "patient": "P1",
        "study": "S1",
        "series": "E1",
        "instance": "I1",
        "released_patient": "NEW",
        "released_study": "9.10",
        "released_series": "9.11",
        "released": "NI1",
        "check": "0",
        "action": "text_removed",
        "tag_path": "(0010,0010)",
        "tag": "(0010,0010)",
        "name": "Patient's Name",
        "private": False,
        "scope": "Patient",
        "modality": "CT",
        "sop_class": SC,
        "category": "hipaa",
        "subcategory": "HIPAA-A",
        "hipaa_z": "HIPAA-A",
        "original": "DOE^JANE",
        "expected": "DOE",
        "actual": "ANON",
        "state": "value",
        "source": "published",
        "verdict": "passed",
        "score": 1.0,
        "file": "a.dcm",
        "complete": True,
    }
    rows = [{**usual, **row} for row in rows]
    missing = {"score": np.nan, "private": False, **dict.fromkeys(("x0", "y0", "x1", "y1"), pd.NA)}
    return tidy({name: [row.get(name, missing.get(name)) for row in rows] for name in RESULTS}, RESULTS, len(rows))


def assert_same(found, expected):
    """As pandas' assert_frame_equal, which takes seconds for categoricals of thousands of rows: it loops over cells."""
    for name in expected.columns.intersection(found.columns):
        if isinstance(expected[name].dtype, pd.CategoricalDtype):
            assert found[name].dtype == expected[name].dtype, name
            pd.testing.assert_index_equal(found[name].cat.categories, expected[name].cat.categories)
    pd.testing.assert_frame_equal(_with_codes(found), _with_codes(expected))


def _with_codes(frame):
    texts = frame.select_dtypes("category")
    return frame.assign(**{name: texts[name].cat.codes for name in texts})


class Make:
    """The factories of this file: ``make.dataset(…)`` and so on."""

    dataset = staticmethod(make_dataset)
    saved = staticmethod(save)
    file = staticmethod(lambda path, *args, **attributes: save(make_dataset(*args, **attributes), path))
    check = staticmethod(make_check)
    region = staticmethod(make_region)
    results = staticmethod(make_results)
    mapping = staticmethod(Bench.write_mapping)
    database = staticmethod(Closing)
    assert_same = staticmethod(assert_same)


@pytest.fixture(scope="session")
def make():
    return Make


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory):
    """A demo of three patients, without the submissions of other people's tools. Nothing in it is to be written to."""
    from midi_nb.demo import installed, make_demo

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(installed, "tools", dict)
        return make_demo(tmp_path_factory.mktemp("small") / "demo", patients=3, progress=False)


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.fixture
def no_pictures(monkeypatch):
    """Reports without their plots, which take most of the time."""
    for name in ("of", "ranked"):
        monkeypatch.setattr(f"midi_nb.report.figures.{name}", lambda *_: [])
