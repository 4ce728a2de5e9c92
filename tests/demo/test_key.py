"""The answer key asks what was planted, in both of its layouts."""

import json
import sqlite3
from collections import Counter

import pandas as pd
import pytest

import midi_nb as mn
from midi_nb.actions import ACTIONS
from midi_nb.answers.careful import printed_value
from midi_nb.answers.places import walk


def of(checks, action):
    return {place: check for place, check in checks.items() if check["action"] == f"<{action}>"}


def test_the_official_table_has_the_columns_of_the_official_program_and_no_scope(demo):
    connection = sqlite3.connect(demo.key)
    columns = [row[1] for row in connection.execute("PRAGMA table_info(answer_data)")]
    connection.close()
    assert columns == [
        "index", "Modality", "SOPClassUID", "PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID",
        "AnswerData",
    ]  # fmt: skip


def test_all_actions_and_all_families_are_asked_for(checks):
    unasked = set(ACTIONS) - {check["action"].strip("<>") for check in checks.values()}
    assert not unasked, f"no check of the demo asks {unasked}: plant one in midi_nb/answers/careful.py"
    codes = [check["answer_category_v2"] for check in checks.values()]
    for family, code in (
        ("hipaa", "z"),
        ("hipaa", "m"),
        ("dicom", "p15"),
        ("dicom", "iod"),
        ("tcia", "ptkb"),
        ("tcia", "rev"),
    ):
        assert any(code_[family][code] for code_ in codes)


def test_a_couple_of_hundred_checks_an_instance(checks):
    counts = Counter(uid for uid, _ in checks)
    assert len(counts) == 64
    assert 150 < sum(counts.values()) / len(counts) < 300


def test_scope_is_told_in_each_check(checks):
    scopes = Counter(check["scope"] for check in checks.values())
    assert set(scopes) == {"<Patient>", "<Study>", "<Series>", "<Instance>"}


def test_every_identifier_in_an_attribute_is_asked_for(checks, phi):
    """No planted text without a check that wants it gone, save in overlays, which the official program never reads."""
    asked = {(uid, check["tag_ds"], check["action_text"]) for (uid, _), check in of(checks, "text_removed").items()}
    planted = {
        (row["instance"], row["tag_path"], f"<{row['text']}>")
        for row in phi
        if row["field"] not in ("date", "uid") and not row["x0"]
    }
    assert asked == planted


def test_every_burned_in_text_is_asked_for(checks, phi):
    hidden = of(checks, "pixels_hidden")
    burned = [row for row in phi if row["x0"] and row["tag_path"] == "<(7fe0,0010)>"]
    assert len(hidden) == len(burned) == 11
    told = {uid: check["action_text"] for (uid, _), check in hidden.items()}
    for row in burned:
        assert row["text"].replace("\n", "\\n") in told[row["instance"]]
        assert f'"top_left": [{row["x0"]}, {row["y0"]}]' in told[row["instance"]]


def test_what_is_to_stay_contains_no_word_of_what_is_to_go(checks):
    removed = {}
    for (uid, _), check in of(checks, "text_removed").items():
        removed.setdefault((uid, check["tag_ds"]), []).append(check["action_text"].strip("<>").lower())
    cleaned = [
        (place, check) for place, check in of(checks, "text_retained").items() if (place[0], check["tag_ds"]) in removed
    ]
    assert len(cleaned) > 300
    for (uid, _), check in cleaned:
        kept = check["action_text"].strip("<>").lower()
        for text in removed[uid, check["tag_ds"]]:
            assert not any(word in kept for word in text.replace("^", " ").split() if len(word) > 1)


def test_originals_are_told_as_pydicom_tells_them(checks, originals):
    elements = {
        uid: {path: printed_value(element) for path, element, _ in walk(dataset)} for uid, dataset in originals.items()
    }
    told = [(uid, check) for (uid, _), check in checks.items() if check["tag_ds"] in elements[uid]]
    assert len(told) > 12000
    for uid, check in told:
        assert check["value"] == f"<{elements[uid][check['tag_ds']]}>"


def test_the_key_spells_as_the_official_program_does(checks):
    """Paths of private sequences of undefined length, tags with letters, decimals in the print of a sequence."""
    texts = {(check["tag_ds"], check["action"], check["action_text"]) for check in checks.values()}
    pointer = "<(0020,9222)>[<0000>]<(0020,9165)>"
    assert (pointer, "<text_retained>", "<(0062, 000b)>") in texts
    assert ("<(0054,0016)>", "<text_retained>", "<DS: '370000000.0'>") in texts
    private = '<(0029,1040)>[<0000>]<(0029,"SIEMENS MEDCOM HEADER",43)>'
    asked = [check for check in checks.values() if check["tag_ds"] == private]
    assert Counter(check["action"] for check in asked) == {"<text_removed>": 6, "<text_retained>": 6}
    prints = [check["value"] for check in checks.values() if check["tag_ds"] == "<(0054,0016)>"]
    assert all("(0018, 1074) Radionuclide Total Dose             DS: '370000000.0'" in text for text in prints)


def test_both_layouts_give_the_same_answers(demo):
    official, flat = mn.read_key(demo.key), mn.read_key(demo.flat_key)
    assert len(official) > 12000
    texts = [name for name in official if isinstance(official[name].dtype, pd.CategoricalDtype)]
    pd.testing.assert_frame_equal(
        official.astype(dict.fromkeys(texts, "string")), flat.astype(dict.fromkeys(texts, "string"))
    )


def test_the_flat_table_reads_as_on_the_workshop_slides(demo):
    table = pd.read_csv(demo.flat_key, dtype=str, keep_default_na=False)
    assert list(table)[:5] == ["Scope", "Tag", "Tag Name", "Action", "Action Text"]
    first = {action: rows.iloc[0] for action, rows in table.groupby("Action", observed=True)}
    assert first["<tag_retained>"]["Action Text"] == ""
    assert first["<date_shifted>"]["Action Text"].startswith('<["2')
    shift = int(first["<date_shifted>"]["Action Text"].split('"(')[1].rstrip(')"]>'))
    assert 200 <= shift < 1800
    text, (x0, y0, x1, y1, size) = json.loads(first["<pixels_hidden>"]["Action Text"][1:-1])
    assert "DOB" in text
    assert 0 <= x0 < x1
    assert 0 <= y0 < y1
    assert 8 <= size <= 20


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("<(0010,0010)>", "<Patient>"),
        ("<(0008,1030)>", "<Study>"),
        ("<(0018,1030)>", "<Series>"),
        ("<(7fe0,0010)>", "<Instance>"),
    ],
)
def test_scopes_are_those_of_the_dicom_model(checks, path, scope):
    assert {check["scope"] for check in checks.values() if check["tag_ds"] == path} == {scope}
