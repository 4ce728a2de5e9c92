import contextlib
import sqlite3

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from midi_nb.files import columns

#: Columns of the official database with the types it declares; file_value takes what it is given.
TYPES = {"check_index": "TEXT", "check_passed": "BIGINT", "file_value": "", "tag_ds": "TEXT", "hipaa_z": "TEXT"}
TYPES["check_score"] = "REAL"

CELLS = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.sampled_from(["", "\x1e", "\x1f", "a\x1fb", "\x1e\x1f", "a\0b", "<é>", 0.1 + 0.2, 1.0, 0, b"blob"]),
)
TABLES = st.lists(st.tuples(*[CELLS] * len(TYPES)), max_size=12)


def database(path, rows, more="", numbers=None):
    """A results database of `rows`; `numbers` are their row numbers."""
    path.unlink(missing_ok=True)
    names = ", ".join(TYPES)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        declared = ", ".join(f"{name} {kind}" for name, kind in TYPES.items())
        connection.execute(f"CREATE TABLE validation_results (number INTEGER PRIMARY KEY, {declared}) {more}")
        connection.executemany(
            f"INSERT INTO validation_results (number, {names}) VALUES ({', '.join('?' * (1 + len(TYPES)))})",
            [(number, *row) for number, row in zip(numbers or range(len(rows)), rows, strict=True)],
        )
    return path


def told(path):
    """The columns as Python's own module tells them, every cell text."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(f"SELECT {', '.join(TYPES)} FROM validation_results").fetchall()
    as_text = [[c if c is None else c.decode() if isinstance(c, bytes) else str(c) for c in row] for row in rows]
    return {name: [row[place] for row in as_text] for place, name in enumerate(TYPES)}


def read(path):
    """The columns as we read them, missing cells None."""
    return {
        name: [None if code < 0 else column.categories[code] for code in column.codes]
        for name, column in columns.columns_of(path).items()
        if name in TYPES
    }


def rows_of(count):
    return [(str(i), i % 2, f"<{i % 7}>", "<(0010,0010)>", None, 1 / (1 + i % 3)) for i in range(count)]


@pytest.fixture
def by_pages_only(monkeypatch):
    """Reading row by row, which is slow, is an error."""
    monkeypatch.setattr(columns, "_encoded", None)


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(columns, "_PAGE", 4096)


@given(TABLES)
@example([(None,) * len(TYPES)])
@example([(1, 1, 1, 1, 1, 1), (1.0, 1.0, 1.0, 1.0, 1.0, 1.0)])
@example([(None, None, "\x1e", None, None, None), (None, None, None, "\x1e", None, None)])
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_cell_comes_as_python_tells_it(tmp_path, rows):
    path = database(tmp_path / "validation_results.db", rows)
    assert read(path) == told(path)


@pytest.mark.parametrize("rows", [1, 7, 5000])
def test_pages_join_in_the_order_of_the_rows(tmp_path, by_pages_only, small_pages, rows):
    path = database(tmp_path / "validation_results.db", rows_of(rows))
    assert read(path) == told(path)


def test_gaps_between_rows_are_no_rows(tmp_path, by_pages_only, small_pages):
    path = database(tmp_path / "validation_results.db", rows_of(900), numbers=[3 * i for i in range(900)])
    assert read(path) == told(path)


@pytest.mark.parametrize("number", [2**40, -(2**40)])
def test_a_row_far_from_the_others_costs_nothing(tmp_path, number):
    path = database(tmp_path / "validation_results.db", rows_of(3), numbers=sorted([0, 1, number]))
    assert read(path) == told(path)


def test_a_table_without_row_numbers(tmp_path):
    path = database(tmp_path / "validation_results.db", rows_of(20), "WITHOUT ROWID")
    assert read(path) == told(path)


def test_a_view(tmp_path):
    path = database(tmp_path / "validation_results.db", rows_of(20))
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("ALTER TABLE validation_results RENAME TO kept")
        connection.execute("CREATE VIEW validation_results AS SELECT * FROM kept WHERE number > 4")
    assert read(path) == told(path)


def test_bytes_that_are_no_text_cost_no_row(tmp_path):
    path = database(tmp_path / "validation_results.db", rows_of(3))
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE validation_results SET file_value = CAST(x'3cff3e' AS TEXT) WHERE number = 1")
    assert read(path)["file_value"] == ["<0>", "<\\udcff>", "<2>"]


def test_a_page_that_sqlite_cannot_join_is_read_by_rows(tmp_path, monkeypatch):
    path = database(tmp_path / "validation_results.db", rows_of(300))
    open_database = columns.sniff.database

    @contextlib.contextmanager
    def limited(path):
        with open_database(path) as connection:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 500)
            yield connection

    monkeypatch.setattr(columns.sniff, "database", limited)
    assert read(path) == told(path)


def test_a_database_cut_short_is_named(tmp_path, small_pages):
    path = database(tmp_path / "validation_results.db", rows_of(5000))
    path.write_bytes(path.read_bytes()[:60_000])
    with pytest.raises(ValueError, match=r"validation_results\.db is a damaged or locked SQLite database"):
        columns.columns_of(path)
