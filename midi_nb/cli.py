"""midi-nb …: the verbs of the face as commands. Tables on a terminal, JSON or CSV for machines; it computes nothing."""

from __future__ import annotations

import argparse
import codecs
import inspect
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

from .amounts import percent, points
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
    """Make a mini benchmark, score submissions of all qualities, write a report.

    midi-nb demo my-demo --patients 4
    """
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
    """Say what a tool did right and wrong: judge its released files by an answer key.

    midi-nb evaluate released/ answer_key.db --uids uid_mapping.csv --patients patid_mapping.csv --out run/
    """
    _refuse_strangers(options)
    if bool(options.key) == bool(options.derive):
        raise ValueError("evaluate needs either KEY, the answer key, or --derive ORIGINAL, where there is none.")
    asked = options.profile, options.edition, options.keep, options.private
    if options.key and asked != ("basic", "2024e", [], None):
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
    """Make an answer key where there is none, from the original files and the DICOM standard.

    midi-nb derive original/ -o key.db --profile basic+clean_descriptors+retain_modified_dates
    """
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
        original, options.profile, edition=options.edition, keep=options.keep, private=options.private,
        read_text=read_text, executor=executor, out=out, progress=not options.quiet,
    )  # fmt: skip


def _origin(frame: pd.DataFrame) -> list[str]:
    """A note that the key behind answers or results was derived, where it was."""
    found = origin(frame)
    return [f"The key is derived, nobody published it: {found}."] if found else []


def _say_unpaired(unpaired: pd.DataFrame) -> None:
    """Say on the terminal which files have no pair, or a doubtful one."""
    if len(unpaired):
        counts = unpaired.groupby(["side", "reason"], observed=True).size()
        reasons = "; ".join(f"{count:,} × {side}: {reason}" for (side, reason), count in counts.items())
        _say(f"note: Without a certain original: {reasons}. midi-nb pair --rows names them.")


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
    """Write reports: describe one submission, compare several.

    midi-nb report run/ --released released/ --original original/
    """
    if not (options.html or options.official or options.summary):
        options.html = "report.html"
    _refuse_strangers(options)
    frames = _frames(options)
    results = mn.concat(frames)
    written = _written(results, options, _folders(options, frames), options.original)
    return Answer(_by_unit(results), notes=[*_origin(results), *written])


def _page(options: argparse.Namespace) -> Answer:
    """Write the explorer as one file, to be opened in a browser.

    midi-nb page run/ --released released/ --original original/
    """
    _refuse_other_page(options.html)
    return _explorer(options, Path(options.html))


def _explore(options: argparse.Namespace) -> Answer:
    """Open the explorer in the browser.

    midi-nb explore run/ --released released/ --original original/
    """
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
    """Open images in the browser, with the boxes of their checks.

    midi-nb view released/0001.dcm --results run/ --original original/
    """
    import pandas as pd

    results = mn.read_results(options.results) if options.results else None
    images = [Path(image) for image in options.images]
    original = options.original and Path(options.original)
    page = mn.write_view(images, results, _own_folder() / "viewer.html", original, values=not options.value_free)
    webbrowser.open(page.as_uri())
    return Answer(pd.DataFrame({"image": [image.name for image in images]}), notes=[f"Page: {page}"])


def _header(options: argparse.Namespace) -> Answer:
    """Open the headers of an original and a released file in the browser, line by line.

    midi-nb header original/ released/0001.dcm --results run/
    """
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
    """Scores of results, over all or by any columns.

    midi-nb score run/ --by category,action --unit series
    """
    results = _read(options)
    by = list(dict.fromkeys([*_several(options), *options.by]))
    if {"cause", "axis", "confidence", "words"} & set(by):
        results = _explained(results, options.released, options.original)
    scores = mn.score(results, by=by, unit=options.unit, interval=options.interval)
    return Answer(scores, notes=_origin(results))


