"""Row by row against the official script: every verdict, score, value and column of the sets in golden/README.md."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import warnings
from collections import Counter
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import midi_nb as mn

GOLDEN = Path(__file__).parent / "golden"
SETS = ("planted", "private_sequences", "wild", "odd_cases")
#: Running numbers, what is officially empty, and what only repeats the key.
NOT_COMPARED = ["index", "file_index", "file_name", "file_path", "tag"]
#: Texts of the key, which ours repeat with their <…>; the others are equal to the letter.
OF_THE_KEY = ["action_text", "answer_value", "tag_name"]


def stand_in(folder):
    """The text reader of the official run: it knows the planted texts by the digest of their region."""
    path = folder / "texts.json"
    texts = json.loads(path.read_text("utf-8")) if path.exists() else {}

    def digest(region):
        head = f"{region.dtype.str}|{'x'.join(map(str, region.shape))}|".encode()
        return hashlib.md5(head + np.ascontiguousarray(region).tobytes()).hexdigest()

    def read_text(region):
        eight_bit = (255 * (region / region.max()) if region.dtype == np.uint16 else region).astype(np.uint8)
        return texts.get(digest(eight_bit)) or texts.get(digest(region), "")

    return read_text


class Golden:
    """A golden set and what we make of it."""

    def __init__(self, name, folder):
        shutil.unpack_archive(GOLDEN / f"{name}.tar.xz", folder / name)
        self.folder = folder / name
        self.official = self.folder / "official"
        self.how = {"uids": self.folder / "uid_mapping.csv", "patients": self.folder / "patid_mapping.csv"}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd files and keys are meant
            self.results = mn.evaluate(
                self.folder / "submission",
                self.folder / "answer_key.db",
                **self.how,
                name="official",
                read_text=stand_in(self.folder),
                progress=False,
            )
        self.ours = mn.write_official(self.results, self.folder / "ours", database=True)

    @cached_property
    def rows(self):
        """The official rows and ours, less the checks whose path the key writes without its <…>.

        Officially such a path matches nothing; here it is judged, with a warning.
        """
        official, ours = (_rows(folder / "validation_results.db") for folder in (self.official, self.ours))
        wrapped = official["tag_ds"].map(lambda path: path is None or path.startswith("<"))
        self.odd = set(_pairs(official[~wrapped], CHECK))
        return [rows[[check not in self.odd for check in _pairs(rows, CHECK)]] for rows in (official, ours)]

    def frames(self):
        """The official results as a frame, and ours, less the same checks, and less what is in no official file."""
        _ = self.rows
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read = mn.read_results(
                self.official, key=self.folder / "answer_key.db", uids=self.how["uids"], name="official"
            )
        for frame in (read, self.results):
            rows = frame[frame["verdict"] != "lost"].drop(columns=["error", "file"]).astype(object)
            named = _pairs(rows.assign(named=rows["released"].fillna(rows["instance"])), ["named", "check"])
            yield rows.where(rows.notna(), None)[[check not in self.odd for check in named]]


CHECK = ["instance", "check_index"]


def _pairs(frame, columns):
    return frame[columns].itertuples(index=False, name=None)


def _counted(frame):
    """The rows of a frame and how often each is there."""
    return Counter(frame.map(repr).itertuples(index=False, name=None))


def _rows(path):
    with sqlite3.connect(path) as database:
        database.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        rows = pd.read_sql("SELECT * FROM validation_results", database, dtype=object).drop(columns=NOT_COMPARED)
    rows["instance"] = rows["instance"].str.strip("<>")
    rows[["check_passed", "check_score"]] = rows[["check_passed", "check_score"]].astype(float).round(9)
    return rows.astype(object).where(rows.notna(), None)


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """Each set by its name, made once."""
    return cache(lambda name: Golden(name, tmp_path_factory.mktemp("golden")))


@pytest.fixture(scope="module", params=SETS)
def golden(request, sets):
    return sets(request.param)


@pytest.fixture(scope="module")
def planted(sets):
    return sets("planted")


def test_rows(golden):
    """Every row, with its verdict, score, released value, identifiers and codes."""
    official, ours = (_counted(rows.drop(columns=OF_THE_KEY)) for rows in golden.rows)
    assert (official - ours, ours - official) == ({}, {})


def test_texts_of_the_key(golden):
    """What the rows repeat of the key; odd ones say the same in another way, as ours knows no text without its <…>."""
    theirs, ours = (
        rows.sort_values(
            [name for name in rows if name not in OF_THE_KEY] + OF_THE_KEY, key=lambda column: column.map(repr)
        )
        for rows in golden.rows
    )
    pairs = zip(theirs[OF_THE_KEY].to_numpy().ravel(), ours[OF_THE_KEY].to_numpy().ravel(), strict=True)
    assert [pair for pair in pairs if not says_the_same(*pair)] == []


def says_the_same(theirs, ours):
    if theirs == ours or (theirs is not None and ours == f"<{theirs}>"):
        return True
    if ours is None:  # a number where a text belongs, an identifier without the <…> that mappings know it by
        return not (theirs.startswith("<") and theirs.endswith(">"))
    if "top_left" in ours:  # a region, its edges written otherwise
        their_region, our_region = (json.loads(text.strip("<>")) for text in (theirs, ours))
        edges = [[max(-(2**31), min(int(edge), 2**31 - 1)) for edge in their_region[name][:2]] for name in CORNERS]
        return [our_region[name] for name in ("text", *CORNERS)] == [their_region["text"], *edges]
    return theirs == "<>"  # no name, where a dictionary has one


CORNERS = ("top_left", "bottom_right")


def test_official_results_are_read_as_what_evaluate_gives(golden):
    # In the odd cases numbers stand for texts, and texts without their <…>.
    texts = ["original", "expected", "tag"] if golden.folder.name == "odd_cases" else []
    read, ours = (_counted(frame.drop(columns=texts)) for frame in golden.frames())
    assert (read - ours, ours - read) == ({}, {})


@pytest.mark.parametrize("name", ["discrepancy_report_internal.csv", "discrepancy_report_participant.csv"])
def test_discrepancy_reports(planted, name):
    official, ours = (
        pd.read_csv(folder / name, dtype=str, keep_default_na=False) for folder in (planted.official, planted.ours)
    )
    assert [*ours] == [*official]
    rest = [column for column in official if column not in (*NOT_COMPARED, *OF_THE_KEY)]
    assert _counted(ours[rest]) == _counted(official[rest])


def test_scoring_workbooks(planted):
    official, ours = (
        {unit: mn.read_scores(folder / f"scoring_report_{unit}.xlsx") for unit in ("instance", "series")}
        for folder in (planted.official, planted.ours)
    )
    # Which of several equal verdicts a series keeps, and with it the category, officially depends on the machine.
    for scores in (official, ours):
        scores["series"] = scores["series"][scores["series"]["sheet"] != "Categories"]
    for unit in ("instance", "series"):
        pd.testing.assert_frame_equal(ours[unit], official[unit])


def test_sheet_of_pixel_checks(planted):
    official, ours = (pd.read_excel(folder / "pixel_validation.xlsx") for folder in (planted.official, planted.ours))
    assert [*ours] == [*official]
    rest = [column for column in official.columns[1:] if column not in (*NOT_COMPARED, *OF_THE_KEY)]
    assert _counted(ours[rest]) == _counted(official[rest])


def test_what_a_shared_batch_changes_is_all_that_differs_from_the_usual_run(planted):
    """Two processes judge files together: an attribute is absent only if all files of a batch lack it."""
    columns = ["instance", "tag_ds", "action"]
    alone, together = (_rows(planted.folder / run / "validation_results.db") for run in ("official", "two_processes"))
    rest = [name for name in alone if name != "file_value"]
    changed = Counter(_pairs(together[rest], rest)) - Counter(_pairs(alone[rest], rest))
    known = pd.read_csv(planted.folder / "batch_dependence.csv")
    known["instance"] = known["instance"].str.strip("<>")
    assert 0 < len(changed) < len(known)
    assert set(_pairs(pd.DataFrame(changed, columns=rest), columns)) <= set(_pairs(known, columns))


@pytest.fixture(scope="module")
def official(planted):
    """The official results of the planted set and their problems."""
    results = mn.read_results(planted.official)
    return results, mn.problems(results)


@pytest.mark.parametrize("unit", ["instance", "series"])
@pytest.mark.parametrize("report", ["participant", "internal"])
def test_a_report_with_its_workbook(planted, official, report, unit):
    """The scores and gains of the official database from the two files that a participant gets."""
    folder = planted.official
    reported = mn.read_results(
        folder / f"discrepancy_report_{report}.csv", scores=folder / f"scoring_report_{unit}.xlsx"
    )
    all_checks, their_problems = official
    for by in ([], ["action"], ["category"], ["category", "subcategory"]):
        scores = [mn.score(results, by=by, unit=unit) for results in (reported, all_checks)]
        assert _counted(scores[0][[*by, "passed", "failed", "blank"]]) == _counted(
            scores[1][[*by, "passed", "failed", "blank"]]
        )
    gain = "gain" if unit == "instance" else "gain_series"
    gains = [dict(found.set_index("problem")[gain]) for found in (mn.problems(reported), their_problems)]
    assert len(gains[0]) > 50
    # Of tables the report does not show the texts, so their causes are others; and not where the key asks, so that what
    # fails wherever it does is not seen to be one problem.
    same = set(gains[0]) & set(gains[1])
    assert len(same) > 0.75 * len(gains[1])
    assert {name: gains[0][name] for name in same} == pytest.approx({name: gains[1][name] for name in same})


def test_reports_of_two_runs(planted):
    """What became of each check when files share batches, from the lists of failures alone."""
    alone = mn.read_results(planted.official, name="alone")
    together = mn.read_results(planted.folder / "two_processes", name="together")
    reports = [
        results[results["verdict"] != "passed"].assign(complete=False, check=None) for results in (alone, together)
    ]
    shared = pd.read_csv(planted.folder / "batch_dependence.csv")
    counts = {
        "fixed": 0,
        "regressed": int((shared["iso_passed"] > shared["mp2_passed"]).sum()),
        "still failing": int((alone["verdict"] != "passed").sum()),
    }
    for before, after in ((alone, together), (alone, reports[1]), (reports[0], together), reports):
        changes = mn.compare(before, after)["change"].value_counts()
        assert counts["regressed"] > 0
        assert {change: changes[change] for change in counts} == counts


@pytest.fixture(scope="module")
def derived(golden, tmp_path_factory):
    """A key derived from the files of a set as if they were originals, written, and the rows of its table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answers = mn.derive_key(golden.folder / "submission", "basic+retain_full_dates", progress=False)
    path = mn.write_key(answers, tmp_path_factory.mktemp("derived") / "key.db")
    return answers, path, _entries(path)


