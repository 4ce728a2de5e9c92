"""Did this tool really de-identify these medical images? If not: where, and why?

Answer keys and results of the MIDI-B benchmark as tidy DataFrames, and questions asked of them. In all examples `mn`,
`demo` and `results` are these:

>>> import midi_nb as mn
>>> demo = mn.make_demo()
>>> results = mn.evaluate(demo.submissions["careless"], demo.key, progress=False)
>>> scores = mn.score(results, by="category")
>>> problems = mn.problems(mn.explain(results))
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

# room → its verbs; rooms are imported when a verb is first used, so that importing midi_nb costs nothing
_VERBS = {
    "answers": ("read_key", "read_mapping"),
    "causes": ("causes_table", "explain", "problem_of", "problems", "what_if"),
    "causes.audits": ("audit", "conformance", "findings_table"),
    "causes.references": ("references",),
    "coded": ("concat",),
    "dates": ("timelines",),
    "demo": ("make_demo",),
    "deriving": ("derive_key",),
    "engine.judging": ("evaluate", "evaluate_run"),
    "engine.pairing": ("pair_folders",),
    "files": ("read_dciodvfy", "read_parts", "read_results", "read_scores", "write_key", "write_run", "write_summary"),
    "folders": ("Submission",),
    "inspecting": ("before_after", "census", "inspect", "inspect_run"),
    "masking": ("mask_values",),
    "report.official": ("write_official",),
    "report.page": ("write_html",),
    "scores": ("compare", "rank", "score", "tally"),
    "shown": ("table",),
    "widgets.alone": ("write_header", "write_page", "write_tour", "write_view"),
    "widgets.tour": ("tour",),
}
_FACE = {verb: room for room, verbs in _VERBS.items() for verb in verbs}
_ROOMS = ("cases", "plots", "teaching", "widgets")

__all__ = [
    "Submission",
    "audit",
    "before_after",
    "cases",
    "causes_table",
    "census",
    "compare",
    "concat",
    "conformance",
    "derive_key",
    "evaluate",
    "evaluate_run",
    "explain",
    "findings_table",
    "inspect",
    "inspect_run",
    "make_demo",
    "mask_values",
    "pair_folders",
    "plots",
    "problem_of",
    "problems",
    "rank",
    "read_dciodvfy",
    "read_key",
    "read_mapping",
    "read_parts",
    "read_results",
    "read_scores",
    "references",
    "score",
    "table",
    "tally",
    "teaching",
    "timelines",
    "tour",
    "what_if",
    "widgets",
    "write_header",
    "write_html",
    "write_key",
    "write_official",
    "write_page",
    "write_run",
    "write_summary",
    "write_tour",
    "write_view",
]

try:
    __version__ = version("midi_nb")
except PackageNotFoundError:  # used from a checkout that was never installed
    __version__ = "0+unknown"


def __getattr__(name: str) -> Any:
    if name in _FACE:
        return getattr(import_module(f".{_FACE[name]}", __name__), name)
    if name in _ROOMS:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


if TYPE_CHECKING:
    from . import cases, plots, teaching, widgets
    from .answers import read_key, read_mapping
    from .causes import causes_table, explain, problem_of, problems, what_if
    from .causes.audits import audit, conformance, findings_table
    from .causes.references import references
    from .coded import concat
    from .dates import timelines
    from .demo import make_demo
    from .deriving import derive_key
    from .engine.judging import evaluate, evaluate_run
    from .engine.pairing import pair_folders
    from .files import read_dciodvfy, read_parts, read_results, read_scores, write_key, write_run, write_summary
    from .folders import Submission
    from .inspecting import before_after, census, inspect, inspect_run
    from .masking import mask_values
    from .report.official import write_official
    from .report.page import write_html
    from .scores import compare, rank, score, tally
    from .shown import table
    from .widgets.alone import write_header, write_page, write_tour, write_view
    from .widgets.tour import tour
