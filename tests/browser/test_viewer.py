"""The redaction viewer in JupyterLab: every key, drag and click, and what the kernel knows of it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset

from midi_nb.engine import pixels
from midi_nb.widgets import view
from midi_nb.widgets.viewer import Viewer

SETUP = """
import numpy as np, pandas as pd
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from midi_nb.engine import pixels
from midi_nb.widgets import view

def image(uid, values):
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    data.SOPInstanceUID, data.Rows, data.Columns = uid, *values.shape
    data.SeriesInstanceUID = uid[:3]
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, 12, 11
    data.WindowCenter, data.WindowWidth = [500, 1500], [800, 400]
    data.PixelData = values.astype("<u2").tobytes()
    return data

y, x = np.mgrid[:512, :512]
tissue = (np.hypot(x - 256, y - 256) < 200) * (600 + 300 * np.sin(x / 40) * np.cos(y / 30))
before = []
for number in range(3):
    values = tissue + 40 * number
    for top in (20, 60):
        letters = np.random.default_rng(top).integers(0, 2, (5, 40))
        values[top:top + 20, 20:180] = np.kron(letters, np.ones((4, 4))) * 3000
    before.append(values)
after = [values.copy() for values in before]
for values in after:
    values[20:40, 20:180] = 0        # hidden
    values[60:80, 20:100] = 0        # half of it
    values[400:440, 300:380] = 0     # nobody asked for this
originals = [image(f"1.2.{n}", v) for n, v in enumerate(before)]
released = [image(f"9.9.{n}", v) for n, v in enumerate(after)]
results = pd.DataFrame([
    dict(submission="tool", instance=f"1.2.{n}", released=f"9.9.{n}", action="pixels_hidden",
         x0=20, y0=top, x1=180, y1=top + 20, expected="DOE^JANE", actual=seen, verdict=verdict)
    for n in range(3) for top, seen, verdict in ((20, "", "passed"), (60, "JANE", "failed"))
])
viewer = view(released, results, originals)
viewer
"""

AS_IT_OPENS = """() => {
  const seen = (selector) => document.querySelector('.midi-viewer').querySelector(selector);
  return seen('.midi-screen').dataset.shown?.startsWith('0 after 500.00 800.00 ')
    && seen('.midi-label')?.textContent.includes('legible')
    && seen('.midi-overlay').ariaPressed === 'true' && !seen('.midi-boxes [aria-pressed=true]');
}"""
DRAWN = "() => new Promise((done) => requestAnimationFrame(done))"  # the viewer draws in the frame after a change
PIXEL = """([x, y]) => {
  const canvas = document.querySelector('.midi-screen'), zoom = canvas.height / 512;
  const left = (canvas.width - 512 * zoom) / 2;
  return [...canvas.getContext('2d').getImageData(left + x * zoom, y * zoom, 1, 1).data].slice(0, 3);
}"""


@pytest.fixture(scope="module")
def opened(shared_notebook: Callable[..., Any]) -> Any:
    return shared_notebook([SETUP], width=1280, height=1000)


@pytest.fixture
def page(opened: Any) -> Any:
    """The viewer as it opens: first slice, released image, window of the file, all of it in view."""
    start = {"frame": 0, "mode": "after", "window": [], "overlay": True, "selected": -1}
    opened.mouse.move(0, 0)
    opened.locator(".midi-viewer").scroll_into_view_if_needed()
    press(opened, "0")
    for _ in range(300):  # JupyterLab's widgets have a thread of the kernel: what the last test did may come late
        opened.kernel(f"[setattr(viewer, *item) for item in {start}.items()]")
        opened.evaluate(DRAWN)
        if opened.evaluate(AS_IT_OPENS):
            return opened
        opened.wait_for_timeout(100)
    raise AssertionError(shown(opened))


def shown(page: Any) -> list[str]:
    """What the image area says it draws: slice, mode, centre, width, zoom, label."""
    page.evaluate(DRAWN)
    return str(page.get_attribute(".midi-screen", "data-shown")).split(" ")


def press(page: Any, *keys: str) -> None:
    page.locator(".midi-screen").focus()
    for key in keys:
        page.keyboard.press(key)


def drag(page: Any, dx: int, dy: int, at: tuple[float, float] = (0.5, 0.5), key: str | None = None) -> None:
    box = place_of(page, ".midi-screen")
    x, y = box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"]
    if key:
        page.keyboard.down(key)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx / 2, y + dy / 2)
    page.mouse.move(x + dx, y + dy)
    page.mouse.up()
    if key:
        page.keyboard.up(key)


def pixel(page: Any, x: float, y: float) -> list[int]:
    """The colour drawn at a pixel of the image, while the whole image is in view."""
    page.evaluate(DRAWN)
    return list(page.evaluate(PIXEL, [x, y]))


def blinking(page: Any, phase: str) -> list[int]:
    """The colour of a pixel that only the tool changed, as soon as this phase is drawn."""
    script = f"(at) => document.querySelector('.midi-corner').textContent === '{phase}' && ({PIXEL})(at)"
    return list(page.wait_for_function(script, arg=[340, 420]).json_value())


def place_of(page: Any, selector: str) -> dict[str, float]:
    """Where an element stands, once it does: boxes are drawn anew whenever the viewer's state changes."""
    for _ in range(100):
        place = page.locator(selector).bounding_box()
        if place is not None:
            return dict(place)
        page.wait_for_timeout(50)
    raise AssertionError(f"{selector} never came to stand anywhere")


