"""Markup that cannot be broken out of."""

from __future__ import annotations

import re
from html import unescape

import pytest

from midi_nb.widgets.page import Markup, kit, tag

NASTY = ["<b>", "&amp;", '"', "'", "\ud800", "a\x00b"]


@pytest.mark.parametrize("text", NASTY)
def test_text_and_attributes_are_escaped(text):
    made = tag("td", text, title=text)
    inside = made.removeprefix('<td title="').removesuffix("</td>")
    assert not set("<\"'") & set(inside.replace('">', "", 1))
    made.encode()


@pytest.mark.parametrize("text", NASTY)
def test_the_macros_escape_as_tags_do(text):
    assert kit().cell(text) == tag("td", text, title=text)
    assert kit().facts([(text, text)]) == tag("dl", tag("dt", text), tag("dd", text), class_="facts")


def test_markup_is_left_as_it_is_wherever_it_stands():
    assert tag("p", [None, tag("b", "x"), ("y", [tag("i")])]) == "<p><b>x</b>y<i></i></p>"
    assert tag("input", checked=False, disabled=True, data_of=0) == '<input disabled data-of="0">'
    assert kit().cell("x", tag("b", "x")) == '<td title="x"><b>x</b></td>'


def test_markup_in_an_attribute_is_text():
    assert tag("p", title=Markup("<b>")) == '<p title="&lt;b&gt;"></p>'


@pytest.mark.parametrize("text", ["A < B", "a & b", "&lt;", "<b>", 'say "no"'])
def test_what_markup_says_is_what_was_written(text):
    title, said = re.fullmatch('<td title="(.*)">(.*)</td>', kit().cell(text)).groups()
    assert (unescape(title), unescape(said)) == (text, text)
