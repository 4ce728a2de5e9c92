"""The scoring workbook, and a discrepancy report that has its denominators from it."""

import csv
import shutil
from functools import cache

import numpy as np
import openpyxl
import pandas as pd
import pytest

import midi_nb as mn
from midi_nb.actions import category_of
from midi_nb.files import read_results, read_scores
from midi_nb.frames import CODES

SCORING = {
    "Scoring": [("Category", "Blank", "Fail", "Pass", "Total", "Score"), ("All", 1, 1, 2, 4, "50.00%")],
    "Actions": [
        (None, "action", "Blank", "Fail", "Pass", "Total"),
        (0, "<date_shifted>", 1, 0, 0, 1),
        (1, "<text_removed>", 0, 1, 2, 3),
        ("Total", None, 1, 1, 2, 4),
    ],
    "Categories": [
        (None, "category", "subcategory", "Fail", "Pass", "Total"),
        (0, "hipaa", "HIPAA-A", 1, 2, 3),
        (1, "unknown", None, 0, 1, 1),
        ("Total", None, None, 1, 3, 4),
    ],
}


def write_workbook(path, sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def cells(frame, *columns):
    """Rows as lists, None where missing."""
    part = frame[list(columns)].astype(object)
    return part.where(part.notna(), None).to_numpy().tolist()


def test_a_scoring_workbook_is_one_frame(tmp_path):
    assert cells(
        read_scores(write_workbook(tmp_path / "scoring_report_instance.xlsx", SCORING)),
        "sheet", "action", "category", "subcategory", "passed", "failed", "blank", "total", "score",
    ) == [
        ["Scoring", None, None, None, 2, 1, 1, 4, 0.5],
        ["Actions", "date_shifted", None, None, 0, 0, 1, 1, 0.0],
        ["Actions", "text_removed", None, None, 2, 1, 0, 3, 2 / 3],
        ["Categories", None, "hipaa", "HIPAA-A", 2, 1, 0, 3, 2 / 3],
        ["Categories", None, "unknown", None, 1, 0, 0, 1, 1.0],
    ]  # fmt: skip


def test_only_a_scoring_workbook_is_one(tmp_path):
    pixels = ("check_passed", "check_score", "action_text", "instance")
    sheet, text = write_workbook(tmp_path / "pixels.xlsx", {"Sheet1": [pixels]}), tmp_path / "a.csv"
    text.write_text("a,b\n", encoding="utf-8")
    for path, message in (
        (sheet, f"{sheet} is a pixel validation sheet, not a scoring report; read it with read_results()."),
        (text, f"{text} is not an Excel workbook; a scoring report is one (scoring_report_instance.xlsx)."),
    ):
        with pytest.raises(ValueError, match=r".") as raised:
            read_scores(path)
        assert str(raised.value) == message


# A report with its workbook

CODE_OF = {
    "text_removed": [{"hipaa_z": "HIPAA-A"}, {"hipaa_m": "HIPAA-B"}, {"tcia_ptkb": "TCIA-PTKB-X"}],
    "text_retained": [{"tcia_p15": "TCIA-P15-DESC-C"}, {"tcia_ptkb": "TCIA-PTKB-K"}],
    "tag_retained": [{"dicom_iod": "DICOM-IOD-1"}, {"dicom_iod": "DICOM-IOD-2"}, {}],
    "text_notnull": [{"dicom_iod": "DICOM-IOD-1"}, {}],
    "date_shifted": [{}],
    "uid_consistent": [{}],
}


def run(make, seed, blanks="whole", name="run"):
    """Results of two patients with five series, one of them partly missing.

    `blanks`: none; "whole" where the series has no pass; "hidden" beside passes in every series; or "mixed".
    """
    random = np.random.default_rng(seed)
    rows = []
    for series in range(5):
        for number, (action, codes) in enumerate((a, c) for a, choices in CODE_OF.items() for c in choices):
            blank = number % 4 == series % 4 and blanks
            for instance in range(4):
                missing = series == 4 and instance == 0
                verdict = random.choice(["passed", "failed"], p=[0.8, 0.2] if series % 2 else [1, 0])
                if blank and not missing and (blanks != "hidden" or instance < 2):
                    verdict = "passed" if blanks == "mixed" and series == 1 and instance == 0 else "blank"
                elif blank and not missing:
                    verdict = "passed"
                category, subcategory = category_of(action, codes)
                rows.append({
                    "patient": f"P{series // 3}", "study": f"S{series}", "series": f"E{series}",
                    "instance": f"{series}.{instance}", "check": str(number), "action": action,
                    "released_patient": None if missing else f"N{series // 3}",
                    "released_study": None if missing else f"NS{series}",
                    "released_series": None if missing else f"NE{series}",
                    "released": None if missing else f"9.{series}.{instance}", "tag_path": f"(0010,{number:04x})",
                    "tag": f"(0010,{number:04x})", "category": category, "subcategory": subcategory,
                    **dict.fromkeys(CODES), **codes, "actual": None if missing else "DOE",
                    "state": "missing" if missing else "value", "verdict": verdict, "submission": name,
                    "score": {"passed": 1.0, "failed": 0.0, "blank": None}[verdict],
                })  # fmt: skip
    return make.results(rows)


@pytest.fixture(scope="module")
def official(make, tmp_path_factory):
    """official(…): the results of `run`, explained, and the folder of their official reports."""
    known = {}

    def write(seed=0, blanks="whole"):
        if (seed, blanks) not in known:
            results = mn.explain(run(make, seed, blanks))
            known[seed, blanks] = results, mn.write_official(results, tmp_path_factory.mktemp("official"))
        return known[seed, blanks]

    return write


@pytest.fixture(scope="module")
def written(official):
    """written(unit, …): all results, and what is read back of their report and workbook."""

    @cache
    def read(unit, **options):
        results, folder = official(**options)
        return results, mn.explain(both(folder, unit))

    return read


def both(folder, unit="instance", **options):
    report = folder / "discrepancy_report_participant.csv"
    return read_results(report, scores=folder / f"scoring_report_{unit}.xlsx", **{"name": "run", **options})


COUNTS = ("passed", "failed", "blank", "total", "score")
BY = [[], ["action"], ["category"], ["subcategory"], ["category", "subcategory"], ["axis"], ["cause", "category"]]
UNITS = ("instance", "series")


def counts_of(results, by, unit):
    return sorted(cells(mn.score(results, by=by, unit=unit), *by, *COUNTS), key=str)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("blanks", ["", "whole", "hidden"])
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
def test_a_report_with_its_workbook_scores_as_all_checks_do(written, unit, blanks, seed):
    results, reported = written(unit, seed=seed, blanks=blanks)
    assert (results["verdict"] == "blank").any() == bool(blanks)
    for by in BY:
        assert counts_of(reported, by, unit) == counts_of(results, by, unit)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("blanks", ["whole", "hidden"])
def test_its_problems_gain_what_those_of_all_checks_do(written, unit, blanks):
    results, reported = written(unit, blanks=blanks)
    gain, unknown = ("gain", "gain_series") if unit == "instance" else ("gain_series", "gain")
    ours, theirs = mn.problems(reported), mn.problems(results)
    assert len(ours) > 5
    assert ours[unknown].isna().all()
    assert ours[gain].is_monotonic_decreasing
    assert dict(zip(ours["problem"], ours[gain], strict=True)) == pytest.approx(
        dict(zip(theirs["problem"], theirs[gain], strict=True))
    )
    fixed = ours["problem"].head(3).tolist()
    all_units = mn.what_if(results, fixed)
    assert cells(mn.what_if(reported, fixed), *all_units.columns) == cells(
        all_units[all_units["unit"] == unit], *all_units.columns
    )


@pytest.mark.parametrize("unit", UNITS)
def test_of_whom_the_passes_are_is_not_known(written, unit):
    _, reported = written(unit)
    assert mn.score(reported, unit=unit)[["low", "high"]].isna().all(axis=None)
    for column in ("modality", "patient", "series", "tag"):
        with pytest.raises(ValueError, match=r".") as raised:
            mn.score(reported, by=["category", column], unit=unit)
        assert str(raised.value) == (
            f"score() cannot break down by category, {column}: a scoring workbook counts passes by action or by "
            "category and subcategory. Read validation_results.db, or evaluate."
        )
    for verb in (mn.rank, mn.tally):
        with pytest.raises(ValueError, match=rf"^{verb.__name__}\(\) needs all checks, but "):
            verb(reported)


@pytest.mark.parametrize(("unit", "other"), [("series", "instance"), ("instance", "series"), ("series", "series-2024")])
def test_a_workbook_counts_in_one_unit(written, unit, other):
    _, reported = written(unit)
    with pytest.raises(ValueError, match=r".") as raised:
        mn.score(reported, unit=other)
    assert str(raised.value) == (
        f"score(unit='{other}') needs passes counted by {other}; the scoring workbook of these results counts by "
        f"{unit}."
    )


def test_the_file_shows_what_the_workbook_counts_whatever_its_name(official, tmp_path):
    _, folder = official()
    book = shutil.copy(folder / "scoring_report_series.xlsx", tmp_path / "scoring_report_instance.xlsx")
    reported = read_results(folder / "discrepancy_report_participant.csv", scores=book)
    assert reported["unit"].dropna().unique().tolist() == ["series"]


def test_where_failures_are_as_many_either_way_the_name_shows_it(make, tmp_path):
    folder = mn.write_official(make.results([{}, {"instance": "I2"}]), tmp_path / "official")
    assert [int(mn.score(both(folder, unit), unit=unit)["passed"].iloc[0]) for unit in UNITS] == [2, 1]
    book = (folder / "scoring_report_series.xlsx").rename(folder / "mine.xlsx")
    with pytest.raises(ValueError, match=r".") as raised:
        read_results(folder / "discrepancy_report_internal.csv", scores=book)
    assert str(raised.value) == (
        f"{book} may count by instance or by series, its failures are as many. Name it as the official script does: "
        "scoring_report_instance.xlsx or scoring_report_series.xlsx."
    )


def test_a_part_of_the_checks_has_no_score_unless_the_workbook_counts_it(written):
    results, reported = written("instance")
    for column, value in (("action", "text_removed"), ("category", "tcia")):
        assert counts_of(reported[reported[column] == value], [column], "instance") == counts_of(
            results[results[column] == value], [column], "instance"
        )
    failures = reported[reported["unit"].isna()]
    for verb in (mn.score, lambda part: mn.what_if(part, ["missing_file"])):
        with pytest.raises(ValueError, match=rf"needs all checks, but {len(failures)} of {len(failures)} rows come"):
            verb(failures)
    part = reported[reported["patient"] != "N0"]
    with pytest.raises(ValueError, match=r".") as raised:
        mn.score(part)
    assert str(raised.value) == (
        f"score() finds {int(part['unit'].isna().sum())} failed or blank checks by instance where the scoring workbook "
        f"of these results has {len(failures)}, or others: of a part of the checks the passes are not known."
    )
    with pytest.raises(ValueError, match=r"of a part of the checks the passes are not known"):
        mn.problems(part)
    assert mn.problems(reported[reported["patient"] == "N0"])["gain"].isna().all()


def through_csv(frame, tmp_path):
    frame.to_csv(tmp_path / "saved.csv", index=False)
    return pd.read_csv(tmp_path / "saved.csv", dtype=str).assign(
        **{name: pd.to_numeric(frame[name]).to_numpy() for name in ("passes", "checks", "score")}
    )


@pytest.mark.parametrize("unit", ["series", pytest.param("instance", marks=pytest.mark.long)])
@pytest.mark.parametrize(
    "done",
    [
        lambda frame, _: frame.sample(frac=1, random_state=1),
        lambda frame, _: pd.concat([frame.iloc[:7], frame.iloc[7:]]),
        lambda frame, _: frame.merge(pd.DataFrame({"action": frame["action"].dropna().unique(), "x": 1}), how="left"),
        lambda frame, folder: read_results(mn.write_run(frame, folder / "run")),
        through_csv,
    ],
    ids=["shuffled", "concat", "merge", "run", "csv"],
)
def test_what_pandas_or_a_file_does_to_the_frame_changes_no_score(written, tmp_path, unit, done):
    _, reported = written(unit)
    again = done(reported, tmp_path)
    for by in (["action"], ["category"]):
        assert cells(mn.score(again, by=by, unit=unit), *COUNTS) == cells(mn.score(reported, by=by, unit=unit), *COUNTS)
    pd.testing.assert_series_equal(mn.problems(again)["gain"], mn.problems(reported)["gain"])


def test_a_report_stands_beside_all_checks_of_another_submission(written, make):
    results, reported = written("series")
    other = mn.explain(run(make, seed=9, name="other"))
    together = mn.concat([reported, other])
    assert counts_of(together, ["submission"], "series") == counts_of(
        mn.concat([results, other]), ["submission"], "series"
    )
    problems = mn.problems(together)
    known = problems.groupby("submission", observed=True)[["gain", "gain_series"]].count()
    assert known.loc["run"].tolist() == [0, (problems["submission"] == "run").sum()]
    assert known.loc["other"].nunique() == 1
    third = reported[reported["unit"].isna()]
    third = third.assign(submission=pd.Categorical(["third"] * len(third)))
    with pytest.raises(ValueError, match=r"^score\(\) finds"):  # whose passes nothing is known of
        mn.score(mn.concat([together, third]), unit="series")


def test_original_uids_and_passes_go_together(official):
    results, folder = official()
    uids = {row.instance: row.released for row in results[["instance", "released"]].dropna().itertuples()}
    reported = both(folder, "series", uids=uids)
    listed = reported[reported["unit"].isna() & (reported["verdict"] != "passed")]
    assert set(listed["instance"]) <= set(results["instance"])
    assert counts_of(reported, ["category"], "series") == counts_of(results, ["category"], "series")


def test_files_of_two_runs_are_refused(official):
    (_, one), (_, two) = official(0), official(1)
    report, book = one / "discrepancy_report_participant.csv", two / "scoring_report_instance.xlsx"
    with pytest.raises(ValueError, match=r".") as raised:
        read_results(report, scores=book)
    counts = [
        read_scores(folder / book.name).query("sheet == 'Actions'").set_index("action").loc["date_shifted"]
        for folder in (two, one)
    ]
    assert str(raised.value) == (
        f"{book} is not the scoring workbook of {report}: date_shifted has {counts[0].failed} failed and "
        f"{counts[0].blank} blank checks by instance, and {counts[1].failed} and {counts[1].blank} in the report. Give "
        "both files of one run."
    )


def test_categories_of_another_run_are_refused(make, tmp_path):
    codes = [{"hipaa_z": "HIPAA-A", "subcategory": "HIPAA-A"}, {"hipaa_z": "HIPAA-B", "subcategory": "HIPAA-B"}]
    one, two = (
        mn.write_official(make.results([{**first, "verdict": "failed"}, second]), tmp_path / first["subcategory"])
        for first, second in (codes, codes[::-1])
    )
    report, book = one / "discrepancy_report_participant.csv", two / "scoring_report_instance.xlsx"
    with pytest.raises(ValueError, match=r".") as raised:
        read_results(report, scores=book)
    assert str(raised.value) == f"{book} is not the scoring workbook of {report}. Give both files of one run."


def test_blanks_that_pass_elsewhere_in_some_series_ask_for_the_other_workbook(make, tmp_path):
    blank = {"verdict": "blank", "score": None}
    rows = [{**blank, "instance": "1"}, {"instance": "2"}, {**blank, "instance": "3", "released_series": "NE2"}]
    folder = mn.write_official(make.results(rows), tmp_path / "official")
    with pytest.raises(ValueError, match=r".") as raised:
        both(folder, "series")
    assert str(raised.value) == (
        f"{folder / 'scoring_report_series.xlsx'} has 1 blank checks of text_removed by series, "
        f"{folder / 'discrepancy_report_participant.csv'} lists 2, and which of these passed cannot be known. Give "
        "scoring_report_instance.xlsx."
    )
    assert cells(mn.score(both(folder)), *COUNTS) == [[1, 0, 2, 3, 1 / 3]]


def test_without_the_sheet_categories_there_is_the_score_by_action(official, tmp_path):
    results, folder = official()
    folder = shutil.copytree(folder, tmp_path / "official")
    book = openpyxl.load_workbook(folder / "scoring_report_instance.xlsx")
    del book["Categories"]
    book.save(folder / "scoring_report_instance.xlsx")
    reported = both(folder)
    assert counts_of(reported, ["action"], "instance") == counts_of(results, ["action"], "instance")
    with pytest.raises(ValueError, match=r"^score\(\) cannot break down by category: a scoring workbook counts passes"):
        mn.score(reported, by="category")
    del book["Actions"]
    book.save(folder / "scoring_report_instance.xlsx")
    with pytest.raises(ValueError, match=r".") as raised:
        both(folder)
    assert str(raised.value) == (
        f"{folder / 'scoring_report_instance.xlsx'} has no sheet Actions, which says how many checks of each action "
        "passed."
    )


@pytest.mark.parametrize(
    "name", ["official/validation_results.db", "official/pixel_validation.xlsx", "run", "run.parquet"]
)
def test_what_is_no_discrepancy_report_needs_no_workbook(make, tmp_path, name):
    results = make.results([{"action": "pixels_hidden"}])
    mn.write_official(results, tmp_path / "official", database=True)
    mn.write_run(results, tmp_path / "run")
    results.to_parquet(tmp_path / "run.parquet")
    with pytest.raises(ValueError, match=r".") as raised:
        read_results(tmp_path / name, scores=tmp_path / "official" / "scoring_report_instance.xlsx")
    assert str(raised.value) == (
        f"read_results(scores=…) completes a discrepancy report, and {tmp_path / name} is none; leave scores= out."
    )


def test_a_run_without_a_failure_has_a_score_of_1(make, tmp_path):
    folder = mn.write_official(make.results([{}, {"check": "1", "action": "date_shifted"}]), tmp_path / "official")
    with open(folder / "discrepancy_report_participant.csv", encoding="utf-8") as file:
        assert len(list(csv.reader(file))) == 1
    assert cells(mn.score(both(folder), by="action"), "action", *COUNTS) == [
        ["date_shifted", 1, 0, 0, 1, 1.0],
        ["text_removed", 1, 0, 0, 1, 1.0],
    ]
    assert mn.problems(both(folder)).empty


def test_two_reports_are_compared_also_with_one_that_has_no_failure(official, make, tmp_path):
    failing = both(official()[1])
    faultless = both(
        mn.write_official(official()[0].assign(verdict="passed", score=1.0, cause=None), tmp_path / "official")
    )
    assert mn.compare(failing, faultless)["change"].unique().tolist() == ["fixed"]
    assert mn.compare(faultless, failing)["change"].unique().tolist() == ["regressed"]
    assert mn.compare(faultless, faultless).empty
