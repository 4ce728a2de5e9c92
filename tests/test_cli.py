"""The command line: what it prints, what it writes, and how it answers to bad input."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest

import midi_nb as mn
from midi_nb import cli


@pytest.fixture
def run(capsys):
    """run("score", path): (exit code, what was printed, what was said on stderr)."""

    def call(*arguments):
        code = cli.main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def bench(bench, make):
    """Three instances: one kept as asked, one that leaks a name, one never released; and a file that is none."""
    for number in ("1.1", "1.2", "1.3"):
        bench.ask(number, make.check("text_removed", "(0010,0010)", "DOE", "DOE^JANE", hipaa_z="HIPAA-A"),
                  make.check("tag_retained", "(0008,0060)", original="OT", dicom_iod="DICOM-IOD-1"))  # fmt: skip
    bench.release("a.dcm", "1.1", PatientName="ANON")
    bench.release("b.dcm", "1.2", PatientName="DOE^J")
    (bench.released / "notes.txt").write_text("no image")
    return bench


@pytest.fixture(scope="module")
def runs(make, tmp_path_factory):
    """Run folders of two submissions, the first with one failure more; no command writes to them."""
    folder, folders = tmp_path_factory.mktemp("runs"), []
    for name, passed in (("worse", False), ("better", True)):
        rows = [{"submission": name, "patient": f"P{i % 3}", "instance": f"I{i}", "check": str(i)} for i in range(12)]
        rows[0].update(
            verdict="passed" if passed else "failed", score=float(passed), actual="ANON" if passed else "DOE"
        )
        rows[1].update(
            verdict="failed", score=0.0, actual=None, state="absent", action="text_retained", category="tcia"
        )
        rows[2].update(modality=None)
        folders.append(mn.write_run(make.results(rows), folder / name))
    return folders


WITHOUT = "midi-nb: note: Causes are found without the original files; --original FOLDER makes them more exact.\n"


def cells(line):
    """The cells of a line of a printed table."""
    return re.split("  +", line.strip())


def test_evaluate_prints_the_three_scores_and_writes_what_was_asked_for(bench, run, tmp_path):
    out, html, summary, official = (tmp_path / name for name in ("run", "report.html", "summary.json", "official"))
    code, printed, said = run(
        "evaluate", bench.released, bench.key, "--uids", bench.uids, "--patients", bench.patients, "--no-text",
        "--name", "mine", "--out", out, "--html", html, "--summary", summary, "--official", official,
    )  # fmt: skip
    assert (code, said) == (0, "")
    head, rule, *lines = printed.splitlines()[:5]
    assert (rule.strip("─"), len(rule)) == ("", len(head))
    assert [cells(line)[:6] for line in (head, *lines)] == [
        ["unit", "passed", "failed", "blank", "total", "score"],
        ["Every check (instance)", "4", "2", "0", "6", "66.67 %"],
        ["One per series (series)", "2", "2", "0", "4", "50.00 %"],
        ["Distinct per series (series-2024)", "3", "2", "0", "5", "60.00 %"],
    ]
    assert printed.splitlines()[-4:] == [
        f"Run: {out}",
        f"Official reports: {official}",
        f"Summary: {summary}",
        f"Report: {html}",
    ]
    assert mn.read_results(out)["submission"].unique().tolist() == ["mine"]
    assert json.loads(summary.read_text())["checks"][0]["failed"] == 2
    assert "<!DOCTYPE html>" in html.read_text("utf-8")
    assert (official / "scoring_report_series.xlsx").exists()


def test_processes_judge_as_one_does(bench, run):
    arguments = ("evaluate", bench.released, bench.key, "--uids", bench.uids, "--no-text", "--json")
    assert run(*arguments, "--jobs", 2) == run(*arguments)


@pytest.mark.usefixtures("no_pictures")
def test_strict_rules_and_no_values_are_passed_on(bench, run, tmp_path):
    html = tmp_path / "report.html"
    code, _, _ = run("evaluate", bench.released, bench.key, "--uids", bench.uids, "--no-text", "--rules", "strict",
                     "--out", tmp_path / "run", "--html", html, "--no-values")  # fmt: skip
    assert code == 0
    assert json.loads((tmp_path / "run" / "run.json").read_text())["rules"] == "strict"
    assert "DOE" not in html.read_text("utf-8")


def test_machines_get_one_frame_and_the_notes_go_to_stderr(bench, run, tmp_path):
    arguments = ("evaluate", bench.released, bench.key, "--uids", bench.uids, "--no-text", "--out", tmp_path / "run")
    code, printed, said = run(*arguments, "--json")
    rows = json.loads(printed)
    assert code == 0
    assert [(row["unit"], row["passed"], row["failed"]) for row in rows] == [
        ("instance", 4, 2), ("series", 2, 2), ("series-2024", 3, 2)]  # fmt: skip
    assert rows[0]["score"] == pytest.approx(2 / 3)
    assert said == f"midi-nb: Run: {tmp_path / 'run'}\n"
    code, printed, said = run(*arguments, "--csv")
    assert [row["unit"] for row in csv.DictReader(io.StringIO(printed))] == ["instance", "series", "series-2024"]


def test_files_that_answered_nothing_are_noted_in_one_line(bench, run):
    bench.release("stray.dcm", instance=None, SOPInstanceUID="7.7")
    _, _, said = run("evaluate", bench.released, bench.key, "--uids", bench.uids, "--no-text")
    assert said == (
        "midi-nb: note: Left out: 1 × its SOP Instance UID is not among the new UIDs of the mapping. "
        "results.attrs['skipped'] lists them.\n"
    )


@pytest.mark.parametrize("files", ["none", "strangers"])
def test_a_release_that_matches_nothing_ends_with_1_and_one_line(bench, run, files):
    for path in bench.released.iterdir():
        path.unlink()
    reason = "the folder is empty"
    if files == "strangers":
        bench.release("stray.dcm", instance=None, SOPInstanceUID="7.7")
        reason = "1 × its SOP Instance UID is not among the new UIDs of the mapping"
    code, printed, said = run("evaluate", bench.released, bench.key, "--uids", bench.uids, "--no-text")
    assert (code, said) == (1, "midi-nb: note: No file of the submission answers the key: every instance counts as "
                               f"missing ({reason}).\n")  # fmt: skip
    assert cells(printed.splitlines()[2])[:5] == ["Every check (instance)", "3", "3", "0", "6"]


@pytest.mark.parametrize(
    ("condition", "line"),
    [
        ("66%", None),
        ("0.66", None),
        ("66.6", None),
        ("0%", None),
        ("66.67%", "The score (instance) is 66.66 %, 4 of 6 checks: below --fail-under 66.67%."),
        ("0.98", "The score (instance) is 66.66 %, 4 of 6 checks: below --fail-under 0.98."),
        ("66.66667", "The score (instance) is 66.66666 %, 4 of 6 checks: below --fail-under 66.66667."),
        ("100", "The score (instance) is 66.66 %, 4 of 6 checks: below --fail-under 100."),
        ("60 --unit series", "The score (series) is 50.00 %, 2 of 4 checks: below --fail-under 60."),
        ("50 --unit series", None),
    ],
)
def test_a_score_that_is_too_low_ends_with_1_and_says_so(bench, run, condition, line):
    arguments = ("evaluate", bench.released, bench.key, "--uids", bench.uids, "--no-text", "--json")
    code, printed, said = run(*arguments, "--fail-under", *condition.split())
    assert (code, said) == ((0, "") if line is None else (1, f"midi-nb: {line}\n"))
    assert json.loads(printed)[0]["passed"] == 4


def test_without_a_check_there_is_no_score_to_be_high_enough(bench, run, tmp_path):
    key = tmp_path / "key.csv"  # of a region that cannot be read there is officially no row
    key.write_text("SOPInstanceUID,Scope,Tag,Action,Action Text\n1.1,Instance,(7fe0,0010),pixels_hidden,DOE\n")
    code, _, said = run("evaluate", bench.released, key, "--uids", bench.uids, "--no-text", "--fail-under", "1%")
    assert code == 1
    assert said.splitlines()[-1] == ("midi-nb: No check counts, so there is no score to hold against --fail-under 1%.")


def test_the_installed_command_ends_with_the_code_it_says(bench):
    command = [shutil.which("midi-nb", path=sysconfig.get_path("scripts")), "evaluate", bench.released, bench.key]
    arguments = ["--uids", bench.uids, "--no-text", "--fail-under", "98%"]
    done = subprocess.run([*command, *arguments], text=True, encoding="utf-8", capture_output=True, env=ENVIRONMENT)
    assert (done.returncode, done.stderr) == (
        1, "midi-nb: The score (instance) is 66.66 %, 4 of 6 checks: below --fail-under 98%.\n")  # fmt: skip
    assert done.stdout.startswith("unit")


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ([], "no text recognition is installed: pip install 'midi_nb[ocr]', or pass read_text"),
        (["--no-text"], "--no-text"),
    ],
)
def test_undecided_checks_of_burned_in_text_are_counted(bench, make, run, monkeypatch, asked, reason):
    monkeypatch.setattr("midi_nb.engine.recognition.reader", lambda _: None)
    bench.ask("1.1", *(make.check("pixels_hidden", "(7fe0,0010)", make.region("DOE", 0, 0, 8, 8)) for _ in range(2)))
    code, printed, said = run("evaluate", bench.released, bench.key, "--uids", bench.uids, *asked)
    assert (code, said) == (0, f"midi-nb: note: Undecided (blank) checks of burned-in text: 2; {reason}.\n")
    assert cells(printed.splitlines()[2])[:5] == ["Every check (instance)", "4", "2", "2", "8"]


@pytest.mark.usefixtures("no_pictures")
def test_originals_give_evaluate_its_causes(bench, make, run, tmp_path):
    bench.ask("1.1", make.check("text_retained", "(0008,1030)", "HEAD", "HEAD"))
    make.file(tmp_path / "original" / "a.dcm", "1.1", PatientName="DOE^JANE")
    html = tmp_path / "report.html"
    arguments = ("evaluate", bench.released, bench.key, "--uids", bench.uids, "--no-text", "--html", html)
    found = {}
    for original in ((), ("--original", tmp_path / "original")):
        _, printed, _ = run(*arguments, *original)
        page = html.read_text("utf-8").split("</style>")[1]
        found[bool(original)] = ["Never in the original" in said for said in (printed, page)]
    assert found == {False: [False, False], True: [True, True]}


def test_score_breaks_down_and_tells_submissions_apart(runs, run):
    code, printed, _ = run("score", *runs, "--by", "category")
    assert code == 0
    assert [cells(line)[:7] for line in printed.splitlines()[2:]] == [
        ["better", "HIPAA", "11", "0", "0", "11", "100 %"],
        ["better", "TCIA", "0", "1", "0", "1", "0 %"],
        ["worse", "HIPAA", "10", "1", "0", "11", "90.91 %"],
        ["worse", "TCIA", "0", "1", "0", "1", "0 %"],
    ]


def test_runs_of_the_same_name_are_told_apart_by_the_ends_of_their_paths(runs, run, tmp_path):
    twin = mn.write_run(mn.read_results(runs[0]), tmp_path / "twin")
    _, printed, _ = run("score", runs[0], twin, "--csv")
    assert [row["submission"] for row in csv.DictReader(io.StringIO(printed))] == ["twin", "worse"]
    (tmp_path / "other").mkdir()
    again = mn.write_run(mn.read_results(runs[0]), tmp_path / "other" / "worse")
    _, printed, _ = run("score", runs[0], again, "--csv")
    names = [row["submission"] for row in csv.DictReader(io.StringIO(printed))]
    assert names == sorted(["other/worse", f"{runs[0].parent.name}/worse"])


def test_scores_by_cause_are_explained_first(runs, run):
    _, printed, _ = run("score", runs[0], "--by", "cause", "--json")
    assert {row["cause"]: row["failed"] for row in json.loads(printed)} == {"leak_full": 1, "tag_dropped": 1}


@pytest.mark.parametrize("command", ["problems", "score --by cause", "compare --fail-on privacy", "page"])
def test_causes_go_by_the_original_files_or_it_is_said_that_they_do_not(bench, make, run, tmp_path, command):
    bench.ask("1.1", make.check("text_retained", "(0008,1030)", "HEAD", "HEAD"))
    bench.release("a.dcm", "1.1")
    folder = mn.write_run(bench.evaluate(), tmp_path / "run")
    make.file(tmp_path / "original" / "a.dcm", "1.1")
    name, *options = command.split()
    options += ["--html", tmp_path / "page.html"] if name == "page" else []
    files = [folder] * (2 if name == "compare" else 1)
    assert run(name, *files, *options)[2] == WITHOUT
    _, printed, said = run(name, *files, *options, "--original", tmp_path / "original", "--released", bench.released)
    assert (said, "source_gap" in printed) == ("", name != "compare")


def test_problems_come_with_their_gain(runs, run):
    _, printed, _ = run("problems", runs[0], "--top", 1)
    lines = printed.splitlines()
    assert [cells(lines[place]) for place in (0, 2)] == [
        ["cause", "name", "axis", "confidence", "rows", "series", "patients", "share", "gain"],
        [
            "Whole text left (leak_full)",
            "Patient's Name",
            "privacy",
            "certain",
            "1",
            "1",
            "1",
            "50.00 %",
            "+8.33 points",
        ],
    ]
    assert lines[-1] == "1 more: --top 2 shows all."
    _, printed, _ = run("problems", runs[0], "--json")
    assert sorted(row["cause"] for row in json.loads(printed)) == ["leak_full", "tag_dropped"]


def test_compare_tallies_what_became_of_the_checks(runs, run):
    _, printed, _ = run("compare", *runs)
    assert [line.split() for line in printed.splitlines()[2:]] == [
        ["fixed", "1"], ["still", "failing", "1"], ["still", "passing", "10"]]  # fmt: skip
    _, printed, _ = run("compare", *runs, "--by", "category")
    assert printed.splitlines()[0].split() == ["category", "fixed", "still", "failing", "still", "passing"]
    assert run("compare", *runs, "--by", "category,category")[1] == printed
    _, printed, _ = run("compare", *runs, "--by", "modality,category", "--json")
    assert sum(row["fixed"] + row["still failing"] + row["still passing"] for row in json.loads(printed)) == 12
    _, printed, _ = run("compare", *runs, "--rows", "--json")
    assert [(row["instance"], row["change"]) for row in json.loads(printed)] == [("I0", "fixed")]


@pytest.mark.parametrize(
    ("order", "conditions", "line"),
    [
        (("bad", "good"), "--fail-on regressed", None),
        (("good", "bad"), "", None),
        (("good", "bad"), "--fail-on regressed", "Regressed checks: 1 (--fail-on regressed)"),
        (("good", "bad"), "--fail-on privacy", "Regressed checks that leak an identifier: 1 (--fail-on privacy)"),
        (("good", "bad"), "--fail-on privacy,regressed --fail-on privacy",
         "Regressed checks that leak an identifier: 1 (--fail-on privacy); Regressed checks: 1 (--fail-on regressed)"),
        (("good", "blunt"), "--fail-on privacy", None),
        (("good", "blunt"), "--fail-on privacy --fail-on regressed", "Regressed checks: 1 (--fail-on regressed)"),
    ],
)  # fmt: skip
def test_a_regression_ends_with_1_where_that_was_asked_for(run, make, tmp_path, order, conditions, line):
    leak = {"verdict": "failed", "score": 0.0, "actual": "DOE"}
    lost = {"verdict": "failed", "score": 0.0, "actual": None, "state": "absent"}
    for name, (removed, retained) in {"good": ({}, {}), "bad": (leak, {}), "blunt": ({}, lost)}.items():
        kept = {"check": "1", "action": "text_retained", "category": "tcia", "actual": "DOE", **retained}
        mn.write_run(make.results([removed, kept]), tmp_path / name)
    code, printed, said = run("compare", *(tmp_path / name for name in order), *conditions.split())
    note = WITHOUT if "privacy" in conditions else ""
    assert (code, said) == ((0, note) if line is None else (1, f"{note}midi-nb: {line}\n"))
    assert printed.splitlines()[0].split() == ["change", "checks"]


@pytest.fixture(scope="module")
def reports(make, tmp_path_factory):
    """Official reports of two runs of a tool that gives files new UIDs each time; the second has one failure less."""
    folder = tmp_path_factory.mktemp("reports")
    for name, verdicts in {"one": ("failed", "failed"), "two": ("failed", "passed")}.items():
        rows = [
            {"instance": f"1.{number}", "released": f"{name}.{number}", "patient": "P", "released_patient": "P",
             "score": 0.0 if verdict == "failed" else 1.0, "actual": "DOE", "verdict": verdict, "series": "E",
             "released_series": f"{name}.E{number}"}
            for number, verdict in enumerate([*verdicts, "passed"])
        ]  # fmt: skip
        mn.write_official(make.results(rows), folder / name)
        uids = [(f"1.{number}", f"{name}.{number}") for number in range(3)]
        make.mapping(folder / name / "uids.csv", uids)
    return [folder / name for name in ("one", "two")]


def test_two_reports_are_compared_by_the_mappings_of_their_runs(reports, run):
    files = [folder / "discrepancy_report_participant.csv" for folder in reports]
    uids = [option for folder in reports for option in ("--uids", folder / "uids.csv")]
    _, printed, _ = run("compare", *files, *uids)
    assert [line.split() for line in printed.splitlines()[2:]] == [["fixed", "1"], ["still", "failing", "1"]]
    swapped = ["--uids", uids[3], "--uids", uids[1]]
    code, _, said = run("compare", *reversed(files), *swapped, "--fail-on", "privacy")
    assert (code, said) == (1, f"{WITHOUT}midi-nb: Regressed checks that leak an identifier: 1 (--fail-on privacy)\n")
    assert run("compare", *files)[0] == 2


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize("unit", ["instance", "series"])
def test_a_report_is_scored_with_its_workbook(reports, run, tmp_path, unit):
    files = (reports[0] / "discrepancy_report_participant.csv", "--scores", reports[0] / f"scoring_report_{unit}.xlsx")
    _, printed, _ = run("score", *files, "--unit", unit)
    assert printed.splitlines()[2].split()[:5] == ["1", "2", "0", "3", "33.33"]
    _, printed, _ = run("problems", *files)
    assert printed.splitlines()[0].endswith({"instance": "gain", "series": "gain_series"}[unit])
    assert printed.splitlines()[2].endswith("+66.67 points")
    code, printed, _ = run("report", *files, "--html", tmp_path / "report.html")
    assert code == 0
    assert cells(printed.splitlines()[2])[0].endswith(f" ({unit})")


def test_rank_puts_the_better_one_first(runs, run):
    _, printed, _ = run("rank", *runs, "--draws", 50, "--json")
    assert [(row["submission"], row["rank"]) for row in json.loads(printed)] == [("better", 1), ("worse", 2)]
    _, printed, _ = run("rank", *runs, "--draws", 50)
    assert printed.splitlines()[3].endswith("–")  # nobody comes after the last


def test_audit_counts_findings_and_lists_them_when_asked(bench, run, tmp_path):
    folder = mn.write_run(bench.evaluate(), tmp_path / "audited")
    _, printed, _ = run("audit", folder)
    assert cells(printed.splitlines()[2])[:3] == [
        "Passed because nothing is there (vacuous_pass)", "key", "needs a look (review)"]  # fmt: skip
    _, printed, _ = run("audit", folder, "--rows", "--json")
    assert {row["finding"] for row in json.loads(printed)} == {"vacuous_pass"}


def test_derive_writes_a_key_that_evaluate_reads(make, run, tmp_path):
    make.file(tmp_path / "original" / "a.dcm", "1.2.3", PatientName="ABERNATHY^ANN", ImageComments="Ann Abernathy")
    make.file(tmp_path / "released" / "a.dcm", "1.2.4", PatientName="ANON", PatientID="P1", ImageComments="Ann")
    make.mapping(tmp_path / "uids.csv", [("1.2.3", "1.2.4")])
    profile = (
        "--profile",
        "basic+clean_descriptors",
        "--keep",
        "StationName",
        "--keep",
        "(0018,700a)",
        "--quiet",
        "--json",
    )
    key = tmp_path / "key.db"
    code, printed, said = run("derive", tmp_path / "original", "-o", key, *profile)

    note = (
        "midi-nb: The key is derived, nobody published it: PS3.15 2024e, basic+clean_descriptors; kept: Station Name, "
        "Detector ID.\n"
    )
    assert (code, said) == (0, f"{note}midi-nb: Key: {key}\n")
    assert {row["source"] for row in json.loads(printed)} == {"header", "standard", "iod"}
    arguments = ("evaluate", tmp_path / "released")
    judged = run(*arguments, key, "--uids", tmp_path / "uids.csv", "--no-text", "--quiet", "--json")
    derived = run(*arguments, "--derive", tmp_path / "original", "--uids", tmp_path / "uids.csv", "--no-text", *profile)
    assert json.loads(judged[1])[0]["failed"] > 0
    assert judged[1] == derived[1]
    assert note in judged[2]
    assert note in derived[2]


def test_evaluate_without_mappings_says_what_could_not_be_paired(make, run, tmp_path):
    for name, uid in (("a", "1.1"), ("b", "1.2")):
        make.file(tmp_path / "original" / f"{name}.dcm", uid, PatientName="ABERNATHY^ANN")
    make.file(tmp_path / "released" / "a.dcm", "1.1", PatientName="ANON")
    _, _, said = run("evaluate", tmp_path / "released", "--derive", tmp_path / "original", "--no-text", "--quiet")

    assert said.startswith(
        "midi-nb: note: Without a certain original: 1 × original: no released file has enough in common with it. "
        "midi-nb pair --rows names them.\n"
    )


def test_evaluate_without_key_and_mappings(small_demo, run):
    released = small_demo.submissions["reference"].folder
    code, printed, _ = run("evaluate", released, "--derive", small_demo.original, "--no-text", "--quiet", "--json")

    assert code == 0
    assert json.loads(printed)[0]["total"] > 1000


def test_pair_writes_mappings_that_evaluate_reads(make, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        old = {
            "SOPInstanceUID": f"1.{number}",
            "StudyInstanceUID": "1.10",
            "SeriesInstanceUID": "1.11",
            "PatientID": "OLD",
        }
        pixels = make_noise(number)
        make.file(tmp_path / "original" / f"{number}.dcm", pixels=pixels, **old)
        make.file(tmp_path / "released" / f"{9 - number}.dcm", pixels=pixels, SOPInstanceUID=f"9.{number}")
    code, printed, _ = run("pair", "original", "released")
    assert (code, printed.splitlines()) == (
        0, ["Every file was paired.", "5 UIDs: uid_mapping.csv", "1 patient IDs: patid_mapping.csv"])  # fmt: skip
    assert mn.read_mapping("uid_mapping.csv").to_dict() == {
        **{f"1.{number}": f"9.{number}" for number in range(3)}, "1.10": "9.10", "1.11": "9.11"}  # fmt: skip
    assert mn.read_mapping("patid_mapping.csv").to_dict() == {"OLD": "NEW"}
    refused = "There is already uid_mapping.csv and patid_mapping.csv; give other names, nothing is overwritten."
    assert run("pair", "original", "released") == (2, "", f"midi-nb: {refused}\n")


def test_pair_names_files_that_no_mapping_can_name(make, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        pixels = make_noise(number)
        make.file(tmp_path / "original" / f"{number}.dcm", f"1.{number}", pixels=pixels)
        make.file(tmp_path / "released" / f"{number}.dcm", f"9.{number}", pixels=pixels)
    make.file(tmp_path / "released" / "2.dcm", "9.2", pixels=pixels, SOPInstanceUID="")
    make.file(tmp_path / "released" / "3.dcm", "9.3", pixels=pixels)
    _, printed, _ = run("pair", "original", "released", "--by", "path", "--json")
    assert json.loads(printed) == [
        {"side": "released", "reason": "no original file has its path", "files": 1},
        {"side": "released", "reason": "paired, but it has no SOP Instance UID: no mapping can name it", "files": 1},
    ]
    files = ("--uids", "u.csv", "--patients", "p.csv")
    _, printed, _ = run("pair", "original", "released", "--by", "path", "--rows", "--csv", *files)
    assert printed.splitlines() == [
        "side,file,reason",
        "released,3.dcm,no original file has its path",
        'released,2.dcm,"paired, but it has no SOP Instance UID: no mapping can name it"',
    ]


def make_noise(seed):
    import numpy as np

    return np.random.default_rng(seed).integers(0, 255, (8, 8), dtype="uint8")


@pytest.mark.usefixtures("no_pictures")
def test_report_writes_where_told_or_beside_you(runs, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, printed, _ = run("report", *runs)
    assert printed.splitlines()[-1] == "Report: report.html"
    assert "Comparison of 2 submissions" in (tmp_path / "report.html").read_text("utf-8")
    assert run("report", runs[0])[0] == 0  # one of ours is replaced
    assert "Comparison of 2 submissions" not in (tmp_path / "report.html").read_text("utf-8")
    _, printed, _ = run("report", runs[0], "--summary", "s.json")
    assert printed.splitlines()[-1] == "Summary: s.json"


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize("count", [1, 2])
def test_report_shows_boxes_of_each_of_the_results(make, run, tmp_path, monkeypatch, count):
    monkeypatch.chdir(tmp_path)
    box = {"action": "pixels_hidden", "verdict": "failed", "score": 0.0, "expected": "DOE", "actual": "DOE",
           "released": "9.1", "x0": 8, "y0": 4, "x1": 40, "y1": 16}  # fmt: skip
    for name in ("a", "b")[:count]:
        mn.write_run(make.results([box | {"submission": name}]), name)
        make.file(tmp_path / f"released {name}" / "a.dcm", "9.1", pixels=make_noise(0).repeat(6, 0).repeat(8, 1))
    runs = ("a", "b")[:count]
    folders = [option for name in runs for option in ("--released", f"released {name}")]
    _, printed, _ = run("report", *runs, *folders)
    assert printed.splitlines()[-1] == "Report: report.html"
    page = (tmp_path / "report.html").read_text("utf-8")
    assert page.count('<image href="data:image/png;base64,') == count
    assert run("report", *runs, "--released", "x", *folders)[::2] == (
        2, f"midi-nb: --released is given {count + 1} times for {count} results; give it once for each.\n"
    )  # fmt: skip


def test_page_writes_the_explorer_and_replaces_no_strangers(runs, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):  # one of ours is replaced
        code, printed, _ = run("page", *runs, "--value-free")
        assert (code, printed.splitlines()[-1]) == (0, "Page: explorer.html")
    assert "<title>Explorer</title>" in (tmp_path / "explorer.html").read_text("utf-8")
    (tmp_path / "mine.html").write_text("mine")
    code, _, said = run("page", *runs, "--html", "mine.html")
    assert (code, said) == (2, "midi-nb: mine.html is no report of ours and stays; give --html another name.\n")


def test_explore_view_and_header_open_pages_in_the_browser(runs, run, make, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    code, printed, _ = run("explore", *runs)
    assert (code, printed.splitlines()[-1]) == (0, f"Page: {opened[0].removeprefix('file://')}")
    make.file(tmp_path / "a.dcm", "9.1", pixels=np.zeros((8, 8), "uint8"))
    code, printed, _ = run("view", tmp_path / "a.dcm", "--results", runs[0])
    assert code == 0
    assert [Path(page).name for page in opened] == ["explorer.html", "viewer.html"]
    titles = [Path(page.removeprefix("file://")).read_text("utf-8").count(f"<title>{title}</title>")
              for page, title in zip(opened, ("Explorer", "Viewer"), strict=True)]  # fmt: skip
    assert titles == [1, 1]
    code, printed, _ = run("header", tmp_path, tmp_path / "a.dcm", "--profile", "basic+retain_uids", "--no-values")
    assert code == 0
    assert "<title>Header</title>" in Path(opened[-1].removeprefix("file://")).read_text("utf-8")
    code, _, said = run("header", tmp_path / "a.dcm", tmp_path / "none.dcm")
    assert (code, said) == (2, f"midi-nb: header(): released: there is no file {tmp_path / 'none.dcm'}.\n")
    code, _, said = run("view", tmp_path / "none.dcm", "--results", "nowhere/")
    assert code == 2
    assert "nowhere" in said


@pytest.mark.parametrize(
    ("names", "line"),
    [
        (["none.dcm"], "the image cannot be shown; none.dcm: there is no such file."),
        (
            ["answer_key.db"],
            "the image cannot be shown; answer_key.db: this is no readable DICOM file (InvalidDicomError).",
        ),
        (["none.dcm", "two.dcm"], "none of the 2 images can be shown; none.dcm: there is no such file."),
        (["header.dcm"], "the image cannot be shown; {folder}/header.dcm: no pixels: this object holds no image."),
    ],
)
def test_a_file_that_is_no_image_cannot_be_viewed(run, make, tmp_path, monkeypatch, names, line):
    monkeypatch.setattr("webbrowser.open", None)  # nothing is opened
    (tmp_path / "answer_key.db").write_bytes(b"SQLite format 3\0" + bytes(200))
    make.file(tmp_path / "header.dcm", "9.1")
    code, printed, said = run("view", *(tmp_path / name for name in names))
    assert (code, printed) == (2, "")
    assert said == f"midi-nb: write_view(): {line.format(folder=tmp_path.name)}\n"


@pytest.mark.usefixtures("no_pictures")
def test_demo_ends_with_a_table_a_report_and_the_way_on(run, tmp_path, monkeypatch):
    from midi_nb.demo import installed

    monkeypatch.setattr(installed, "tools", dict)  # the tools of others take their time
    code, printed, _ = run("demo", tmp_path / "demo", "--patients", 1)
    lines = printed.splitlines()
    assert code == 0
    assert lines[0].split() == ["submission", "score", "failed", "blank", "top", "problem"]
    assert lines[2].split()[:1] == ["reference"]
    assert {"careless", "untouched", "emptied"} <= {line.split()[0] for line in lines[2:-3] if line}
    assert lines[-2] == f"Report: {tmp_path / 'demo' / 'report.html'}"
    assert lines[-1].startswith("JupyterLab: ")
    assert "jupyter lab" in lines[-1]


COLUMNS = (
    "patient, study, series, instance, check, action, tag_path, tag, name, private, scope, modality, sop_class, "
    "category, subcategory"
)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("evaluate nowhere key.db --uids u.csv", "The folder of released files nowhere does not exist."),
        ("evaluate nowhere", "evaluate needs either KEY, the answer key, or --derive ORIGINAL, where there is none."),
        (
            "evaluate {here} key.db --edition 2030",
            "--profile, --edition, --keep and --private go with --derive; a key says itself what it asks.",
        ),
        ("derive {here} -o {run}", "{run} is already there; give another name, nothing is overwritten."),
        ("derive {here} --edition 1", "edition must be one of 2024e, got '1'."),
        ("score nowhere", "The results nowhere does not exist (nearest folder that does: {here})."),
        ("score {run} --by colour", "score(by=…) needs the column colour, missing in this frame."),
        ("score {run} --interval 2", "interval must lie between 0 and 1, got 2.0."),
        ("score {run} {run}", "The same results are given twice."),
        ("score {run} {run}/", "The same results are given twice."),
        ("score {run} --uids a --uids b", "--uids is given 2 times for 1 results; give it once, or once for each."),
        (
            "score {run} --scores a --scores b",
            "--scores is given 2 times for 1 results; give it once, or once for each.",
        ),
        ("compare {run} {other} --by colour", f"compare --by: no column colour; there are {COLUMNS}."),
        ("compare {run} {other} --by change", f"compare --by: no column change; there are {COLUMNS}."),
        ("score {run} --by tag,passed", "score() cannot break down by passed: these are columns it gives."),
        ("report {run} --html mine.html", "mine.html is no report of ours and stays; give --html another name."),
        (
            "evaluate {run} key.db --uids u.csv --official .",
            ". already holds pixel_validation.xlsx; give another folder, nothing is overwritten.",
        ),
        ("pair nowhere {run}", "The folder of original files nowhere does not exist."),
        ("pair {run} {run}", "The folder of original files {run} holds no DICOM file."),
        ("pair {run} {run} --uids m.csv --patients ./m.csv", "--uids and --patients are one file, m.csv; give two."),
        ("pair {run} {run} --patients no/m.csv", "The folder that no/m.csv would be in does not exist; make it first."),
        ("demo {run}", "{run} is not empty and holds no demo; give a new or an empty folder."),
    ],
)
def test_bad_input_is_answered_in_one_line(command, message, runs, run, tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    (here / "mine.html").write_text("my own page")
    (here / "pixel_validation.xlsx").touch()
    known = {"run": runs[0], "other": runs[1], "here": here}
    assert run(*command.format(**known).split()) == (2, "", f"midi-nb: {message.format(**known)}\n")


def test_derive_says_what_it_leaves_out_and_where_it_cannot_write(make, run, tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "encrypted.dcm").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.chdir(tmp_path)
    empty = run("derive", "in", "-o", "key.db", "--quiet")
    assert (empty[0], empty[2].splitlines()[-1]) == (2, "midi-nb: No key is written: it would have no checks.")
    assert not (tmp_path / "key.db").exists()

    make.file(tmp_path / "in" / "a.dcm", "1.2.3")
    with monkeypatch.context() as unread:
        unread.setattr(mn, "derive_key", None)  # it says so before the work
        assert run("derive", "in", "-o", "file/key.db", "--quiet") == (
            2,
            "",
            "midi-nb: file/key.db cannot be written (File exists)\n",
        )
    code, _, said = run("derive", "in", "-o", "key.db", "--quiet", "--json")
    assert (code, said.splitlines()[1:]) == (
        0,
        ["midi-nb: Left out: 1 × not DICOM (text, empty or encrypted files)", "midi-nb: Key: key.db"],
    )


@pytest.mark.usefixtures("no_pictures")
def test_a_folder_that_must_not_be_written_is_told(runs, run, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    code, _, said = run("report", runs[0], "--html", blocked / "report.html")
    assert code == 2
    assert said.count("\n") == 1
    assert str(blocked) in said


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("", "the following arguments are required: COMMAND (see midi-nb --help)"),
        ("evaluate", "the following arguments are required: RELEASED (see midi-nb evaluate --help)"),
        ("evaluate --fail-under 1", "argument --fail-under: 1 could be 1% or 100%: write the percent sign "
         "(see midi-nb evaluate --help)"),
        *((f"evaluate --fail-under {text}", "argument --fail-under: must be a score such as 0.98, 98 or 98%, "
           f"not {text} (see midi-nb evaluate --help)") for text in ("98,5", "101", "100.1%", "nan", "1e-1", "½", "%")),
        ("compare a b --fail-on worse", "argument --fail-on: must be one or several of regressed, privacy, not worse "
         "(see midi-nb compare --help)"),
        ("demo --patients 0", "argument --patients: must be a whole number of at least 1, not 0 "
         "(see midi-nb demo --help)"),
        ("score x --json --csv", "argument --csv: not allowed with argument --json (see midi-nb score --help)"),
    ],
)  # fmt: skip
def test_bad_arguments_are_answered_in_one_line(command, message, capsys):
    with pytest.raises(SystemExit) as exit_:
        cli.main(command.split())
    assert (exit_.value.code, capsys.readouterr().err) == (2, f"midi-nb: {message}\n")


def test_dask_that_is_not_installed_is_said(bench, run, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, _, said = run("evaluate", bench.released, bench.key, "--uids", bench.uids, "--dask", "tcp://127.0.0.1:1")
    assert (code, said) == (2, "midi-nb: --dask needs the package distributed: pip install 'midi_nb[scale]'.\n")


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_help_with_an_example_that_it_understands(command, run, capsys, tmp_path, monkeypatch):
    with pytest.raises(SystemExit) as exit_:
        run(command, "--help")
    shown = capsys.readouterr().out
    assert exit_.value.code == 0
    assert "--json" in shown
    example = shown.split("example:\n")[1].splitlines()[0]
    monkeypatch.chdir(tmp_path)  # where its files are not
    monkeypatch.setattr(mn, "make_demo", lambda *_: (_ for _ in ()).throw(ValueError("no demo")), raising=False)
    assert shlex.split(example)[:2] == ["midi-nb", command]
    assert run(*shlex.split(example)[1:])[0] == 2


def test_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as exit_:
        cli.main(["--version"])
    assert (exit_.value.code, capsys.readouterr().out) == (0, f"midi-nb {mn.__version__}\n")


ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_json_is_json_whatever_the_encoding_of_the_terminal(make, tmp_path):
    folder = mn.write_run(make.results([{"submission": "Prüfung €"}]), tmp_path / "run")
    for encoding in ("ascii", "latin-1", "utf-8"):
        terminal = io.TextIOWrapper(io.BytesIO(), encoding, write_through=True)
        with contextlib.redirect_stdout(terminal):
            assert cli.main(["score", str(folder), "--by", "submission", "--json"]) == 0
        assert json.loads(terminal.buffer.getvalue().decode(encoding))[0]["submission"] == "Prüfung €"


def test_warnings_of_others_are_no_notes(runs, run, monkeypatch):
    import warnings

    def score(*arguments, **options):
        warnings.warn_explicit("ours", UserWarning, "cli.py", 1, module="midi_nb.cli")
        warnings.warn_explicit("theirs", UserWarning, "openpyxl.py", 1, module="openpyxl.reader")
        return scored(*arguments, **options)

    scored = mn.score
    monkeypatch.setattr(mn, "score", score, raising=False)
    assert run("score", runs[0])[2] == "midi-nb: note: ours\n"


def test_a_reader_that_leaves_early_is_no_error(make, tmp_path):
    rows = [{"instance": f"I{number}", "tag": f"({number:04x},0010)"} for number in range(20_000)]
    folder = mn.write_run(make.results(rows), tmp_path / "long")
    command = [sys.executable, "-m", "midi_nb", "score", str(folder), "--by", "instance,tag", "--csv"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, text=True, stdout=pipe, stderr=pipe, env=ENVIRONMENT) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


def test_an_interrupted_run_says_so_and_goes_on_later(bench, run, tmp_path):
    arguments = ("evaluate", bench.released, bench.key, "--uids", bench.uids, "--no-text", "--out", tmp_path / "run")
    stop = ("import signal, sys, midi_nb.engine.judging as engine\n"
            "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's background jobs ignore it
            "engine._judged = lambda *_: signal.raise_signal(signal.SIGINT)\n"
            "from midi_nb.cli import main\n"
            f"sys.exit(main({[str(argument) for argument in arguments]!r}))")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", stop], text=True, capture_output=True, env=ENVIRONMENT)
    assert (done.returncode, done.stderr) == (130, "midi-nb: interrupted; the same command goes on where it stopped\n")
    assert run(*arguments)[0] == 0


@pytest.mark.parametrize("width", [None, 70])
def test_tables_are_aligned_cut_to_the_terminal_and_steer_nothing(make, run, tmp_path, monkeypatch, width):
    names = ["日本語", "A\x1b[31mred\nline [b] :cat:", "x" * 60]
    folder = mn.write_run(make.results([{"submission": name} for name in names]), tmp_path / "run")
    if width:
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    _, printed, _ = run("score", folder, "--by", "submission")
    head, rule, control, long, wide = printed.splitlines()
    assert head.split()[:2] == ["submission", "passed"]
    assert cells(control)[0] == "A�[31mred line [b] :cat:"[: len(cells(control)[0].rstrip("…"))] + "…" * bool(width)
    assert (cells(long)[0] == "x" * 60, len(rule) <= 70) == ((False, True) if width else (True, False))
    assert {len(head), len(control), len(long), len(wide) + 3} == {len(rule)}  # a Japanese letter is two columns wide
    assert [line.split()[-9:-4] for line in (control, long, wide)] == [["1", "0", "0", "1", "100"]] * 3


@pytest.mark.parametrize("width", [20, 40])
def test_a_table_that_does_not_fit_has_a_line_for_each_column(make, run, tmp_path, monkeypatch, width):
    folder = mn.write_run(make.results([{"name": "Comment"}, {"name": "x" * 60}]), tmp_path / "run")
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    _, printed, _ = run("score", folder, "--by", "name")
    first, second = (part.splitlines() for part in printed.split(f"{'─' * width}\n"))
    assert [line.split()[0] for line in first] == [
        "name", "passed", "failed", "blank", "total", "score", "low", "high", "patients"
    ]  # fmt: skip
    assert [line.split()[1] for line in (first[0], second[1], second[5])] == ["Comment", "1", "100"]
    assert second[0].endswith("…")
    assert max(map(len, [*first, *second])) <= width


def test_inspect_counts_what_became_of_attributes_and_keeps_them(bench, run, tmp_path):
    original = tmp_path / "original"
    shutil.copytree(bench.released, original, ignore=shutil.ignore_patterns("*.txt", "b.dcm"))
    (bench.released / "notes.txt").unlink()
    (bench.released / "b.dcm").unlink()
    uids = bench.write_mapping(tmp_path / "same.csv", [("9.1.1", "9.1.1")])
    code, printed, said = run("inspect", original, bench.released, "--uids", uids, "--out", tmp_path / "kept", "--json")

    assert code == 0
    assert {row["kept"] for row in json.loads(printed)} == {1}
    assert said.splitlines() == [
        "midi-nb: note: Nothing changed: every released file has exactly the attributes of its original.",
        f"midi-nb: Differences: {tmp_path / 'kept'}",
    ]


def test_header_writes_its_page_where_it_is_told(run, make, tmp_path, monkeypatch):
    monkeypatch.setattr("webbrowser.open", None)  # nothing is opened
    file, page = make.file(tmp_path / "a.dcm", "9.1"), tmp_path / "page.html"
    code, printed, _ = run("header", file, file, "-o", page)

    assert (code, printed.splitlines()[-1]) == (0, f"Page: {page}")
    assert "<title>Header</title>" in page.read_text("utf-8")
    code, _, said = run("header", file, tmp_path)
    assert (code, said) == (2, f"midi-nb: header(): released: {tmp_path} is a folder; give a file in it.\n")


def test_census_asks_for_a_folder(run, tmp_path):
    assert run("census", tmp_path / "x")[2] == f"midi-nb: The folder {tmp_path / 'x'} does not exist.\n"


def test_census_lists_values_and_can_hide_them(bench, run):
    code, printed, said = run("census", bench.released, "--top", "100")
    masked = run("census", bench.released, "--top", "100", "--value-free")[1]

    assert (code, said) == (0, "")
    assert "DOE^J" in printed
    assert "notes.txt" in printed
    assert "DOE^J" not in masked
    assert "notes.txt" not in masked
