"""midi-nb …: the verbs of the face as commands. Tables on a terminal, JSON or CSV for machines; it computes nothing."""

from __future__ import annotations

import argparse
import codecs
import io
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import warnings
import webbrowser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import midi_nb as mn

from .amounts import percent, points, reasons
from .frames import origin
from .vocabulary import spelled

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["main"]


_UNITS = ("instance", "series", "series-2024")


class Answer(NamedTuple):
    """What a command found: the frame for machines, tables and notes for people, and why it ends with 1."""

    frame: pd.DataFrame
    tables: Mapping[str, pd.DataFrame] = {}
    notes: Sequence[str] = ()
    failed: str | None = None  # the reason in one line; empty where a warning has given it


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0, 1 where a condition failed, 2 on bad input (each with one line on stderr), 130 when
    interrupted, 141 when nobody reads on.

    >>> main(["--version"])
    Traceback (most recent call last):
    ...
    SystemExit: 0
    """
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a sign that the terminal cannot show must not end a table
    try:
        with _warnings_as_notes():
            answer = options.run(options)
            _show(answer, options)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains when it flushes at exit
        return 141
    except KeyboardInterrupt:
        _say("interrupted" + ("; the same command goes on where it stopped" if getattr(options, "out", None) else ""))
        return 130
    except (ValueError, TypeError, OSError) as error:
        _say(_one_line(error))
        return 2
    if answer.failed:
        _say(answer.failed)
    return 0 if answer.failed is None else 1


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return " ".join(str(error).split()) or type(error).__name__


def _say(text: str) -> None:
    sys.stderr.write(f"midi-nb: {text}\n")


@contextmanager
def _warnings_as_notes() -> Iterator[None]:
    """Our own warnings as one line each, those of others not at all."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("always", category=UserWarning, module="midi_nb")
        warnings.showwarning = lambda message, *_, **__: _say(f"note: {message}")
        yield


# Commands: arguments in, an answer out


def _demo(options: argparse.Namespace) -> Answer:
    """Make a mini benchmark, score submissions of all qualities, write a report."""
    import pandas as pd

    folder = Path(options.folder)
    demo = mn.make_demo(folder, options.patients, options.seed)
    runs = {
        name: mn.evaluate(submission, demo.key, name=name, out=folder / "runs" / name)
        for name, submission in demo.submissions.items()
    }
    results = mn.concat(runs.values())
    scores = mn.score(results, by="submission").sort_values("score", ascending=False)
    problems = {name: mn.problems(mn.explain(run, demo.submissions[name], demo.original)) for name, run in runs.items()}
    top = [_top(problems[name]) for name in scores["submission"]]
    table = pd.DataFrame(scores[["submission", "score", "failed", "blank"]]).assign(**{"top problem": top})
    report = mn.write_html(results, folder / "report.html", demo.submissions, demo.original)
    missing = [f"Left out, as they are not installed: {', '.join(demo.missing)}."] if demo.missing else []
    return Answer(table, notes=[*missing, f"Report: {report}", f"JupyterLab: {_jupyter()}"])


def _top(problems: pd.DataFrame) -> str | None:
    if problems.empty:
        return None
    first = problems.sort_values("rows", ascending=False).iloc[0]
    return ": ".join(_cell(first[name], name) for name in ("cause", "name") if first[name])


def _jupyter() -> str:
    """The line that opens JupyterLab of this environment, on the notebooks where there are some."""
    here = Path(sys.executable).with_name("jupyter")
    program = "jupyter" if not here.exists() or shutil.which("jupyter") == str(here) else os.path.relpath(here)
    start = Path("notebooks", "00_start_here.ipynb")
    return f"{program} lab {start}" if start.exists() else f"{program} lab"


def _evaluate(options: argparse.Namespace) -> Answer:
    """Say what a tool did right and wrong: judge its released files by an answer key."""
    _refuse_strangers(options)
    if bool(options.key) == bool(options.derive):
        raise ValueError("evaluate needs either KEY, the answer key, or --derive ORIGINAL, where there is none.")
    asked = options.profile, options.edition, options.keep, options.private
    if options.key and asked != ("basic", "2024e", None, None):
        raise ValueError("--profile, --edition, --keep and --private go with --derive; a key says itself what it asks.")
    with _executor(options) as executor:
        key, uids, patients = options.key, options.uids, options.patients
        if options.derive:
            key = _derived(options, options.derive, executor, None if options.no_text else "auto")
            if not uids:  # without a key there often is no mapping either
                pairing = mn.pair_folders(options.released, options.derive, progress=not options.quiet)
                uids, patients = pairing.uids, patients or pairing.patients
                _say_unpaired(pairing.unpaired)
        results = mn.evaluate(
            options.released, key, uids=uids, patients=patients, name=options.name,
            rules=options.rules, executor=executor, read_text=None if options.no_text else "auto",
            original=options.original or options.derive, out=options.out, progress=not options.quiet,
        )  # fmt: skip
    results = mn.explain(results, options.released, options.original or options.derive)
    scores = _by_unit(results)
    notes = [*_origin(results), *([f"Run: {options.out}"] if options.out else [])]
    if not results["file"].notna().any():
        failed = "" if len(results) else "The key has no checks."  # evaluate() warns that no file answers them
    else:
        if options.no_text:  # any other reason evaluate() warns of
            _say_unread(results)
        failed = options.fail_under and options.fail_under.broken_by(scores[scores["unit"] == options.unit])
    written = _written(results, options, options.released, options.original or options.derive)
    return Answer(scores, _details(results), [*notes, *written], failed)