def _entries(path):
    """(instance, entry) of each check of a key."""
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT SOPInstanceUID, AnswerData FROM answer_data").fetchall()
    read = [(instance, json.loads(data)) for instance, data in rows if (data or "").startswith("{")]
    return [(instance, entry) for instance, entries in read for entry in entries.values() if isinstance(entry, dict)]


def test_a_written_key_spells_as_the_official_script_prints(golden, derived):
    """Path and value of an attribute in a derived key are, to the letter, those that the script reads in the file."""
    official = _rows(golden.official / "validation_results.db")
    official = official[official["file_value"].notna() & ~official["action"].str.contains("pixels")]
    printed = {}
    for instance, tag_ds, value in _pairs(official, ["instance", "tag_ds", "file_value"]):
        printed.setdefault((instance, tag_ds), set()).add(value)
    shared = [
        (instance, entry["tag_ds"], entry["value"], printed[instance, entry["tag_ds"]])
        for instance, entry in derived[2]
        if (instance, entry["tag_ds"]) in printed and entry["value"] is not None
    ]

    assert len(shared) > 20
    assert [case for case in shared if case[2] not in case[3]] == []


def test_a_written_key_is_laid_out_as_the_official_one(planted, tmp_path):
    written = mn.write_key(mn.read_key(planted.folder / "answer_key.db"), tmp_path / "key.db")
    layouts = []
    for path in (planted.folder / "answer_key.db", written):
        with sqlite3.connect(path) as database:
            columns = database.execute("SELECT name, type FROM pragma_table_info('answer_data')").fetchall()
            cells = database.execute('SELECT DISTINCT typeof("index"), "group" FROM answer_data').fetchall()
        layouts.append((columns, cells))
    assert layouts[0] == layouts[1]