def _problems(options: argparse.Namespace) -> Answer:
    """The few things worth fixing, the largest gain first.

    midi-nb problems run/ --top 10
    """
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
    """What became of each check from one run to another.

    midi-nb compare run-1/ run-2/ --by tag
    """
    files = zip((options.before, options.after), _beside(options, 2), strict=True)
    before, after = (mn.read_results(path, **beside) for path, beside in files)
    if "privacy" in options.fail_on:
        after = _explained(after, options.released, options.original)
    compared = mn.compare(before, after)
    failed = _regression(compared, options.fail_on)
    if options.rows:
        return Answer(compared[~compared["change"].isin(["still failing", "still passing"])], failed=failed)
    _known(compared.drop(columns=["before", "after", "change"]), options.by, "compare")
    tally = compared.groupby([*options.by, "change"], observed=True, dropna=False).size().rename("checks")
    if not options.by:
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
    """Several submissions from best to worst, and how sure that is.

    midi-nb rank run-1/ run-2/ run-3/
    """
    return Answer(mn.rank(_read(options), n=options.draws, seed=options.seed))


def _audit(options: argparse.Namespace) -> Answer:
    """What the official rules let pass.

    midi-nb audit run/ --released released/
    """
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
    """Find the mappings of a tool that wrote none.

    midi-nb pair original/ released/ --uids uid_mapping.csv --patients patid_mapping.csv
    """
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
    """Count what became of every attribute, without a key.

    midi-nb inspect original/ released/ --uids uid_mapping.csv --by tag,name,asked
    """
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
    """List every distinct value of a folder, rare free text and private values first.

    midi-nb census released/ --top 50 --value-free
    """
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
    """The shortest ends of different paths that differ.

    >>> _ends(["old/run", "new/run"])
    ['old/run', 'new/run']
    """
    parts = [Path(path).resolve().parts for path in paths]
    sizes = range(1, max(map(len, parts)) + 1)
    return next(ends for size in sizes if len(set(ends := [str(Path(*p[-size:])) for p in parts])) == len(parts))


def _beside(options: argparse.Namespace, files: int) -> list[dict[str, Any]]:
    """For each file of results what else it is read with."""
    each = {"key": [options.key] * files}
    for name in ("uids", "scores"):
        given = getattr(options, name) or [None]
        if len(given) not in (1, files):
            raise ValueError(
                f"--{name} is given {len(given)} times for {files} results; give it once, or once for each."
            )
        each[name] = given * files if len(given) == 1 else given
    return [dict(zip(each, values, strict=True)) for values in zip(*each.values(), strict=True)]


def _known(frame: pd.DataFrame, columns: Sequence[str], command: str) -> None:
    unknown = [name for name in columns if name not in frame.columns]
    if unknown:
        raise ValueError(f"{command} --by: no column {', '.join(unknown)}; there are {', '.join(frame.columns)}.")


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

    There is no index; texts are cut where the table would be wider than `width`, if that is given.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False)
    for name in frame.columns:
        number = frame[name].dtype.kind in "iuf"
        table.add_column(Text(str(name)), justify="right" if number else "left", no_wrap=number)
    for row in frame.astype(object).itertuples(index=False, name=None):
        cells = (_cell(value, str(name)) for value, name in zip(row, frame.columns, strict=True))
        table.add_row(*(Text(cell, no_wrap=True, overflow="ellipsis") for cell in cells))
    console = Console(file=io.StringIO(), width=width or sys.maxsize, color_system=None, force_jupyter=False)
    with console.capture() as captured:
        console.print(table)
    return "\n".join(map(str.rstrip, captured.get().splitlines()))


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


class Option(NamedTuple):
    """An argument of a command as argparse takes it."""

    flags: Sequence[str]
    settings: Mapping[str, Any]


def _option(usage: str, help: str, default: Any = None, **settings: Any) -> Option:
    """An option as its usage says it, ``--by COLUMNS``; without a value it is a switch, without dashes it has a place.

    The default is said in the help.
    """
    flags, metavar = [word for word in usage.split() if word[0] == "-"], usage.split()[-1]
    if not flags:
        flags = [metavar.lower()]
    if metavar.isupper():
        settings.setdefault("metavar", metavar)
    elif "choices" not in settings:
        return Option(flags, {"action": "store_true", "help": help})
    said = f"{help} (default {default})" if default not in (None, []) else help
    return Option(flags, {"default": default, "help": said, **settings})


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


