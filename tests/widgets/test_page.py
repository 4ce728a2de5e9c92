"""Markup that cannot be broken out of."""

from __future__ import annotations

import re
from html import unescape

import pytest
from markupsafe import Markup

from midi_nb.widgets.page import kit

NASTY = ["<b>", "&amp;", '"', "'", "\ud800", "a\x00b"]


@pytest.mark.parametrize("text", NASTY)
def test_text_and_attributes_are_escaped(text):
    made = kit().cell(text)
    inside = made.removeprefix('<td title="').removesuffix("</td>")
    assert not set("<\"'") & set(inside.replace('">', "", 1))
    made.encode()
    said = inside.split('">')[1]
    assert kit().facts([(text, text)]) == f'<dl class="facts"><dt>{said}</dt><dd>{said}</dd></dl>'


def test_markup_is_left_as_it_is():
    assert kit().cell("x", Markup("<b>x</b>")) == '<td title="x"><b>x</b></td>'


@pytest.mark.parametrize("text", ["A < B", "a & b", "&lt;", "<b>", 'say "no"'])
def test_what_markup_says_is_what_was_written(text):
    title, said = re.fullmatch('<td title="(.*)">(.*)</td>', kit().cell(text)).groups()
    assert (unescape(title), unescape(said)) == (text, text)