def _derive(options: argparse.Namespace) -> Answer:
    """Make an answer key where there is none, from the original files and the DICOM standard."""
    import pandas as pd

    target = Path(options.output)
    if target.exists():
        raise ValueError(f"{target} is already there; give another name, nothing is overwritten.")
    _require_writable(target)
    with tempfile.TemporaryDirectory() as folder, _executor(options) as executor:
        parts = Path(options.out or Path(folder) / "parts")
        answers = _derived(options, options.original, executor, "auto" if options.text else None, parts)
        if not len(answers):
            raise ValueError("No key is written: it would have no checks.")
        mn.write_key(parts, target)
    counts = answers.groupby(["source", "action"], observed=True).size().rename("checks").reset_index()
    notes = [*_origin(answers), *_no_dicom(answers.attrs["skipped"]), f"Key: {target}"]
    return Answer(pd.DataFrame(counts), notes=notes)


def _no_dicom(skipped: Sequence[tuple[str, str]]) -> list[str]:
    """A note of the files that are no DICOM; of the others that were left out a warning says it."""
    count = sum(reason.startswith("not DICOM") for _, reason in skipped)
    return [f"Left out: {count:,} × not DICOM (text, empty or encrypted files)"] if count else []


def _require_writable(target: Path) -> None:
    """Raise where nothing can be written at `target`, before hours of work for it."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise OSError(error.errno, f"{target} cannot be written ({error.strerror})") from None


def _derived(
    options: argparse.Namespace, original: str, executor: Any, read_text: Any, out: Path | None = None
) -> pd.DataFrame:
    return mn.derive_key(
        original, options.profile, edition=options.edition, keep=options.keep or (), private=options.private,
        read_text=read_text, executor=executor, out=out, progress=not options.quiet,
    )  # fmt: skip


def _origin(frame: pd.DataFrame) -> list[str]:
    """A note that the key behind answers or results was derived, where it was."""
    found = origin(frame)
    return [f"The key is derived, nobody published it: {found}."] if found else []


def _say_unpaired(unpaired: pd.DataFrame) -> None:
    """Say on the terminal which files have no pair, or a doubtful one."""
    if len(unpaired):
        given = unpaired["side"].astype(str) + ": " + unpaired["reason"].astype(str)
        _say(f"note: Without a certain original: {reasons(given)}. midi-nb pair --rows names them.")


def _say_unread(results: pd.DataFrame) -> None:
    """Say on the terminal how many checks of burned-in text --no-text leaves undecided."""
    count = int(mn.score(results[results["action"] == "pixels_hidden"])["blank"].sum())
    if count:
        _say(f"note: Undecided (blank) checks of burned-in text: {count:,}; --no-text.")


@contextmanager
def _executor(options: argparse.Namespace) -> Iterator[Any]:
    """What judges the batches: new processes, a Dask cluster, or None for this process."""
    if options.dask:
        try:
            from distributed import Client
        except ImportError:
            raise ValueError("--dask needs the package distributed: pip install 'midi_nb[scale]'.") from None
        with Client(options.dask) as client:
            yield client.get_executor()
    elif options.jobs > 1:
        from concurrent.futures import ProcessPoolExecutor

        # Ctrl-C reaches every process of the terminal: the workers leave it to us.
        with ProcessPoolExecutor(
            options.jobs, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
        ) as pool:
            yield pool
    else:
        yield None


def _by_unit(results: pd.DataFrame) -> pd.DataFrame:
    """The scores under each denominator."""
    import pandas as pd

    by = ["submission"] if results["submission"].nunique() > 1 else []
    units = results["unit"].dropna().unique() if "unit" in results else _UNITS  # those of scoring workbooks
    parts = [mn.score(results, by=by, unit=unit).assign(unit=unit) for unit in units]
    scores = pd.concat(parts, ignore_index=True)
    return scores[["unit", *(name for name in scores.columns if name != "unit")]]


def _details(results: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The tables people want beside the scores of explained `results`."""
    problems = mn.problems(results)
    largest = problems[[*_PROBLEM, "axis", "rows", "patients", "share", "gain"]].head(5)
    return {"By category": mn.score(results, by="category"), f"{len(problems):,} problems, the largest first": largest}