def test_boxes_are_drawn_by_verdict_and_labelled_with_how_much_is_legible(page: Any) -> None:
    labels = page.eval_on_selector_all(".midi-label", "nodes => nodes.map(n => n.textContent)")
    assert labels == ["1 ✔ hidden, 0 % legible", "2 ✖ visible, 53 % legible"]
    assert page.locator("rect.midi-pass").count() == page.locator("rect.midi-fail").count() == 1
    assert page.locator(".midi-status").inner_text() == "slice 1 of 3, 2 boxes, 1 still visible"


def test_what_changed_outside_the_boxes_is_said_and_marked(page: Any) -> None:
    assert "2,681 pixels outside every box changed (1.0 % of the image)." in page.locator(".midi-notes").inner_text()
    marked = pixel(page, 340, 420)
    page.get_by_role("button", name="Over-redaction").click()
    assert marked != pixel(page, 340, 420) == [0, 0, 0]
    page.kernel_has("viewer.overlay", False)


def test_dragging_changes_the_window_in_the_browser_and_the_kernel_learns_of_it(page: Any) -> None:
    grey = pixel(page, 256, 256)
    assert grey[0] == pytest.approx(page.kernel("int(pixels.shown(pixels.plane(released[0]))[256, 256])"), abs=2)
    drag(page, -150, 40)
    _, _, center, width, *_ = shown(page)
    assert float(width) < 500
    page.kernel_has("viewer.window", pytest.approx([float(center), float(width)], abs=0.01))
    assert pixel(page, 256, 256) != grey
    press(page, "r")
    assert pixel(page, 256, 256) == grey


def test_the_windows_the_file_asks_for_are_presets(page: Any) -> None:
    presets = page.get_by_role("combobox", name="Window")
    assert presets.locator("option").all_inner_texts() == ["window 1 of the file", "window 2 of the file", "fitted"]
    presets.select_option("window 2 of the file")
    page.kernel_has("viewer.window", [1499.5, 399.0])


