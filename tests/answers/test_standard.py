"""PS3.15 Table E.1-1 for a profile and its options, PS3.3's types, tables of private attributes."""

import re
import runpy
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

import midi_nb as mn
from midi_nb.answers.standard import OPTIONS, Profile, disposition, editions, read_private, safe_private, type_of

TOOLS = Path(__file__).parents[2] / "tools"
CT, CR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.1"
ALL = "basic+clean_descriptors+retain_modified_dates+retain_device+retain_patient+retain_uids+retain_institution"


@pytest.mark.parametrize(
    ("label", "type_", "basic", "options"),
    [
        ("(0010,0010)", "2", ("Z", "BASIC-Z"), ("Z", "BASIC-Z")),  # patient's name
        ("(0008,0018)", "1", ("U", "BASIC-U"), ("K", "UID-K")),  # SOP instance UID
        ("(0008,0022)", "3", ("X", "BASIC-X/Z"), ("C", "MOD-C")),  # acquisition date
        ("(0008,0022)", "2", ("Z", "BASIC-X/Z"), ("C", "MOD-C")),
        ("(0008,1030)", "3", ("X", "BASIC-X"), ("C", "DESC-C")),  # study description
        ("(0018,1000)", "1", ("D", "BASIC-X/Z/D"), ("K", "DEV-K")),  # device serial number
        ("(0010,1010)", "3", ("X", "BASIC-X"), ("K", "PAT-K")),  # age
        ("(0010,2110)", "3", ("X", "BASIC-X"), ("C", "DESC-C")),  # allergies: of two options the first
        ("(0008,1140)", "3", ("U", "BASIC-X/Z/U*"), ("K", "UID-K")),  # referenced image sequence
        ("(6002,4000)", "3", ("X", "BASIC-X"), ("X", "BASIC-X")),  # overlay comments, in any group
        ("(5000,3000)", "3", ("X", "BASIC-X"), ("X", "BASIC-X")),  # curves
        ("(0028,0010)", "1", ("", "BASIC-K"), ("", "BASIC-K")),  # rows: no row of the table
    ],
)
def test_actions_by_type_and_option(label, type_, basic, options):
    assert Profile("basic", "2024e").asked(label, type_) == basic
    assert Profile(ALL, "2024e").asked(label, type_) == options


def test_a_profile_says_what_it_is():
    assert (
        str(Profile("basic+retain_device+clean_graphics", "2024e"))
        == "PS3.15 2024e, basic+clean_graphics+retain_device"
    )


