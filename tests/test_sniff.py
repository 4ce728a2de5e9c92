import csv
import os
import sqlite3
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from midi_nb import sniff

HEADERS = {
    "an answer key": "index,Modality,SOPClassUID,PatientID,StudyInstanceUID,SeriesInstanceUID,SOPInstanceUID,"
    "AnswerData",
    "an answer key (older, flat layout)": "Scope,Tag,Tag Name,Action,Action Text",
    "official results": "index,file_index,check_index,check_passed,check_score,action,action_text,file_value,"
    "tag_ds,instance,hipaa_z",
    "a discrepancy report": "index,check_passed,check_score,tag_ds,tag_name,file_value,action,action_text,"
    "category,subcategory,instance",
    "a pixel validation sheet": ",check_passed,check_score,action,action_text,file_path,modality,class,patient,"
    "study,series,instance",
    "a dciodvfy report": "type,tag,message,modality,class,patient,study,series,instance,file_name,file_path",
    "a mapping": "id_old,id_new",
    "a scoring report": "Category,Blank,Fail,Pass,Total,Score",
}


@pytest.mark.parametrize(("name", "header"), HEADERS.items())
def test_a_format_is_known_by_its_columns(name, header):
    columns = header.split(",")

    assert sniff.kind_of(columns).name == name
    assert sniff.kind_of([f" {column.upper()} " for column in reversed(columns)]).name == name


def test_every_format_is_known():
    assert {kind.name for kind in sniff.KINDS} == set(HEADERS), "give HEADERS the header of each format"
    assert sniff.kind_of(["Evaluation", "De-Identified"]).name == "a mapping"
    assert sniff.kind_of(["colour", "size"]) is None


WRONG = [
    (["id_old", "id_new"], "x.csv is a mapping, not an answer key; read it with read_mapping()."),
    (
        ["DOE^JANE", "b"],
        "x.csv is not an answer key: read_key() needs the columns answerdata, sopinstanceuid or "
        "action, action_text, scope, tag.",
    ),
    (
        [],
        "x.csv is not an answer key: read_key() needs the columns answerdata, sopinstanceuid or action, action_text, "
        "scope, tag.",
    ),
]


@pytest.mark.parametrize(("columns", "message"), WRONG)
def test_a_wrong_file_is_answered_in_one_sentence(columns, message):
    assert str(sniff.wrong("x.csv", "read_key()", "an answer key", columns)) == message


def test_a_path_that_is_not_there_names_the_nearest_that_is(tmp_path):
    with pytest.raises(FileNotFoundError) as raised:
        sniff.existing(tmp_path / "no" / "key.db", "The answer key")
    assert (
        str(raised.value)
        == f"The answer key {tmp_path}/no/key.db does not exist (nearest folder that does: {tmp_path})."
    )
    assert sniff.existing(str(tmp_path), "The folder") == tmp_path


CELLS = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=8)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@given(st.lists(st.tuples(CELLS, CELLS), max_size=5))
def test_tables_are_read_as_they_were_written(tmp_path_factory, delimiter, encoding, rows):
    path = tmp_path_factory.mktemp("table") / "a.csv"
    with open(path, "w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter).writerows([("one", "two"), *rows])

    header, found = sniff.table_rows(path)

    assert header == ["one", "two"]
    assert [tuple(row) for row in found] == rows


def test_what_is_no_utf8_is_latin1(tmp_path):
    (tmp_path / "a.csv").write_bytes("id_old,id_new\nMÜLLER,1\n".encode("latin-1"))

    assert list(sniff.table_rows(tmp_path / "a.csv")[1]) == [["MÜLLER", "1"]]


def test_a_cell_may_be_huge(tmp_path):
    (tmp_path / "a.csv").write_text(f"one,two\n{'x' * 200_000},y\n", encoding="utf-8")

    assert [len(cell) for cell in next(sniff.table_rows(tmp_path / "a.csv")[1])] == [200_000, 1]


def test_a_table_that_was_cut_in_a_letter_is_read_so_far(tmp_path):
    (tmp_path / "a.csv").write_bytes("id_old,id_new\nDOE,9".encode("utf-16")[:-1])
    assert list(sniff.table_rows(tmp_path / "a.csv")[1]) == [["DOE", "\ufffd"]]


def test_a_folder_is_no_table(tmp_path):
    with pytest.raises(ValueError, match=f"^{tmp_path} is a folder; give the file in it\\.$"):
        sniff.table_rows(tmp_path)


def test_an_empty_table_has_no_header(tmp_path):
    (tmp_path / "a.csv").touch()

    assert sniff.table_rows(tmp_path / "a.csv")[0] == []


def test_binary_data_is_no_table(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"one\0two")
    with pytest.raises(ValueError, match=r".") as raised:
        sniff.table_rows(tmp_path / "a.csv")
    assert str(raised.value) == f"{tmp_path}/a.csv is not a text table (it holds binary data)."


def test_files_are_told_by_their_content(tmp_path):
    database, book, text = (tmp_path / name for name in ("a.txt", "b.txt", "c.db"))
    connection = sqlite3.connect(database)
    connection.execute('CREATE TABLE "odd ""name" ("a b" TEXT, c INTEGER)')
    connection.close()
    openpyxl.Workbook().save(book)
    text.write_text("id_old,id_new\n", encoding="utf-8")

    assert [sniff.is_sqlite(path) for path in (database, book, text)] == [True, False, False]
    assert [sniff.is_xlsx(path) for path in (database, book, text)] == [False, True, False]
    with sniff.database(database) as found:
        assert sniff.tables(found) == {'odd "name': ["a b", "c"]}


def test_a_damaged_database_is_a_value_error(tmp_path):
    path = tmp_path / "a.db"
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 2000)
    with pytest.raises(ValueError, match=r".") as raised, sniff.database(path) as connection:
        sniff.tables(connection)
    assert (
        str(raised.value)
        == f"{path} is a damaged or locked SQLite database (file is not a database); copy or unpack it again."
    )


def test_a_database_is_not_written_to_and_may_have_an_odd_path(tmp_path, make):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/50% of ?mode=rw#\xff.db"))
    with make.database(path) as database:
        database.execute("CREATE TABLE t (x TEXT)")
        database.execute("INSERT INTO t VALUES (CAST(x'ff41' AS TEXT))")

    with sniff.database(path) as connection:
        assert connection.execute("SELECT x FROM t").fetchall() == [("\udcffA",)]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM t")