_ORIGINALS = _option("ORIGINAL", "the folder of original files")
_RELEASES = _option("RELEASED", "the folder of released files")
_KEY = _option("--key FILE", "the answer key, to complete official results with")
_UIDS = _option("--uids FILE", "UID mapping of official results; one for all, or for each", action="append")
_SCORES = _option(
    "--scores FILE", "scoring workbook of a discrepancy report, for the checks that passed; one for each report",
    action="append",
)  # fmt: skip
_BESIDE = (_KEY, _UIDS, _SCORES)
_READS = (_option("RESULTS", "a run folder, an official output or a Parquet file", nargs="+"), *_BESIDE)
_MAPPED_UIDS = _option("--uids FILE", "UID mapping, CSV id_old,id_new (if there is none: midi-nb pair)")
_MAPPED_PATIENTS = _option("--patients FILE", "patient ID mapping, CSV id_old,id_new")
_BY = _option("--by COLUMNS", "columns to break down by, comma-separated", [], type=_columns)
_UNIT = _option("--unit", "what counts once", _UNITS[0], choices=_UNITS)
_INTERVAL = _option("--interval P", "coverage of low to high", 0.95, type=float)
_TOP = _option("--top N", "how many (default 20 on a terminal, else all)", type=_at_least_one)
_DRAWS = _option("--draws N", "bootstrap draws", 1000, type=_at_least_one)
_KEY_SHIFT = _option("--key-shift", "also find dates shifted by another number of days than the key's")
_SEED = _option("--seed N", "random seed", 0, type=int)
_ROWS = _option("--rows", "every row, not counts (shows identifiers and values of the data)")
_QUIET = _option("--quiet", "no progress line")
_ORIGINAL = _option("--original FOLDER", "the original files, for more exact causes")
_RELEASED = _option("--released FOLDER", "the released files")
_FILES = (_ORIGINAL, _RELEASED)
_FILES_EACH = (
    _option("--released FOLDER", "the released files, for pictures of boxes; once per results", action="append"),
    _ORIGINAL,
)
_VALUE_FREE = _option("--value-free --no-values", "hide values and identifiers of the data")
_WRITES = (
    _option("--html FILE", "write a self-contained report"),
    _option("--official FOLDER", "write the reports of the official script"),
    _option("--summary FILE", "write counts only, fit to be published (JSON)"),
    _VALUE_FREE,
)
_PROFILE = (
    _option("--profile NAME", "the profile, or with options: basic+clean_descriptors", "basic"),
    _option("--edition EDITION", "edition of PS3.15", "2024e"),
)
_POLICY = (
    *_PROFILE,
    _option(
        "--keep NAME", "an attribute that your policy keeps all the same, by name, keyword or tag; may be given "
        "several times", [], action="append",
    ),
    _option("--private FILE", "what becomes of private attributes: CSV creator,element,disposition"),
)  # fmt: skip
_WORK = (
    _option("--out FOLDER", "save what is found, part by part (resumable)"),
    _option("--jobs N", "processes to work in", 1, type=_at_least_one),
    _option("--dask ADDRESS", "work on a Dask cluster, e.g. tcp://10.0.0.1:8786"),
    _QUIET,
)
_DEMO = (
    _option("FOLDER", "where", "midi-nb-demo", nargs="?"),
    _option("--patients N", "how many patients (default 10)", type=_at_least_one),
)
_DERIVED = (
    _option("-o --output FILE", "the key to write", "answer_key.db"),
    _option("--text", "also read burned-in text, for checks of pixels (slow)"),
)
_JUDGED = (
    _option("KEY", "the answer key", nargs="?"),
    _option("--derive ORIGINAL", "where there is no key: the original files, to derive one from"),
    _MAPPED_UIDS,
    _MAPPED_PATIENTS,
    _option("--rules", "which rules", "official", choices=("official", "strict")),
    _option("--name NAME", "name of the submission (default: the folder's)"),
    _option("--no-text", "no text recognition: checks of burned-in text stay blank"),
    _option(
        "--fail-under SCORE", "end with exit code 1 where the score is lower: a share such as 0.98, or percent such as "
        "98 or 98%%", type=_least,
    ),
    _option("--unit", "the score of --fail-under", _UNITS[0], choices=_UNITS),
)  # fmt: skip
_COMPARED = (
    _option("BEFORE", "results of the earlier run"),
    _option("AFTER", "results of the later run"),
    _option(
        "--fail-on CONDITIONS", "end with exit code 1 where a check regressed (regressed), or only where one that "
        "leaks an identifier did (privacy); comma-separated", [], type=_conditions, action="extend",
    ),
)  # fmt: skip
_PAIRED = (
    _option("--by", "path: the tool keeps relative paths", "content", choices=("content", "path")),
    _option("--uids FILE", "UID mapping to write", "uid_mapping.csv"),
    _option("--patients FILE", "patient ID mapping to write", "patid_mapping.csv"),
)
_SEEN = (
    _option("IMAGES", "DICOM files; several are one stack", nargs="+", metavar="IMAGE"),
    _option("--results RUN", "results, for the boxes"),
    _option("--original FOLDER", "the original files, to see each image before"),
)
_HEADERS = (
    _option("ORIGINAL", "the original file, or a folder with it"),
    _option("RELEASED", "the released file"),
    _option("--results RUN", "results, for the verdicts (default: by the standard)"),
    _MAPPED_UIDS,
    _option("-o --output FILE", "write the page here; nothing is opened"),
)
_PAGE = _option("--html FILE", "the file", "explorer.html")

