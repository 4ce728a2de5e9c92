"""Markup that cannot be broken out of."""

from __future__ import annotations

import pytest

from midi_nb.widgets.page import plain, tag


@pytest.mark.parametrize("text", ["<b>", "&amp;", '"', "'", "\ud800", "a\x00b"])
def test_text_and_attributes_are_escaped(text):
    made = tag("td", text, title=text)
    inside = made.removeprefix('<td title="').removesuffix("</td>")
    assert not set("<\"'") & set(inside.replace('">', "", 1))
    made.encode()


def test_markup_is_left_as_it_is_wherever_it_stands():
    assert tag("p", [None, tag("b", "x"), ("y", [tag("i")])]) == "<p><b>x</b>y<i></i></p>"
    assert tag("input", checked=False, disabled=True, data_of=0) == '<input disabled data-of="0">'


@pytest.mark.parametrize("text", ["A < B", "a & b", "&lt;", "<b>", 'say "no"'])
def test_what_markup_says_is_what_was_written(text):
    assert plain(tag("td", tag("b", text, title="other"))) == text
