"""The HTML report: complete in itself, true to the scores, and harmless whatever stands in the data."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from midi_nb.amounts import percent, points
from midi_nb.causes import explain, problems, to_fix, what_if
from midi_nb.coded import concat
from midi_nb.files import read_results, write_run
from midi_nb.masking import mask_values
from midi_nb.report import figures
from midi_nb.report.official import write_official
from midi_nb.report.page import write_html
from midi_nb.scores.scoring import UNITS, score

VOID = {"meta", "input"}


class Page(HTMLParser):
    """A page as a browser sees it: its elements with their attributes, the texts of each kind of element."""

    def __init__(self, path):
        super().__init__()
        self.source = path.read_text("utf-8")
        self.elements, self.texts, self._open = [], [], []
        self.feed(self.source)
        assert self._open == [], "elements left open"

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, text):
        self.texts.append((tuple(self._open), text))

    def text(self, inside="body"):
        return " ".join(" ".join(text for stack, text in self.texts if inside in stack and "svg" not in stack).split())

    def within(self, tag):
        return [text for stack, text in self.texts if stack and stack[-1] == tag]

    def named(self, name):
        return [attributes for tag, attributes in self.elements if tag == name]


@pytest.fixture(scope="module")
def write(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    return lambda results, *folders, **options: Page(write_html(results, path, *folders, **options))


@pytest.fixture
def light(write, no_pictures):
    """Writes pages without plots, which take most of the time."""
    return write


@pytest.fixture
def comparing(write, monkeypatch):
    """Writes pages with no other plots than those that compare submissions."""
    monkeypatch.setattr(figures, "of", lambda *_: [])
    return write


@pytest.fixture(scope="module")
def page(write, mixed):
    """The page of `mixed`."""
    return write(mixed)


@pytest.fixture(scope="module")
def mixed(make):
    """Two patients; names leaked in part, a description lost in part, a file missing, a blank check."""
    failed = {"verdict": "failed", "score": 0.0}
    return make.results(
        [
            {"instance": f"I{number}", "patient": f"P{number % 2}", "check": str(number), **row}
            for number, row in enumerate(
                [
                    {},
                    {},
                    {},
                    {"expected": "DOE JANE", "actual": "seen by Doe", **failed, "score": 0.5},
                    {
                        "action": "text_retained",
                        "expected": "CHEST LOW DOSE",
                        "actual": "CHEST",
                        **failed,
                        "score": 1 / 3,
                    },
                    {"action": "tag_retained", "state": "missing", "actual": None, "file": None, **failed},
                    {"action": "date_shifted", "original": "20200131", "actual": "20200131", **failed},
                    {"expected": "the", "verdict": "blank", "score": float("nan"), "error": "no word is left"},
                ]
            )
        ]
    )


def run(results, name):
    return results.assign(submission=pd.Categorical([name] * len(results)))


def test_actions_are_named_by_what_they_ask(page):
    assert "text must stay" in page.text("td")
    assert "text retained" not in page.text()
    assert "must be there" not in page.text()


def test_the_page_needs_and_allows_nothing_from_outside(page):
    assert page.source.startswith("<!DOCTYPE html>\n")
    policy = next(meta["content"] for meta in page.named("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    assert {tag for tag, _ in page.elements} & {"script", "link", "iframe", "object", "form"} == set()
    targets = [value for _, attributes in page.elements for name, value in attributes.items()
               if name in ("href", "src", "xlink:href", "action", "srcset")]  # fmt: skip
    assert targets
    assert [target[:20] for target in targets if not target.startswith(("#", "data:image/png"))] == []
    assert "url(http" not in page.source
    assert "@import" not in page.source
    assert len(page.source) < 3_000_000


def test_links_of_the_contents_lead_somewhere_and_no_id_stands_twice(page):
    ids = [attributes["id"] for tag, attributes in page.elements if "id" in attributes and tag in ("section", "input")]
    links = [link["href"][1:] for link in page.named("a")]
    assert len(links) >= 5
    assert set(links) <= set(ids)
    assert len(ids) == len(set(ids))


def test_every_picture_is_told_in_words(page):
    pictures = page.named("svg")
    assert len(pictures) == 3
    assert all(picture["role"] == "img" and len(picture["aria-label"]) > 20 for picture in pictures)


def test_scores_are_those_of_score(page, mixed):
    shown = [text for text in page.within("p") if re.fullmatch(r"[\d.]+ %", text)]
    assert (
        shown == [percent(score(mixed, unit=unit)["score"].iloc[0]) for unit in UNITS] == ["37.50 %", "0 %", "16.67 %"]
    )
    assert "3 passed, 4 failed, 1 blank" in page.text()


def test_checks_without_an_official_row_are_told_but_counted_nowhere(light, make):
    lost = {
        "check": "9",
        "verdict": "lost",
        "score": float("nan"),
        "error": "the key has no text or no region",
    }
    results = make.results([{}, {"check": "1", "verdict": "failed", "score": 0.0, "actual": "DOE"}, lost])
    text = light(results).text()
    assert "Identifying text left (1 check); fix this first: 50.00 % → 100 % ." in text
    assert to_fix(results)[0]["cause"].tolist() == ["leak_full"]
    assert "2 of 2 checks that did not pass or have no official row" in text
    assert "The official scorer writes no row for 1 check; no score counts them." in text


def test_a_submission_without_an_official_row_is_noted(light, make):
    lost = make.results([{"submission": "gone", "verdict": "lost", "score": float("nan"), "error": "no action"}] * 2)
    assert "The official scorer writes no row for 2 checks; no score counts them." in light(lost).text()
    beside = light(concat([make.results([{"verdict": "failed", "score": 0.0, "actual": "DOE"}]), lost]))
    assert "The official scorer writes no row for 2 checks; no score counts them." in beside.text()


HOSTILE = "</td><script>alert('x')</script><img src=x onerror=alert(1)>\\1 $x$"


def test_what_looks_like_markup_in_the_data_is_shown_and_never_becomes_markup(write, mixed):
    spoiled = mixed.copy()
    for name in (
        "submission",
        "patient",
        "name",
        "expected",
        "actual",
        "original",
        "error",
        "file",
        "modality",
        "subcategory",
    ):
        spoiled[name] = pd.Categorical([HOSTILE if pd.notna(value) else None for value in mixed[name]])
    spoiled.attrs["skipped"] = [(HOSTILE, HOSTILE)]
    page = write(spoiled)
    assert {tag for tag, _ in page.elements} & {"script", "img"} == set()
    assert HOSTILE in page.text("h1")
    assert HOSTILE in page.text("table")
    assert "alert" not in "".join(str(value) for _, attributes in page.elements for name, value in attributes.items()
                                  if name != "aria-label")  # fmt: skip


def test_characters_no_page_can_hold_are_replaced(light, make):
    page = light(make.results([{"actual": "DOE \x00\x1b[31m\u202e", "verdict": "failed", "score": 0.0}]))
    assert not set("\x00\x1b") & set(page.source)
    assert "bdi" in {tag for tag, _ in page.elements}


def test_words_that_leaked_or_were_lost_are_marked(page):
    assert page.within("mark") == ["DOE", "Doe", "20200131", "20200131"]
    assert page.within("del") == ["LOW", "DOSE"]
    assert page.within("ins") == ["CHEST"]
    assert "file missing" in page.within("i")


def test_words_are_found_in_long_texts_and_shown_with_what_stands_round_them(light, make):
    failed = {"verdict": "failed", "score": 0.5}
    kept = {"action": "text_retained", "expected": "SEVEN LOST CHARACTERS", **failed, "check": "1"}
    page = light(
        make.results(
            [
                {"expected": "MEYER", "actual": "filler " * 60 + "Meyer" + " end" * 200, **failed},
                {**kept, "actual": "seven " + "filler " * 60},
            ]
        )
    )
    assert page.within("mark") == ["MEYER", "Meyer"]
    assert page.within("ins") == ["seven"]
    assert page.within("del") == ["LOST", "CHARACTERS"]
    assert "(340 characters) … er filler" in page.text()
    assert "… (565 more characters)" in page.text()
    assert "… (106 more characters)" in page.text()


def test_nothing_is_marked_in_masked_texts(light, mixed):
    page = light(mixed, values=False)
    assert page.within("mark") == page.within("ins") == page.within("del") == []


def test_a_long_path_without_a_name_stands_once_with_its_middle_cut(light, make):
    path = "(0008,9999)[0](0008,9998)[0](0008,9997)[0](0008,9996)"
    row = {"tag_path": path, "name": None, "expected": "DOE", "actual": "DOE", "verdict": "failed", "score": 0.0}
    page = light(make.results([row | {"instance": f"I{number}", "check": str(number)} for number in range(2)]))
    bare = path.replace("[0]", "")
    assert page.within("bdi").count(bare) == 0
    assert page.within("bdi").count("(0008,9999)(…,9997)(0008,9996)") == 1
    assert page.within("bdi").count("(0008,9999)[…97)[0](0008,9996)") == 1


def test_failures_can_be_filtered_by_axis_without_a_script(page):
    axes = [row["data-axis"] for row in page.named("tr") if "data-axis" in row]
    choices = [choice["id"] for choice in page.named("input")]
    assert set(axes) == {"privacy", "utility", "validity", "key"} & set(axes)
    assert choices == ["axis-all", *(f"axis-{axis}" for axis in dict.fromkeys(axes))]
    for axis in set(axes):
        assert (
            f"#failures:has(#axis-{axis}:checked) tbody tr:not([data-axis={axis}]) {{ display: none; }}" in page.source
        )


def test_values_can_be_hidden(write, mixed):
    skipped = mixed.copy()
    skipped.attrs["skipped"] = [("secret.dcm", "not DICOM")]
    page = write(skipped, values=False)
    assert not [
        text for text in ("Doe", "DOE", "CHEST", "20200131", "P0", "a.dcm", "secret.dcm") if text in page.text()
    ]
    assert "•••" in page.text()
    assert "Values and identifiers of the data are hidden." in page.text()
    assert "not DICOM" in page.text()


def test_scores_without_values_are_those_with_them(light, make):
    results = make.results([{"actual": "A"}, {"actual": "B"}, {"actual": "DOE", "verdict": "failed", "score": 0.0}])
    with_them, without = ([text for text in page.within("p") if "passed," in text] for page in (
        light(results), light(results, values=False)))  # fmt: skip
    assert without == with_them == ["2 passed, 1 failed, 0 blank", "0 passed, 1 failed, 0 blank", with_them[0]]
    assert len([text for text in light(mask_values(results)).within("p") if "passed," in text]) == 2


def test_a_page_without_values_numbers_the_submissions(write, mixed):
    one, other = "/home/ann/Meyer_Stephanie/run", "deid of Meyer"
    for results in (run(mixed, one), concat([run(mixed, one), run(mixed, other)])):
        page = write(results, values=False)
        assert "Meyer" not in page.source
        assert "submission 1" in page.text()
    assert "Meyer" in write(run(mixed, one)).source


def test_skipped_files_are_listed_with_their_reason(light, mixed):
    skipped = mixed.copy()
    skipped.attrs["skipped"] = [("notes.txt", "not DICOM"), ("b.dcm", "no SOP Instance UID"), ("c.txt", "not DICOM")]
    text = light(skipped).text()
    assert "not DICOM 2" in text
    assert "notes.txt not DICOM" in text


def test_several_submissions_are_compared_and_ranked(comparing, mixed, make):
    better = run(mixed.assign(verdict="passed", score=1.0), "better")
    page = comparing(concat([run(mixed, "worse"), better]))
    assert "Comparison of 2 submissions" in page.text("h1")
    assert "Scores run from 37.50 % to 100 %, every check counted." in page.text()
    findings = page.within("figcaption")
    assert any(finding.startswith("better ranks first of 2 submissions") for finding in findings)
    assert any(finding.startswith("5 fixed, 0 regressed of 8 checks") for finding in findings)
    assert {row["data-run"] for row in page.named("tr") if "data-run" in row} == {"s1"}  # better fails nothing


def test_what_cannot_be_ranked_says_why(comparing, make):
    runs = [run(make.results([{"verdict": "failed", "score": 0.0}]), name) for name in "ab"]
    assert "patient" in comparing(concat(runs)).text("section").split("Ranking")[1][:300]


def test_a_perfect_submission_and_an_empty_frame_are_told_as_such(light, make):
    perfect = light(make.results([{}, {"check": "1"}]))
    assert "Every check passed." in perfect.text()
    assert "100 %" in perfect.within("p")
    assert "first:" not in perfect.text()
    empty = light(make.results([{}]).iloc[:0])
    assert "There are no checks in these results." in empty.text()
    assert "every check passed" not in empty.text()


def test_a_rate_is_100_only_of_all(light, make):
    results = make.results([{}, {"verdict": "failed", "score": 0.0}])
    assert "99.99 %" in light(results.iloc[[0] * 40_000 + [1]].reset_index(drop=True)).within("p")


def test_frames_whose_texts_pandas_has_made_plain_are_welcome(light, mixed):
    runs = [run(mixed, "a"), run(mixed.iloc[:4], "b")]
    assert light(pd.concat(runs)).text() == light(concat(runs)).text()


def test_explained_results_that_were_saved_and_read_back_give_the_same_page(light, mixed, tmp_path):
    assert light(read_results(write_run(explain(mixed), tmp_path / "run"))).source == light(mixed).source


def test_the_same_results_give_the_same_page_and_stay_as_they_are_as_do_figures_of_the_caller(write, mixed, page):
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    before, results = plt.get_fignums(), mixed.copy(deep=True)
    assert write(mixed).source == page.source
    pd.testing.assert_frame_equal(mixed, results)
    assert plt.get_fignums() == before
    assert plt.gcf() is figure
    assert not ax.has_data()
    plt.close(figure)


@pytest.mark.parametrize(
    ("unit", "label", "counted"),
    [("instance", "Every check", "every check counted"), ("series", "One per series", "one check per series counted")],
)
def test_the_two_files_of_a_participant_make_a_page(light, mixed, tmp_path, unit, label, counted):
    write_official(mixed.assign(released_patient=mixed["patient"]), tmp_path)
    scores = tmp_path / f"scoring_report_{unit}.xlsx"
    reported = read_results(tmp_path / "discrepancy_report_participant.csv", name="run", scores=scores)
    page, total = light(reported), score(reported, unit=unit).astype(object).iloc[0]
    assert [text for text in page.within("p") if text in ("Every check", "One per series", "Distinct per series")] == [
        label
    ]
    assert f"{total['passed']} passed, {total['failed']} failed, {total['blank']} blank" in page.within("p")
    assert f"{total['total']} checks ({label.lower()}); failures of 2 patients, 2 series. Written by" in page.text()
    assert "interval – to –" not in page.text()
    assert f"Gain: the points that the score would rise by, {counted}." in page.text()
    gains = problems(reported)["gain" if unit == "instance" else "gain_series"]
    assert sorted(text for text in page.within("td") if text.startswith("+")) == sorted(
        points(gain) for gain in gains if gain
    )
    assert "Which patients and attributes the passes are of is not known." in page.text()
    masked = light(reported, values=False)
    assert "Doe" not in masked.source
    assert masked.text().count(label) == page.text().count(label)


def test_two_submissions_of_two_files_each_are_compared(comparing, mixed, tmp_path):
    reported = []
    for name in "ab":
        write_official(run(mixed, name), tmp_path / name)
        files = (
            tmp_path / name / file for file in ("discrepancy_report_participant.csv", "scoring_report_series.xlsx")
        )
        reported.append(read_results(next(files), scores=next(files)))
    page = comparing(concat(reported))
    assert "Scores run from" in page.text()
    assert "one check per series counted." in page.text()
    assert "rank() needs all checks, but " in page.text()


def test_submissions_judged_on_different_checks_are_named_above_the_pictures(comparing, mixed):
    whole = concat([run(mixed, "a"), run(mixed, "b")])
    fewer = whole[(whole["submission"] == "a") | (whole["verdict"] != "failed")]
    left = int((fewer["submission"] == "b").sum())
    page = comparing(fewer)
    assert (
        f"rank() compares submissions that were judged on different checks: {left} (b), {len(mixed)} (a). A submission "
        "that is asked less may be first only for that; evaluate all with the same answer key." in page.within("p")
    )
    compared = f"compare() found {left} checks in both runs, {len(mixed) - left} only before and 0 only after: "
    assert compared + "they were judged on different checks." in page.within("p")
    assert "judged on different checks" not in comparing(whole).text()


def test_one_patient_has_no_interval(light, mixed):
    page = light(mixed[mixed["patient"] == "P1"])
    assert page.text().count("no interval") == 3
    assert "95 % interval nan" not in page.text()


def test_frames_of_something_else_are_refused(write, mixed):
    with pytest.raises(ValueError) as error:
        write(mixed.drop(columns=["actual", "state"]))
    assert str(error.value) == (
        "write_html() needs the columns actual, state, missing in this frame; evaluate() or read_results() makes them."
    )
    with pytest.raises(TypeError) as error:
        write([1])
    assert str(error.value) == "write_html() needs a DataFrame, got list."


# The first sentence


@pytest.fixture(scope="module")
def leaks(make):
    """A text readable in an image, two dates not shifted, a UID that its mapping should have, a placeholder."""
    failed = {"verdict": "failed", "score": 0.0}
    date = {"action": "date_shifted", "tag_path": "(0008,0020)", "tag": "(0008,0020)", "original": "20200131",
            "actual": "20200131", **failed}  # fmt: skip
    box = {"action": "pixels_hidden", "tag_path": "(7fe0,0010)", "tag": "(7fe0,0010)", "expected": "DOE",
           "actual": "DOE", "x0": 8, "y0": 4, "x1": 40, "y1": 16, "released": "9.1", "instance": "1.5",
           **failed}  # fmt: skip
    kept = {"action": "text_retained", "expected": "CHEST", "actual": "REMOVED", **failed}
    rows = [box, date, date | {"instance": "I2"}, kept, *({"instance": f"P{number}"} for number in range(16))]
    return make.results([{"check": str(number)} | row for number, row in enumerate(rows)])


def test_the_first_sentence_says_what_got_out_and_what_to_fix_first(light, leaks):
    text = light(leaks).text()
    assert (
        "Text readable in images (1 check), dates not shifted (2 checks), 1 other check not passed; "
        "fix these 3 first: 80.00 % → 100 % ." in text
    )


def test_what_the_first_fixes_bring_is_what_what_if_says(leaks):
    found, first = to_fix(leaks, most=2)
    row = first.iloc[0]
    assert row["fixes"] == 2
    after = what_if(leaks, found["problem"].head(2).tolist()).iloc[0]
    assert (row["before"], row["after"], row["rows"]) == (after["before"], after["after"], 3)


def test_what_is_no_fault_of_the_tool_comes_last_and_never_first(make):
    mapping = {"action": "uid_consistent", "verdict": "failed", "score": 0.0, "original": "1.2", "actual": "9.2",
               "error": "the mapping has no entry for the original"}  # fmt: skip
    leak = {"actual": "DOE", "verdict": "failed", "score": 0.0, "check": "9"}
    results = make.results([*(mapping | {"instance": f"I{number}"} for number in range(5)), leak, {"check": "10"}])
    found, first = to_fix(results)
    assert found["axis"].tolist() == ["privacy", "key"]
    assert (first["fixes"].tolist(), first["rows"].tolist()) == ([1], [1])


def test_of_several_submissions_each_has_its_sentence(light, leaks, make):
    clean = make.results([{"submission": "clean", "check": "0"}])
    text = light(concat([leaks, clean])).text()
    scores = "Scores run from 80.00 % to 100 %, every check counted. clean : Every check passed. "
    assert f"{scores}run : text readable in images (1 check)" in text


def test_failures_alone_make_a_report_without_scores(light, leaks):
    failures = leaks[leaks["verdict"] == "failed"].assign(complete=False)
    page = light(failures)
    text = page.text()
    assert "4 checks, 1 patient, 1 series. Not all checks that passed are here, so there is no score." in text
    assert "1 other check not passed; fix these 3 first: 4 of 4 failures ." in text
    assert "Gain (points)" not in page.within("th")
    assert not {"Scores", "Ranking", "Where points are lost"} & set(page.within("h2"))


def test_every_score_of_several_submissions_has_its_interval(light, mixed):
    page = light(concat([run(mixed, "a"), run(mixed, "b")]))
    row = score(mixed).iloc[0]
    interval = f"{percent(row['low'])} to {percent(row['high'])}"
    intervals = [text for stack, text in page.texts if stack and stack[-1] == "small"]
    assert intervals[0] == intervals[3] == interval  # under each of three denominators
    assert "95 % interval" in page.text()


# Failing boxes before and after

LETTERS = np.kron(np.random.default_rng(0).integers(0, 2, (6, 16)), np.ones((2, 2))).astype("uint8") * 200


@pytest.fixture(scope="module")
def folders(make, tmp_path_factory):
    """The released and the original file of the failing box: nothing was hidden."""
    folder, pixels = tmp_path_factory.mktemp("boxes"), np.zeros((48, 64), "uint8")
    pixels[4:16, 8:40] = LETTERS
    make.file(folder / "released" / "a.dcm", "9.1", pixels=pixels, PatientID="NEW")
    make.file(folder / "original" / "x.dcm", "1.5", pixels=pixels)
    return folder / "released", folder / "original"


def test_a_failing_box_is_shown_before_and_after(light, leaks, folders):
    page = light(leaks, *folders)
    assert [picture["href"][:22] for picture in page.named("image")] == ["data:image/png;base64,"] * 2
    assert "1 box did not pass, here before and after. The pictures are parts of the images." in page.text()
    assert page.text("figure").index("original") < page.text("figure").index("released")


def test_without_values_no_picture_is_in_the_page(light, leaks, folders):
    page = light(leaks, *folders, values=False)
    assert "data:image" not in page.source
    assert "1 box did not pass; pictures are left out, as this report shows no value." in page.text()


def test_boxes_beyond_the_room_are_counted(light, leaks, folders, monkeypatch):
    from midi_nb.report import page as module

    monkeypatch.setattr(module, "_BOXES", 2)
    boxes = concat([leaks.iloc[[0]].assign(check=str(number)) for number in range(5)])
    page = light(boxes, *folders)
    assert len(page.named("image")) == 4
    assert (
        "5 boxes did not pass, here before and after; 3 more are not shown, write_page() makes a page of all."
        in page.text()
    )
    monkeypatch.setattr(module, "_BYTES", 0)
    assert len(light(boxes, *folders).named("image")) == 0


def test_a_box_that_cannot_be_shown_says_why(light, leaks, folders):
    other = leaks.assign(file="b.dcm")
    assert "The file is not in the folder of the released files." in light(other, *folders).text()
    how = "when the report is written: --released on the command line, released= in Python"
    assert f"1 box did not pass; to see them, give the folder of the released files {how}" in light(leaks).text()