def test_keys_zoom_pan_compare_and_step_without_reaching_jupyterlab(page: Any) -> None:
    cells = page.locator(".jp-Cell").count()
    fitted = float(shown(page)[4])
    press(page, "+", "+")
    assert float(shown(page)[4]) == pytest.approx(fitted * 1.25**2, rel=0.01)
    press(page, "0")
    assert float(shown(page)[4]) == fitted
    for key, mode in (
        ("2", "before"),
        ("3", "beside"),
        ("s", "swipe"),
        ("d", "difference"),
        ("b", "blink"),
        ("1", "after"),
    ):
        press(page, key)
        assert shown(page)[1] == mode
        page.kernel_has("viewer.mode", mode)
    press(page, "ArrowRight", "ArrowRight", "ArrowRight")
    page.wait_for_function("() => document.querySelector('.midi-screen').dataset.shown.startsWith('2 ')")
    page.kernel_has("viewer.frame", 2)
    press(page, "Home", "a", "x", "d", "d")
    assert page.locator(".jp-Cell").count() == cells


def test_no_control_lets_its_keys_through_to_jupyterlab(page: Any) -> None:
    focusable = page.locator(".midi-viewer").locator("button, select, input, canvas, [tabindex]")
    assert focusable.count() > 15
    suppressed = focusable.evaluate_all("nodes => nodes.every(n => n.dataset.lmSuppressShortcuts === 'true')")
    assert suppressed
    named = focusable.evaluate_all(
        "nodes => nodes.filter(n => !(n.getAttribute('aria-label') || n.textContent)).length"
    )
    assert named == 0


def test_what_is_read_out_holds_what_is_seen(page: Any) -> None:
    names = [
        page.get_by_role("button", name=name, exact=True)
        for name in ("Released", "Fit", "Over-redaction", "Zoom in (+)")
    ]
    assert [name.count() for name in names] == [1, 1, 1, 1]


def test_blinking_shows_before_and_after_in_turns(page: Any) -> None:
    press(page, "b")
    hidden = blinking(page, "released")
    assert blinking(page, "original") != hidden


def test_the_swipe_line_shows_the_original_on_its_left(page: Any) -> None:
    page.get_by_role("button", name="Over-redaction").click()
    press(page, "s")
    assert pixel(page, 340, 420) == [0, 0, 0]
    drag(page, 200, 0)
    assert pixel(page, 340, 420) != [0, 0, 0]


def test_the_difference_glows_where_pixels_changed(page: Any) -> None:
    press(page, "d", "o")
    red, green, blue = pixel(page, 340, 420)
    assert red > 200
    assert blue < 60
    red, green, blue = pixel(page, 256, 256)
    assert red == green == blue


def test_side_by_side_both_images_move_together_and_the_boxes_stand_in_both(page: Any) -> None:
    page.get_by_role("button", name="Over-redaction").click()
    press(page, "3")
    assert shown(page)[1] == "beside"
    wide = page.evaluate("document.querySelector('.midi-stage').clientWidth")
    left, right = (place_of(page, f"rect.midi-fail >> nth={number}")["x"] for number in (0, 1))
    assert right - left == pytest.approx(wide / 2, abs=1)
    script = """() => {
      const canvas = document.querySelector('.midi-screen'), context = canvas.getContext('2d');
      const zoom = Number(canvas.dataset.shown.split(' ')[4]);
      const [x, y] = [(canvas.width / 2 - 512 * zoom) / 2 + 340 * zoom, (canvas.height - 512 * zoom) / 2 + 420 * zoom];
      return [x, x + canvas.width / 2].map((at) => context.getImageData(at, y, 1, 1).data[0]);
    }"""
    before, after = page.evaluate(script)
    assert before > 0 == after
    drag(page, 30, 0, at=(0.75, 0.9), key="Shift")
    assert place_of(page, "rect.midi-fail >> nth=0")["x"] == pytest.approx(left + 30, abs=1)
    box = place_of(page, "rect.midi-fail >> nth=1")
    page.mouse.click(box["x"] + 20, box["y"] + 8)
    page.kernel_has("viewer.selected", 1)


