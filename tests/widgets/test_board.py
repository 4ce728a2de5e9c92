"""Boards: one widget each, messages both ways, and the picture that a notebook keeps."""

from __future__ import annotations

import gc
import re
import weakref

import anywidget
import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

from midi_nb.widgets import explore, review, view, what_if
from midi_nb.widgets.board import Board
from midi_nb.widgets.viewer import Viewing


@pytest.fixture
def board():
    """A board that keeps what it sends."""
    made = Board("plain")
    made.sent = []
    made.send = lambda content, buffers=None: made.sent.append(content)
    return made


@pytest.fixture
def deck(results, images, tmp_path):
    return review(results, *images, log=tmp_path / "verdicts.jsonl")


def test_a_page_is_sent_when_it_changes_and_when_a_browser_asks(deck, ask):
    (page,) = ask(deck, kind="ready")
    assert page == {"kind": "page", "html": str(deck.markup)}
    assert type(page["html"]) is str
    (other,) = ask(deck, kind="act", act="contrast", of="", value=None)
    assert other["html"] == str(deck.markup) != page["html"]
    assert ask(deck, kind="act", act="dance") == []


def test_what_is_done_on_a_page_reaches_the_deck(deck, ask):
    ask(deck, kind="act", act="go", of="1", value=None)
    assert deck.place == 1
    ask(deck, kind="act", act="previous")
    assert deck.place == 0


@pytest.mark.parametrize(
    "message", ["nonsense", None, {}, {"kind": "act"}, {"kind": "act", "act": 5}, {"kind": "state"}]
)
def test_messages_that_make_no_sense_are_ignored(deck, ask, message):
    before = deck.markup
    assert ask(deck, message) == []
    assert deck.markup == before


def test_nothing_of_a_page_is_kept_in_the_state_of_the_widget(deck):
    assert "DOE JANE" in deck.markup
    assert "DOE" not in str({name: value for name, value in deck.get_state().items() if name not in ("_esm", "_css")})


def test_a_viewer_in_a_board_is_told_of_and_answers_by_its_number(board):
    board.mount(Viewing(np.zeros((8, 8), np.uint8), None, None))
    (mounted,) = board.sent
    assert (mounted["kind"], mounted["viewer"], mounted["state"]["mode"]) == ("mount", 1, "after")
    board.hear({"kind": "message", "viewer": 1, "content": {"kind": "after", "slice": 0}})
    assert board.sent[1]["content"]["rows"] == 8

    board.hear({"kind": "ready"})
    assert board.sent.pop() == mounted, "a browser that is opened again"
    board.viewer.overlay = False
    assert board.sent[2] == {"kind": "state", "viewer": 1, "state": {"overlay": False}}
    board.mount(None)
    assert board.sent[3] == {"kind": "mount", "viewer": None, "state": None}
    board.hear({"kind": "message", "viewer": 1, "content": {"kind": "after", "slice": 0}})
    assert len(board.sent) == 4


def test_a_browser_is_not_told_what_it_said_but_what_came_of_it(board):
    board.mount(Viewing([np.zeros((8, 8), np.uint8)] * 3, None, None))
    board.viewer.selected = 0
    del board.sent[:]
    board.hear({"kind": "state", "viewer": 1, "state": {"frame": 2}})
    assert board.viewer.frame == 2
    assert board.sent == [{"kind": "state", "viewer": 1, "state": {"selected": -1}}]
    board.hear({"kind": "state", "viewer": 1, "state": {"frame": 99, "mode": "x-ray", "height": "tall", "other": 1}})
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
    board = Board("plain")
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


def test_nothing_in_a_picture_looks_as_if_it_could_be_used(deck):
    assert "<button" in deck.markup
    shown = deck.as_html().partition("</style>")[2]
    assert not re.search("<button|<input|<select|tabindex|data-(act|of|id|keys)|role=", shown)
    assert "Check 1 of 2" in shown
