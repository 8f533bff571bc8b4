"""What is compiled decides as its source does, is there whole or not at all, and nobody needs a compiler."""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path

import pytest
from programs import ROOT

SUFFIX = EXTENSION_SUFFIXES[0]
LIBRARY = f"aimonitor__mypyc{SUFFIX}"
LISTED = [
    Path(line).relative_to("src")
    for line in (ROOT / "native" / "modules.txt").read_text().splitlines()
    if line.startswith("src/")
]
MODULES = {".".join(path.with_suffix("").parts): path for path in LISTED}
TYPED = [module for module, path in MODULES.items() if path.suffix == ".py"]
MADE = sorted([LIBRARY, *(str(path.with_suffix(SUFFIX)) for path in LISTED)])
UNMADE = shutil.ignore_patterns("static", "__pycache__", "*.so", "*.pyd")


def missing():
    compiler = os.environ.get("CC") or (sysconfig.get_config_var("CC") or "cc")
    if shutil.which(compiler.split()[0]) is None:
        return f"no C compiler ({compiler}); `make system` installs it where it can"
    if not (Path(sysconfig.get_path("include")) / "Python.h").is_file():
        return "this Python has no headers: python3-dev"
    return "" if find_spec("mypyc") else "this Python has no mypyc: `make run` installs it"


pytestmark = pytest.mark.timeout(300)


def compiled_files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob(f"*{SUFFIX}"))


def run(*command, cwd, **environ):
    """(code, output)"""
    plain = {name: value for name, value in os.environ.items() if name not in ("NATIVE", "PYTHONPATH")}
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=plain | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
        check=False,
    )
    return done.returncode, done.stdout


def build(checkout, *arguments, **environ):
    return run(sys.executable, "native/build.py", *arguments, cwd=checkout, **environ)


def copy_sources(folder):
    """A checkout with nothing compiled in it."""
    for name in ("src", "native"):
        shutil.copytree(ROOT / name, folder / name, ignore=UNMADE)
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore", "Makefile"):
        shutil.copy2(ROOT / name, folder)
    return folder


@pytest.fixture(scope="module")
def interpreted(tmp_path_factory):
    return copy_sources(tmp_path_factory.mktemp("interpreted"))


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """A checkout in which everything is compiled. To be looked at, and not changed."""
    if missing():
        pytest.skip(missing())
    checkout = copy_sources(tmp_path_factory.mktemp("compiled"))
    code, said = build(checkout, "--required")
    assert code == 0, said
    return checkout


@pytest.fixture
def checkout(compiled, tmp_path):
    """One of one's own, in which everything is compiled."""
    return shutil.copytree(compiled, tmp_path / "checkout")


def compiler(folder, script):
    """A C compiler that is this shell script."""
    path = folder / "compiler"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_everything_that_is_listed_is_compiled_and_nothing_else(compiled):
    assert compiled_files(compiled / "src") == MADE
    assert all((compiled / "src" / path).is_file() for path in LISTED)


def decisions(checkout):
    command = [sys.executable, str(Path(__file__).with_name("decisions.py")), *TYPED]
    environ = {**os.environ, "PYTHONPATH": str(checkout / "src")}
    done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=250, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("module", TYPED)
def test_no_class_that_is_compiled_derives_from_an_interpreted_one(module):
    """mypyc 2.4 makes its instances too small: the collector crashes, sooner or later. `typing` has none of its own."""
    loaded = importlib.import_module(module)
    own = [each for each in vars(loaded).values() if isinstance(each, type) and each.__module__ == module]
    bases = {base for each in own for base in each.__mro__}
    assert {base.__qualname__ for base in bases if base.__module__ not in (*TYPED, "builtins", "typing")} == set()


def test_the_compiled_tracker_decides_as_the_interpreted_one(compiled, interpreted):
    machine, plain = decisions(compiled), decisions(interpreted)
    for checkout, kind, told in ((compiled, SUFFIX, machine), (interpreted, ".py", plain)):
        expected = {module: str(checkout / "src" / MODULES[module].with_suffix(kind)) for module in TYPED}
        assert told["files"] == expected
    for way, near in (("by number", 1e-12), ("as it runs", 1e-9)):  # as it runs: interpreted, many are in columns
        for name, looks in plain[way].items():
            assert len(looks) == len(machine[way][name])
            assert sum(map(len, looks)) > 2 * len(looks)
            for tracks, others in zip(looks, machine[way][name], strict=True):
                assert decided(others) == decided(tracks), f"{way}: {name}"
                assert numbers(others) == pytest.approx(numbers(tracks), abs=near), f"{way}: {name}"


def decided(tracks):
    return [{name: value for name, value in track.items() if name not in ("box", "velocity")} for track in tracks]


def numbers(tracks):
    return [number for track in tracks for number in (*track["box"], *track["velocity"])]


NO_PYTHON_H = "echo 'x.c:1:10: fatal error: Python.h: No such file or directory' >&2; exit 1"
NO_STDIO_H = "echo '/usr/include/Python.h:9:10: fatal error: stdio.h: No such file or directory' >&2; exit 1"