def _written(results: pd.DataFrame, options: argparse.Namespace, released: Any, original: Any) -> Iterator[str]:
    """What was written, as notes: the reports that were asked for."""
    if options.official:
        yield f"Official reports: {mn.write_official(results, options.official)}"
    if options.summary:
        yield f"Summary: {mn.write_summary(results, options.summary)}"
    if options.html:
        values = not options.value_free
        yield f"Report: {mn.write_html(results, options.html, released, original, values=values)}"


def _refuse_strangers(options: argparse.Namespace) -> None:
    """Raise a ValueError, before any work, if a report would overwrite a file that is no report."""
    _refuse_other_page(options.html)
    folder = Path(options.official or os.devnull)
    there = sorted(path.name for pattern in _OFFICIAL for path in folder.glob(pattern))
    if there:
        raise ValueError(f"{folder} already holds {', '.join(there)}; give another folder, nothing is overwritten.")


def _refuse_other_page(file: str | None) -> None:
    if file and Path(file).exists():
        with open(file, "rb") as page:
            if b'name="generator" content="midi_nb' not in page.read(4096):
                raise ValueError(f"{file} is no report of ours and stays; give --html another name.")


_OFFICIAL = ("discrepancy_report_*.csv", "scoring_report_*.xlsx", "pixel_validation.xlsx")  # of write_official()


def _report(options: argparse.Namespace) -> Answer:
    """Write reports: describe one submission, compare several."""
    if not (options.html or options.official or options.summary):
        options.html = "report.html"
    _refuse_strangers(options)
    frames = _frames(options)
    results = mn.concat(frames)
    written = _written(results, options, _folders(options, frames), options.original)
    return Answer(_by_unit(results), notes=[*_origin(results), *written])


def _page(options: argparse.Namespace) -> Answer:
    """Write the explorer as one file, to be opened in a browser."""
    _refuse_other_page(options.html)
    return _explorer(options, Path(options.html))


def _explore(options: argparse.Namespace) -> Answer:
    """Open the explorer in the browser."""
    answer = _explorer(options, page := _own_folder() / "explorer.html")
    webbrowser.open(page.as_uri())
    return answer


def _explorer(options: argparse.Namespace, page: Path) -> Answer:
    frames = _frames(options)
    files = _folders(options, frames), options.original
    results = _explained(mn.concat(frames), *files)
    mn.write_page(results, page, *files, values=not options.value_free)
    largest = mn.problems(results).head(5)
    if not options.format:
        largest = largest[[*_several(options), *_PROBLEM, "axis", "rows", "patients", "gain"]]
    return Answer(largest, notes=[f"Page: {page}"])


def _view(options: argparse.Namespace) -> Answer:
    """Open images in the browser, with the boxes of their checks."""
    import pandas as pd

    results = mn.read_results(options.results) if options.results else None
    images = [Path(image) for image in options.image]
    original = options.original and Path(options.original)
    page = mn.write_view(images, results, _own_folder() / "viewer.html", original, values=not options.value_free)
    webbrowser.open(page.as_uri())
    return Answer(pd.DataFrame({"image": [image.name for image in images]}), notes=[f"Page: {page}"])


def _header(options: argparse.Namespace) -> Answer:
    """Open the headers of an original and a released file in the browser, line by line."""
    import pandas as pd

    results = mn.read_results(options.results) if options.results else None
    asked = {"profile": options.profile, "edition": options.edition} if results is None else {}
    page = mn.write_header(
        options.original, options.released, results, options.output or _own_folder() / "header.html", uids=options.uids,
        values=not options.value_free, **asked,
    )  # fmt: skip
    if not options.output:
        webbrowser.open(page.as_uri())
    files = {"original": [options.original], "released": [options.released]}
    return Answer(pd.DataFrame(files), notes=[f"Page: {page}"])


def _own_folder() -> Path:
    """A new folder that only this user can read."""
    return Path(tempfile.mkdtemp(prefix="midi-nb-"))


def _score(options: argparse.Namespace) -> Answer:
    """Scores of results, over all or by any columns."""
    results = _read(options)
    by = list(dict.fromkeys([*_several(options), *(options.by or ())]))
    if {"cause", "axis", "confidence", "words"} & set(by):
        results = _explained(results, options.released, options.original)
    scores = mn.score(results, by=by, unit=options.unit, interval=options.interval)
    return Answer(scores, notes=_origin(results))


def _problems(options: argparse.Namespace) -> Answer:
    """The few things worth fixing, the largest gain first."""
    problems = mn.problems(_explained(_read(options), options.released, options.original))
    gain = "gain_series" if problems["gain"].isna().all() and problems["gain_series"].notna().any() else "gain"
    columns = [*_PROBLEM, "axis", "confidence", "rows", "series", "patients", "share", gain]
    answer = _first(problems, options, [*_several(options), *columns])
    return answer if options.format or len(problems) else answer._replace(notes=["Every check passed."])


