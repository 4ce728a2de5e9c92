"""Answers written as a key in the official layout."""

import json
import re
import sqlite3

import pandas as pd
import pytest

import midi_nb as mn


def test_a_key_is_read_back_as_it_was(small_demo, tmp_path, make):
    answers = mn.read_key(small_demo.key)

    make.assert_same(mn.read_key(mn.write_key(answers, tmp_path / "key.db")), answers)


def test_a_derived_key_is_read_back_with_its_sources(small_demo, tmp_path, make):
    answers = mn.derive_key(small_demo.original, progress=False)
    again = mn.read_key(mn.write_key(answers, tmp_path / "key.db"))

    assert set(again["source"]) == {"header", "pattern", "standard", "iod", "private"}
    make.assert_same(again, answers)


def test_a_key_that_was_edited_in_a_table_is_written_as_texts(make, tmp_path):
    checks = {"instance": "1.2.3", "action": "text_removed", "tag_path": "(0010,0020)", "expected": [4711]}
    make.assert_same(
        mn.read_key(mn.write_key(pd.DataFrame(checks), tmp_path / "numbers.db")),
        mn.read_key(mn.write_key(pd.DataFrame(checks | {"expected": ["4711"]}), tmp_path / "texts.db")),
    )


def test_checks_are_spelled_as_the_official_script_reads_them(bench, make, tmp_path):
    make.file(tmp_path / "in" / "a.dcm", "1.2.3", PatientName="DOE^JANE", StudyInstanceUID="1.2.9")
    mn.write_key(mn.derive_key(tmp_path / "in", progress=False), tmp_path / "key.db")

    with make.database(tmp_path / "key.db") as connection:
        [(patient, uid, answers)] = connection.execute(
            "SELECT PatientID, SOPInstanceUID, AnswerData FROM answer_data"
        ).fetchall()
    entry = next(each for each in json.loads(answers).values() if each["tag_ds"] == "<(0010,0010)>")
    assert (patient, uid) == ("NEW", "1.2.3")
    assert entry == {
        "tag": "<(0010,0010)>",
        "tag_ds": "<(0010,0010)>",
        "tag_name": "<Patient's Name>",
        "value": "<DOE^JANE>",
        "action": "<tag_retained>",
        "action_text": None,
        "answer_category_v2": {
            "prev_cat": "derived: PS3.15 2024e, basic",
            "hipaa": {"z": None, "m": None},
            "dicom": {"p15": None, "iod": "DICOM-IOD-2", "safe": None},
            "tcia": {"ptkb": None, "p15": None, "rev": None},
        },
        "scope": "<Patient>",
        "source": "iod",
    }


def test_what_is_there_is_not_overwritten(small_demo, tmp_path):
    (tmp_path / "key.db").write_text("mine")

    with pytest.raises(ValueError, match=f"^{re.escape(str(tmp_path))}/key.db is already there; "):
        mn.write_key(mn.read_key(small_demo.key), tmp_path / "key.db")
    assert (tmp_path / "key.db").read_text() == "mine"


def test_what_is_no_key_is_refused(tmp_path):
    with pytest.raises(
        TypeError, match=r"^write_key\(\) needs an answers frame, or the folder of derive_key\(out=…\)\.$"
    ):
        mn.write_key(tmp_path, tmp_path / "key.db")
    assert not list(tmp_path.iterdir())


def test_the_folder_of_results_is_no_key(make, tmp_path):
    with pytest.raises(TypeError, match=r"/run holds results; write_key\(\) needs an answers frame, or the folder of "):
        mn.write_key(mn.write_run(make.results([{}]), tmp_path / "run"), tmp_path / "key.db")
    assert not (tmp_path / "key.db").exists()


def test_repeated_numbers_make_a_second_row(bench, make, tmp_path):
    make.file(tmp_path / "in" / "a.dcm", PatientName="DOE^JANE")
    answers = mn.derive_key(tmp_path / "in", progress=False).assign(check="0")
    mn.write_key(answers, tmp_path / "key.db")

    with sqlite3.connect(tmp_path / "key.db") as connection:
        assert connection.execute("SELECT count(*) FROM answer_data").fetchone() == (len(answers),)
    assert len(mn.read_key(tmp_path / "key.db")) == len(answers)


def test_regions_are_not_written_without_their_edges(small_demo, tmp_path):
    answers = mn.read_key(small_demo.key)
    for name in ("expected", "y0"):
        with pytest.raises(ValueError, match=f"needs the column {name}"):
            mn.write_key(answers.drop(columns=name), tmp_path / "key.db")
    assert not (tmp_path / "key.db").exists()
