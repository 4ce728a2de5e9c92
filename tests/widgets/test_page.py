"""Pages: markup that cannot be broken out of, and messages both ways."""

from __future__ import annotations

import gc
import weakref

import ipywidgets
import pytest
from ipywidgets.widgets.widget import _instances

from midi_nb.widgets.page import Board, Markup, Page, tag


@pytest.fixture
def page(monkeypatch):
    told, sent = [], []
    page = Page(lambda *what: told.append(what), "label")
    monkeypatch.setattr(page, "send", lambda content, buffers=None: sent.append(content))
    page.told, page.sent = told, sent
    return page


@pytest.mark.parametrize("text", ["<b>", "&amp;", '"', "'", "\ud800", "a\x00b"])
def test_text_and_attributes_are_escaped(text):
    made = tag("td", text, title=text)
    inside = made.removeprefix('<td title="').removesuffix("</td>")
    assert not set("<\"'") & set(inside.replace('">', "", 1))
    made.encode()


def test_markup_is_left_as_it_is_wherever_it_stands():
    assert tag("p", [None, tag("b", "x"), ("y", [tag("i")])]) == "<p><b>x</b>y<i></i></p>"
    assert tag("input", checked=False, disabled=True, data_of=0) == '<input disabled data-of="0">'


def test_a_page_is_sent_when_it_changes_and_when_a_browser_asks(page):
    page.show(Markup("<p>1</p>"))
    page.show(Markup("<p>1</p>"))
    assert page.sent == [{"html": "<p>1</p>"}]
    page._hear(None, {"act": "ready"}, [])
    assert page.sent == [{"html": "<p>1</p>"}] * 2
    assert page.told == []


def test_what_is_done_is_told(page):
    page._hear(None, {"act": "pick", "of": "3", "value": None}, [])
    page._hear(None, {"act": "search", "value": "x"}, [])
    assert page.told == [("pick", "3", None), ("search", "", "x")]


def test_nothing_of_a_page_is_kept_in_the_state_of_the_widget(page):
    page.show(Markup("<p>DOE^JANE</p>"))
    assert "DOE" not in str(page.get_state())


def test_a_board_without_a_kernel_is_its_pages(page):
    page.show(Markup("<p>1</p>"))
    assert Board([page]).as_html().endswith('<div class="midi-page midi-still" inert><p>1</p></div></div>')


def test_a_board_that_is_closed_is_let_go_of_with_all_it_is_made_of():
    before = set(_instances)
    board = Board([Page(print), ipywidgets.HBox([Page(print), ipywidgets.VBox([Page(print)])])])
    gone = [weakref.ref(part) for part in (board, board.children[0], board.children[1].children[0])]
    board.close()
    board.close()
    del board
    gc.collect()
    assert [part() for part in gone] == [None, None, None]
    assert set(_instances) <= before