Run = Callable[[argparse.Namespace], Answer]
#: Name of a command → the function that runs it, whose docstring says what it does and gives an example; its options.
COMMANDS: Mapping[str, tuple[Run, Sequence[Option]]] = {
    "demo": (_demo, (*_DEMO, _SEED)),
    "evaluate": (_evaluate, (_RELEASES, *_JUDGED, *_POLICY, _ORIGINAL, *_WRITES, *_WORK)),
    "derive": (_derive, (_ORIGINALS, *_DERIVED, *_POLICY, *_WORK)),
    "score": (_score, (*_READS, _BY, _UNIT, _INTERVAL, *_FILES)),
    "problems": (_problems, (*_READS, _TOP, *_FILES)),
    "compare": (_compare, (*_COMPARED, *_BESIDE, _BY, _ROWS, *_FILES)),
    "rank": (_rank, (*_READS, _DRAWS, _SEED)),
    "audit": (_audit, (*_READS, *_FILES, _KEY_SHIFT, _ROWS)),
    "pair": (_pair, (_ORIGINALS, _RELEASES, *_PAIRED, _ROWS, _QUIET)),
    "inspect": (
        _inspect,
        (_ORIGINALS, _RELEASES, _MAPPED_UIDS, _MAPPED_PATIENTS, *_PROFILE, _BY, _ROWS, *_WORK),
    ),
    "census": (_census, (_option("FOLDER", "the folder to look into"), _TOP, _VALUE_FREE, *_WORK)),
    "report": (_report, (*_READS, *_WRITES, *_FILES_EACH)),
    "page": (_page, (*_READS, *_FILES_EACH, _PAGE, _VALUE_FREE)),
    "explore": (_explore, (*_READS, *_FILES_EACH, _VALUE_FREE)),
    "view": (_view, (*_SEEN, _VALUE_FREE)),
    "header": (_header, (*_HEADERS, *_PROFILE, _VALUE_FREE)),
}


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
    for name, (run, asked) in COMMANDS.items():
        summary, example = (inspect.getdoc(run) or "\n\n").split("\n\n")
        described = commands.add_parser(
            name,
            help=f"{summary[:1].lower()}{summary[1:-1]}",
            description=summary,
            epilog=f"example:\n  {example}\n\n{_EXITS}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for option in asked:
            described.add_argument(*option.flags, **option.settings)
        machine = described.add_mutually_exclusive_group()
        for form in _WRITERS:
            machine.add_argument(
                f"--{form}", dest="format", action="store_const", const=form, help=f"print {form.upper()}"
            )
        described.set_defaults(run=run)
    return parser