def test_black_and_white_can_be_exchanged(page: Any) -> None:
    (grey, *_) = pixel(page, 256, 256)
    press(page, "i")
    assert pixel(page, 256, 256)[0] == pytest.approx(255 - grey, abs=1)
    page.get_by_role("button", name="Invert").click()
    assert pixel(page, 256, 256)[0] == grey


def test_the_wheel_goes_through_the_stack_and_with_ctrl_it_zooms(page: Any) -> None:
    fitted = float(shown(page)[4])
    box = place_of(page, ".midi-screen")
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator(".midi-screen").focus()
    page.mouse.wheel(0, 100)
    page.kernel_has("viewer.frame", 1)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    page.wait_for_function(
        f"() => Number(document.querySelector('.midi-screen').dataset.shown.split(' ')[4]) > {fitted}"
    )
    page.kernel_has("viewer.frame", 1)


def test_thumbnails_show_the_neighbours_and_their_worst_verdict(page: Any) -> None:
    strip = page.get_by_role("group", name="Neighbours")
    page.wait_for_function("() => document.querySelectorAll('.midi-strip img').length === 3")
    assert strip.locator(".midi-mark").all_inner_texts() == ["✖", "✖", "✖"]
    strip.get_by_role("button", name="slice 3, a box still visible").click()
    page.kernel_has("viewer.frame", 2)
    assert strip.locator("[aria-current]").get_attribute("aria-label") == "slice 3, a box still visible"


def test_the_stack_plays_until_it_is_stopped(page: Any) -> None:
    press(page, " ")
    for number in (1, 2, 0):
        page.wait_for_function(f"() => document.querySelector('.midi-screen').dataset.shown.startsWith('{number} ')")
    page.get_by_role("button", name="Stop (space)").click()
    page.wait_for_timeout(300)
    stopped = shown(page)[0]
    page.wait_for_timeout(300)
    assert shown(page)[0] == stopped


def test_what_is_seen_can_be_saved_and_copied(page: Any) -> None:
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save", exact=True).click()
    assert saved.value.suggested_filename == "slice-1-after.png"
    with Image.open(saved.value.path()) as picture:
        size = page.evaluate("(({ width, height }) => [width, height])(document.querySelector('.midi-screen'))")
        assert [*picture.size] == size
        box = place_of(page, "rect.midi-fail")
        stage = place_of(page, ".midi-screen")
        edge = picture.getpixel((round(box["x"] + box["width"] / 2 - stage["x"]), round(box["y"] + 1.5 - stage["y"])))
    assert edge[0] > edge[2] + 60, "the box is not in the picture"
    page.get_by_role("button", name="Copy", exact=True).click()
    page.wait_for_function("() => /copied|use Save/.test(document.querySelector('.midi-status').textContent)")


def test_two_fingers_zoom(page: Any) -> None:
    fitted = float(shown(page)[4])
    page.evaluate("""() => {
      const screen = document.querySelector('.midi-screen'), at = screen.getBoundingClientRect();
      screen.setPointerCapture = () => {};
      const touch = (type, pointerId, x) => screen.dispatchEvent(new PointerEvent(type,
        { pointerId, pointerType: 'touch', clientX: at.left + x, clientY: at.top + 200, bubbles: true }));
      touch('pointerdown', 11, 200); touch('pointerdown', 12, 300);
      touch('pointermove', 12, 400);
      touch('pointerup', 11, 200); touch('pointerup', 12, 400);
      delete screen.setPointerCapture;
    }""")
    assert float(shown(page)[4]) == pytest.approx(2 * fitted, rel=0.01)
    page.kernel_has("viewer.window", [])


def test_a_click_on_a_box_selects_its_row(page: Any) -> None:
    page.get_by_role("button", name="2 visible").click()
    page.kernel_has("viewer.selection.actual.tolist()", ["JANE"])
    facts = page.locator(".midi-facts:visible").inner_text()
    assert "DOE^JANE" in facts
    assert "48 %" in facts
    press(page, "Escape")
    page.kernel_has("len(viewer.selection)", 0)


