"""The header diff without a browser: which lines there are, what is asked of each, and what became of it."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest
from pydicom import Dataset

import midi_nb as mn
from midi_nb.frames import MASK

CT = "1.2.840.10008.5.1.4.1.1.2"


@pytest.fixture
def pair(make: Any) -> Any:
    """An original and a released header of one image, of the attributes given."""

    def pair(before: dict[str, Any], after: dict[str, Any], **both: Any) -> tuple[Dataset, Dataset]:
        return tuple(  # type: ignore[return-value]
            make.dataset(uid, **{"SOPClassUID": CT, **both, **own}) for uid, own in (("1.1", before), ("9.1", after))
        )

    return pair


def line(widget: Any, path: str) -> pd.Series:
    (row,) = (row for _, row in widget.lines.iterrows() if row["tag_path"] == path)
    return row.astype(object).where(row.notna(), None)


def private(dataset: Dataset, creator: str, value: str) -> Dataset:
    dataset.private_block(0x0019, creator, create=True).add_new(0x01, "LO", value)
    return dataset


JUDGED = {
    "a name that is left": ({"PatientName": "DOE^JANE"}, {"PatientName": "DOE^JANE"}, "(0010,0010)", "Z", "failed"),
    "a name in what replaces it": (
        {"PatientName": "DOE^JANE"}, {"PatientName": "CASE DOE"}, "(0010,0010)", "Z", "failed",
    ),
    "another name": ({"PatientName": "DOE^JANE"}, {"PatientName": "CASE 1"}, "(0010,0010)", "Z", "passed"),
    "a value that had to be there": ({"PatientName": "DOE^JANE"}, {}, "(0010,0010)", "Z", "failed"),
    "a value that says nothing of anybody": (
        {"SmokingStatus": "NO"}, {"SmokingStatus": "NO"}, "(0010,21a0)", "X", None,
    ),
    "an empty value that stays": ({"PatientName": ""}, {"PatientName": ""}, "(0010,0010)", "Z", "passed"),
    "a required value that is emptied": ({"Rows": 4}, {"Rows": None}, "(0028,0010)", None, "failed"),
    "what has to be there, be it empty": ({"KVP": 120}, {}, "(0018,0060)", None, "failed"),
    "what may go": ({"ScanOptions": "HELIX"}, {"ScanOptions": "X"}, "(0018,0022)", None, None),
    "a UID that stays": (
        {"FrameOfReferenceUID": "1.7"}, {"FrameOfReferenceUID": "1.7"}, "(0020,0052)", "U", "failed",
    ),
    "a UID of the standard": (
        {"ReferencedSOPClassUIDInFile": CT}, {"ReferencedSOPClassUIDInFile": CT}, "(0004,1510)", None, None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "path", "asked", "verdict"), JUDGED.values(), ids=JUDGED)
def test_without_a_key_each_line_is_judged_by_the_standard(
    pair: Any, before: Any, after: Any, path: str, asked: str | None, verdict: str | None
) -> None:
    old, new = pair({}, {})
    for dataset, own in ((old, before), (new, after)):
        for keyword, value in own.items():
            setattr(dataset, keyword, value)
    found = line(mn.widgets.header(old, new), path)
    assert [found["asked"], found["verdict"]] == [asked, verdict]


def test_a_value_that_stays_under_another_vr_is_a_change_and_no_less_left(pair: Any) -> None:
    old, new = pair({"FrameOfReferenceUID": "1.7"}, {"FrameOfReferenceUID": "1.7"})
    new["FrameOfReferenceUID"].VR = "LO"
    widget = mn.widgets.header(old, new)
    found = line(widget, "(0020,0052)")

    assert [found["change"], found["verdict"]] == ["retyped", "failed"]
    assert "(0020,0052) UI → LO" in re.sub("<[^>]*>", "", widget.as_html())


def test_options_of_the_profile_ask_otherwise(pair: Any) -> None:
    dates = pair({"StudyDate": "20130829"}, {"StudyDate": "20130901"})
    for profile, verdict in (("basic", "passed"), ("basic+retain_modified_dates", "passed"),
                             ("basic+retain_full_dates", "failed")):  # fmt: skip
        found = line(mn.widgets.header(*dates, profile=profile), "(0008,0020)")
        assert (profile, found["change"], found["days"], found["verdict"]) == (profile, "shifted", 3, verdict)


def test_with_a_key_the_verdicts_are_the_key_s_and_words_are_marked(pair: Any, make: Any) -> None:
    old, new = pair({"StudyDescription": "CT CHEST LOW for DOE"}, {"StudyDescription": "CT CHEST for DOE"})
    of_text = {"tag_path": "(0008,1030)", "instance": "1.1", "released": "9.1", "original": "CT CHEST LOW for DOE"}
    results = make.results([
        of_text | {"expected": "DOE", "verdict": "failed"},
        of_text | {"action": "text_retained", "expected": "CHEST LOW", "verdict": "failed", "subcategory": "TCIA-REV"},
        of_text | {"tag_path": "(0010,0030)", "action": "tag_retained", "verdict": "failed", "original": None},
        of_text | {"instance": "1.2", "tag_path": "(0008,0060)", "verdict": "failed"},
    ])  # fmt: skip
    widget = mn.widgets.header(old, new, results)
    assert widget.lines["verdict"].value_counts().to_dict() == {"failed": 2}
    assert line(widget, "(0010,0030)")["change"] == "in neither"
    row = re.search(r"<tr[^>]*>(?:(?!</tr>).)*Study Description.*?</tr>", widget.as_html())
    assert row
    assert re.findall(r"<(del|mark)>.*?: </span>(\w+)", row[0]) == [("del", "LOW"), ("mark", "DOE"), ("mark", "DOE")]


def test_of_several_submissions_the_one_with_this_file_is_asked(pair: Any, make: Any) -> None:
    row = {"tag_path": "(0008,0060)", "instance": "1.1"}
    results = make.results([
        row | {"submission": "a", "released": "8.1", "verdict": "failed"},
        row | {"submission": "b", "released": "9.1", "verdict": "passed"},
    ])  # fmt: skip
    assert line(mn.widgets.header(*pair({}, {}), results), "(0008,0060)")["verdict"] == "passed"


def reference(uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPInstanceUID = uid
    return item


LEADS = {
    "leads to this image": ("1.1", "9.1"),
    "leads to another image of the release": ("1.2", "9.2"),
    "still leads to the original": ("1.2", "1.2"),
    "led to this image, leads nowhere now": ("1.1", "9.7"),
    "leads nowhere: not what the mapping says": ("1.2", "9.7"),
    "leads out of these files": ("1.5", "9.7"),
}


@pytest.mark.parametrize(("says", "uids"), LEADS.items(), ids=LEADS)
def test_a_reference_says_where_it_leads_now(pair: Any, make: Any, says: str, uids: tuple[str, str]) -> None:
    before, after = ({"ReferencedImageSequence": [reference(uid)]} for uid in uids)
    results = make.results([{"instance": "1.1", "released": "9.1"}, {"instance": "1.2", "released": "9.2"}])
    found = line(mn.widgets.header(*pair(before, after), results), "(0008,1140)[0](0008,1155)")
    assert found["leads"] == says


def test_the_tree_has_items_below_sequences_and_private_blocks_by_their_creator(pair: Any, ask: Any) -> None:
    old, new = pair({"ReferencedImageSequence": [reference("1.5"), reference("1.6")]}, {})
    private(old, "ACME", "Ünsal")
    (told,) = ask(mn.widgets.header(old, new), kind="ready")
    lines = told["data"]["lines"]
    names = [re.sub(r"<.*?>", "", one["html"]) for one in lines]

    def above(words: str) -> list[str]:
        (number,) = (number for number, name in enumerate(names) if words in name)
        found = []
        while number >= 0:
            found.append(names[number])
            number = lines[number]["above"]
        return found

    assert above("1.6")[1] == "Item 2"
    assert "Referenced Image Sequence" in above("1.6")[2]
    assert above("Ünsal")[1] == "Private group 0019: ACME"
    assert "Private Creator" in names[names.index("Private group 0019: ACME") + 1]


def test_without_values_no_word_of_the_data_is_sent(pair: Any, make: Any, ask: Any) -> None:
    words = {"StudyDescription": "SECRET kept", "PatientName": "SECRET^JANE", "StudyDate": "20130829"}
    old, new = pair(words, words | {"PatientName": "SECRET", "StudyDate": "20130901"})
    old, new = (private(dataset, "SECRET clinic", "x") for dataset in (old, new))
    results = make.results([{"instance": "1.1", "expected": "SECRET", "verdict": "failed"}])
    for given in (None, results):
        widget = mn.widgets.header(old, new, given, values=False)
        sent = str(ask(widget, kind="ready")) + widget.as_html() + widget.lines.to_json()
        assert not re.search("SECRET|secret|JANE|jane|kept SECRET|20130829|days<|1\\.1<", sent)
        assert MASK in sent
        assert "Study Description" in sent


def test_the_original_is_found_in_a_folder(make: Any, tmp_path: Any) -> None:
    make.file(tmp_path / "original" / "a.dcm", "1.1", StudyDescription="right")
    make.file(tmp_path / "original" / "b.dcm", "1.2", StudyDescription="wrong")
    released = make.file(tmp_path / "c.dcm", "9.1")
    results = make.results([{"instance": "1.1", "released": "9.1"}])
    for known in ({"results": results}, {"uids": {"1.1": "9.1"}}):
        widget = mn.widgets.header(tmp_path / "original", released, **known)
        assert line(widget, "(0008,1030)")["original"] == "right"
    with pytest.raises(ValueError, match=r"^header\(\): no file below .* is the original of the released one, by"):
        mn.widgets.header(tmp_path / "original", released)


def test_what_is_no_pair_of_headers_is_refused_or_said(pair: Any, make: Any, tmp_path: Any) -> None:
    (tmp_path / "notes.txt").write_text("DOE^JANE")
    old, new = pair({"Rows": 4}, {"Rows": 5})
    with pytest.raises(ValueError, match=r"^header\(\): released: .*notes.txt: not DICOM \(no preamble and DICM\)$"):
        mn.widgets.header(old, tmp_path / "notes.txt")
    with pytest.raises(FileNotFoundError, match=r"^header\(\): original: there is no file "):
        mn.widgets.header(tmp_path / "none.dcm", new)
    with pytest.raises(TypeError, match=r"^header\(\) compares paths and pydicom Datasets; original is a int\.$"):
        mn.widgets.header(1, new)
    html = mn.widgets.header(old, new, make.results([{"instance": "other"}])).as_html()
    assert "The two files do not look like one image: another class, size or image." in html
    assert "The results have no check of this image." in html


def test_a_value_that_is_none_of_its_kind_is_shown_and_quoted_in_no_warning(make: Any, tmp_path: Any) -> None:
    files = [make.file(tmp_path / f"{uid}.dcm", uid, FrameOfReferenceUID="1.2.345.678") for uid in ("1.1", "9.1")]
    for file in files:
        file.write_bytes(file.read_bytes().replace(b"1.2.345.678", b"DOE^JANE 12"))
    assert line(mn.widgets.header(*files), "(0020,0052)")["original"] == "DOE^JANE 12"


def test_what_is_shown_and_picked_can_be_set(pair: Any) -> None:
    widget = mn.widgets.header(*pair({"PatientName": "DOE", "KVP": 1}, {"PatientName": "DOE", "KVP": 1}))
    widget.show = "wrong"
    assert "Patient&#39;s Name" in widget.as_html()
    assert "KVP" not in widget.as_html()
    widget.picked = 1
    assert len(widget.selection) == 1
    widget.picked = 10**6
    assert widget.picked == -1
    assert widget.selection.empty


def test_the_headers_of_a_check_are_shown_in_the_explorer(make: Any, tmp_path: Any) -> None:
    make.file(tmp_path / "original" / "a.dcm", "1.1", PatientName="DOE^JANE")
    make.file(tmp_path / "released" / "a.dcm", "9.1", PatientName="DOE")
    results = make.results([{"instance": "1.1", "released": "9.1", "verdict": "failed", "score": 0.0, "actual": "DOE"}])
    explorer = mn.widgets.explore(results, tmp_path / "released", tmp_path / "original")
    told: list[Any] = []
    explorer.send = lambda message, buffers=None: told.append(message)
    explorer.set(table="failures", picked=0)
    assert [message["header"] for message in told if message["kind"] == "check"] == [True]
    explorer.header = True
    data, picked = (message for message in told if message["kind"] == "header")
    assert "DOE" in data["data"]["lines"][picked["picked"]]["html"]
    explorer.picked = -1
    assert told[-1] == {"kind": "header", "data": None}