@pytest.mark.parametrize(
    ("script", "because"),
    [
        (None, "there is no C compiler (Debian, Raspberry Pi OS: apt install gcc libc6-dev)"),
        (NO_PYTHON_H, "this Python has no headers (Debian, Raspberry Pi OS: apt install python3-dev)"),
        (NO_STDIO_H, "there are no headers for C (Debian, Raspberry Pi OS: apt install libc6-dev)"),
        ("exit 1", "the compiler failed (build/native/log says how)"),
    ],
    ids=["no compiler", "no Python.h", "no stdio.h", "a compiler that fails"],
)
def test_where_nothing_can_be_compiled_that_is_said_plainly_and_is_no_error(script, because, checkout, tmp_path):
    path = str(tmp_path / "nowhere") if script is None else compiler(tmp_path, script)
    code, said = build(checkout, CC=path)
    assert code == 0, said
    _, why, instead = said.splitlines()
    assert why == f"Not compiled, because {because}."
    assert "interpreted, to the same results" in instead
    assert compiled_files(checkout / "src") == []
    assert path in (checkout / "build/native/log").read_text()

    code, said = build(checkout, "--required", CC=path)
    assert code == 1
    assert said.splitlines()[-1] == f"Not compiled, although that is required: {because}"
    assert path in said


def test_a_build_that_breaks_off_leaves_nothing_of_itself_or_of_the_one_before(checkout, tmp_path):
    """The C loop is made before mypyc's library, which this compiler refuses."""
    taken = 'case "$*" in *_native*) exit 1;; esac; echo "$@" >> "$0.took"; exec cc "$@"'
    path = compiler(tmp_path, taken)
    code, said = build(checkout, CC=path, LDSHARED=f"{path} -shared")
    assert (code, "the compiler failed" in said) == (0, True), said
    assert f"_writing{SUFFIX}" in Path(f"{path}.took").read_text()
    assert compiled_files(checkout / "src") == []


def test_what_was_compiled_goes_when_asked_also_where_its_source_is_gone(checkout):
    (checkout / "src" / LISTED[0]).unlink()
    other = checkout / "src" / LISTED[0].with_suffix(".cpython-399-z80-linux-gnu.so")  # another Python's
    other.touch()
    code, said = build(checkout, "--remove")
    assert (code, "interpreted" in said) == (0, True), said
    assert compiled_files(checkout / "src") == []
    assert other.exists()


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
def test_a_source_that_changed_is_compiled_before_what_runs_it(checkout):
    stamps = [checkout / ".venv" / name for name in ("run.stamp", "dev.stamp", "native.stamp")]
    locked = [checkout / "requirements" / name for name in ("run.txt", "dev.txt")]
    for path in (checkout / ".venv/bin/python", *locked, *stamps):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert "native/build.py" not in run("make", "--dry-run", "soak", cwd=checkout)[1]
    changed = checkout / "src" / LISTED[-1]
    os.utime(changed, (stamps[-1].stat().st_mtime + 5,) * 2)
    said = run("make", "--dry-run", "soak", cwd=checkout)[1]
    assert "native/build.py\n" in said
    assert said.index("native/build.py") < said.index("soak.py")


def wheel_of(checkout, folder, **environ):
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", folder, checkout]
    code, said = run(*command, cwd=folder, **environ)
    assert code == 0, said
    (wheel,) = folder.glob("*.whl")
    return wheel


def names_in(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_a_wheel_is_for_all_although_compiled_files_lie_in_its_sources(compiled, tmp_path):
    wheel = wheel_of(compiled, tmp_path)
    assert wheel.name.endswith("-py3-none-any.whl")
    assert [name for name in names_in(wheel) if name.endswith((".so", ".pyd"))] == []
    assert {str(path) for path in LISTED} <= set(names_in(wheel))


@pytest.mark.slow
@pytest.mark.skipif(bool(missing()), reason=missing())
def test_a_wheel_with_what_is_compiled_is_for_this_kind_of_machine_and_runs(interpreted, tmp_path):
    wheel = wheel_of(interpreted, tmp_path, NATIVE="yes")
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    assert re.search(rf"-{python}-{python}-(?!any)\w+\.whl$", wheel.name)
    assert sorted(name for name in names_in(wheel) if name.endswith(SUFFIX)) == MADE

    python = tmp_path / "venv" / "bin" / "python"
    for arguments in (
        ["venv", "--python", sys.executable, "venv"],
        ["pip", "install", "--python", python, f"{wheel}[hub]", "numpy"],
    ):
        code, said = run(sys.executable, "-m", "uv", *arguments, cwd=tmp_path)
        assert code == 0, said
    show = f"import importlib\nfor name in {list(MODULES)}: print(importlib.import_module(name).__file__)"
    code, said = run(python, "-c", show, cwd=tmp_path)
    assert code == 0, said
    assert [line.partition("site-packages/")[2] for line in said.splitlines()] == [
        str(path.with_suffix(SUFFIX)) for path in LISTED
    ]


@pytest.mark.parametrize(
    ("compiled_name", "source_age_s", "code"),
    [
        (f"kalman{SUFFIX}", 60, 0),
        (f"kalman{SUFFIX}", -60, 4),
        (f"gone{SUFFIX}", 60, 4),
        ("kalman.cpython-399-z80-linux-gnu.so", -60, 0),
    ],
    ids=["up to date", "source changed since", "source gone", "for another Python"],
)
def test_nothing_is_tested_with_what_was_compiled_from_another_source(compiled_name, source_age_s, code, tmp_path):
    tests, rooms = tmp_path / "tests", tmp_path / "src" / "aimonitor" / "edge"
    tests.mkdir()
    rooms.mkdir(parents=True)
    for name in ("conftest.py", "reliability_report.py"):
        shutil.copy2(ROOT / "tests" / name, tests)
    (tests / "test_nothing.py").write_text("def test_nothing():\n    pass\n")
    (rooms / "kalman.py").touch()
    (rooms / compiled_name).touch()
    made_at = (rooms / compiled_name).stat().st_mtime
    os.utime(rooms / "kalman.py", (made_at - source_age_s,) * 2)
    got, said = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=tmp_path)
    assert got == code, said
    if code:
        assert f"{compiled_name} is not of its source as it is now: `make native`, or `make interpreted`" in said
