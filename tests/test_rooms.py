"""Who may import whom: downwards only. CONTRIBUTING.md says what each room does, and what it names is there."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "midi_nb"

BASE = {"amounts", "coded", "folders", "frames", "looks", "masking", "tags", "progress"}
MAY_IMPORT = {
    "folders": set(),
    "frames": set(),
    "looks": set(),
    "amounts": set(),
    "shown": BASE | {"vocabulary"},
    "coded": {"frames"},
    "masking": {"frames", "coded", "tags"},
    "tags": set(),
    "progress": {"amounts"},
    "text": BASE,
    "dates": BASE | {"text"},
    "printed": BASE,
    "sniff": BASE,
    "checks": BASE | {"text", "dates"},
    "actions": BASE | {"text", "checks"},
    "answers": BASE | {"text", "printed", "actions", "sniff"},
    "scores": BASE | {"text"},
    "files": BASE | {"text", "actions", "sniff", "answers", "scores"},  # passes of a workbook go by the series rule
    "engine": BASE | {"text", "dates", "printed", "sniff", "checks", "actions", "answers", "files"},
    "deriving": BASE | {"text", "actions", "answers", "files", "engine"},  # asks engine for files and their batches
    "causes": BASE | {"text", "dates", "checks", "actions", "answers", "files", "scores", "engine"},
    "inspecting": BASE | {"text", "dates", "printed", "sniff", "actions", "answers", "files", "engine"},
    "vocabulary": BASE | {"actions", "scores", "causes"},
    "teaching": BASE | {"actions", "causes"},
    "plots": BASE | {"text", "dates", "actions", "scores", "causes", "vocabulary"},
    "report": BASE
    | {"text", "actions", "answers", "files", "scores", "causes", "vocabulary", "shown", "plots"}
    | {"the face"},
    "widgets": BASE
    | {"text", "dates", "actions", "answers", "files", "scores", "causes", "vocabulary", "shown", "engine"}
    | {"inspecting", "plots", "report", "the face"},
    # Its planted truth is independent evidence for checks and engine: it may use neither.
    "demo": BASE | {"printed", "answers"},
    "cases": BASE | {"answers", "files", "engine", "demo"},
    "cli": BASE | {"vocabulary", "the face"},
    "__main__": {"cli"},
    "the face": None,
}


def room_of(path: Path) -> str:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "the face" if room == "__init__" else room


def imported(path: Path) -> set[str]:
    """The rooms a file imports, wherever in it, but for the checker of types alone."""
    package = ("midi_nb", *path.relative_to(PACKAGE).parts[:-1])
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = (*base, *(node.module or "").split(".")) if node.module else base
            found |= {(*module, name.name) for name in node.names}
        elif isinstance(node, ast.Import):
            found |= {tuple(name.name.split(".")) for name in node.names}
    rooms = {room_of_import(parts) for parts in found if parts[0] == "midi_nb"}
    return rooms - {room_of(path)}


def room_of_import(parts: tuple[str, ...]) -> str:
    there = len(parts) > 1 and ((PACKAGE / parts[1]).is_dir() or (PACKAGE / f"{parts[1]}.py").is_file())
    return parts[1] if there else "the face"


FILES = sorted(PACKAGE.rglob("*.py"))


def test_every_room_has_its_place():
    new = {room_of(path) for path in FILES} - set(MAY_IMPORT)
    assert not new, f"say in MAY_IMPORT what {new} may import, and in CONTRIBUTING.md what it does"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_rooms_import_downwards_only(path):
    allowed = MAY_IMPORT[room_of(path)]

    wrong = set() if allowed is None else imported(path) - allowed
    assert not wrong, f"{room_of(path)} may not import {wrong} (MAY_IMPORT): ask whether the code is in the right room"


def test_the_table_has_no_circles():
    order = []
    while rest := set(MAY_IMPORT) - set(order):
        free = {room for room in rest if not (MAY_IMPORT[room] or set()) - set(order) - {"the face"}}
        assert free, f"these rooms import each other: {rest}"
        order += sorted(free)


def test_imports_are_seen_wherever_they_stand(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    for name in ("frames", "text", "plots", "checks"):
        (tmp_path / f"{name}.py").touch()
    (tmp_path / "files").mkdir()
    path = tmp_path / "files" / "a.py"
    path.write_text(
        "from ..frames import x\nfrom .. import text\nimport midi_nb.plots\n"
        "def f():\n    from midi_nb import checks, score\n"
        "    from . import b\n    import os.path\n",
        encoding="utf-8",
    )

    assert imported(path) == {"frames", "text", "plots", "checks", "the face"}


def test_no_room_is_called_utils():
    assert not {room_of(path) for path in FILES} & {"utils", "helpers", "common", "misc"}


def test_no_public_function_hides_its_room():
    import midi_nb

    assert not set(midi_nb._FACE) & {room_of(path) for path in FILES}
    hidden = set(midi_nb.widgets.__all__) & {path.stem for path in (PACKAGE / "widgets").glob("*.py")}
    assert not hidden, f"the module of a widget may not have its name, or it takes its place once imported: {hidden}"


ROOT = PACKAGE.parent
CODE = [
    path
    for folder in ("midi_nb", "tests", "tools", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".js", ".css", ".html"}
]


def test_no_line_is_longer_than_a_screen():
    pragma = re.compile(r"  # (noqa|type):.*")  # what they say to a linter is no code
    long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in CODE
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(pragma.sub("", line)) > 120
    ]
    assert not long, f"wrap what is longer than 120 characters: {long}"


CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def test_contributing_says_what_each_room_does():
    table = CONTRIBUTING[CONTRIBUTING.index("| Room |") :].split("\n\n")[0].splitlines()[2:]
    named = {room for line in table for room in re.findall(r"`(\w+)/?`", line.split("|")[1])}
    assert named == set(MAY_IMPORT) - {"__main__", "the face"}, "a row of the table of rooms in CONTRIBUTING.md"


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([\w/]+(?:/|\.\w+))`", CONTRIBUTING)) - set(MAY_IMPORT)))
def test_contributing_names_what_is_there(path):
    module, _, name = path.rpartition(".")
    whole = [base / path for base in (ROOT, PACKAGE) if (base / path).exists()]
    assert whole or any(re.search(rf"\b{name}\b", file.read_text("utf-8")) for file in PACKAGE.rglob(f"{module}.py"))


#: (file, table in it) as CONTRIBUTING.md names them: `demo/careless.py` one failure (`BUGS`).
TABLES = {
    (path, table)
    for path, more in re.findall(r"`([\w/]+\.py)`((?:[^|`]|`\w+`)*)", CONTRIBUTING)
    for table in re.findall(r"`(\w+)`", more)
}


@pytest.mark.parametrize(("path", "table"), sorted(TABLES))
def test_contributing_names_tables_that_are_there(path, table):
    text = next(base / path for base in (ROOT, PACKAGE) if (base / path).exists()).read_text("utf-8")
    assert re.search(rf"^(def )?{table}\b", text, re.MULTILINE)


def test_contributing_names_targets_of_make():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", CONTRIBUTING, re.MULTILINE)) <= set(targets)
