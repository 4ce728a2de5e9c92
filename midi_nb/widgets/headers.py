"""The header diff: the headers of an original and a released file as one tree, line by line as in a code review.

The kernel compares the files and writes each line; the browser folds, filters and searches them (headers.js). Lines
travel as messages, never as widget state.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import traitlets
from markupsafe import Markup

from .. import tags
from ..actions import ACTIONS, named
from ..amounts import count
from ..answers.published import as_mapping
from ..answers.standard import Asked, Profile, editions
from ..engine import released as dicom_files
from ..engine.released import Released
from ..frames import CHANGES, MASK, VERDICTS, derivation, require_columns
from ..inspecting.asking import Check, checks_of
from ..inspecting.differences import Difference, are_apart, differences_between
from ..text import Piece, diff, marked, marks
from ..vocabulary import words_of
from .board import Live
from .page import kit, macros
from .practice import rule

__all__ = ["Header", "Lines", "header"]

SHOWS = ("all", "changed", "wrong")


def header(
    original: Any,
    released: Any,
    results: pd.DataFrame | None = None,
    *,
    uids: Any = None,
    profile: str | None = None,
    edition: str | None = None,
    values: bool = True,
) -> Header:
    """The headers of two files as a tree: what was kept, changed, removed and added, and whether it had to be.

    Parameters
    ----------
    original, released
        The file before and after: a path or a pydicom Dataset. `original` can be a folder too, in which the file is
        found that `results` or `uids` name.
    results
        What ``evaluate`` or ``read_results`` gives: then each line has the verdicts of the key. Without it each is
        judged by what the standard asks.
    uids
        Old → new UIDs, to say where references lead: a path of a mapping CSV, a dict, a Series or a frame. `results`
        hold it already.
    profile, edition
        Of PS3.15: by default those of a derived key, else ``basic`` in the latest edition that midi_nb has.
    values
        False shows no value of the data: every word is dots.

    Returns
    -------
    Header
        ``.lines`` is the tree as a frame, one row an attribute path. ``.show`` (all, changed or wrong), ``.search`` and
        ``.picked`` (a line of the tree by its number, or -1) can be read and set; ``.selection`` is the picked row.

    Examples
    --------
    >>> failed = results[(results["action"] == "text_removed") & (results["verdict"] == "failed")].iloc[0]
    >>> diff = header(demo.original, demo.submissions["careless"].folder / failed["file"], results)
    >>> bool((diff.lines.loc[diff.lines["verdict"] == "failed", "tag_path"] == failed["tag_path"]).any())
    True
    """
    return Header(Lines(original, released, results, uids=uids, profile=profile, edition=edition, values=values))


class Header(Live):
    """The widget that `header` gives."""

    name = traitlets.Unicode("header").tag(sync=True)
    show = traitlets.Enum(SHOWS, "all").tag(sync=True)
    search = traitlets.Unicode().tag(sync=True)
    picked = traitlets.Int(-1).tag(sync=True)

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        super().__init__()
        self.observe(lambda _: self._changed_looks(), ["show", "search", "picked"])

    @traitlets.validate("picked")
    def _there(self, proposal: Any) -> int:
        return int(proposal["value"]) if 0 <= proposal["value"] < len(self._lines.lines) else -1

    @property
    def lines(self) -> pd.DataFrame:
        """The tree as a frame: one row an attribute path, with what became of it, what is asked, and the verdict."""
        return self._lines.frame

    @property
    def selection(self) -> pd.DataFrame:
        """The row of the picked line; no row if none is picked."""
        row = self._lines.lines[self.picked].row if self.picked >= 0 else -1
        return self.lines.iloc[[row] if row >= 0 else []]

    def hear(self, message: dict[str, Any]) -> None:
        """Sends all lines when a browser asks for them."""
        if message.get("kind") == "ready":
            self.send({"kind": "header", "data": self._lines.sent()})

    def _as_html(self) -> str:
        return str(kit().framed(self._lines.still(self.show, self.search)))


class _Line(NamedTuple):
    """One line of the tree: an attribute, an item of a sequence, or a private block."""

    parent: int  # number of the line it is below; -1: none
    depth: int
    row: int  # place in the frame; -1: an item or a block
    label: str  # of an item or a block


class _Value(NamedTuple):
    """What is shown of a value: why there is none, or its pieces, each with a mark or a part of a word diff."""

    nothing: str = ""
    pieces: Sequence[tuple[str, str | None]] = ()
    compared: bool = False  # the pieces have parts
    size: int = 0  # of a text that is cut


class Lines:
    """Two headers compared: the frame of it, the tree of its lines, and all of it for a browser."""

    def __init__(
        self,
        original: Any,
        released: Any,
        results: pd.DataFrame | None = None,
        *,
        uids: Any = None,
        profile: str | None = None,
        edition: str | None = None,
        values: bool = True,
    ) -> None:
        if results is not None:
            require_columns(results, ["instance", "tag_path", "action", "verdict"], "header()")
        mapping = {} if uids is None else as_mapping(uids).to_dict()
        known = None if results is None else derivation(results)
        chosen = Profile.of(known) if known and " and " not in known and not (profile or edition) else None
        self.values, self.profile = values, chosen or Profile(profile or "basic", edition or editions()[-1])
        with dicom_files.quiet():
            after = _file(released, "released")
            if isinstance(original, str | Path) and Path(original).is_dir():
                original = _found(Path(original), after, results, mapping)
            self._compare(_file(original, "original"), after, results, mapping)

    def _compare(
        self, before: Released, after: Released, results: pd.DataFrame | None, uids: Mapping[str, str]
    ) -> None:
        self.notes = []
        if are_apart(before, after):
            self.notes.append("The two files do not look like one image: another class, size or image.")
        self._key = None if results is None else _Key(results, before, after)
        uids = {**uids, **(self._key.uids if self._key else {})}
        patients = self._key.patients if self._key else {}
        links = _Links(before, after, uids, self._key.names if self._key else {})
        found = [
            *(row for row in differences_between(_meta(before), _meta(after), uids, {}) if row.tag != _LENGTH),
            *differences_between(before, after, uids, patients),
        ]
        if self._key:
            self.notes += self._key.notes
            found += self._key.elsewhere({row.tag_path for row in found})
        self._tree(sorted(found, key=_order))
        classes = str(before.text("(0008,0016)") or "")
        there = {_item(row.tag_path) for row in self.rows if row.change != "removed"}
        self.asked, self.checks = [], []
        for row in self.rows:
            asked, type_ = self.profile.at(row.tag_path, classes)
            by_standard = checks_of(row, asked, type_, item_stays=_item(row.tag_path) in there)
            self.asked.append(asked)
            self.checks.append(list(self._key.checks(row) if self._key else by_standard))
        self.leads = [links.leads(row) for row in self.rows]

    def _tree(self, found: Sequence[Difference]) -> None:
        """Puts each attribute below its item, each item below its sequence, private ones below their block."""
        self.rows: list[Difference] = []
        self.lines: list[_Line] = []
        places: dict[str, int] = {}
        for row in found:
            above = -1
            steps = tags.parse(row.tag_path) or ()
            for depth, step in enumerate(steps):
                start = tags.show(steps[:depth])
                if (creator := _block(row, steps, depth)) is not None:
                    above = self._below(places, f"{start} {creator}".upper(), above, self._block(step, creator))
                if depth < len(steps) - 1:
                    path = tags.show([*steps[:depth], step._replace(item=None)])
                    above = places.get(path, above)
                    item = tags.show(steps[: depth + 1])
                    above = self._below(places, item, above, f"Item {(step.item or 0) + 1}")
            places.setdefault(row.tag_path, len(self.lines))
            self.lines.append(_Line(above, self._depth(above) + 1, len(self.rows), ""))
            self.rows.append(row)

    def _below(self, places: dict[str, int], key: str, above: int, label: str) -> int:
        if key not in places:
            places[key] = len(self.lines)
            self.lines.append(_Line(above, self._depth(above) + 1, -1, label))
        return places[key]

    def _block(self, step: tags.Step, creator: str) -> str:
        """What the private block of a creator is called."""
        if step.group == 2:
            return "File meta information"
        return f"Private group {step.group:04x}: {self._creator(creator) if creator else 'no creator'}"

    def _creator(self, name: str) -> str:
        return name if self.values or tags.is_known_creator(name) else MASK

    def _path(self, path: str) -> str:
        return path if self.values else tags.without_own_creators(path, MASK)

    def _depth(self, line: int) -> int:
        return self.lines[line].depth if line >= 0 else -1

    # What can be read back

    @property
    def verdicts(self) -> list[str | None]:
        """The worst verdict of each row; None where nothing is asked of it."""
        return [min((one.verdict for one in checks), key=VERDICTS.index, default=None) for checks in self.checks]

    @property
    def frame(self) -> pd.DataFrame:
        """One row an attribute path: the columns of `Difference`, ``asked`` by PS3.15, ``verdict``, ``leads``."""
        frame = pd.DataFrame(self.rows, columns=Difference._fields)
        if not self.values:
            for name in ("original", "actual"):
                frame[name] = frame[name].where(frame[name].isna() | (frame[name] == ""), MASK)
            frame["days"] = float("nan")
            frame["creator"] = [row.creator and self._creator(row.creator) for row in self.rows]
            for name in ("tag", "tag_path"):
                frame[name] = frame[name].map(self._path)
        asked = [one.action or None for one in self.asked]
        return frame.assign(asked=asked, verdict=self.verdicts, leads=self.leads)

    def place_of(self, path: str) -> int:
        """The number of the line of an attribute path; -1 if there is none."""
        numbers = {line.row: number for number, line in enumerate(self.lines) if line.row >= 0}
        same = [place for place, row in enumerate(self.rows) if tags.same(row.tag_path, path)]
        return numbers[same[0]] if same else -1

    # For the browser

    def sent(self) -> dict[str, Any]:
        """All lines as HTML, with what each is found by, and what more there is to say of it."""
        return {
            "head": str(self._head()),
            "columns": list(_COLUMNS),
            "lines": [
                {
                    "html": str(_kit().row(self._row(line))),
                    "above": line.parent,
                    "depth": line.depth,
                    "leaf": line.row >= 0,
                    "text": self._text(line),
                    "more": str(self._more(line)),
                    **self._shows(line),
                }
                for line in self.lines
            ],
        }

    def still(self, show: str = "all", search: str = "") -> Markup:
        """The lines that a filter leaves, as far as they fit, for a reader without a kernel."""
        text = search.strip().lower()
        kept = set()
        for number, line in enumerate(self.lines):
            if not self._shows(line)[show] or (text and text not in self._text(line)):
                continue
            while number >= 0 and number not in kept:
                kept.add(number)
                number = self.lines[number].parent
        shown = [self.lines[number] for number in sorted(kept)][:_STILL]
        lines = [(self._row(line), line.depth) for line in shown]
        return _kit().still(self._head(), _COLUMNS, lines, max(len(kept) - _STILL, 0))

    def _row(self, line: _Line) -> dict[str, Any]:
        """A line of the table, for the macro `row`."""
        if line.row < 0:
            return {"look": "group", "label": line.label}
        row = self.rows[line.row]
        vr = f"{row.vr} → {row.released_vr}" if row.change == "retyped" else row.vr
        return {
            "look": f"{row.change} wrong" if self._shows(line)["wrong"] else row.change,
            "change": row.change,
            "label": row.name or ("Private attribute" if row.private else "Unknown attribute"),
            "number": _number(row.tag),
            "vr": vr if vr != "None" else "",
            "sides": self._sides(line.row),
            "lead": f"{row.days:+,.0f} days" if row.change == "shifted" and self.values else self.leads[line.row],
            "asks": self._asks(line.row),
        }

    def _shows(self, line: _Line) -> dict[str, bool]:
        """Which filters leave a line."""
        leaf = line.row >= 0
        changed = leaf and self.rows[line.row].change != "kept"
        wrong = leaf and any(one.verdict == "failed" for one in self.checks[line.row])
        return {"all": True, "changed": changed, "wrong": wrong}

    def _text(self, line: _Line) -> str:
        """What a search looks in."""
        if line.row < 0:
            return line.label.lower()
        row = self.rows[line.row]
        shown = [row.name, self._path(row.tag_path), row.change, *((row.original, row.actual) if self.values else ())]
        return "\n".join(text[:_LONGEST].lower() for text in shown if text)

    def _head(self) -> Markup:
        changes = Counter(row.change for row in self.rows)
        verdicts = Counter(verdict for verdict in self.verdicts if verdict)
        asks = f"asked by PS3.15 {self.profile.edition}, {'+'.join(['basic', *self.profile.options])}"
        if self._key:
            asks = f"asked by the key, {count(self._key.total, 'check')}"
        return _kit().head(
            len(self.rows),
            [(change, number) for change in (*CHANGES, _ABSENT) if (number := changes[change])],
            [(verdict, number) for verdict in ("failed", "blank", "passed") if (number := verdicts[verdict])],
            asks,
            self.notes,
        )

    def _sides(self, place: int) -> list[tuple[str, _Value]]:
        """The values before and after; one for both if it was kept."""
        row = self.rows[place]
        wrong = self._wrong(place)
        before, after = row.original, row.actual
        if row.change == _ABSENT:
            return [(side, _Value("in neither file")) for side in ("before", "after")]
        if row.change in ("kept", "retyped"):
            return [("both", self._value(after, wrong))]
        if pieces := _compared(before, after) if row.vr in _WORDED and not wrong else []:
            parts = [(self._hidden(one.text), one.part) for one in pieces]
            olds, news = ([one for one in parts if one[1] != other] for other in ("new", "gone"))
            return [("before", _Value(pieces=olds, compared=True)), ("after", _Value(pieces=news, compared=True))]
        lost = wrong if any(mark == "del" for mark in wrong.values()) else {}
        return [("before", self._value(before, lost or wrong)), ("after", self._value(after, wrong))]

    def _wrong(self, place: int) -> dict[str, str]:
        """The words that a failed check is about: lost (del) or still there (mark)."""
        row, found = self.rows[place], dict[str, str]()
        for one in self.checks[place]:
            if one.verdict == "failed" and one.action in ACTIONS:
                words = marks(ACTIONS[one.action], one.text, row.actual or "")
                found |= {**dict.fromkeys(words.left, "mark"), **dict.fromkeys(words.lost, "del")}
        return found

    def _value(self, text: str | None, wrong: Mapping[str, str]) -> _Value:
        if not text:
            return _Value("absent" if text is None else "empty")
        pieces = [(self._hidden(piece), mark) for piece, mark in marked(text[:_LONGEST], wrong)]
        return _Value(pieces=pieces, size=len(text) if len(text) > _LONGEST else 0)

    def _hidden(self, text: str) -> str:
        return text if self.values else re.sub(r"\S+", MASK, text)

    def _asks(self, place: int) -> dict[str, Any] | None:
        """What is asked of a line, the worst verdict first; of equal ones, that it be there last."""
        checks = sorted(self.checks[place], key=lambda one: (VERDICTS.index(one.verdict), one.action in _PRESENT))
        letter = self.asked[place].action
        if not checks:
            standard = {"verdict": None, "code": letter, "rule": _sentence(self.asked[place])}
            return None if self._key or not letter else standard
        first = checks[0]
        by_letter = not self._key and not first.code.startswith("DICOM-IOD")
        return {
            "verdict": first.verdict,
            "said": words_of(*("asked", letter) if by_letter else ("action", first.action)),
            "more": len(checks) - 1 if self._key else 0,
            "code": letter if by_letter else _CODE.sub("", first.code),
            "rule": rule(first.action, first.code or None),
        }

    def _more(self, line: _Line) -> Markup:
        """What is said of the picked line: its path, and each check with its rule."""
        if line.row < 0:
            return Markup("")
        row, asked = self.rows[line.row], self.asked[line.row]
        checks = [
            (one.verdict, words_of("action", one.action), rule(one.action, one.code or None))
            for one in self.checks[line.row]
        ]
        known = {sentence for *_, sentence in checks}
        standard = _sentence(asked) if self._key and asked.action else ""
        return _kit().more(self._path(row.tag_path), row, checks, "" if standard in known else standard)


_COLUMNS = ("Attribute", "Original", "Released", "Asked")
_LONGEST = 3000  # characters of a text that are compared and shown
_WORDED = frozenset(["AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"])  # whose words are compared
_PRESENT = named("present")
_CODE = re.compile("^(TCIA|DICOM)-(P15-)?|^unknown$")  # what the codes of a key start with
_STILL = 120  # lines of a picture
_LENGTH = "(0002,0000)"
_ABSENT = "in neither"
#: What became of an attribute → its sign in the margin.
_SIGNS = {
    "kept": "=", "retyped": "≠", "emptied": "∅", "removed": "−", "replaced": "~", "added": "+", "shifted": "→",
    "remapped": "⇄", _ABSENT: "?",
}  # fmt: skip


@cache
def _kit() -> Any:
    """The macros of headers.html."""
    return macros("headers.html", edits=_SIGNS)


def _compared(before: str | None, after: str | None) -> list[Piece]:
    """The word diff of two texts; nothing where they have no word in common."""
    pieces = diff((before or "")[:_LONGEST], (after or "")[:_LONGEST])
    return pieces if any(one.part == "same" and re.search(r"\w", one.text) for one in pieces) else []


def _sentence(asked: Asked) -> str:
    return rule("text_removed", f"DICOM-P15-{asked.code}")


def _number(label: str) -> str:
    """A label with its creator left out, which the block says."""
    return re.sub(r',".*",', ",xx", label)


def _order(row: Difference) -> tuple[Any, ...]:
    """Where a line is in the tree: as in a file, private attributes of one creator together, what names them first."""
    steps = tags.parse(row.tag_path) or ()
    return tuple(
        (step.group, _creator(row, steps, at).upper(), not _names_block(step), step.element, step.item or 0)
        for at, step in enumerate(steps)
    )


def _names_block(step: tags.Step) -> bool:
    return step.group % 2 == 1 and step.creator is None and 0x10 <= step.element <= 0xFF


def _item(path: str) -> str:
    """The item of a sequence that an attribute is in; empty in the main data set."""
    return tags.show((tags.parse(path) or ())[:-1])


def _creator(row: Difference, steps: Sequence[tags.Step], at: int) -> str:
    """The creator of a step, spelled as the file spells that of the row itself."""
    step = steps[at]
    if step.group % 2 == 0:
        return ""
    named = (row.original or row.actual or "") if _names_block(step) else ""
    return (row.creator if at == len(steps) - 1 else None) or step.creator or named


def _block(row: Difference, steps: Sequence[tags.Step], at: int) -> str | None:
    """The creator of the block that a step is in, or "" in one without; None for an attribute of the standard."""
    group = steps[at].group
    return None if group % 2 == 0 and group != 2 else _creator(row, steps, at)


def _meta(file: Released) -> Released:
    from pydicom import Dataset

    return Released(getattr(file.dataset, "file_meta", None) or Dataset())


def _file(given: Any, side: str) -> Released:
    from pydicom import Dataset

    if isinstance(given, Dataset):
        return Released(given)
    if not isinstance(given, str | Path):
        raise TypeError(f"header() compares paths and pydicom Datasets; {side} is a {type(given).__name__}.")
    if not Path(given).is_file():
        wrong = f"{given} is a folder; give a file in it" if Path(given).is_dir() else f"there is no file {given}"
        raise FileNotFoundError(f"header(): {side}: {wrong}.")
    try:
        return dicom_files.read(given)
    except dicom_files.Unreadable as reason:
        raise ValueError(f"header(): {side}: {given}: {reason}") from None


def _found(folder: Path, after: Released, results: pd.DataFrame | None, uids: Mapping[str, str]) -> Path:
    """The file below `folder` that a released one was made of."""
    new = after.text("(0008,0018)")
    olds = [old for old, mapped in uids.items() if mapped == new]
    if results is not None and "released" in results:
        olds += results.loc[(results["released"] == new).to_numpy(dtype=bool), "instance"].astype(str).unique().tolist()
    files = dicom_files.by_instance(folder)
    for uid in (*olds, new):
        if uid in files:
            return files[uid]
    raise ValueError(
        f"header(): no file below {folder} is the original of the released one, by results, uids or its own UID."
    )


class _Key:
    """What a key asks of one instance, with the verdicts; and what its results know of UIDs."""

    def __init__(self, results: pd.DataFrame, before: Released, after: Released) -> None:
        self.notes: list[str] = []
        rows = results[(results["instance"] == before.text("(0008,0018)")).to_numpy(dtype=bool)]
        new = after.text("(0008,0018)")
        if "submission" in rows and rows["submission"].nunique() > 1:
            of_file = rows["submission"][(rows["released"] == new).to_numpy(dtype=bool)].unique()
            name = str(of_file[0] if len(of_file) else rows["submission"].iloc[0])
            rows = rows[(rows["submission"] == name).to_numpy(dtype=bool)]
            results = results[(results["submission"] == name).to_numpy(dtype=bool)]
            if len(of_file) != 1:
                self.notes.append(f"The results hold several submissions; the verdicts are those of {name}.")
        self.total = len(rows)
        if not self.total:
            self.notes.append("The results have no check of this image.")
        self._checks: dict[str, list[Check]] = {}
        for row in rows.to_dict("records"):
            asks = ACTIONS.get(str(row["action"]))
            text = row.get(asks.column) if asks else None
            code = row.get("subcategory")
            check = Check(
                str(row["verdict"]), str(row["action"]), "" if pd.isna(code) else str(code),
                None if text is None or pd.isna(text) else str(text),
            )  # fmt: skip
            self._checks.setdefault(str(row["tag_path"]), []).append(check)
        self.uids, self.names = _mapped(results)
        self.patients = _pairs(results, "patient", "released_patient")

    def checks(self, row: Difference) -> list[Check]:
        """The checks of an attribute, however the private sequences in its path are written."""
        if row.tag_path in self._checks:
            return self._checks[row.tag_path]
        if not tags.in_private(row.tag_path):
            return []
        return next((checks for path, checks in self._checks.items() if tags.same(path, row.tag_path)), [])

    def elsewhere(self, paths: set[str]) -> Iterator[Difference]:
        """The attributes that the key asks about and neither file has."""
        for path in self._checks:
            known = path in paths or (tags.in_private(path) and any(tags.same(path, one) for one in paths))
            if known or not tags.parse(path):
                continue
            leaf, nothing = tags.leaf(path), (_ABSENT, float("nan"), None, None)
            creator = (tags.parse(leaf) or [tags.Step(0, 0)])[0].creator
            what = (path, leaf, creator, tags.name(path), "", None, tags.is_private(path), tags.scope(path))
            yield Difference(*what, *nothing)


def _pairs(results: pd.DataFrame, old: str, new: str) -> dict[str, str]:
    if new not in results:
        return {}
    found = results[[old, new]].dropna().drop_duplicates(old).astype(str)
    return dict(zip(found[old], found[new], strict=True))


def _mapped(results: pd.DataFrame) -> tuple[dict[str, str], dict[str, str]]:
    """(old → new UIDs, new UID → what has it) as results know them."""
    uids: dict[str, str] = {}
    names: dict[str, str] = {}
    for level, new in (("instance", "released"), ("series", "released_series"), ("study", "released_study")):
        pairs = _pairs(results, level, new) if level in results else {}
        uids |= pairs
        names |= dict.fromkeys(pairs.values(), {"instance": "image"}.get(level, level))
    return uids, names


_OWN_UIDS = {
    "(0008,0018)": "image", "(0020,000d)": "study", "(0020,000e)": "series", "(0020,0052)": "frame of reference",
}  # fmt: skip
_NO_LINKS = frozenset([*_OWN_UIDS, "(0002,0012)", "(0002,0100)"])
_REGISTERED = "1.2.840.10008."


class _Links:
    """Where UIDs lead: to the file itself, to another that is known, or nowhere."""

    def __init__(self, before: Released, after: Released, uids: Mapping[str, str], names: Mapping[str, str]) -> None:
        self._own = [
            {uid: what for path, what in _OWN_UIDS.items() if (uid := file.text(path))} for file in (before, after)
        ]
        self._uids, self._names = uids, names

    def leads(self, row: Difference) -> str | None:
        """Where a UID led and leads now, in a few words; None for what is no reference."""
        old, new = row.original, row.actual
        if row.vr != "UI" or row.tag_path in _NO_LINKS or not new or new.startswith(("[", _REGISTERED)):
            return None
        olds, news = self._own
        if new in news:
            return f"leads to this {news[new]}"
        if new in self._names:
            return f"leads to another {self._names[new]} of the release"
        if old == new:
            return "still leads to the original" if new in olds or new in self._uids else "unchanged"
        if old in olds:
            return f"led to this {olds[old]}, leads nowhere now"
        if old in self._uids:
            return "leads nowhere: not what the mapping says"
        return "leads out of these files"
