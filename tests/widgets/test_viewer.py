"""The redaction viewer without a browser: what it draws, answers, says and gives back."""

from __future__ import annotations

import base64
import gc
import io
import re
import weakref
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ipywidgets.widgets.widget import _instances
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from midi_nb import widgets
from midi_nb.engine import pixels
from midi_nb.widgets import viewer as room

RNG = np.random.default_rng(1)
LETTERS = np.kron(RNG.integers(0, 2, (5, 30)), np.ones((4, 4))) * 200


def before_and_after(number: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A picture with two texts; the first is hidden, half of the second, and 20 × 10 pixels nobody asked for."""
    before = np.full((100, 160), 20 + number, np.uint8)
    before[10:30, 20:140], before[40:60, 20:140] = LETTERS, LETTERS
    after = before.copy()
    after[10:30, 20:140], after[40:60, 20:80], after[80:90, 100:120] = 0, 0, 0
    return before, after


def image(values: np.ndarray, uid: str) -> Dataset:
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", uid
    data.Rows, data.Columns = values.shape[-2:]
    if values.ndim == 3:
        data.NumberOfFrames = len(values)
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.BitsAllocated = data.BitsStored = 8 * values.itemsize
    data.HighBit = data.BitsStored - 1
    data.PixelData = values.tobytes()
    return data


def saved(folder: Path, name: str, data: Dataset) -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    data.save_as(folder / name, enforce_file_format=True)
    return folder / name


def checks(numbers: Any = (0,), **columns: Any) -> pd.DataFrame:
    """Results of two boxes an image: the first passed, the second failed."""
    rows = [
        {"submission": "tool", "instance": f"1.1.{n}", "released": f"9.9.{n}", "action": "pixels_hidden",
         "x0": 20, "y0": top, "x1": 140, "y1": top + 20, "expected": "DOE^JANE", "actual": seen, "verdict": verdict}
        for n in numbers
        for top, seen, verdict in ((10, "", "passed"), (40, "JANE", "failed"))
    ]  # fmt: skip
    return pd.DataFrame(rows).astype({"x0": "Int32"}).assign(**columns)


def asked(viewer: Any, kind: str, number: int = 0) -> tuple[dict[str, Any], list[Any]]:
    """What the viewer answers to a message from the browser."""
    sent: list[Any] = []
    viewer.send = lambda content, buffers=None: sent.append((content, buffers))
    viewer._handle_custom_msg({"kind": kind, "slice": number}, [])
    (answer,) = sent
    return answer


@pytest.fixture
def viewer() -> Any:
    before, after = before_and_after()
    return widgets.view(image(after, "9.9.0"), checks(), image(before, "1.1.0"))


def test_regions_tell_verdict_words_coverage_and_what_is_legible(viewer: Any) -> None:
    regions = viewer.regions
    assert regions[["y0", "verdict", "expected", "actual"]].values.tolist() == [
        [10, "passed", "DOE^JANE", ""],
        [40, "failed", "DOE^JANE", "JANE"],
    ]
    assert regions["coverage"].tolist() == pytest.approx([1, 0.5], abs=0.08)
    assert regions["legible"].tolist() == pytest.approx([0, 0.5], abs=0.1)
    assert viewer.over_redacted == 200
    assert viewer.notes == []


def test_a_box_that_failed_is_called_by_its_cause_and_an_image_that_passed_is_no_note() -> None:
    before, after = before_and_after()
    whole = checks().iloc[:1].assign(action="pixels_retained", verdict="passed", x0=pd.NA)
    rows = pd.concat([checks(cause=[None, "burned_in_see_through"]), whole])
    viewer = widgets.view(image(after, "9.9.0"), rows, image(before, "1.1.0"))
    assert [box["says"] for box in asked(viewer, "after")[0]["boxes"]] == ["hidden", "covered but legible"]
    assert viewer.notes == []
    viewer = widgets.view(image(after, "9.9.0"), rows.replace({"verdict": {"passed": "failed"}}))
    assert viewer.notes == ["pixels must stay: failed."]


def test_a_box_outside_the_image_is_drawn_in_no_picture() -> None:
    before, after = before_and_after()
    viewer = widgets.view(image(after, "9.9.0"), checks(x0=900, x1=999), image(before, "1.1.0"))
    assert Page(viewer.as_html()).all("rect") == []
    assert len(viewer.regions) == 2


def test_the_selected_box_is_a_row_of_the_results(viewer: Any) -> None:
    assert len(viewer.selection) == 0
    viewer.selected = 1
    pd.testing.assert_frame_equal(viewer.selection, checks().iloc[1:2])


def test_another_slice_selects_nothing_and_stays_within_the_stack() -> None:
    stack = widgets.view([image(before_and_after(n)[1], f"9.9.{n}") for n in range(3)], checks(range(3)))
    stack.selected = 1
    stack.frame = 99
    assert (stack.frame, stack.selected) == (2, -1)


# Messages


def test_pixels_travel_as_bytes_and_never_as_state(viewer: Any) -> None:
    told, buffers = asked(viewer, "after")
    seen = np.frombuffer(buffers[0], np.uint8).reshape(told["rows"], told["columns"])
    assert (seen == before_and_after()[1]).all()
    assert (told["bits"], told["color"], told["scale"], told["offset"]) == (8, False, 1, 0)
    kept = {name: value for name, value in viewer.get_state().items() if name not in ("_esm", "_css")}
    assert len(str(kept)) < 1500
    assert "DOE" not in str(kept)


@pytest.mark.parametrize(
    ("values", "slope"),
    [
        (np.array([[-1024, 3071]], "int16"), 1.0),
        (np.array([[0, 65535]], "uint16"), 0.25),
        (np.array([[2**31, 2**31 + 60_000]], "uint32"), 1e-4),
        (np.array([[0, 2**32 - 1]], "uint32"), 1e-4),
        (np.array([[-0.5, 1.5]], "float32"), 1.0),
        (np.array([[7, 7]], "int16"), 1.0),
    ],
)
def test_any_depth_arrives_as_16_bits_with_scale_and_offset(values: np.ndarray, slope: float) -> None:
    data = image(np.zeros(values.shape, np.uint8), "9.9.0")
    plane = pixels.Plane(values, slope, -3.0, False, ())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pixels, "plane", lambda *_: plane)
        said, (sent,) = asked(widgets.view(data), "after")
    stored = np.frombuffer(sent, f"uint{said['bits']}").reshape(values.shape)
    span = max(np.ptp(plane.values), 1e-6)
    shown = stored * said["scale"] + said["offset"]
    assert np.abs(shown - (values * slope - 3.0)).max() <= span / 60_000


def test_measures_follow_with_the_mask_of_over_redaction(viewer: Any) -> None:
    told, buffers = asked(viewer, "measures")
    mask = np.unpackbits(np.frombuffer(buffers[0], np.uint8))[: 100 * 160].reshape(100, 160)
    assert mask.sum() == told["area"] == 200
    assert mask[80:90, 100:120].all()
    assert [box["coverage"] for box in told["boxes"]] == pytest.approx([1, 0.5], abs=0.08)


def test_a_thumbnail_is_a_small_picture_with_the_worst_verdict_of_its_image(viewer: Any) -> None:
    answer, _ = asked(viewer, "thumbnail")
    with Image.open(io.BytesIO(base64.b64decode(answer["picture"]))) as small:
        assert max(small.size) == 96
    assert answer["verdict"] == "fail"
    before, after = before_and_after()
    hidden = widgets.view(image(after, "9.9.0"), checks(verdict="passed"), image(before, "1.1.0"), values=False)
    answer, _ = asked(hidden, "thumbnail")
    with Image.open(io.BytesIO(base64.b64decode(answer["picture"]))) as small:
        assert not np.asarray(small)[8:17, 14:82].any(), "a value that is hidden is in the thumbnail"
    assert answer["verdict"] == "pass"


def test_an_image_that_cannot_be_decoded_has_no_thumbnail() -> None:
    broken = image(before_and_after()[1], "9.9.0")
    del broken.PixelData
    assert asked(widgets.view(broken), "thumbnail")[0] == {
        "kind": "thumbnail",
        "slice": 0,
        "picture": None,
        "verdict": None,
    }


@pytest.mark.parametrize(("modality", "names"), [("CT", ["soft tissue", "lung", "bone", "brain"]), ("MR", [])])
def test_ct_images_can_be_seen_through_the_windows_of_readers(modality: str, names: list[str]) -> None:
    data = image(before_and_after()[1], "9.9.0")
    data.Modality = modality
    windows = [window["name"] for window in asked(widgets.view(data), "after")[0]["windows"]]
    assert windows[-len(names) or len(windows) :] == names


@pytest.mark.parametrize("message", [{"kind": "after", "slice": 7}, {"kind": "after"}, {"kind": "rm", "slice": 0}, {}])
def test_a_message_that_makes_no_sense_is_ignored(viewer: Any, message: Any) -> None:
    viewer.send = lambda *_, **__: pytest.fail("answered")
    viewer._handle_custom_msg(message, [])


# Results and originals, found by instance


def test_boxes_and_originals_are_found_by_instance_not_by_order(tmp_path: Path) -> None:
    pairs = [before_and_after(n) for n in range(3)]
    for number, name in enumerate("cab"):
        saved(tmp_path / "original" / "deep", f"{name}.dcm", image(pairs[number][0], f"1.1.{number}"))
    (tmp_path / "original" / "README.txt").write_text("not an image")
    released = [
        saved(tmp_path / "tool", f"{number}.dcm", image(pairs[number][1], f"9.9.{number}")) for number in (2, 0, 1)
    ]
    stack = widgets.view(released, checks(range(3)).sample(frac=1, random_state=0), original=tmp_path / "original")
    for place, number in enumerate((2, 0, 1)):
        before, _ = asked(stack, "before", place)[1], None
        assert (np.frombuffer(before[0], np.uint8) == pairs[number][0].ravel()).all()
        stack.frame = place
        assert set(stack.rows["released"]) == {f"9.9.{number}"}
        assert stack.notes == []


def test_of_several_submissions_the_one_in_the_path_counts(tmp_path: Path) -> None:
    path = saved(tmp_path / "good", "1.dcm", image(before_and_after()[1], "9.9.0"))
    results = pd.concat([checks(submission="bad", verdict="failed"), checks(submission="good", verdict="passed")])
    assert set(widgets.view(path, results).regions["verdict"]) == {"passed"}
    other = widgets.view(dcmread(path), results)
    assert set(other.regions["verdict"]) == {"failed"}
    assert other.notes == ["the results hold 2 submissions; the boxes are judged as in bad."]


def test_answers_without_verdicts_draw_boxes_too() -> None:
    answers = checks().drop(columns=["verdict", "actual", "released", "submission"])
    (first, _) = asked(widgets.view(image(before_and_after()[0], "1.1.0"), answers), "after")[0]["boxes"]
    assert (first["verdict"], first["says"], first["actual"]) == ("blank", "not judged", None)


def test_results_without_regions_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^view\(\) needs the columns x0, y0, missing in this frame; "):
        widgets.view(np.zeros((4, 4)), checks().drop(columns=["x0", "y0"]))


# Bad input: it says so and stays usable


def notes(**changes: Any) -> list[str]:
    before, after = before_and_after()
    given = {"image": image(after, "9.9.0"), "results": checks(), "original": image(before, "1.1.0")} | changes
    return list(widgets.view(**given).notes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"original": image(before_and_after()[0], "1.1.77")},
         "the original is another instance than the one the results name."),
        ({"original": np.zeros((50, 50), np.uint8)},
         "the original is 50 × 50, this image 100 × 160: they cannot be laid over each other."),
        ({"original": []}, "no original of this image among those given."),
        ({"image": image(before_and_after()[1], "9.9.5")}, "the results have no pixel check for this image."),
        ({"image": np.zeros((100, 160), np.uint8)},
         "the image does not say which instance it is, so the results' boxes cannot be matched."),
        ({"results": checks(x0=-5)}, "a box reaches over the edge of the image; it is shown clipped."),
        ({"results": checks(x0=900, x1=999)}, "a box lies outside the image."),
        ({"image": image(before_and_after()[0], "9.9.0"), "results": checks(verdict="passed")},
         "box 1 passed, yet 100 % of the original text is legible. Please check."),
        ({"results": checks(verdict="failed")},
         "box 1 failed, but almost no original text is legible. Please check."),
    ],
)  # fmt: skip
def test_what_is_odd_is_said(changes: Any, said: str) -> None:
    assert said in notes(**changes)


def test_a_folder_without_the_original_is_named(tmp_path: Path) -> None:
    assert notes(original=tmp_path) == ["no original of this image in the folder given."]


def test_a_file_that_is_no_image_says_so_among_others(tmp_path: Path) -> None:
    (tmp_path / "broken.dcm").write_bytes(b"no DICOM")
    good = saved(tmp_path, "good.dcm", image(before_and_after()[1], "9.9.0"))
    stack = widgets.view([tmp_path / "broken.dcm", tmp_path / "gone.dcm", good], checks())
    errors = [asked(stack, "after", number)[0].get("error") for number in range(3)]
    assert errors[:2] == [
        "this is no readable DICOM file (InvalidDicomError).",
        "there is no such file.",
    ]
    assert errors[2] is None
    assert stack.regions.empty
    stack.frame = 2
    assert len(stack.regions) == 2


def test_pixels_that_cannot_be_decoded_say_so() -> None:
    data = image(before_and_after()[1], "9.9.0")
    del data.PixelData
    empty = widgets.view(data, checks(), image(before_and_after()[0], "1.1.0"))
    assert asked(empty, "after")[0]["error"] == "no pixels: this object holds no image."
    assert len(empty.regions) == 2
    assert empty.regions["coverage"].isna().all()
    assert empty.over_redacted == 0
    assert "no pixels: this object holds no image." in empty.as_html()


@pytest.mark.parametrize("kind", ["after", "before", "measures"])
def test_an_answer_comes_whatever_happens(viewer: Any, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise KeyError("DOE^JANE")

    monkeypatch.setattr(pixels, "plane", broken)
    monkeypatch.setattr(pixels, "clip", broken)
    told = {"kind": kind, "slice": 0, "error": "this slice cannot be shown (KeyError)."}
    assert asked(viewer, kind) == (told, [])


def test_a_long_cine_opens_at_once_and_decodes_what_is_asked_for() -> None:
    def held() -> int:
        gc.collect()
        return sum(isinstance(one, pixels.Plane) for one in gc.get_objects())

    before = held()
    cine = np.zeros((1000, 64, 64), np.uint8)
    cine[:, 0, 0] = np.arange(1000) % 256
    long = widgets.view(image(cine, "9.9.0"), checks())
    assert long.count == 1000
    told, buffers = asked(long, "after", 999)
    assert buffers[0][0] == 999 % 256
    assert told["title"] == "data set, frame 1000 of 1000"
    for number in range(50):
        asked(long, "after", number)
    assert held() <= before + 8


def test_an_original_with_fewer_frames_shows_its_last_one() -> None:
    cine = np.zeros((3, 64, 64), np.uint8)
    short = widgets.view(cine, original=cine[:2])
    short.frame = 2
    assert "the original has 2 frames only; its last one is shown." in short.notes


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([], ValueError, "view() needs at least one image; the list is empty."),
        (5, TypeError, "view() shows paths, pydicom Datasets and arrays, got int."),
    ],
)
def test_what_is_no_image_is_refused(given: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        widgets.view(given)


# Without values, without a kernel


def test_values_can_be_hidden_texts_and_pixels_alike(tmp_path: Path) -> None:
    before, after = before_and_after()
    path = saved(tmp_path / "DOE JANE", "DOE.dcm", image(after, "9.9.0"))
    hidden = widgets.view(path, checks(), image(before, "1.1.0"), values=False)
    for kind in ("after", "before"):
        told, buffers = asked(hidden, kind)
        seen = np.frombuffer(buffers[0], np.uint8).reshape(100, 160)
        assert (seen[10:30, 20:140] == 0).all()
        assert (seen[40:60, 20:140] == 0).all()
        assert "DOE" not in str(told)
        assert "JANE" not in str(told)
    assert asked(hidden, "after")[0]["title"] == "image 1"
    assert not re.search("DOE|JANE", hidden.as_html())


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((100, 160), (-3, -3, 140, 60)),
        ((50, 80), (20, 10, 140, 60)),
        ((50, 15), (20, 10, 999, 60)),
        (None, (-3, -3, 140, 60)),
    ],
    ids=["over the edge", "released smaller", "outside the released", "released undecodable"],
)
def test_the_original_is_blanked_whatever_became_of_the_released_image(size: Any, box: Any) -> None:
    released = image(np.zeros(size or (100, 160), np.uint8), "9.9.0")
    if size is None:
        released.PixelData = b"no"
    boxes = checks().iloc[:1].assign(**dict(zip(room._BOX, box, strict=True)))
    hidden = widgets.view(released, boxes, image(before_and_after()[0], "1.1.0"), values=False)
    seen = np.frombuffer(asked(hidden, "before")[1][0], np.uint8)
    assert set(np.unique(seen)) == {0, 20}
    shown = [picture["href"].split(",")[1] for picture in Page(hidden.as_html()).all("image")]
    before = np.asarray(Image.open(io.BytesIO(base64.b64decode(shown[0]))))
    assert before.max() == 20


def test_without_values_no_error_names_the_file(tmp_path: Path) -> None:
    path = saved(tmp_path, "DOE_JANE.dcm", image(before_and_after()[1], "9.9.0"))
    hidden = widgets.view(path, values=False, original=[path])
    path.unlink()
    for kind in ("after", "before"):
        assert asked(hidden, kind)[0]["error"] == "the file cannot be read."
    assert "DOE" not in str(hidden.notes) + hidden.as_html()


def test_a_box_that_lacks_a_corner_is_no_box() -> None:
    results = checks().astype({"y1": "Int32"})
    results.loc[0, "y1"] = pd.NA
    assert widgets.view(image(before_and_after()[1], "9.9.0"), results).regions["y0"].tolist() == [40]


class Page(HTMLParser):
    """The tags of a page, with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, Any]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, Any]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_a_page_without_a_kernel_shows_pictures_boxes_and_a_table(viewer: Any) -> None:
    page = Page(viewer.as_html())
    assert [picture["aria-label"] for picture in page.all("svg")] == ["original", "released"]
    assert all(base64.b64decode(p["href"].split(",")[1])[:4] == b"\x89PNG" for p in page.all("image"))
    assert [box["y"] for box in page.all("rect")] == ["10", "40"] * 2
    assert "✖ visible" in page.text
    assert re.findall(r"\d+ %", page.text), "rates as everywhere else"
    assert page.all("table")[0]["class"] == "grid", "texts to the left, as in all tables of widgets"
    assert "DOE^JANE" in page.text
    assert not page.all("script")
    assert "http" not in viewer.as_html()


