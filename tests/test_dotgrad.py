"""`import dotgrad`: all names in one place, or a sentence that says what hides them."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys

import pytest
from places import ROOT

import dotgrad
import engine
import viz
from engine.native import describe_core
from viz.cli import main


def python(folder, code):
    """Run a line in a folder of somebody's own, with dotgrad installed elsewhere."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(["", str(ROOT)])},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("package", [engine, viz], ids=lambda package: package.__name__)
def test_it_has_the_public_names_of_both_packages(package):
    for name in package.__all__:
        expected = engine.Edge if name == "Edge" else getattr(package, name)
        assert getattr(dotgrad, name) is expected
        assert name in dotgrad.__all__


def test_names_beside_those_of_a_star_import():
    assert dotgrad.max is engine.max
    assert dotgrad.nn.Affine is __import__("engine.nn").nn.Affine
    assert dotgrad.__version__ == engine.__version__
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = dotgrad.no_such_name


def test_a_row_that_a_program_registers_is_a_name():
    row = engine.register("triple", "3x", lambda x: 3 * x, (3,))
    try:
        assert dotgrad.triple is row
    finally:
        engine.unregister("triple")


@pytest.mark.parametrize(
    ("path", "package"),
    [
        ("engine.py", "engine"),
        ("viz.py", "viz"),
        ("engine/__init__.py", "engine"),
        ("viz/__init__.py", "viz"),
    ],
)
@pytest.mark.parametrize("loaded", [False, True])
def test_a_file_that_hides_a_package_is_named_in_one_sentence(
    tmp_path, path, package, loaded
):
    file = tmp_path / path
    file.parent.mkdir(exist_ok=True)
    file.write_text("class Value: pass\n")
    first = f"import {package}; " if loaded else ""
    run = python(tmp_path, f"{first}import dotgrad")
    last = run.stderr.strip().splitlines()[-1]
    assert run.returncode == 1
    assert last.startswith("ImportError: ")
    assert f"{file} hides dotgrad's package {package!r}: rename it" in last
    assert "During handling" not in run.stderr


def test_a_script_of_the_name_engine_is_named(tmp_path):
    script = tmp_path / "engine.py"
    script.write_text("import dotgrad\n")
    run = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"{script} hides dotgrad's package 'engine'" in run.stderr


def test_a_folder_without_python_in_it_hides_nothing(tmp_path):
    for name in ("engine", "viz"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes.txt").write_text("mine")
    run = python(tmp_path, "import dotgrad; print(dotgrad.tanh(0.0))")
    assert (run.stdout, run.stderr) == ("0.0\n", "")


def test_it_runs_as_the_command():
    run = subprocess.run(
        [sys.executable, "-m", "dotgrad", "--version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert engine.__version__ in run.stdout


def install(site, name, files):
    """What pip leaves of a distribution: its files, and their sums in RECORD."""
    rows = []
    for path, text in files.items():
        file = site / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        digest = hashlib.sha256(text.encode()).digest()
        encoded = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        rows.append(f"{path},sha256={encoded},{len(text)}\n")
    about = site / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n"
    )
    (about / "RECORD").write_text("".join(rows) + f"{about.name}/RECORD,,\n")


def test_files_that_another_distribution_has_overwritten_are_told(tmp_path):
    """`pip install viz` writes its own `viz/__init__.py` over ours."""
    ours = {f"{p}/__init__.py": p for p in ("engine", "viz")} | {"viz/x.py": ""}
    install(tmp_path, "dotgrad", ours)
    install(tmp_path, "harmless", {"engineering/__init__.py": ""})
    assert dotgrad.find_overwritten([str(tmp_path)]) == ""
    install(tmp_path, "viz", {"viz/__init__.py": "theirs", "viz/cli.py": ""})
    assert dotgrad.find_overwritten([str(tmp_path)]) == (
        "viz/__init__.py of dotgrad was overwritten by viz: pip uninstall viz, "
        "then pip install --force-reinstall dotgrad"
    )
    (tmp_path / "engine" / "__init__.py").write_text("cut")
    (tmp_path / "viz" / "x.py").write_text("mine")
    told = dotgrad.find_overwritten([str(tmp_path)])
    assert told.startswith("engine/__init__.py and 2 more files of dotgrad were ")
    assert dotgrad.find_overwritten([str(tmp_path / "nothing")]) == ""


def test_the_version_tells_of_overwritten_files(monkeypatch, capsys):
    assert main(["--version"]) == 0
    version = f"{engine.__version__} ({describe_core()})\n"
    assert capsys.readouterr() == (version, "")
    monkeypatch.setattr(dotgrad, "find_overwritten", lambda: "viz is not ours")
    assert main(["--version"]) == 1
    out, err = capsys.readouterr()
    assert (out, err) == (version, "dotgrad: viz is not ours\n")


def test_an_import_of_what_was_overwritten_is_one_sentence(tmp_path):
    """Whether what is there now has other names, or fails by itself."""
    for text in ("", "import no_such_module"):
        site = tmp_path / f"site{len(text)}"
        site.mkdir()
        (site / "dotgrad.py").write_text((ROOT / "dotgrad.py").read_text())
        install(site, "dotgrad", {f"{p}/__init__.py": "x" for p in ("engine", "viz")})
        shutil.copytree(ROOT / "engine", site / "engine", dirs_exist_ok=True)
        install(site, "viz", {"viz/__init__.py": text})
        run = subprocess.run(
            [sys.executable, "-c", "import dotgrad"], cwd=site, text=True,
            capture_output=True, check=False,
        )  # fmt: skip
        last = run.stderr.strip().splitlines()[-1]
        assert "pip uninstall viz, then pip install --force-reinstall dotgrad" in last