def _first(frame: pd.DataFrame, options: argparse.Namespace, columns: Sequence[str]) -> Answer:
    """As many rows as --top asks for; on a terminal these `columns`, and 20 rows if nothing is asked for."""
    if options.format:
        return Answer(frame.head(options.top or len(frame)))
    shown = frame.head(options.top or 20)
    rest = len(frame) - len(shown)
    return Answer(shown[[*columns]], notes=[f"{rest:,} more: --top {len(frame)} shows all."] if rest else [])


_PROBLEM = ("cause", "name")  # of `problems`, what people see of the name of a problem


def _several(options: argparse.Namespace) -> list[str]:
    """The column that names the submission, if there may be several."""
    return ["submission"] if len(options.results) > 1 else []


def _compare(options: argparse.Namespace) -> Answer:
    """What became of each check from one run to another."""
    files = zip((options.before, options.after), _beside(options, 2), strict=True)
    before, after = (mn.read_results(path, **beside) for path, beside in files)
    by, fail_on = options.by or [], [name for names in options.fail_on or [] for name in names]
    if "privacy" in fail_on:
        after = _explained(after, options.released, options.original)
    compared = mn.compare(before, after)
    failed = _regression(compared, fail_on)
    if options.rows:
        return Answer(compared[~compared["change"].isin(["still failing", "still passing"])], failed=failed)
    columns = compared.columns.drop(["before", "after", "change"])
    if unknown := [name for name in by if name not in columns]:
        raise ValueError(f"compare --by: no column {', '.join(unknown)}; there are {', '.join(columns)}.")
    tally = compared.groupby([*by, "change"], observed=True, dropna=False).size().rename("checks")
    if not by:
        return Answer(tally.reset_index(), failed=failed)
    table = tally.unstack("change", fill_value=0)
    table.columns = table.columns.astype(str)
    order = [name for name in ("regressed", "fixed") if name in table]
    return Answer(table.sort_values(order, ascending=False).reset_index(), failed=failed)


def _regression(compared: pd.DataFrame, fail_on: Sequence[str]) -> str | None:
    """Which conditions of --fail-on hold, as one line."""
    regressed = compared[compared["change"] == "regressed"]
    counts = {name: int((regressed["axis"] == name).sum() if name == "privacy" else len(regressed)) for name in fail_on}
    held = [f"{_FAIL_ON[name]}: {count:,} (--fail-on {name})" for name, count in counts.items() if count]
    return "; ".join(held) or None


_FAIL_ON = {"regressed": "Regressed checks", "privacy": "Regressed checks that leak an identifier"}


def _rank(options: argparse.Namespace) -> Answer:
    """Several submissions from best to worst, and how sure that is."""
    return Answer(mn.rank(_read(options), n=options.draws, seed=options.seed))


def _audit(options: argparse.Namespace) -> Answer:
    """What the official rules let pass."""
    findings = mn.audit(
        _read(options), released=options.released, original=options.original, key_shift=options.key_shift
    )
    if options.rows:
        return Answer(findings)
    by = [*_several(options), "finding", "axis", "confidence"]
    tally = findings.groupby(by, observed=True).agg(rows=("finding", "size"), patients=("patient", "nunique"))
    note = "--rows lists them." if len(findings) else "Nothing found."
    return Answer(tally.reset_index().sort_values("rows", ascending=False), notes=[note])


def _pair(options: argparse.Namespace) -> Answer:
    """Find the mappings of a tool that wrote none."""
    targets = (options.uids, options.patients)
    if len({Path(path).resolve() for path in targets}) < len(targets):
        raise ValueError(f"--uids and --patients are one file, {options.uids}; give two.")
    there = [path for path in targets if Path(path).exists()]
    if there:
        raise ValueError(f"There is already {' and '.join(there)}; give other names, nothing is overwritten.")
    astray = [path for path in targets if not Path(path).parent.is_dir()]
    if astray:
        raise ValueError(f"The folder that {' and '.join(astray)} would be in does not exist; make it first.")
    found = mn.pair_folders(options.released, options.original, by=options.by, progress=not options.quiet)
    if not len(found.uids):
        raise ValueError(f"No file of {options.released} could be matched with one of {options.original}.")
    found.write(*targets)
    notes = [f"{len(found.uids):,} UIDs: {options.uids}", f"{len(found.patients):,} patient IDs: {options.patients}"]
    if options.rows:
        return Answer(found.unpaired, notes=notes)
    tally = found.unpaired.groupby(["side", "reason"], observed=True).size().rename("files").reset_index()
    return Answer(tally, notes=notes if len(tally) else ["Every file was paired.", *notes])


