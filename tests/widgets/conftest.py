"""Results for the widgets, made on the spot: nine checks of two patients, or 200,000 of four hundred."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

P2 = {
    "patient": "P2",
    "study": "S2",
    "series": "E2",
    "instance": "2.2.1",
    "released_patient": "N2",
    "released_study": "NS2",
    "released_series": "NE2",
    "released": "9.2.2.1",
    "modality": "MR",
    "file": "3.dcm",
}
I2 = {"instance": "1.2.2", "released": "9.1.2.2", "file": "2.dcm"}
KEEP = {
    "action": "text_retained",
    "tag_path": "(0018,1030)",
    "tag": "(0018,1030)",
    "name": "Protocol Name",
    "scope": "Series",
    "category": "tcia",
    "subcategory": "TCIA-P15-DESC-C",
    "original": "HEAD",
    "expected": "HEAD",
    "actual": "HEAD",
}
LOST = KEEP | {
    "original": "CHEST LOW DOSE",
    "expected": "CHEST LOW DOSE",
    "actual": "CHEST",
    "verdict": "failed",
    "score": 1 / 3,
}
LEAK = {"expected": "DOE^JANE", "actual": "DOE^X", "verdict": "failed", "score": 0.5}
DATE = {
    "action": "date_shifted",
    "tag_path": "(0008,0020)",
    "tag": "(0008,0020)",
    "name": "Study Date",
    "scope": "Study",
    "subcategory": "HIPAA-C",
    "original": "20130829",
    "expected": None,
    "actual": "20130829",
    "verdict": "failed",
    "score": 0.0,
}
BLANK = KEEP | {
    "original": "the",
    "expected": "the",
    "actual": "the",
    "verdict": "blank",
    "score": np.nan,
    "error": "no word is left",
}
BOX = {
    "action": "pixels_hidden",
    "tag_path": "(7fe0,0010)",
    "tag": "(7fe0,0010)",
    "name": "Pixel Data",
    "scope": "Instance",
    "original": "REMOVED",
    "expected": "DOE JANE",
    "x0": 8,
    "y0": 4,
    "x1": 40,
    "y1": 16,
}
READ = BOX | {"actual": "DOE", "verdict": "failed", "score": 0.5}
HIDDEN = BOX | {"actual": "", "state": "empty"}

#: Words lost in two instances, a leak, a date, a blank; boxes, one still read and one hidden; two passes.
ROWS = (LOST, LOST | I2, LEAK, DATE | P2, BLANK, READ, HIDDEN | I2, KEEP | P2, KEEP | I2)


def numbered(rows):
    return [
        {"instance": "1.2.1", "released": "9.1.2.1", "file": "1.dcm", "check": str(number), **row}
        for number, row in enumerate(rows)
    ]


@pytest.fixture
def results(make):
    """Nine checks of two patients, six of which fail or are blank."""
    return make.results(numbered(ROWS))


@pytest.fixture(scope="session")
def many(make):
    """200,000 checks of 400 patients with 10,000 distinct texts; one in a hundred fails."""
    count, random = 200_000, np.random.default_rng(0)
    few = make.results(numbered(ROWS))
    whole = few.iloc[np.arange(count) % len(few)].reset_index(drop=True)
    patients, texts = [f"P{n}" for n in range(400)], [f"TEXT {n:05d}" for n in range(10_000)]
    for name, pool in (("patient", patients), ("original", texts), ("expected", texts), ("actual", texts)):
        whole[name] = pd.Categorical.from_codes(
            random.integers(0, len(pool), count), categories=pd.Index(pool, dtype="str")
        )
    failing = random.random(count) < 0.01
    whole["verdict"] = pd.Categorical(np.where(failing, "failed", "passed"), dtype=whole["verdict"].dtype)
    return whole.assign(score=np.where(failing, 0.0, 1.0))


@pytest.fixture
def images(make, tmp_path):
    """(folder of released files, folder of originals): text in the box, half covered in 1.dcm, covered in 2.dcm."""
    text = np.kron(np.random.default_rng(0).integers(0, 2, (6, 16)) * 200, np.ones((2, 2)))
    for folder, new, covers in (("original", "", (0, 0)), ("released", "9.", (16, 32))):
        for number, covered in enumerate(covers, 1):
            values = np.full((48, 64), 40, "uint8")
            values[4:16, 8:40] = text
            values[4:16, 8 : 8 + covered] = 0
            make.file(tmp_path / folder / f"{number}.dcm", f"{new}1.2.{number}", pixels=values)
    return tmp_path / "released", tmp_path / "original"


@pytest.fixture
def ask():
    """Says a message to a widget, as a browser does, and gives what it sends: `ask(widget, kind="ready")`."""

    def asked(widget, message=None, **content):
        sent, widget.send = [], lambda content, buffers=None: sent.append(content)
        widget._handle_custom_msg(content or message, [])  # what ipywidgets calls with a message
        del widget.send
        return sent

    return asked
