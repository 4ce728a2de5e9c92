"""How Sphinx builds the site from what tools/make_site.py put together."""

from __future__ import annotations

import midi_nb

project = "midi_nb"
author = "the midi_nb developers"
copyright = author
version = release = midi_nb.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_design", "sphinx_copybutton"]
nitpicky = False  # types of pandas and matplotlib are elsewhere, and nothing is fetched to find them
exclude_patterns = ["build"]

highlight_language = "none"  # blocks that name no language are tables of figures
html_theme = "furo"
html_title = "midi_nb"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["live"]
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
suppress_warnings = ["mystnb.unknown_mime_type"]
copybutton_exclude = ".linenos, .gp, .go"

autodoc_typehints = "none"  # the signature has them
autodoc_member_order = "bysource"
napoleon_numpy_docstring = True
napoleon_google_docstring = False

# Notebooks were executed before. A widget is its picture: the script that would wake it comes from another host.
nb_execution_mode = "off"
nb_ipywidgets_js = {}
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None), ("html", "text/html", 0)]
nb_merge_streams = True