def _inspect(options: argparse.Namespace) -> Answer:
    """Count what became of every attribute, without a key."""
    given = (options.original, options.released)
    wanted = {"uids": options.uids, "patients": options.patients, "progress": not options.quiet}
    wanted |= {"profile": options.profile, "edition": options.edition}
    with _executor(options) as executor:
        if options.rows:
            return Answer(mn.inspect(*given, **wanted, executor=executor, out=options.out))
        if options.out:
            kept = mn.inspect_run(*given, options.out, **wanted, executor=executor)
        else:
            kept = mn.inspect(*given, **wanted, executor=executor)
    table = mn.before_after(kept, options.by or ["tag", "name"])
    notes = [f"Differences: {options.out}"] if options.out else []
    return Answer(table, notes=["Nothing was compared.", *notes] if table.empty else notes)


def _census(options: argparse.Namespace) -> Answer:
    """List every distinct value of a folder, rare free text and private values first."""
    with _executor(options) as executor:
        values = mn.census(options.folder, executor=executor, out=options.out, progress=not options.quiet)
    if options.value_free:
        values = mn.mask_values(values)
    return _first(values, options, ["tag", "name", "actual", "count", "in_patients", "place", "file"])


# What the commands read


def _read(options: argparse.Namespace) -> pd.DataFrame:
    """The results of all files given, as one frame."""
    return mn.concat(_frames(options))


def _explained(results: pd.DataFrame, released: Any, original: Any) -> pd.DataFrame:
    """`results` with their causes; says where the original files could have made these more exact."""
    explained = mn.explain(results, released, original)
    if original is None and explained["cause"].notna().any():
        _say("note: Causes are found without the original files; --original FOLDER makes them more exact.")
    return explained


def _folders(options: argparse.Namespace, frames: Sequence[pd.DataFrame]) -> Any:
    """The folder of released files of the results, of several results a dict by the name of the submission."""
    given = options.released or [None]
    if options.released and len(given) != len(frames):
        raise ValueError(f"--released is given {len(given)} times for {len(frames)} results; give it once for each.")
    if len(frames) == 1 or not options.released:
        return given[0]
    pairs = zip(frames, given, strict=True)
    return {name: folder for frame, folder in pairs for name in frame["submission"].dropna().unique()}


def _frames(options: argparse.Namespace) -> list[pd.DataFrame]:
    """The results of each file given; submissions of the same name go by the ends of their paths."""
    files = list(zip(options.results, _beside(options, len(options.results)), strict=True))
    if len({Path(path).resolve() for path in options.results}) < len(files):
        raise ValueError("The same results are given twice.")
    frames = [mn.read_results(path, **beside) for path, beside in files]
    names = [name for frame in frames for name in frame["submission"].dropna().unique()]
    if len(set(names)) < len(names):
        ends = _ends(options.results)
        frames = [mn.read_results(path, **beside, name=name) for (path, beside), name in zip(files, ends, strict=True)]
    return frames


def _ends(paths: Sequence[str]) -> list[str]:
    """The shortest ends by which different paths can be distinguished.

    >>> _ends(["old/run", "new/run"])
    ['old/run', 'new/run']
    """
    parts = [Path(path).resolve().parts for path in paths]
    sizes = range(1, max(map(len, parts)) + 1)
    return next(ends for size in sizes if len(set(ends := [str(Path(*p[-size:])) for p in parts])) == len(parts))


def _beside(options: argparse.Namespace, files: int) -> list[dict[str, Any]]:
    """For each results file, the arguments that it is read with."""
    each = {"key": [options.key] * files}
    for name in ("uids", "scores"):
        given = getattr(options, name) or [None]
        if len(given) not in (1, files):
            raise ValueError(
                f"--{name} is given {len(given)} times for {files} results; give it once, or once for each."
            )
        each[name] = given * files if len(given) == 1 else given
    return [dict(zip(each, values, strict=True)) for values in zip(*each.values(), strict=True)]


# What they show


def _show(answer: Answer, options: argparse.Namespace) -> None:
    if options.format:
        _print(_WRITERS[options.format](answer.frame))
        for note in answer.notes:
            _say(note)
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    tables = [_table(answer.frame, width)] if len(answer.frame) else []
    tables += [f"{title}\n{_table(part, width)}" for title, part in answer.tables.items() if len(part)]
    notes = [_line(note) for note in answer.notes]
    _print("\n\n".join([*tables, *(["\n".join(notes)] if notes else [])]) + "\n")


def _print(text: str) -> None:
    # In pieces: an unbuffered stdout takes what fits into a pipe and says nothing of the rest.
    for start in range(0, len(text), 1 << 15):
        sys.stdout.write(text[start : start + (1 << 15)])