def test_entries_of_a_written_key_are_of_the_official_kinds(derived):
    texts = ("tag", "tag_ds", "tag_name", "value", "action", "action_text")
    assert len(derived[2]) == len(derived[0])
    for _, entry in derived[2]:
        assert all(entry[name] is None or entry[name][0] + entry[name][-1] == "<>" for name in texts)
        assert not any(entry[name] is None for name in ("tag", "tag_ds", "tag_name", "action"))
        books = {book: set(codes) for book, codes in entry["answer_category_v2"].items() if book != "prev_cat"}
        assert books == {"hipaa": {"z", "m"}, "dicom": {"p15", "iod", "safe"}, "tcia": {"ptkb", "p15", "rev"}}
        assert type(entry["answer_category_v2"]["prev_cat"]) is str


def test_a_written_key_judges_as_its_frame(golden, derived, make):
    """Sequences, private creators, several values, bytes and empty ones included."""
    answers, path, _ = derived
    uids = {uid: uid for uid in answers["instance"].astype(object).unique()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        by_frame, by_file = (
            mn.evaluate(golden.folder / "submission", key, uids=uids, read_text=None, progress=False)
            for key in (answers, path)
        )
    make.assert_same(by_file, by_frame)
    assert (by_frame["verdict"] == "failed").any()
