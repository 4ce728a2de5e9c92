"""The notebooks: how they are written, and that every one of them runs from top to bottom without a complaint."""

from __future__ import annotations

import ast
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

import midi_nb as mn

FOLDER = Path(__file__).parents[1] / "notebooks"
NAMES = (
    "00_start_here",
    "01_score_submissions",
    "02_why_it_failed",
    "03_pixel_redaction",
    "04_compare_tools",
    "05_best_practices",
    "06_audit_the_scorer",
    "07_your_own_data",
    "08_no_answer_key",
)
TEMPLATE = "../docs/template"  # what a new notebook starts from
#: Widgets a notebook must show, in order.
WIDGETS = {
    "00_start_here": ["Explorer"],
    "02_why_it_failed": ["Explorer", "WhatIf"],
    "03_pixel_redaction": ["Viewer", "Viewer", "Viewer", "Deck"],
    "05_best_practices": ["Viewer"],
}
LINES = 8
MEGABYTES = 1500
WIDGET = "application/vnd.jupyter.widget-view+json"
#: Peak kB of the kernel and its workers, as Linux tells it. Not ru_maxrss for the kernel: that is at least the peak of
#: the process that started it, which is the whole test run.
MEASURE = r"""import pathlib as _p, re as _re, resource as _r
_self = int(_re.search(r"VmHWM:\s+(\d+)", _p.Path("/proc/self/status").read_text())[1])
print((_self + 2 * _r.getrusage(_r.RUSAGE_CHILDREN).ru_maxrss) // 1024)"""


