"""What is built of the repository: a wheel, a source distribution, and nothing else."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
MADE = shutil.ignore_patterns(
    *(line.rstrip("/") for line in (ROOT / ".gitignore").read_text().split()),
    ".git",
    "PKG-INFO",  # of a source distribution
)


def list_files(folder):
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def build(hook, clone, folder, **variables):
    """Call a hook of the build backend as pip does: by itself, in the clone.

    Returns the file that it made, and what it said.
    """
    folder.mkdir()
    program = "import sys, clean_build; getattr(clean_build, sys.argv[1])(sys.argv[2])"
    done = subprocess.run(
        [sys.executable, "-c", program, hook, folder],
        cwd=clone,
        env=os.environ | {"PYTHONPATH": str(clone / "building")} | variables,
        check=True,
        capture_output=True,
        text=True,
    )
    [made] = folder.iterdir()
    return made, done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """Give a clone that was built before, and has lost a module since."""
    clone = tmp_path_factory.mktemp("clone") / "dotgrad"
    shutil.copytree(ROOT, clone, ignore=MADE)
    for stale in ["build/lib/engine/stale.py", "dotgrad.egg-info/SOURCES.txt"]:
        path = clone / stale
        path.parent.mkdir(parents=True)
        path.write_text("engine/stale.py\n")
    return clone


@pytest.fixture(scope="module")
def wheel(clone, tmp_path_factory):
    before = list_files(clone)
    made, _ = build("build_wheel", clone, tmp_path_factory.mktemp("made") / "wheel")
    assert list_files(clone) == before, "nothing is left in the clone"
    return zipfile.ZipFile(made)


@pytest.fixture(scope="module")
def metadata(wheel):
    [name] = (name for name in wheel.namelist() if name.endswith("/METADATA"))
    return message_from_bytes(wheel.read(name))


def test_a_wheel_holds_what_the_packages_need(wheel):
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    parts = [ROOT / "engine", ROOT / "viz", ROOT / "dotgrad.py"]
    needed = {
        str(path.relative_to(ROOT))
        for part in parts
        for path in ([part] if part.is_file() else part.rglob("*"))
        if path.is_file() and path.suffix not in {".pyc", ".so", ".pyd"}
    }
    compiled = {name for name in packed if name.endswith((".so", ".pyd"))}
    assert packed == needed | {"pytest_dotgrad.py"} | compiled
    built = {name.split(".")[0] for name in compiled}
    has_compiler = shutil.which(sysconfig.get_config_var("CC")) is not None
    names = {"engine/native/compiled", "engine/native/replay"}
    assert built == (names if has_compiler else set())


def test_without_a_compiler_a_wheel_is_python_alone(clone, tmp_path):
    """And a line says so."""
    made, told = build("build_wheel", clone, tmp_path / "made", PATH="/nowhere")
    names = zipfile.ZipFile(made).namelist()
    assert not [name for name in names if name.endswith((".so", ".pyd"))]
    [line] = [line for line in told.splitlines() if line.startswith("dotgrad: ")]
    assert line.startswith("dotgrad: no compiled core, all runs in Python, slower: ")


def test_a_source_distribution_holds_all_that_the_repository_does(clone, tmp_path):
    before = list_files(clone)
    made, _ = build("build_sdist", clone, tmp_path / "made")
    assert list_files(clone) == before, "nothing is left in the clone"
    with tarfile.open(made) as archive:
        packed = {
            member.name.split("/", 1)[1]
            for member in archive.getmembers()
            if member.isfile()
        }
    stale = {"build/lib/engine/stale.py", "dotgrad.egg-info/SOURCES.txt"}
    assert packed == before - stale | {"PKG-INFO"}


def test_asking_what_a_build_requires_leaves_nothing(clone):
    before = list_files(clone)
    program = "import clean_build; clean_build.get_requires_for_build_wheel()"
    subprocess.run(
        [sys.executable, "-c", program],
        cwd=clone,
        env=os.environ | {"PYTHONPATH": str(clone / "building")},
        check=True,
        capture_output=True,
    )
    assert list_files(clone) == before


def test_links_of_the_description_are_absolute(metadata):
    text = re.sub(r"```.*?```", "", metadata.get_payload(), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    assert len(links) > 20
    for link in links:
        if not link.startswith("#"):
            address, path = re.fullmatch(
                r"(https://.*?/(?:raw|blob)/v[\d.]+)/(.+)", link
            ).groups()
            assert address.endswith(f"/v{metadata['Version']}")
            assert (ROOT / path).is_file(), path


def test_metadata_say_who_and_for_what(metadata):
    places = dict(one.split(", ") for one in metadata.get_all("Project-URL"))
    assert {"Source", "Issues", "Changes"} <= set(places)
    assert metadata["License"] == "MIT" or metadata["License-Expression"] == "MIT"
    assert metadata["Description-Content-Type"].startswith("text/markdown")
    supported = SpecifierSet(metadata["Requires-Python"])
    named = re.findall(r"Python :: (3\.\d+)", "\n".join(metadata.get_all("Classifier")))
    assert named
    assert set(supported.filter(named)) == set(named)


# The files of the renderer on the package index, by system and machine.
@pytest.mark.parametrize(
    ("system", "machine", "has_wheel"),
    [
        ("linux", "x86_64", True),
        ("linux", "aarch64", True),
        ("darwin", "x86_64", True),
        ("darwin", "arm64", True),
        ("win32", "AMD64", True),
        ("win32", "ARM64", True),
        ("win32", "x86", False),
        ("linux", "i686", False),
        ("linux", "armv7l", False),
        ("linux", "riscv64", False),
        ("linux", "ppc64le", False),
        ("linux", "s390x", False),
        ("linux", "", False),
        ("freebsd14", "amd64", False),
        ("emscripten", "wasm32", False),
    ],
)
def test_the_renderer_is_required_where_it_has_a_wheel(
    metadata, system, machine, has_wheel
):
    place = {"sys_platform": system, "platform_machine": machine, "extra": ""}
    required = [
        one.name
        for one in map(Requirement, metadata.get_all("Requires-Dist"))
        if one.marker is None or one.marker.evaluate(place)
    ]
    assert required == ["click", "graphviz", *["graphviz-pure"] * has_wheel]