def test_text_from_the_data_is_escaped() -> None:
    page = widgets.view(image(before_and_after()[1], "9.9.0"), checks(expected="<script>x</script>")).as_html()
    assert not Page(page).all("script")


def test_a_viewer_that_is_closed_is_let_go_of() -> None:
    before = set(_instances)
    viewer = widgets.view(image(before_and_after()[1], "9.9.0"), checks())
    asked(viewer, "after")
    gone = weakref.ref(viewer)
    viewer.close()
    del viewer
    gc.collect()
    assert gone() is None
    assert set(_instances) <= before


# Controls


def test_modes_are_those_the_browser_knows(viewer: Any) -> None:
    code = (Path(room.__file__).parent / "viewer.js").read_text()
    assert tuple(re.findall(r'^  \["(\w+)", "[A-Z]', code, re.MULTILINE)) == room.MODES
    with pytest.raises(Exception, match=r"Invalid|any of"):
        viewer.mode = "x-ray"


def test_nothing_given_is_changed(viewer: Any) -> None:
    results = checks()
    copy = results.copy()
    made = widgets.view(image(before_and_after()[1], "9.9.0"), results)
    made.selected = 0
    made.as_html()
    assert len(made.selection) == 1
    pd.testing.assert_frame_equal(results, copy)