def read(name: str) -> Any:
    """A notebook. Its validator can check URLs too, for which it loads a grammar for seconds: here it has none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "rfc3987_syntax", None)
        import nbformat

        return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def code(name: str) -> list[Any]:
    return [cell for cell in read(name).cells if cell.cell_type == "code"]


def parameters(name: str) -> str:
    """The second cell of code, read without nbformat: when tests are collected it is not needed otherwise."""
    cells = json.loads((FOLDER / f"{name}.ipynb").read_text("utf-8"))["cells"]
    return "".join([cell for cell in cells if cell["cell_type"] == "code"][1]["source"])


def tags(cell: Any) -> list[str]:
    return list(cell.metadata.get("tags", []))


def test_these_are_all_the_notebooks() -> None:
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(NAMES)


@pytest.mark.parametrize("name", [*NAMES, TEMPLATE])
class TestEveryNotebook:
    def test_is_valid_and_holds_no_output(self, name: str) -> None:
        book = read(name)
        from nbformat import validate

        validate(book)
        assert not [cell.id for cell in code(name) if cell.outputs or cell.execution_count is not None]

    def test_opens_with_its_question_for_whom_how_long_and_what_not(self, name: str) -> None:
        first = read(name).cells[0]
        assert first.cell_type == "markdown"
        assert re.match(r"# [^\n]+\?\n", first.source), "the title is a question"
        assert all(word in first.source for word in ("**Who**", "**Time**", "**Not here**"))

    def test_imports_first_then_one_cell_of_parameters(self, name: str) -> None:
        imports, parameters, *rest = code(name)
        statements = ast.parse(imports.source).body
        allowed = (ast.Import, ast.ImportFrom)
        assert all(isinstance(one, allowed) or ast.unparse(one).startswith("pd.set_option") for one in statements)
        assert "parameters" in tags(parameters)
        assert all(isinstance(one, ast.Assign) for one in ast.parse(parameters.source).body)
        assert not [cell for cell in rest if "parameters" in tags(cell)]
        assert not [cell for cell in rest if re.search(r"^\s*(import|from) ", cell.source, re.M)]

    def test_cells_are_short_and_hold_no_machinery(self, name: str) -> None:
        banned = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Try, ast.For, ast.While, ast.Lambda, ast.If)
        for cell in code(name)[1:]:
            assert len([line for line in cell.source.splitlines() if line.strip()]) <= LINES, cell.source
            assert not [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, banned)], cell.source
            assert not re.search(r"^\s*[!%]|/home/|/Users/|C:\\", cell.source, re.M), cell.source

    def test_every_cell_ends_in_something_to_look_at(self, name: str) -> None:
        for cell in code(name)[2:]:
            if "exercise" not in tags(cell):
                assert isinstance(ast.parse(cell.source).body[-1], ast.Expr), cell.source

    def test_is_prose_between_short_pieces_of_code(self, name: str) -> None:
        kinds = [cell.cell_type for cell in read(name).cells]
        assert kinds.count("markdown") >= 0.7 * kinds.count("code")

    def test_ends_by_saying_where_to_go_next_and_leads_only_to_notebooks_that_exist(self, name: str) -> None:
        link = r"\]\(([\w./]+\.ipynb)\)"
        words = [cell.source for cell in read(name).cells if cell.cell_type == "markdown"]
        assert re.search(link, "\n".join(words[-2:]))
        folder = (FOLDER / f"{name}.ipynb").parent
        assert not [place for place in re.findall(link, "\n".join(words)) if not (folder / place).is_file()]


@pytest.fixture(autouse=True)
def _this_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(FOLDER.parent))


def run(book: Any, folder: Path) -> tuple[Any, int]:
    """The notebook with its outputs, and the megabytes of its kernel and two workers."""
    from nbclient import NotebookClient
    from nbformat.v4 import new_code_cell

    book.cells.append(new_code_cell(MEASURE))
    client = NotebookClient(book, timeout=300, store_widget_state=False, resources={"metadata": {"path": str(folder)}})
    client.execute()
    return book, int(book.cells.pop().outputs[0].text)


def keep(book: Any, name: str) -> None:
    """Puts a notebook with its outputs where the site takes it from."""
    import nbformat

    kept = FOLDER.parent / "build" / "notebooks"
    kept.mkdir(parents=True, exist_ok=True)
    nbformat.write(book, kept / f"{Path(name).name}.ipynb")


#: What a run says of the release of a real tool, deid, whose usual recipe removes every identifier; and of a
#: careless one that left a file out.
OF_DEID = (
    "The official script would write no result at all",
    "Files that were not compared: 1 × original: no released",
)


def complaints(book: Any) -> list[str]:
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    streams = [output.text for output in outputs if output.output_type == "stream"]
    return [text for text in streams if not any(known in text for known in OF_DEID)]


@pytest.mark.notebook
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", [pytest.param(NAMES[0], marks=pytest.mark.smoke), *NAMES[1:], TEMPLATE])
def test_runs_on_the_demo(name: str, tmp_path: Path) -> None:
    mn.make_demo(progress=False)
    book, megabytes = run(read(name), tmp_path)
    keep(book, name)
    assert not complaints(book)
    assert not list(tmp_path.iterdir()), "a notebook leaves nothing beside itself"
    assert megabytes < MEGABYTES
    ran = [cell for cell in book.cells if cell.cell_type == "code"]
    shown = {cell.id: [output.get("data", {}) for output in cell.outputs] for cell in ran}
    assert not [found for found in shown.values() if any(data.get("text/plain") == "False" for data in found)]
    figures = [cell for cell in code(name) if cell.source.splitlines()[-1].startswith("mn.plots.")]
    assert not [cell.source for cell in figures if not any("image/png" in data for data in shown[cell.id])]
    boards = [found for found in shown.values() if any(WIDGET in data for data in found)]
    widgets = [data["text/plain"] for found in boards for data in found if "text/plain" in data]
    for kind in WIDGETS.get(name, []):
        assert any(kind in text for text in widgets), kind
    frames = [cell for cell in code(name)[2:] if cell not in figures and "exercise" not in tags(cell)]
    assert not [cell.source for cell in frames if not any("text/plain" in data for data in shown[cell.id])]


OWN = [name for name in NAMES if "\nreleased = None" in "\n" + parameters(name)]


def test_most_notebooks_take_data_of_ones_own() -> None:
    assert len(OWN) == 7


@pytest.mark.notebook
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "name", [name if name[:2] in ("02", "07") else pytest.param(name, marks=pytest.mark.long) for name in OWN]
)
def test_runs_on_other_data_after_changing_the_parameters_alone(name: str, tmp_path: Path) -> None:
    demo = mn.make_demo(progress=False)
    faultless = demo.submissions["reference"]  # nothing failed: every table of failures is empty
    shutil.copytree(faultless.folder, tmp_path / "mine")
    given = {
        "released": tmp_path / "mine",
        "key": demo.flat_key,
        "uids, patients": (faultless.uids, faultless.patients),
        "original": demo.original,
    }
    book = read(name)
    parameters = next(cell for cell in book.cells if "parameters" in tags(cell))
    for variable, value in given.items():
        shown = ", ".join(repr(str(one)) for one in value) if isinstance(value, tuple) else repr(str(value))
        parameters.source = re.sub(rf"^{variable} = [^#\n]+", f"{variable} = {shown}  ", parameters.source, flags=re.M)
    (tmp_path / "here").mkdir()
    book, _ = run(book, tmp_path / "here")
    assert not complaints(book)
    scores = [data["text/plain"] for cell in book.cells if cell.cell_type == "code" for output in cell.outputs
              if "Score" in (data := output.get("data", {})).get("text/plain", "")]  # fmt: skip
    if name == "08_no_answer_key":  # by the standard even the demo's best tool is not faultless
        assert scores
    elif name != "03_pixel_redaction":
        assert any("1.0" in text or "100 %" in text for text in scores)


#: What a notebook writes, by the parameter that says where to.
LASTING = {
    "01_score_submissions": ("reports", "kept/reports"),
    "03_pixel_redaction": ("verdicts", "kept/verdicts.jsonl"),
    "05_best_practices": ("work", "kept/work"),
    "07_your_own_data": ("runs", "kept/runs"),
    "08_no_answer_key": ("reports", "kept/reports"),
}


def test_these_are_all_the_notebooks_that_write() -> None:
    assert {name for name in NAMES if "mkdtemp" in parameters(name)} == set(LASTING)


@pytest.mark.long
@pytest.mark.notebook
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", LASTING)
def test_runs_again_where_what_it_writes_is_kept(name: str, tmp_path: Path) -> None:
    variable, place = LASTING[name]
    for _ in range(2):
        book = read(name)
        parameters = next(cell for cell in book.cells if "parameters" in tags(cell))
        lasting = f"{variable} = Path({str(tmp_path / place)!r})  "
        parameters.source, found = re.subn(rf"^{variable} = [^#\n]+", lasting, parameters.source, flags=re.M)
        assert found == 1
        book, _ = run(book, tmp_path)
        assert not complaints(book)
        assert [path.name for path in tmp_path.iterdir()] == ["kept"]
