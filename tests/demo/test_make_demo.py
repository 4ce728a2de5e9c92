"""Making, finding and refusing demos."""

import hashlib
import json
import subprocess
import sys

import pytest

from midi_nb import demo as room
from midi_nb.demo import build, hospital, installed, make_demo


@pytest.fixture
def without_tools(monkeypatch):
    monkeypatch.setattr(installed, "tools", dict)


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_real_tool_does_not_change_how_plots_are_drawn():
    pytest.importorskip("deid")
    code = (
        "import matplotlib; matplotlib.use('svg')\n"
        "from midi_nb.demo import tools\n"
        "tools.deid(0)\n"
        "print(matplotlib.get_backend())"
    )
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == "svg"


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """A demo of one patient, without the submissions of other people's tools."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(installed, "tools", dict)
        return make_demo(tmp_path_factory.mktemp("one") / "demo", patients=1, progress=False)


def test_the_same_seed_gives_the_same_bytes_in_another_process(small_demo, tmp_path):
    code = (
        "import sys; from midi_nb.demo import installed, make_demo; installed.tools = dict\n"
        "make_demo(sys.argv[1], patients=3, progress=False)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "there")], check=True)
    assert len(content(small_demo.folder)) > 100
    assert content(small_demo.folder) == content(tmp_path / "there")


def test_another_seed_gives_other_people(one, tmp_path, without_tools):
    other = make_demo(tmp_path / "demo", 1, seed=1, progress=False)
    assert one.phi.read_text() != other.phi.read_text()


def test_a_patient_does_not_depend_on_how_many_there_are(one, small_demo):
    assert content(one.original).items() <= content(small_demo.original).items()


def test_after_one_of_each_kind_comes_another_person_of_the_first(tmp_path, without_tools, monkeypatch):
    monkeypatch.setattr(hospital, "PATIENTS", hospital.PATIENTS[:2])  # ten take their time
    demo = make_demo(tmp_path / "demo", 3, progress=False)
    first, second, third = (content(demo.original / name) for name in ("00001", "00002", "00003"))
    assert first.keys() == third.keys() != second.keys()
    assert not set(first.values()) & set(third.values())


def test_a_second_call_finds_the_demo_and_makes_nothing(demo, monkeypatch):
    monkeypatch.delattr(room, "make")
    assert make_demo(demo.folder, progress=False) == demo


def test_the_default_demo_is_small(demo):
    assert sum(path.stat().st_size for path in demo.folder.rglob("*") if path.is_file()) < 40e6


def test_without_a_folder_it_goes_to_the_users_cache(tmp_path, monkeypatch, without_tools):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    demo = make_demo(patients=1, progress=False)
    assert demo.folder.parent == tmp_path / "midi_nb"
    assert make_demo(patients=1, progress=False) == demo
    assert make_demo(patients=1, seed=1, progress=False).folder != demo.folder


def test_the_cache_knows_which_tools_were_there(monkeypatch):
    parameters = {"version": 1, "patients": 1, "seed": 0}
    monkeypatch.setattr(installed, "tools", dict)
    without = room.cache(parameters)
    monkeypatch.setattr(installed, "tools", lambda: {"dicognito": "1.0"})
    assert room.cache(parameters) != without


def test_a_missing_tool_is_left_out_and_named(tmp_path, without_tools):
    demo = make_demo(tmp_path / "demo", 1, progress=False)
    assert demo.missing == ("deid", "dicognito", "dicom-anonymizer")
    assert set(demo.submissions) == {"careless", "emptied", "reference", "untouched"}
    assert (
        "Left out, because not installed: deid, dicognito, dicom-anonymizer" in (demo.folder / "README.md").read_text()
    )


def test_an_interrupted_run_leaves_nothing(tmp_path, monkeypatch, without_tools):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "identifiers", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_demo(tmp_path / "demo", 1, progress=False)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_filled(tmp_path, without_tools):
    assert make_demo(tmp_path, 1, progress=False).key.is_file()


def test_a_folder_with_something_else_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ValueError) as error:
        make_demo(tmp_path, progress=False)
    assert str(error.value) == f"{tmp_path} is not empty and holds no demo; give a new or an empty folder."
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_folder_with_another_demo_is_refused(tmp_path):
    (tmp_path / "demo.json").write_text(json.dumps({"parameters": {"version": 0}}))
    with pytest.raises(ValueError) as error:
        make_demo(tmp_path, progress=False)
    assert (
        str(error.value) == f"{tmp_path} holds a demo with other parameters; give another folder, or remove this one."
    )


@pytest.mark.parametrize("wrong", [{"patients": 0}, {"patients": 2.5}, {"seed": "a"}])
def test_numbers_must_be_whole(tmp_path, wrong):
    with pytest.raises(ValueError, match="whole numbers"):
        make_demo(tmp_path / "demo", progress=False, **wrong)


def test_finding_a_demo_loads_nothing_heavy():
    code = "import sys, midi_nb.demo; print(sorted({'numpy', 'pandas', 'pydicom'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_the_folder_explains_itself(demo):
    text = (demo.folder / "README.md").read_text(encoding="utf-8")
    for name in demo.submissions:
        assert f"`{name}`" in text
    assert "64 DICOM files of 10 patients" in text
    assert "| private_block_dropped | 189 |" in text


def test_what_file_managers_leave_is_no_submission(tmp_path):
    (tmp_path / "submissions" / "careless").mkdir(parents=True)
    (tmp_path / "submissions" / ".ipynb_checkpoints").mkdir()
    (tmp_path / "submissions" / "Thumbs.db").touch()
    (tmp_path / "demo.json").write_text('{"missing": []}', encoding="utf-8")
    assert list(room.find(tmp_path).submissions) == ["careless"]


#: The version of the demo, and a digest of what it contains.
CONTENT = {7: "7f1d47adcaff"}


def test_a_demo_of_other_content_has_another_version(checks, planted, audits, phi):
    """Else a demo that is cached already would stay as it was."""
    asked = [(*place, check["action"], check["tag_ds"]) for place, check in checks.items()]
    texts = [(row["instance"], row["tag_path"], row["text"]) for row in phi]
    digest = hashlib.sha256(json.dumps([asked, planted, audits, texts]).encode()).hexdigest()[:12]
    assert {room.VERSION: digest} == CONTENT, "raise VERSION in midi_nb/demo/__init__.py, and write both here"
