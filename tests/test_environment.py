"""What a reader installs is the same by pip, by conda and on Binder."""

from __future__ import annotations

import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = {name: [Requirement(line) for line in lines] for name, lines in PROJECT["optional-dependencies"].items()}
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
BY_CONDA = [Requirement(line) for line in CONDA if isinstance(line, str) and not line.startswith(("python=", "pip"))]
BY_PIP = [Requirement(line) for part in CONDA if isinstance(part, dict) for line in part["pip"]]


def told(requirements: list[Requirement]) -> dict[str, SpecifierSet]:
    return {one.name.lower(): one.specifier for one in requirements}


def test_binder_has_the_same_environment_as_the_root() -> None:
    assert (ROOT / "binder" / "environment.yml").read_bytes() == (ROOT / "environment.yml").read_bytes()


def test_conda_installs_what_the_package_depends_on() -> None:
    wanted = told([Requirement(line) for line in PROJECT["dependencies"]])
    found = told(BY_CONDA)
    assert {name: found.get(name) for name in wanted} == wanted


def test_conda_adds_only_the_extras_that_notebooks_use_in_the_same_versions() -> None:
    dependencies = {Requirement(line).name for line in PROJECT["dependencies"]}
    added = {name: version for name, version in told(BY_CONDA + BY_PIP).items() if name not in dependencies}
    extras = told([one for name in ("lab", "ocr", "demo", "app") for one in EXTRAS[name]])
    decoders = {name: version for name, version in added.items() if name not in extras}
    assert {name: added.get(name) for name in extras} == extras
    assert set(decoders) == {"pylibjpeg", "pylibjpeg-openjpeg", "pylibjpeg-rle"}
    pixeldata = [Requirement(line) for line in requires("pydicom") or [] if "pixeldata" in line]
    told_by_pydicom = {one.name for one in pixeldata} | {
        f"{one.name}-{extra}" for one in pixeldata for extra in one.extras
    }
    assert set(decoders) <= told_by_pydicom


def test_the_python_is_one_that_the_package_supports() -> None:
    (python,) = (line.removeprefix("python=") for line in CONDA if isinstance(line, str) and line.startswith("python="))
    assert python in SpecifierSet(PROJECT["requires-python"])


def test_binder_builds_with_conda_and_makes_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    application = pytest.importorskip("repo2docker.app").Repo2Docker()
    monkeypatch.chdir(ROOT)
    packs = [pack(base_image=application.base_image) for pack in application.buildpacks]
    chosen = next(pack for pack in packs if pack.detect())
    chosen.platform = "linux/amd64"
    recipe = chosen.render({})
    assert type(chosen).__name__ == "CondaBuildPack"
    assert 'env update -p ${NB_PYTHON_PREFIX} --file "binder/environment.yml"' in recipe
    assert "./binder/postBuild" in recipe


def test_binder_needs_no_more_than_the_script_says() -> None:
    script = ROOT / "binder" / "postBuild"
    assert script.stat().st_mode & 0o111, "repo2docker runs it as a program"
    lines = script.read_text("utf-8").splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert any("--no-deps ." in line for line in lines)
    assert any("make_demo" in line for line in lines)