def test_hovering_a_box_tells_its_words(page: Any) -> None:
    box = place_of(page, "rect.midi-fail")
    page.mouse.move(box["x"] + 20, box["y"] + 8)
    tip = page.locator(".midi-tip")
    tip.wait_for(state="visible")
    assert all(words in tip.inner_text() for words in ("visible", "DOE^JANE", "JANE", "48 %"))


def test_the_slider_goes_through_the_slices(page: Any) -> None:
    page.get_by_role("slider", name="slice").fill("1")
    page.wait_for_function("() => document.querySelector('.midi-screen').dataset.shown.startsWith('1 ')")
    page.kernel_has("viewer.frame", 1)
    assert page.locator(".midi-place").inner_text() == "2 / 3"


def test_the_kernel_can_steer_the_viewer(page: Any) -> None:
    page.kernel(
        "[setattr(viewer, 'frame', 2), setattr(viewer, 'mode', 'before'), setattr(viewer, 'window', [100, 50])]"
    )
    page.wait_for_function(
        "() => document.querySelector('.midi-screen').dataset.shown.startsWith('2 before 100.00 50.00')"
    )


# In the smallest front end: a notebook of each would take ten times as long.


@pytest.fixture
def made() -> Any:
    """What the cell makes, in this process."""
    names: dict[str, Any] = {}
    exec(SETUP, names)
    return SimpleNamespace(**names)


def test_an_image_that_cannot_be_shown_says_so_and_the_viewer_stays_usable(show: Callable[..., Any], made: Any) -> None:
    del made.released[1].PixelData
    page = show(view(made.released, made.results))
    page.wait_for_selector(".midi-viewer .midi-boxes li")
    press(page, "ArrowRight")
    page.wait_for_selector(".midi-message:visible")
    assert page.locator(".midi-message").inner_text() == "no pixels: this object holds no image."
    press(page, "ArrowRight")
    page.wait_for_function("() => document.querySelector('.midi-screen').dataset.shown.startsWith('2 ')")
    assert not page.locator(".midi-message").is_visible()


def table(*levels: int) -> Dataset:
    item = Dataset()
    item.add_new(0x00283002, "US", [4096, 0, 16])
    item.add_new(0x00283006, "US", np.linspace(*levels, 4096).astype(int).tolist())
    return item


def looks(page: Any, image: Dataset, number: int, of: Dataset | None = None) -> bool:
    """Whether its middle is drawn as the kernel would through a window of its own, or of another image."""
    window = pixels.plane(of or image).windows[number]
    return bool(pixel(page, 256, 256)[0] == pytest.approx(pixels.shown(pixels.plane(image), window)[256, 256], abs=2))


def test_an_original_with_a_table_is_seen_through_the_window_of_the_released_image(
    show: Callable[..., Any], made: Any
) -> None:
    released, original = made.released[0], made.originals[0]
    del original.WindowCenter, original.WindowWidth
    original.VOILUTSequence = [table(65535, 0)]
    page = show(view(released, made.results, original))
    page.wait_for_selector(".midi-label")
    press(page, "2")
    assert looks(page, original, 0, of=released)


