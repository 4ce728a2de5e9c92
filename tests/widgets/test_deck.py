"""The review deck without a browser: judging, the file that keeps the verdicts, the official sheet."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

import midi_nb as mn
from midi_nb.coded import concat
from midi_nb.widgets.deck import review
from midi_nb.widgets.verdicts import Log, identities


@pytest.fixture
def boxes(results, make):
    """Four checks of hidden pixels among others: blank, failed, passed, and one whose file is missing."""
    blank = results.iloc[[5]].assign(verdict="blank", score=np.nan, check=pd.Categorical(["20"]))
    gone = results.iloc[[5]].assign(
        state=pd.Categorical(["missing"], categories=results["state"].cat.categories),
        file=pd.Categorical([None]),
        check=pd.Categorical(["21"]),
        instance=pd.Categorical(["1.2.9"]),
        released=pd.Categorical([None]),
        verdict="passed",
        score=1.0,
    )
    return concat([results, gone, blank])


@pytest.fixture
def deck(boxes, images, tmp_path):
    return review(boxes, *images, log=tmp_path / "verdicts.jsonl")


def said(deck):
    return re.sub(r"<[^>]*>", "", deck.markup)


def press(deck, key):
    """What the browser does on a key: it looks up the act that the card binds to it."""
    keys = dict(pair.split("=") for pair in re.search(r'data-keys="([^"]*)"', deck.markup)[1].split())
    deck.act(keys[key])


def test_the_doubtful_come_first_and_those_without_an_image_last(deck):
    assert deck.checks.index.tolist() == [10, 5, 6, 9]
    assert "Check 1 of 4" in said(deck)
    assert "0 of 4 judged" in said(deck)


def test_keys_judge_and_go_on(deck):
    for key in "vhu":
        press(deck, key)
    assert deck.checks["judged"].tolist()[:3] == ["visible", "hidden", "unsure"]
    assert deck.place == 3
    assert "3 of 4 judged" in said(deck)


def test_results_carry_what_the_person_said(deck, boxes):
    for key in "vhu":
        press(deck, key)
    after = deck.results
    assert after["verdict"].iloc[[10, 5, 6]].tolist() == ["failed", "passed", "blank"]
    assert after["score"].iloc[[10, 5]].tolist() == [0.0, 1.0]
    assert after["error"].iloc[6] == "a person was not sure"
    untouched = [row for row in range(len(boxes)) if row not in (10, 5, 6)]
    pd.testing.assert_frame_equal(
        after.drop(columns="judged").iloc[untouched], boxes.iloc[untouched], check_categorical=False
    )
    assert after["judged"].iloc[untouched].isna().all()
    assert "judged" not in boxes


def test_causes_follow_the_verdicts(boxes, images, tmp_path):
    explained = mn.explain(boxes)
    deck = review(explained, *images, log=tmp_path / "verdicts.jsonl")
    for key in "vhv":
        press(deck, key)
    causes = deck.results["cause"]
    assert causes.iloc[[10, 6]].tolist() == ["burned_in_visible", "burned_in_visible"]
    assert pd.isna(causes.iloc[5])
    assert (causes.notna() == deck.results["verdict"].ne("passed")).all()
    assert mn.problems(deck.results)["rows"].sum() == causes.notna().sum()


def test_the_scorer_s_verdict_is_shown_only_when_the_person_has_judged(deck):
    deck.place = 1
    deck.whole = True
    assert "Scorershown when you have judged" in said(deck)
    assert "failed" not in said(deck)
    assert deck.viewer.regions["actual"].isna().all()
    assert set(deck.viewer.regions["verdict"]) == {"blank"}
    press(deck, "u")
    deck.place = 1
    assert "Scorer✖failed (50 % of the words right), read: DOE" in said(deck)
    assert "failed" in set(deck.viewer.regions["verdict"])


def test_a_later_verdict_counts_and_undo_takes_back_the_last_one(deck):
    press(deck, "v")
    deck.place = 0
    press(deck, "h")
    assert deck.checks["judged"].iloc[0] == "hidden"
    press(deck, "z")
    assert (deck.place, deck.checks["judged"].iloc[0]) == (0, "visible")
    press(deck, "z")
    assert deck.checks["judged"].isna().all()
    press(deck, "z")
    assert deck.checks["judged"].isna().all()


def test_the_deck_ends_with_a_card_of_what_was_judged_and_what_it_changed(deck):
    for key in "vhhh":
        press(deck, key)
    assert deck.place == 4
    assert "All 4 checks judged" in said(deck)
    assert "You said3 hidden, 1 visible, 0 unsure" in said(deck)
    assert "What changed1 blank → failed, 1 failed → passed" in said(deck)
    assert "Score36.36 % → 45.45 %" in said(deck)
    assert mn.score(deck.results)["score"].iloc[0] == 5 / 11


def test_at_the_end_no_key_overwrites_a_verdict(deck):
    deck.place = 99
    assert "End of the deck: 4 of 4 checks not judged yet" in said(deck)
    for key in "hvuw":
        press(deck, key)
    assert not deck.log.exists()
    with pytest.raises(ValueError, match=r"^This is the end of the deck; set \.place to the check to judge\.$"):
        deck.judge("hidden")
    deck.act("unjudged")
    press(deck, "h")
    press(deck, "ArrowLeft")
    press(deck, "v")
    assert (deck.place, deck.checks["judged"].iloc[0]) == (1, "visible")
    deck.place = 4
    press(deck, "z")
    assert (deck.place, deck.checks["judged"].iloc[0]) == (0, "hidden")
    press(deck, "z")
    assert deck.checks["judged"].isna().all()


def test_failures_alone_end_without_a_score(boxes, images, tmp_path):
    deck = review(boxes.assign(complete=False), *images, log=tmp_path / "verdicts.jsonl")
    deck.place = 4
    assert "Nothing: your verdicts are those of the scorer." in said(deck)
    assert "Score" not in said(deck)


def test_a_deck_opens_on_a_card_with_an_image(boxes, images, tmp_path):
    boxes["file"] = boxes["file"].cat.add_categories("gone.dcm")
    boxes.loc[10, "file"] = "gone.dcm"
    deck = review(boxes, *images, log=tmp_path / "verdicts.jsonl")
    assert deck.checks.index.tolist() == [5, 6, 10, 9]
    assert "data:image/png" in deck.markup

    (images[0] / "1.dcm").write_bytes(b"no image")
    deck = review(boxes, *images, log=tmp_path / "verdicts.jsonl")
    assert (deck.place, deck.checks.index[deck.place]) == (1, 6)
    assert "data:image/png" in deck.markup


def test_verdicts_survive_a_restart_and_another_order_of_rows(deck, boxes, images):
    for key in "vh":
        press(deck, key)
    again = review(boxes.iloc[::-1], *images, log=deck.log)
    assert again.place == 2
    assert (
        again.results["judged"].dropna().to_dict()
        == deck.results["judged"].dropna().to_dict()
        == {10: "visible", 5: "hidden"}
    )


def test_two_decks_on_one_file_see_each_other(deck, boxes, images):
    other = review(boxes, *images, log=deck.log)
    press(deck, "v")
    other.place = 1
    press(other, "h")
    assert deck.checks["judged"].tolist()[:2] == other.checks["judged"].tolist()[:2] == ["visible", "hidden"]


def test_the_file_only_grows_and_a_line_cut_short_loses_no_verdict(deck):
    press(deck, "v")
    with deck.log.open("ab") as file:
        file.write(b'{"check": "abc", "verd')
    before = deck.log.read_bytes()
    press(deck, "h")
    press(deck, "z")
    press(deck, "u")
    assert deck.log.read_bytes().startswith(before)
    assert deck.checks["judged"].tolist()[:2] == ["visible", "unsure"]
    assert "1 line of verdicts.jsonl cannot be read; the others count." in said(deck)


def test_the_file_holds_no_value_of_the_data(deck, boxes):
    for key in "vhu":
        press(deck, key)
    text = deck.log.read_text()
    assert len(text.splitlines()) == 3
    for name in ("patient", "instance", "series", "expected", "original", "actual"):
        for value in boxes[name].dropna().unique():
            assert not value or json.dumps(value)[1:-1] not in text


def test_verdicts_are_on_another_submission_s_checks_only_if_it_is_the_same(boxes, images, deck):
    press(deck, "v")
    renamed = boxes.assign(submission=pd.Categorical(["other"] * len(boxes)))
    assert review(renamed, *images, log=deck.log).checks["judged"].isna().all()


def test_copies_of_a_check_are_told_apart(results):
    twice = concat([results.iloc[[5]], results.iloc[[5]]])
    assert len(set(identities(twice))) == 2


def test_a_verdict_that_cannot_be_kept_is_not_shown_as_given(deck, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Log, "_write", full)
    press(deck, "v")
    assert "The verdict was not kept: No space left on device." in said(deck)
    assert deck.place == 0
    assert deck.checks["judged"].isna().all()


def test_pixels_that_changed_since_are_told(deck, boxes, make, images):
    press(deck, "v")
    deck.place = 0
    assert "not the one that was judged" not in said(deck)
    make.file(images[0] / "1.dcm", "9.1.2.1", pixels=np.zeros((48, 64), "uint8"))
    again = review(boxes, *images, log=deck.log)
    again.place = 0
    assert "The region is not the one that was judged: its pixels have changed since." in said(again)


def test_the_official_sheet_comes_back_as_it_went(deck, boxes, images, tmp_path):
    for key in "vvh":
        press(deck, key)
    sheet = deck.write_sheet(tmp_path / "new" / "pixel_validation.xlsx")
    assert (
        mn.read_results(sheet)["verdict"].tolist()
        == deck.results["verdict"].iloc[[5, 6, 9, 10]].tolist()
        == ["failed", "passed", "passed", "failed"]
    )
    other = review(boxes, *images, log=tmp_path / "other.jsonl")
    assert other.read_sheet(sheet) == 1
    assert other.checks["verdict"].tolist() == deck.checks["verdict"].tolist()
    assert other.read_sheet(sheet) == 0


def test_a_sheet_a_person_filled_in_is_taken_over(deck, tmp_path):
    import openpyxl

    sheet = deck.write_sheet(tmp_path / "pixel_validation.xlsx")
    book = openpyxl.load_workbook(sheet)
    rows = list(book.active.iter_rows(min_row=2))
    assert [row[1].value for row in rows] == [False, True, True, None]
    rows[3][1].value, rows[0][1].value = "FALSE", True
    book.save(sheet)
    assert deck.read_sheet(sheet) == 2
    assert deck.results["judged"].dropna().to_dict() == {5: "hidden", 10: "visible"}


def test_sheets_that_do_not_fit_and_files_that_are_there_are_refused(deck, boxes, tmp_path, images):
    sheet = deck.write_sheet(tmp_path / "sheet.xlsx")
    with pytest.raises(ValueError, match=re.escape(f"{sheet} is there already; nothing is overwritten.")):
        deck.write_sheet(sheet)
    others = boxes.assign(
        instance=pd.Categorical(["7.7"] * len(boxes)), released=pd.Categorical(["9.7.7"] * len(boxes))
    )
    with pytest.raises(
        ValueError, match=re.escape(f"{sheet} and these results have no pixel check in common (4 and 4 checks).")
    ):
        review(others, log=tmp_path / "x.jsonl").read_sheet(sheet)


def test_the_card_shows_the_region_before_and_after(deck):
    figures = re.findall(r"<figcaption>([^<]*)</figcaption>", deck.markup)
    assert figures == ["released", "original", "whole image"]
    press(deck, "c")
    assert re.findall(r"<figcaption>([^<]*)</figcaption>", deck.markup)[:2] == [
        "released, stretched contrast",
        "original, stretched contrast",
    ]
    press(deck, "w")
    assert deck.viewer.count == 1
    press(deck, "w")
    assert deck.viewer is None


def test_frames_of_a_cine_are_looked_at_one_by_one(make, results, tmp_path):
    cine = np.zeros((5, 48, 64), "uint8")
    cine[3, 4:16, 8:40] = 200
    make.file(tmp_path / "1.dcm", "9.1.2.1", pixels=cine)
    deck = review(results.iloc[[5]], tmp_path, log=tmp_path / "v.jsonl")
    assert "Frame 1 of 5" in said(deck)
    first = deck.markup
    for _ in range(3):
        press(deck, ".")
    assert (deck.frame, "Frame 4 of 5" in said(deck)) == (3, True)
    assert first != deck.markup
    assert re.search(r'<input type="range" [^>]*max="4" value="3"\s+data-act="frame"', deck.markup)
    deck.act("frame", "", "99")
    assert deck.frame == 4


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"x0": 100, "x1": 120}, "Box outside the image"),
        ({"x0": None}, "The key&#39;s region cannot be read."),
        ({"file": "no.dcm"}, "The file is not in the folder of the released files."),
        ({"file": None}, "These results do not say which file the check is about; official results never do."),
        ({"state": "missing", "file": None}, "No released file answers for this instance, so there is no image."),
    ],
)
def test_a_card_without_a_picture_says_why_and_can_be_judged(make, images, tmp_path, change, note):
    row = {
        "action": "pixels_hidden",
        "tag_path": "(7fe0,0010)",
        "expected": "DOE",
        "x0": 8,
        "y0": 4,
        "x1": 40,
        "y1": 16,
        "file": "1.dcm",
        "released": "9.1.2.1",
        "verdict": "failed",
        "score": 0.0,
    }
    deck = review(make.results([row | change]), *images, log=tmp_path / "v.jsonl")
    assert note in deck.markup
    press(deck, "h")
    assert deck.checks["judged"].tolist() == ["hidden"]


def test_a_broken_file_is_told_without_its_content(results, make, tmp_path):
    make.file(tmp_path / "2.dcm", "9.1.2.2")
    (tmp_path / "1.dcm").write_bytes(b"DOE^JANE")
    deck = review(results.iloc[[5, 6]], tmp_path, log=tmp_path / "v.jsonl")
    assert "The file cannot be read (InvalidDicomError)." in said(deck)


def test_nothing_to_review_says_so(results, tmp_path):
    deck = review(results.iloc[:5], log=tmp_path / "v.jsonl")
    assert said(deck) == "These results have no check of hidden pixels."
    for act in ("hidden", "undo", "next", "go", "on", "frame", "whole", "?"):
        deck.act(act)
    assert not deck.log.exists()
    with pytest.raises(ValueError, match="so there is nothing to judge"):
        deck.judge("hidden")


def test_verdicts_other_than_the_three_are_refused(deck, tmp_path):
    with pytest.raises(ValueError, match=r"^A verdict is one of hidden, visible, unsure, got 'maybe'\.$"):
        deck.judge("maybe")
    with pytest.raises(ValueError, match="is a folder"):
        Log(tmp_path)


def test_without_values_texts_are_dots_and_people_numbers(boxes, images, tmp_path):
    deck = review(boxes, *images, log=tmp_path / "v.jsonl", values=False)
    deck.place = 1
    assert "DOE" not in deck.markup
    assert "•••" in said(deck)
    assert "patient 1" in said(deck)


def test_without_values_no_picture_shows_a_text_but_the_one_to_judge(results, images, tmp_path, monkeypatch):
    from midi_nb.widgets import images as pictures

    other = results.iloc[[5]].assign(x0=8, y0=2, x1=60, y1=44, check=pd.Categorical(["20"]))
    seen = {}
    monkeypatch.setattr(pictures, "picture", lambda crop, scale, caption: seen.update({caption: crop.image}) or "")
    review(concat([results.iloc[[5]], other]), *images, log=tmp_path / "v.jsonl", values=False)
    assert list(seen) == ["released", "whole image"]
    whole = seen["whole image"]
    assert whole[4:16, 8:40].max() == 200
    whole[4:16, 8:40] = 0
    assert whole[2:44, 8:60].max() == 0
    assert seen["released"].max() == 200
    assert not seen["released"][20:, 8:].any()


def test_markup_in_values_is_shown_never_run(make, images, tmp_path):
    script = "<script>alert(1)</script>"
    row = {
        "action": "pixels_hidden",
        "expected": script,
        "actual": script,
        "patient": script,
        "submission": script,
        "x0": 8,
        "y0": 4,
        "x1": 40,
        "y1": 16,
        "file": "1.dcm",
        "released": "9.1.2.1",
        "verdict": "failed",
        "score": 0.0,
        "error": script,
    }
    deck = review(make.results([row]), *images, log=tmp_path / "v.jsonl")
    assert script not in deck.as_html()
    assert "&lt;script&gt;" in deck.as_html()


def test_contrast_brings_out_what_is_faint_in_the_box(make, results, tmp_path):
    from midi_nb.widgets import images as pictures

    values = np.full((48, 64), 250, "uint8")
    values[4:16, 8:40] = np.kron(np.random.default_rng(0).integers(0, 2, (6, 16)), np.ones((2, 2))) + 9
    make.file(tmp_path / "1.dcm", "9.1.2.1", pixels=values)
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "picture", lambda crop, *_: seen.append(crop.image) or "")
        deck = review(results.iloc[[5]], tmp_path, log=tmp_path / "v.jsonl")
        assert np.ptp(seen[0][16:28, 8:40]) < 5
        seen.clear()
        deck.contrast = True
    assert set(np.unique(seen[0])) == {0, 255}
