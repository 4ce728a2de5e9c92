"""Boards: one widget each, messages both ways, and the picture that a notebook keeps."""

from __future__ import annotations

import gc
import weakref

import anywidget
import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

from midi_nb.widgets import explore, review, view, what_if
from midi_nb.widgets.board import Board
from midi_nb.widgets.page import Markup, tag
from midi_nb.widgets.viewer import Viewing


class Plain(Board):
    """A board of two pages that keeps what is done on it, and what it sends."""

    def __init__(self):
        self.done, self.sent = [], []
        super().__init__("plain", {"head": "Head", "main": "Main"})

    def send(self, content, buffers=None):
        self.sent.append(content)

    def _act(self, act, of, value):
        self.done.append((act, of, value))


@pytest.fixture
def board():
    return Plain()


def hear(board, **message):
    board._hear(None, message, [])


def test_a_page_is_sent_when_it_changes_and_all_of_them_when_a_browser_asks(board):
    page = {"kind": "page", "page": "head", "html": "<p>1</p>"}
    board.show(head=Markup("<p>1</p>"))
    board.show(head=Markup("<p>1</p>"))
    assert board.sent == [page]
    hear(board, kind="ready")
    assert board.sent[1:] == [page, {"kind": "page", "page": "main", "html": ""}]
    assert {type(message["html"]) for message in board.sent} == {str}


def test_what_is_done_on_a_page_reaches_the_board(board):
    hear(board, kind="act", act="pick", of="3", value=None)
    hear(board, kind="act", act="search", value="x")
    board.act("page", 2)
    assert board.done == [("pick", "3", None), ("search", "", "x"), ("page", "2", None)]


@pytest.mark.parametrize(
    "message", ["nonsense", None, {}, {"kind": "act"}, {"kind": "act", "act": 5}, {"kind": "state"}]
)
def test_messages_that_make_no_sense_are_ignored(board, message):
    board._hear(None, message, [])
    assert (board.done, board.sent) == ([], [])


def test_nothing_of_a_page_is_kept_in_the_state_of_the_widget(board):
    board.show(main=Markup("<p>DOE^JANE</p>"))
    assert "DOE" not in str(board.get_state())


def test_a_viewer_in_a_board_is_told_of_and_answers_by_its_number(board):
    board.mount(Viewing(np.zeros((8, 8), np.uint8), None, None))
    (mounted,) = board.sent
    assert (mounted["kind"], mounted["viewer"], mounted["state"]["mode"]) == ("mount", 1, "after")
    hear(board, kind="message", viewer=1, content={"kind": "after", "slice": 0})
    assert board.sent[1]["content"]["rows"] == 8

    board.viewer.overlay = False
    assert board.sent[2] == {"kind": "state", "viewer": 1, "state": {"overlay": False}}
    board.mount(None)
    assert board.sent[3] == {"kind": "mount", "viewer": None, "state": None}
    hear(board, kind="message", viewer=1, content={"kind": "after", "slice": 0})
    assert len(board.sent) == 4


def test_a_browser_is_not_told_what_it_said_but_what_came_of_it(board):
    board.mount(Viewing([np.zeros((8, 8), np.uint8)] * 3, None, None))
    board.viewer.selected = 0
    del board.sent[:]
    hear(board, kind="state", viewer=1, state={"frame": 2})
    assert board.viewer.frame == 2
    assert board.sent == [{"kind": "state", "viewer": 1, "state": {"selected": -1}}]
    hear(board, kind="state", viewer=1, state={"frame": 99, "mode": "x-ray", "height": "tall", "other": 1})
    assert (board.viewer.frame, board.viewer.mode) == (2, "after")


def test_every_widget_is_one_model(results, images, tmp_path):
    made = [
        explore(results, *images),
        what_if(results),
        view(images[0] / "1.dcm", results),
        review(results, *images, log=tmp_path / "verdicts.jsonl"),
    ]
    made[0].set(table="failures", picked=5)
    assert made[0].viewer is not None
    for widget in made:
        assert isinstance(widget, anywidget.AnyWidget)
        references = [value for value in widget.get_state().values() if "IPY_MODEL_" in str(value)]
        assert references == [f"IPY_MODEL_{widget.layout.model_id}"]


def test_a_board_that_is_closed_is_let_go_of_with_all_it_is_made_of():
    before = set(_instances)
    board = Plain()
    gone = weakref.ref(board)
    board.close()
    board.close()
    del board
    gc.collect()
    assert gone() is None
    assert set(_instances) <= before


# The picture


def test_the_picture_says_that_it_is_one_and_shows_the_filters_that_are_set(results, images):
    explorer = explore(results, *images)
    explorer.set(filters={"action": ["pixels_hidden"]}, table="failures", picked=5)
    picture = explorer.as_html()
    assert "This is a picture. Run the cell to use it." in picture
    assert '<span class="chip">action: text in pixels must go</span>' in picture
    assert picture.count("data:image/png;base64,") == 2  # the image of the check that is picked: before and after
    assert "http" not in picture.replace("http://www.w3.org", "")


def test_nothing_in_a_picture_looks_as_if_it_could_be_used(board):
    option = [tag("option", name, value=name, selected=name == "b < c") for name in ("a", "b < c", "d")]
    board.show(
        main=tag(
            "p", tag("button", "press", type="button"), tag("select", option), tag("tr", "row", tabindex=0),
            tag("input", type="checkbox", checked=True), tag("input", type="checkbox"),
            tag("input", type="number", value="70"), tag("input", type="search", value="x"), "<button tabindex='0'>",
        )
    )  # fmt: skip
    shown = board.as_html().partition('data-page="main">')[2]
    assert shown.startswith(
        "<p><span>press</span>b &lt; c<tr>row</tr>☑☐70&lt;button tabindex=&#39;0&#39;&gt;</p></div>"
    )