def test_tables_and_curves_of_the_file_can_be_chosen(show: Callable[..., Any], made: Any) -> None:
    released, original = made.released[0], made.originals[0]
    released.VOILUTFunction, released.VOILUTSequence = "SIGMOID", [table(65535, 0)]
    page = show(view(released, made.results, original))
    page.wait_for_selector(".midi-label")
    presets = page.get_by_role("combobox", name="Window")
    assert presets.locator("option").all_inner_texts() == [
        "window 1 of the file",
        "window 2 of the file",
        "table 1 of the file",
        "fitted",
    ]
    for number, name in (
        (2, "table 1 of the file"),
        (1, "window 2 of the file"),
        (3, "fitted"),
        (2, "table 1 of the file"),
    ):
        presets.select_option(name)
        assert looks(page, released, number), name
        assert presets.evaluate("node => node.selectedOptions[0].text") == name
    press(page, "2")
    assert looks(page, original, 0)
    press(page, "1", "]")
    assert presets.evaluate("node => node.selectedOptions[0].text") == "by hand"
    press(page, "r")
    assert looks(page, released, 0)


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Changes the script of the viewers made from now on."""

    def change(old: str, new: str) -> None:
        assert old in Viewer._esm
        monkeypatch.setattr(Viewer, "_esm", Viewer._esm.replace(old, new))

    return change


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What viewers asked for, and what of it is not to be answered."""
    talk, answer = SimpleNamespace(asked=[], lost=[]), Viewer.hear

    def hear(self: Viewer, message: Any) -> None:
        asked = "{kind} {slice}".format_map(message)
        if message["kind"] != "thumbnail":
            talk.asked.append(asked)
        if asked not in talk.lost:
            answer(self, message)

    monkeypatch.setattr(Viewer, "hear", hear)
    return talk


def at_the_second(released: Any) -> Viewer:
    viewer = view(released)
    viewer.frame = 1
    return viewer


def test_neighbours_that_do_not_fit_in_the_memory_are_not_asked_for(
    show: Callable[..., Any], made: Any, talk: Any, changed: Callable[[str, str], None]
) -> None:
    changed("256 * 2 ** 20", "1_000_000")
    page = show(at_the_second(made.released))
    page.wait_for_function("() => document.querySelectorAll('.midi-strip img').length === 3")  # asked for last
    assert talk.asked == ["after 1", "measures 1"]


def test_neighbours_larger_than_this_slice_are_asked_for_once(
    show: Callable[..., Any], made: Any, talk: Any, changed: Callable[[str, str], None]
) -> None:
    changed("256 * 2 ** 20", "500_000")
    made.released[1] = made.image("9.9.1", made.after[1][:200, :200])
    page = show(at_the_second(made.released))
    page.wait_for_function("() => document.querySelectorAll('.midi-strip img').length === 3")
    page.wait_for_timeout(200)
    assert talk.asked == ["after 1", "measures 1", "after 2", "after 0"]


def test_an_answer_that_gets_lost_blocks_nothing(
    show: Callable[..., Any], made: Any, talk: Any, changed: Callable[[str, str], None]
) -> None:
    changed("PATIENCE = 5000", "PATIENCE = 200")
    talk.lost.append("after 0")
    viewer = view(made.released)
    page = show(viewer)
    page.wait_for_selector(".midi-screen")
    viewer.frame = 2
    page.wait_for_function("() => document.querySelector('.midi-screen').dataset.shown?.startsWith('2 ')")
    talk.lost.clear()
    viewer.frame = 0
    page.wait_for_function("() => document.querySelector('.midi-screen').dataset.shown?.startsWith('0 ')")


COUNTING = """
const create = document.createElement;
globalThis.canvases = 0;
document.createElement = function (tag, ...rest) {
  canvases += tag === "canvas";
  return create.call(this, tag, ...rest);
};
"""


def test_one_mask_is_painted_at_a_time(show: Callable[..., Any], made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Viewer, "_esm", COUNTING + Viewer._esm)
    viewer = view(made.released, made.results, made.originals)
    page = show(viewer)
    page.wait_for_selector(".midi-label")
    canvases = page.evaluate("canvases")
    assert canvases > 0
    for number in (0, 1, 2):
        viewer.frame = number
        page.wait_for_function(f"() => document.querySelector('.midi-screen').dataset.shown.startsWith('{number} ')")
        page.wait_for_function(f"(at) => ({PIXEL})(at).some(Boolean)", arg=[340, 420])
    assert page.evaluate("canvases") == canvases
