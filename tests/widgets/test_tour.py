"""The tour: which images it takes, what it says of them, where it ends, and results that have no tour."""

import re

import numpy as np
import pytest

import midi_nb as mn

NO_TOUR = "There is no tour of these results: they have {}."
ALONE = "no image to show beside the one in which a text can still be read"
NOTHING = "no released image, with its original beside it, in which a text can still be read"


@pytest.fixture
def tour(results, images):
    return mn.tour(results, *images)


def texts(tour):
    """The text of each step."""
    steps = tour.content()["steps"]
    return {step["name"]: re.sub(r"<[^>]+>", " ", f"{step['title']} {step['html']}") for step in steps}


def test_it_takes_the_check_whose_text_can_be_read_and_images_without_a_fault(tour, results):
    assert tour.selection["check"].tolist() == results.loc[results["actual"] == "DOE", "check"].tolist()
    choices = tour.content()["choices"]
    assert sorted(choice["says"] for choice in choices) == [
        "",
        "No text can be read in this one: it is covered. Try another one.",
    ]
    assert all(choice["picture"].startswith("data:image/png;base64,") for choice in choices)


def test_the_steps_say_what_the_data_say(tour, results):
    said = texts(tour)
    assert said["Find"].split("  ") == [
        "One of these two images still shows a name. Which?",
        "In the pixels of one of them a name can still be read. Click it. ",
    ]
    assert said["Compare"].startswith("“DOE” can still be read")
    assert "The key asks: text in pixels must go." in said["Why"]
    assert mn.causes_table().set_index("cause").loc["burned_in_partial", "explanation"] in said["Why"]
    gains = mn.what_if(results, "burned_in_partial").iloc[0]
    shown = re.findall(r"([\d.]+) % → ([\d.]+) %", said["Fix"])[0]
    assert [float(number) for number in shown] == [round(100 * gains[name], 2) for name in ("before", "after")]


def test_it_is_a_name_only_where_the_key_has_it_as_the_name_of_the_patient(results, images):
    of_referrer = results["tag_path"].astype(str).replace("(0010,0010)", "(0008,0090)")
    said = texts(mn.tour(results.assign(tag_path=of_referrer), *images))["Find"]
    assert said.startswith("One of these two images still shows what had to be hidden. Which?")


def test_what_is_covered_best_makes_the_better_riddle(make, results, images):
    """Of two texts that are read as a whole: the one whose pixels were changed all over."""
    released, original = images
    text = np.kron(np.random.default_rng(1).integers(0, 2, (6, 16)) * 200, np.ones((2, 2)))
    for folder, new, darker in ((original, "", 1), (released, "9.", 2)):
        values = np.full((48, 64), 40, "uint8")
        values[4:16, 8:40] = text // darker
        make.file(folder / "3.dcm", f"{new}2.2.1", pixels=values)
    read = results[results["actual"] == "DOE"].assign(actual="DOE JANE", score=0.0)
    other = read.assign(instance="2.2.1", released="9.2.2.1", file="3.dcm", check="77")
    others = results[results["actual"] != "DOE"]
    tour = mn.tour(mn.concat([others, read, other]), *images)
    assert tour.selection["check"].tolist() == ["77"]


def test_what_cannot_be_read_is_no_riddle_and_what_failed_is_not_clean(results, images):
    """OCR may fail a region that is covered; such an image is neither the one to find nor one of the clean ones."""
    covered = results["file"].eq("2.dcm") & results["action"].eq("pixels_hidden")
    noise = results.assign(verdict=results["verdict"].mask(covered, "failed"))
    assert mn.tour(noise, *images).content()["title"] == NO_TOUR.format(ALONE)
    alone = noise[covered | (noise["action"] != "pixels_hidden")]
    assert mn.tour(alone, *images).content()["title"] == NO_TOUR.format(NOTHING)


def test_its_end_is_the_address_of_the_check_in_a_page(tour):
    address = tour.content("explorer.html")["link"]
    assert address == f"explorer.html#axis=privacy&action=pixels_hidden&row={tour.picked}"
    assert tour.content()["link"] == ""


@pytest.mark.parametrize(("actual", "why"), [("DOE", ALONE), ("", NOTHING)])
def test_results_without_a_tour_say_so_in_one_line(results, images, actual, why):
    left = results[(results["action"] != "pixels_hidden") | (results["actual"] == actual)]
    tour = mn.tour(left, *images)
    assert tour.content()["title"] == NO_TOUR.format(why)
    assert tour.content()["steps"] == []
    assert why in tour.as_html()


def test_without_files_or_checks_there_is_no_tour(results, images):
    content = mn.tour(results).content("explorer.html")
    assert (content["choices"], content["link"]) == ([], "explorer.html")
    assert mn.tour(results.iloc[:0], *images).content()["choices"] == []


def test_it_is_of_one_submission(results):
    both = mn.concat([results, results.assign(submission="other")])
    with pytest.raises(ValueError) as error:
        mn.tour(both)
    assert str(error.value) == (
        "tour() takes the results of one submission, got 2; select one: results[results['submission'] == name]."
    )


def test_failures_alone_have_a_tour_without_a_score(results, images):
    assert "no score is known" in texts(mn.tour(results.assign(complete=False), *images))["Fix"]


def test_a_reader_without_a_kernel_sees_all_steps(tour):
    picture = tour.as_html()
    assert all(text in picture for text in ("“DOE” can still be read", "What fixing it gains"))
    assert picture.count("<image") == 2
    assert "<button" not in picture
