"""What a file is, and which verb reads it: so that a file given to the wrong verb is answered in one sentence."""

from __future__ import annotations

import csv
import os
import sqlite3
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote


class Kind(NamedTuple):
    """A format we know: its name for people, the verb that reads it, the columns by which it is recognised."""

    name: str
    verb: str
    columns: frozenset[str]


def _kind(name: str, verb: str, columns: str) -> Kind:
    return Kind(name, verb, frozenset(columns.split(",")))


#: Formats by the columns they must have (in lower case, blanks as underscores); the first that fits.
KINDS = (
    _kind("an answer key", "read_key()", "answerdata,sopinstanceuid"),
    _kind("an answer key (older, flat layout)", "read_key()", "scope,tag,action,action_text"),
    _kind("official results", "read_results()", "check_index,check_passed,check_score,file_value,tag_ds,hipaa_z"),
    _kind("a discrepancy report", "read_results()", "check_passed,check_score,file_value,instance,tag_ds,subcategory"),
    _kind("a pixel validation sheet", "read_results()", "check_passed,check_score,action_text,instance"),
    _kind("a dciodvfy report", "read_dciodvfy()", "type,tag,message,instance"),
    _kind("a mapping", "read_mapping()", "id_old,id_new"),
    _kind("a mapping", "read_mapping()", "evaluation,de-identified"),
    _kind("a scoring report", "read_scores()", "category,total,score"),
)


def plain(columns: Sequence[str]) -> list[str]:
    """Column names as `KINDS` spells them: lower case, trimmed, blanks as underscores.

    >>> plain(["Scope", "Tag Name "])
    ['scope', 'tag_name']
    """
    return [str(name).strip().strip("\ufeff").lower().replace(" ", "_") for name in columns]


def kind_of(columns: Sequence[str]) -> Kind | None:
    """The format that has these columns; None if it is none of ours."""
    have = set(plain(columns))
    return next((kind for kind in KINDS if kind.columns <= have), None)


def wrong(path: str | Path, verb: str, wanted: str, columns: Sequence[str], place: str = "") -> ValueError:
    """The error for a file that is not what `verb` reads: what it seems to be, and the remedy."""
    kind = kind_of(columns)
    if kind is not None and kind.verb != verb:
        return ValueError(f"{path} is {kind.name}, not {wanted}; read it with {kind.verb}.")
    # The columns of an unknown file are not quoted: without a header they are its first row, values and all.
    return ValueError(f"{path}{place} is not {wanted}: {_needs(verb)}.")


def _needs(verb: str) -> str:
    choices = [", ".join(sorted(kind.columns)) for kind in KINDS if kind.verb == verb]
    return f"{verb} needs the columns {' or '.join(choices)}"


def existing(path: str | Path, what: str) -> Path:
    """`path` as a Path; FileNotFoundError with the nearest folder that does exist if it is not there."""
    path = Path(path)
    if path.exists():
        return path
    near = next((parent for parent in path.absolute().parents if parent.exists()), Path("/"))
    raise FileNotFoundError(f"{what} {path} does not exist (nearest folder that does: {near}).")


def is_sqlite(path: Path) -> bool:
    """Whether the file starts as SQLite databases do."""
    with open(path, "rb") as file:
        return file.read(16) == b"SQLite format 3\0"


def is_xlsx(path: Path) -> bool:
    """Whether the file is a zip with a workbook in it."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return "xl/workbook.xml" in archive.namelist()


@contextmanager
def database(path: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection; damage becomes a ValueError that names the file."""
    connection = sqlite3.connect(f"file:{quote(os.fsencode(path.absolute()))}?mode=ro", uri=True)
    # SQLite does not check that text is UTF-8; a stray byte must not cost the row.
    connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    try:
        yield connection
    except sqlite3.DatabaseError as error:
        raise ValueError(f"{path} is a damaged or locked SQLite database ({error}); copy or unpack it again.") from None
    finally:
        connection.close()


def tables(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """The tables of a database with their columns."""
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")]
    return {name: [row[1] for row in connection.execute(f"PRAGMA table_info({quoted(name)})")] for name in names}


def quoted(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def table_rows(path: Path) -> tuple[list[str], Iterator[list[str]]]:
    """(header, rows) of a delimited text file, every cell text; commas, semicolons and tabs are recognised.

    UTF-8 with or without byte order mark, UTF-16 with one, else Latin-1.
    """
    if path.is_dir():
        raise ValueError(f"{path} is a folder; give the file in it.")
    with open(path, "rb") as file:
        start = file.read(4096)
    if b"\0" in start and not start.startswith(_UTF_16):
        raise ValueError(f"{path} is not a text table (it holds binary data).")
    encoding = encoding_of(path)
    first = start.decode(encoding, "ignore").splitlines()[:1]
    delimiter = max("\t;,", key=first[0].count) if first else ","
    # A cell of a key can hold a whole printed sequence; the default limit of 128 kB is too small for it.
    csv.field_size_limit(2**31 - 1)

    def cells() -> Iterator[list[str]]:
        with open(path, encoding=encoding, errors="replace", newline="") as text:  # a cut UTF-16 file loses a letter
            yield from csv.reader(text, delimiter=delimiter)

    rows = cells()
    return next(rows, []), rows


_UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # how it starts


def encoding_of(path: Path) -> str:
    """How a text is written: UTF-8, UTF-16 if it says so in its first bytes, or else Latin-1."""
    with open(path, "rb") as file:
        if file.read(2) in _UTF_16:
            return "utf-16"
        file.seek(0)
        try:
            for line in file:
                line.decode("utf-8")
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8-sig"