@pytest.mark.parametrize(
    ("profile", "edition", "message"),
    [
        ("basic", "1999z", f"edition must be one of {', '.join(editions())}, got '1999z'."),
        (
            "basic+retain_pets",
            "2024e",
            f"profile must be basic, or basic with options joined by +: {', '.join(OPTIONS)}; got 'basic+retain_pets'.",
        ),
        (
            "basic+retain_full_dates+retain_modified_dates",
            "2024e",
            "profile: retain_full_dates and retain_modified_dates exclude each other; choose one.",
        ),
    ],
)
def test_unknown_profiles_and_editions_are_named(tmp_path, profile, edition, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        mn.derive_key(tmp_path, profile, edition=edition)


@pytest.mark.parametrize(
    ("sop_class", "path", "type_"),
    [
        (CT, "(0010,0020)", "2"),
        (CT, "(0028,0010)", "1"),
        (CT, "(0018,0060)", "2"),
        (CR, "(0018,0060)", "3"),
        (CT, "(0008,1030)", "3"),
        ("1.2.3", "(0010,0020)", "3"),  # of a class that nobody knows nothing is known
    ],
)
def test_types_of_attributes(sop_class, path, type_):
    assert type_of(sop_class, path) == type_


def test_the_demo_knows_the_same_types(small_demo):
    key = mn.read_key(small_demo.key)
    needed = key[(key["action"] == "tag_retained") & ~key["tag_path"].str.contains("[", regex=False)]
    needed = needed[needed["original"].notna() & ~needed["name"].isin(["De-identification Method"])]
    asked = needed[["sop_class", "tag_path", "dicom_iod"]].astype(str).drop_duplicates()
    ours = [f"DICOM-IOD-{type_of(*row)}" for row in asked[["sop_class", "tag_path"]].to_numpy()]

    differing = asked[asked["dicom_iod"] != ours]
    assert len(differing) < 0.2 * len(asked)  # conditional ones (1C, 2C), of which we ask nothing
    assert not (pd.Series(ours)[(asked["dicom_iod"] != ours).to_numpy()] == "DICOM-IOD-1").any()


def test_private_attributes(tmp_path):
    (tmp_path / "private.csv").write_text(
        'creator,element,disposition\nACME 1,"(0019,xx23)",Keep\nACME 1,"0019,24",delete\nOther,*,offset\n'
    )
    table = read_private(tmp_path / "private.csv")

    paths = ['(0019,"ACME 1",23)', '(0019,"ACME 1",24)', '(0019,"ACME 1",25)', '(0009,"OTHER",01)', "(0029,1040)"]
    assert [disposition(table, path) for path in paths] == ["K", "X", "X", "C", "X"]


def test_the_safe_private_attributes_of_the_standard():
    edition, table = safe_private()

    assert edition == "2026d"
    assert len(table) == 479  # as many as the table of that edition has rows
    assert len({creator for creator, _ in table}) == 20
    assert set(table.values()) == {"K"}
    known = ['(7053,"PHILIPS PET PRIVATE GROUP",09)', '(0043,"GEMS_PARM_01",39)', '(0019,"SIEMENS MR HEADER",0e)']
    assert [disposition(table, path) for path in known] == ["K", "K", "K"]
    assert disposition(table, '(0029,"SIEMENS CSA HEADER",10)') == "X"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            pd.DataFrame({"creator": ["A"], "element": ["*"]}),
            "private needs the columns creator, element, disposition; there is no disposition.",
        ),
        (
            pd.DataFrame({"creator": ["A"], "element": ["*"], "disposition": ["maybe"]}),
            "private: 1 of 1 rows have a disposition that is none of keep, delete, remove, hash, offset.",
        ),
        (
            pd.DataFrame(
                {
                    "creator": "A",
                    "element": ["01", "29,01", "0x00291001", "0010,01", "(0029,xx01)", "0029,1001", "*", None],
                    "disposition": "keep",
                }
            ),
            "private: 5 of 8 rows have an element that is none; write (0019,xx23), 0019,23 or *.",
        ),
        (
            pd.DataFrame(
                {
                    "creator": ["A", "a ", "A", "B", "B"],
                    "element": ["(0019,xx23)", "0019,23", "0019,24", "*", "*"],
                    "disposition": ["keep", "delete", "keep", "hash", "remove"],
                }
            ),
            "private: the table says different things of 1 attribute; leave one row of each.",
        ),
    ],
)
def test_tables_of_private_attributes_that_are_none(table, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        read_private(table)


HEADS = [
    *("Attribute Name", "Tag", "Retd. (from PS3.6)", "In Std. Comp. IOD (from PS3.3)", "Basic Prof."),
    *("Rtn. Safe Priv. Opt.", "Rtn. UIDs Opt.", "Rtn. Dev. Id. Opt.", "Rtn. Inst. Id. Opt.", "Rtn. Pat. Chars. Opt."),
    *("Rtn. Long. Full Dates Opt.", "Rtn. Long. Modif. Dates Opt.", "Clean Desc. Opt.", "Clean Struct. Cont. Opt."),
    "Clean Graph. Opt.",
]


SAFE_HEADS = ["Data Element", "Private Creator", "VR", "VM", "Meaning"]
SAFE = ["(01F1,xx26)", "ELSCINT1", "DS", "1", "Pitch"]


def docbook(edition, rows):
    cell = "<{0}><para>{1}</para></{0}>".format
    line = lambda kind, cells: f"<tr>{''.join(cell(kind, text) for text in cells)}</tr>"  # noqa: E731
    body = "".join(line("td", row) for row in rows)
    safe = f"<thead>{line('th', SAFE_HEADS)}</thead><tbody>{line('td', SAFE)}</tbody>"
    return (
        f'<book xmlns="http://docbook.org/ns/docbook"><subtitle>DICOM PS3.15 {edition} - Security</subtitle>'
        f'<table label="E.1-1"><thead>{line("th", HEADS)}</thead><tbody>{body}</tbody></table>'
        f'<table label="E.3.10-1">{safe}</table></book>'
    )


def test_the_table_is_made_from_the_docbook_of_the_standard(tmp_path, capsys):
    make = runpy.run_path(str(TOOLS / "make_standard.py"))
    name = ["Patient's Name", "(0010,0010)", "N", "Y", "Z", *[""] * 10]
    curve = ["Curve Data", "(50xx,xxxx)", "Y", "N", "X", *[""] * 10]
    uid = ["SOP Instance UID", "(0008,0018)", "N", "Y", "U", "", "K", *[""] * 8]
    private = ["Private Attributes", "(gggg,eeee) where gggg is odd", "N", "N", "X", "C", *[""] * 9]
    for edition, rows in (("2024e", [name, uid, private, curve]), ("2025a", [[*name[:4], "X", *name[5:]], uid, curve])):
        (tmp_path / "part15.xml").write_text(docbook(edition, rows))
        made = make["main"](str(tmp_path / "part15.xml"), tmp_path)
        assert made.name == f"ps3_15_e1_{edition}.csv"

    before = make["read"](tmp_path / "ps3_15_e1_2024e.csv")
    assert list(before) == ["(0008,0018)", "(0010,0010)", "(50xx,xxxx)", "private"]
    assert before["(0008,0018)"]["basic"] == "U"
    assert before["(0008,0018)"]["retain_uids"] == "K"
    safe = (tmp_path / "ps3_15_e3_10_2025a.csv").read_text("utf-8")
    assert safe.splitlines() == ["creator,element,disposition", 'ELSCINT1,"(01f1,xx26)",keep']
    assert capsys.readouterr().out.splitlines() == [
        "  (0010,0010) Patient's Name, basic: 'Z' → 'X'",
        "- private Private Attributes",
    ]


def test_the_shipped_table_is_written_as_the_tool_writes_it(tmp_path):
    make = runpy.run_path(str(TOOLS / "make_standard.py"))
    shipped = make["DATA"] / "ps3_15_e1_2024e.csv"

    assert make["write"](make["read"](shipped).values(), tmp_path / "again.csv").read_bytes() == shipped.read_bytes()
    assert len(make["read"](shipped)) == 621

    shipped = make["DATA"] / "ps3_15_e3_10_2026d.csv"
    rows = pd.read_csv(shipped).itertuples(index=False)
    assert make["write_safe"](sorted(map(tuple, rows)), tmp_path / "safe.csv").read_bytes() == shipped.read_bytes()


def test_a_book_without_the_table_is_refused():
    make = runpy.run_path(str(TOOLS / "make_standard.py"))

    with pytest.raises(ValueError, match=r"^the file has no table E\.1-1\.$"):
        list(make["table"](ElementTree.fromstring('<book xmlns="http://docbook.org/ns/docbook"/>')))
