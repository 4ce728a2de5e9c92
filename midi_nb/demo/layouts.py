"""The two layouts in which answer keys are published: the official database, and the older flat table."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import frames, tags
from ..answers.careful import Answers, Check

CODES = ("prev_cat", *frames.CODES)


def wrap(text: str | None) -> str | None:
    return None if text is None else f"<{text}>"


def leaf(path: str) -> str:
    """The last attribute of an official path, in its wrappers."""
    return "<" + path.rpartition("]<")[2] if "]<" in path else path


def scope_of(path: str) -> str:
    return tags.scope(tags.from_official(path))


class OfficialKey:
    """Writes the SQLite layout that the official program reads: one row an instance, its checks as JSON."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path)
        self.connection.execute("PRAGMA journal_mode = OFF")
        self.connection.execute(
            'CREATE TABLE "answer_data" ("index" INTEGER, "Modality" TEXT, "SOPClassUID" TEXT, "PatientID" TEXT, '
            '"StudyInstanceUID" TEXT, "SeriesInstanceUID" TEXT, "SOPInstanceUID" TEXT, "AnswerData" TEXT)'
        )
        self.rows = 0

    def add(self, answers: Answers) -> None:
        entries = {str(number): official_entry(check) for number, check in enumerate(answers.checks)}
        text = json.dumps(entries, ensure_ascii=False, separators=(",", ":"))
        self.connection.execute("INSERT INTO answer_data VALUES (?,?,?,?,?,?,?,?)", (self.rows, *answers[:6], text))
        self.rows += 1

    def close(self) -> None:
        self.connection.execute('CREATE INDEX "ix_answer_data_index" ON "answer_data" ("index")')
        self.connection.commit()
        self.connection.close()


def official_entry(check: Check) -> dict[str, Any]:
    expected = check.expected
    if check.box:
        region = {"text": expected, "top_left": check.box[:2], "bottom_right": check.box[2:]}
        expected = json.dumps(region, ensure_ascii=False)
    families: dict[str, dict[str, str | None]] = {"hipaa": {}, "dicom": {}, "tcia": {}}
    for name in CODES[1:]:
        family, _, part = name.partition("_")
        families[family][part] = check.codes.get(name)
    return {
        "tag": leaf(check.path),
        "tag_ds": check.path,
        "tag_name": wrap(check.name),
        "value": wrap(check.original),
        "action": wrap(check.action),
        "action_text": wrap(expected),
        "scope": wrap(scope_of(check.path)),
        "answer_category_v2": {**families, "prev_cat": check.codes.get("prev_cat")},
    }


FLAT = (
    "Scope", "Tag", "Tag Name", "Action", "Action Text", "PatientID", "StudyInstanceUID", "SeriesInstanceUID",
    "SOPInstanceUID", "Modality", "SOPClassUID", "Check", "Value", "Tag Path", *CODES,
)  # fmt: skip


def flat_rows(answers: Answers) -> Iterator[list[str | None]]:
    """The rows of the older layout, a flat table of one check a row."""
    modality, sop_class, *others = map(wrap, answers[:6])
    who = (*others, modality, sop_class)
    for number, check in enumerate(answers.checks):
        text = flat_text(check)
        yield [
            wrap(scope_of(check.path)), leaf(check.path), wrap(check.name), wrap(check.action),
            wrap(json.dumps(text, ensure_ascii=False)) if text else "", *who, wrap(str(number)),
            wrap(check.original), check.path, *(wrap(check.codes.get(code)) for code in CODES),
        ]  # fmt: skip


def flat_text(check: Check) -> list[Any]:
    """The list that stands under Action Text."""
    if check.box:
        return [check.expected, [*check.box, check.size]]
    if check.action == "date_shifted" and check.original is not None:
        return [check.original, f"({check.expected})"]
    if check.action in ("uid_changed", "uid_consistent", "patid_consistent"):
        return [check.original]
    return [] if check.expected is None else [check.expected]