def _as_json(frame: pd.DataFrame) -> str:
    text = frame.to_json(orient="records", force_ascii=False, double_precision=12)
    # A sign that the encoding does not have would be escaped as Python does it, which is no JSON.
    utf8 = codecs.lookup(sys.stdout.encoding or "utf-8").name == "utf-8"
    return json.dumps(json.loads(text), indent=1, ensure_ascii=not utf8) + "\n"


def _as_csv(frame: pd.DataFrame) -> str:
    return str(frame.to_csv(index=False))


_WRITERS: dict[str, Callable[[Any], str]] = {"json": _as_json, "csv": _as_csv}
_RATES = frozenset({"score", "low", "high", "share", "p_first"})
_GAINS = frozenset({"gain", "gain_series"})


def _table(frame: pd.DataFrame, width: int | None) -> str:
    """A frame as aligned text: numbers to the right, rates in percent, gains in points, codes in words and as they are.

    There is no index; texts are cut where the table would be wider than `width`, if that is given. Where it still is,
    the rows stand below each other, with a line for each column.
    """
    names = [str(name) for name in frame.columns]
    cells = [[_cell(value, name) for value in frame[name]] for name in names]
    right = [frame[name].dtype.kind in "iuf" for name in frame.columns]
    wide, (head, *rows) = _aligned([[name, *column] for name, column in zip(names, cells, strict=True)], right, width)
    if width is None or wide <= width:
        return "\n".join([head, "─" * wide, *rows])
    each = (_aligned([names, row], [False, False], width, least=6)[1] for row in zip(*cells, strict=True))
    return f"\n{'─' * width}\n".join(map("\n".join, each))


def _aligned(
    columns: Sequence[Sequence[str]], right: Sequence[bool], width: int | None, least: int = 12
) -> tuple[int, list[str]]:
    """How wide these columns are beside each other, and their lines; texts are cut to `width`, but not below `least`.

    (rich says how wide a text is; its own tables are slow where a large audit prints every row.)
    """
    from rich.cells import cell_len, set_cell_size

    widths = [max(map(cell_len, column)) for column in columns]
    texts = [place for place, number in enumerate(right) if not number]
    gaps = 2 * (len(widths) - 1)
    while width and sum(widths) + gaps > width and (cut := [place for place in texts if widths[place] > least]):
        widths[max(cut, key=widths.__getitem__)] -= 1

    def padded(text: str, size: int, right: bool) -> str:
        if cell_len(text) > size:
            text = set_cell_size(text, size - 1).rstrip() + "…"
        blank = " " * (size - cell_len(text))
        return blank + text if right else text + blank

    lines = ["  ".join(map(padded, row, widths, right)).rstrip() for row in zip(*columns, strict=True)]
    return sum(widths) + gaps, lines


def _cell(value: Any, name: str) -> str:
    if isinstance(value, str):
        return _line(spelled(name, value))
    if name in _GAINS:
        return points(value, " points")
    if str(value) in _WORDS:
        return _WORDS[str(value)]
    return percent(value) if name in _RATES else f"{value:,g}" if isinstance(value, float) else f"{value:,}"


_WORDS = {"True": "yes", "False": "no", **dict.fromkeys(("None", "nan", "NaT", "<NA>"), "–")}


def _line(text: str) -> str:
    """`text` as one line without control characters: values of a file must not steer the terminal."""
    return "".join(char if char.isprintable() else "�" for char in " ".join(text.split()))


# What can be asked


def _columns(text: str) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


class Least(NamedTuple):
    """The least score that is good enough, in percent and as it was given."""

    percent: Decimal
    given: str

    def broken_by(self, scores: pd.DataFrame) -> str | None:
        """Why the one row of `scores` is not good enough, in one line."""
        passed, total = (int(scores[name].sum()) for name in ("passed", "total"))
        if not total:
            return f"No check counts, so there is no score to hold against --fail-under {self.given}."
        score = Decimal(100 * passed) / total
        if score >= self.percent:
            return None
        digits = Decimal(1).scaleb(min(-2, int(self.percent.as_tuple().exponent)))
        shown = score.quantize(digits, ROUND_FLOOR)  # rounded up it could read as good enough
        unit = scores["unit"].iloc[0]
        return f"The score ({unit}) is {shown} %, {passed:,} of {total:,} checks: below --fail-under {self.given}."


def _least(text: str) -> Least:
    """
    >>> [str(_least(text).percent) for text in ("0.98", "98", "98%")]
    ['98.00', '98', '98']
    """
    given = re.fullmatch(r"(\d+(?:\.\d+)?)(%?)", text, re.ASCII)
    number = Decimal(given[1]) if given else Decimal(-1)
    if given and not given[2] and number == 1:
        raise argparse.ArgumentTypeError(f"{text} could be 1% or 100%: write the percent sign")
    percent = number if given and (given[2] or number > 1) else number * 100
    if not 0 <= percent <= 100:
        raise argparse.ArgumentTypeError(f"must be a score such as 0.98, 98 or 98%, not {text}")
    return Least(percent, text)


def _conditions(text: str) -> list[str]:
    names = _columns(text)
    if not names or not set(names) <= set(_FAIL_ON):
        raise argparse.ArgumentTypeError(f"must be one or several of {', '.join(_FAIL_ON)}, not {text}")
    return names


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, not {text}")
    return int(text)


#: What stands for a value → its type, or the values that there are.
_VALUES: Mapping[str, Any] = {
    "N": _at_least_one, "SEED": int, "P": float, "COLUMNS": _columns, "SCORE": _least, "CONDITIONS": _conditions,
    "UNIT": _UNITS, "RULES": ("official", "strict"), "WAY": ("content", "path"),
}  # fmt: skip

#: Name, usage and help of each option; a row may go on in the next line. A value with ? may be left out, of one with +
#: there may be several, one with * may be given again; without a value it is a switch. The help says the default.
_OPTIONS = """
results         RESULTS+            a run folder, an official output or a Parquet file
key             --key FILE          the answer key, to complete official results with
uids            --uids FILE*        UID mapping of official results; one for all, or for each
scores          --scores FILE*      scoring workbook of a discrepancy report, for the checks that passed; one for each
    report
by              --by COLUMNS        columns to break down by, comma-separated
unit            --unit UNIT         what counts once (default instance)
interval        --interval P        coverage of low to high (default 0.95)
top             --top N             how many (default 20 on a terminal, else all)
draws           --draws N           bootstrap draws (default 1000)
seed            --seed SEED         random seed (default 0)
rows            --rows              every row, not counts (shows identifiers and values of the data)
key-shift       --key-shift         also find dates shifted by another number of days than the key's
originals       --original FOLDER   the original files, for more exact causes
releases        --released FOLDER   the released files
releases-each   --released FOLDER*  the released files, for pictures of boxes; once per results
value-free      --value-free --no-values  hide values and identifiers of the data
html            --html FILE         write a self-contained report
official        --official FOLDER   write the reports of the official script
summary         --summary FILE      write counts only, fit to be published (JSON)
out             --out FOLDER        save what is found, part by part (resumable)
jobs            --jobs N            processes to work in (default 1)
dask            --dask ADDRESS      work on a Dask cluster, e.g. tcp://10.0.0.1:8786
quiet           --quiet             no progress line
original        ORIGINAL            the folder of original files
released        RELEASED            the folder of released files
uid-map         --uids FILE         UID mapping, CSV id_old,id_new (if there is none: midi-nb pair)
patient-map     --patients FILE     patient ID mapping, CSV id_old,id_new
profile         --profile NAME      basic, or with options: basic+clean_descriptors (default basic)
edition         --edition EDITION   edition of PS3.15 (default 2024e)
keep            --keep NAME*        an attribute that your policy keeps all the same, by name, keyword or tag; may be
    given several times
private         --private FILE      what becomes of private attributes: CSV creator,element,disposition
demo-folder     FOLDER?             where (default midi-nb-demo)
demo-patients   --patients N        how many patients (10 if not given)
judged-by       KEY?                the answer key
derive          --derive ORIGINAL   where there is no key: the original files, to derive one from
rules           --rules RULES       which rules (default official)
name            --name NAME         name of the submission (default: the folder's)
no-text         --no-text           no text recognition: checks of burned-in text stay blank
fail-under      --fail-under SCORE  end with exit code 1 where the score is lower: a share such as 0.98, or percent such
    as 98 or 98%%
fail-unit       --unit UNIT         the score of --fail-under (default instance)
output          -o --output FILE    the key to write (default answer_key.db)
text            --text              also read burned-in text, for checks of pixels (slow)
before          BEFORE              results of the earlier run
after           AFTER               results of the later run
fail-on         --fail-on CONDITIONS*  end with exit code 1 where a check regressed (regressed), or only where one that
    leaks an identifier did (privacy); comma-separated
pair-by         --by WAY            path: the tool keeps relative paths (default content)
new-uids        --uids FILE         UID mapping to write (default uid_mapping.csv)
new-patients    --patients FILE     patient ID mapping to write (default patid_mapping.csv)
folder          FOLDER              the folder to look into
page            --html FILE         the file (default explorer.html)
image           IMAGE+              DICOM files; several are one stack
view-results    --results RUN       results, for the boxes
view-originals  --original FOLDER   the original files, to see each image before
original-file   ORIGINAL            the original file, or a folder with it
released-file   RELEASED            the released file
header-results  --results RUN       results, for the verdicts (default: by the standard)
page-output     -o --output FILE    write the page here; nothing is opened
"""
_BESIDE, _WORK = "key uids scores", "out jobs dask quiet"
_READS, _WRITES = f"results {_BESIDE}", "html official summary value-free"
_JUDGED = "released judged-by derive uid-map patient-map rules name no-text fail-under fail-unit"
_POLICY = "profile edition keep private"

#: Name → the function that runs a command and says what it does, arguments for an example, and its options.
COMMANDS: Mapping[str, tuple[Callable[[argparse.Namespace], Answer], str, str]] = {
    "demo": (_demo, "my-demo --patients 4", "demo-folder demo-patients seed"),
    "evaluate": (
        _evaluate,
        "released/ answer_key.db --uids uid_mapping.csv --patients patid_mapping.csv --out run/",
        f"{_JUDGED} {_POLICY} originals {_WRITES} {_WORK}",
    ),
    "derive": (
        _derive,
        "original/ -o key.db --profile basic+clean_descriptors+retain_modified_dates",
        f"original output text {_POLICY} {_WORK}",
    ),
    "score": (_score, "run/ --by category,action --unit series", f"{_READS} by unit interval originals releases"),
    "problems": (_problems, "run/ --top 10", f"{_READS} top originals releases"),
    "compare": (_compare, "run-1/ run-2/ --by tag", f"before after fail-on {_BESIDE} by rows originals releases"),
    "rank": (_rank, "run-1/ run-2/ run-3/", f"{_READS} draws seed"),
    "audit": (_audit, "run/ --released released/", f"{_READS} originals releases key-shift rows"),
    "pair": (
        _pair,
        "original/ released/ --uids uid_mapping.csv --patients patid_mapping.csv",
        "original released pair-by new-uids new-patients rows quiet",
    ),
    "inspect": (
        _inspect,
        "original/ released/ --uids uid_mapping.csv --by tag,name,asked",
        f"original released uid-map patient-map profile edition by rows {_WORK}",
    ),
    "census": (_census, "released/ --top 50 --value-free", f"folder top value-free {_WORK}"),
    "report": (
        _report,
        "run/ --released released/ --original original/",
        f"{_READS} {_WRITES} releases-each originals",
    ),
    "page": (
        _page,
        "run/ --released released/ --original original/",
        f"{_READS} releases-each originals page value-free",
    ),
    "explore": (
        _explore,
        "run/ --released released/ --original original/",
        f"{_READS} releases-each originals value-free",
    ),
    "view": (
        _view,
        "released/0001.dcm --results run/ --original original/",
        "image view-results view-originals value-free",
    ),
    "header": (
        _header,
        "original/ released/0001.dcm --results run/",
        "original-file released-file header-results uid-map page-output profile edition value-free",
    ),
}


def _options() -> dict[str, tuple[list[str], dict[str, Any]]]:
    """Name of an option → its flags, or its place, and its settings, as argparse takes them."""
    rows = (re.split("  +", row, maxsplit=2) for row in re.sub(r"\n +", " ", _OPTIONS).strip().splitlines())
    return {name: _option(usage, help) for name, usage, help in rows}


def _option(usage: str, help: str) -> tuple[list[str], dict[str, Any]]:
    flags = [word for word in usage.split() if word.startswith("-")]
    value = usage.split()[-1]
    if value in flags:
        return flags, {"action": "store_true", "help": help}
    name, often = value.rstrip("?+*"), value[-1]
    kind = _VALUES.get(name, str)
    settings: dict[str, Any] = {"help": help}
    settings |= {"choices": kind} if isinstance(kind, tuple) else {"metavar": name, "type": kind}
    settings |= {"action": "append"} if often == "*" else {"nargs": often} if often in "?+" else {}
    if default := re.search(r"\(default (\S+)\)", help):
        settings["default"] = default[1]  # argparse gives it its type
    return flags or [name.lower()], settings


_EXITS = """exit codes:
  0  done
  1  a condition failed: --fail-under, --fail-on, or no released file matches the key
  2  bad arguments or input"""


class _Parser(argparse.ArgumentParser):
    """Bad arguments are answered in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog.split()[0]}: {message} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="midi-nb",
        description="Did this tool really de-identify these medical images, and where it did not, why?",
        epilog=f"example:\n  midi-nb demo\n\n{_EXITS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"midi-nb {mn.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    options = _options()
    for name, (run, example, names) in COMMANDS.items():
        summary = run.__doc__ or ""
        described = commands.add_parser(
            name,
            help=f"{summary[:1].lower()}{summary[1:-1]}",
            description=summary,
            epilog=f"example:\n  midi-nb {name} {example}\n\n{_EXITS}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for flags, settings in map(options.__getitem__, names.split()):
            described.add_argument(*flags, **settings)
        machine = described.add_mutually_exclusive_group()
        for form in _WRITERS:
            machine.add_argument(
                f"--{form}", dest="format", action="store_const", const=form, help=f"print {form.upper()}"
            )
        described.set_defaults(run=run)
    return parser
