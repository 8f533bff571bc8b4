"""Compile what runs for every picture: modules with mypyc, as they are, and the hub's innermost loop in C.

    python native/build.py [--required] [--into DIR]

What is compiled lies beside its source and is imported in its place; without it the sources run interpreted, to the
same results (docs/adr/0012). Where there is no C compiler, or no headers of this Python, that is said and is no error,
unless --required. It is there whole or not at all.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from setuptools import Extension

ROOT = Path(__file__).resolve().parent.parent
SCRATCH = ROOT / "build" / "native"
LOG = SCRATCH / "log"
GROUP = "aimonitor"
"""mypyc puts the code of all modules into one library, `aimonitor__mypyc`, and beside each source a door to it."""

_REASONS = {
    r"No module named '(mypy|setuptools)": "this Python has no mypy (`make run` installs it in .venv)",
    r"fatal error: .?Python\.h": "this Python has no headers (Debian, Raspberry Pi OS: apt install python3-dev)",
    r"fatal error: .?\w+\.h": "there are no headers for C (Debian, Raspberry Pi OS: apt install libc6-dev)",
    r"\[Errno 2\] No such file or directory: '": "there is no C compiler (Debian, Raspberry Pi OS: apt install gcc "
    "libc6-dev)",
}
_INSTEAD = (
    "So it runs interpreted, to the same results: following objects takes about three times as long, which is little "
    "beside detecting them, and sending to many viewers a tenth longer. `make native` tries again."
)


def sources() -> list[Path]:
    """What is compiled, relative to `src`."""
    lines = (ROOT / "native" / "modules.txt").read_text("utf-8").splitlines()
    return [Path(line).relative_to("src") for line in lines if line and not line.startswith("#")]


def made(where: Path) -> list[Path]:
    """The compiled files for this Python below `where`, relative to it; also those whose source is gone."""
    suffix = EXTENSION_SUFFIXES[0]
    found = [*(where / GROUP).rglob(f"*{suffix}"), *where.glob(f"{GROUP}__mypyc{suffix}")]
    return [path.relative_to(where) for path in found]


def remove(where: Path) -> None:
    """Remove the compiled files for this Python below `where`: none may outlive its source."""
    for name in made(where):
        (where / name).unlink()


def compile_into(where: Path) -> None:
    """Compile everything into `where`, as packages. Raises what setuptools and mypyc raise, or exits as they do."""
    from mypyc.build import mypycify
    from setuptools import Extension

    os.chdir(ROOT / "src")  # modules are named by their paths
    written = [path for path in sources() if path.suffix == ".c" and os.name == "posix"]
    typed = [str(path) for path in sources() if path.suffix == ".py"]
    if written:  # before the types are read, which takes longer: whether there is a compiler is known at once
        arguments = ["-Wall", "-Wextra"]
        names = [(".".join(path.with_suffix("").parts), [str(path)]) for path in written]
        _build([Extension(name, files, extra_compile_args=arguments) for name, files in names], where)
    if typed:
        cache = ["--cache-dir", str(SCRATCH / "cache")]
        _build(mypycify([*cache, *typed], target_dir=str(SCRATCH / "c"), group_name=GROUP, debug_level="0"), where)


def _build(modules: "list[Extension]", where: Path) -> None:
    from setuptools import Distribution
    from setuptools.command.build_ext import build_ext

    command = build_ext(Distribution({"name": GROUP, "ext_modules": modules}))
    command.build_lib, command.build_temp = str(where), str(SCRATCH / "o")
    command.ensure_finalized()
    command.run()


def reason(output: str) -> str:
    """Why compiling failed, for people who never heard of a compiler."""
    for sign, words in _REASONS.items():
        if re.search(sign, output):
            return words
    return f"the compiler failed ({LOG.relative_to(ROOT)} says how)"


def compile_whole(where: Path) -> str:
    """Compile in a process of its own and copy into `where` when all of it is there; else gives what was said."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--loud", "--into", folder]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        LOG.write_text(done.stdout, "utf-8")
        if done.returncode:
            return done.stdout or f"it ended with {done.returncode}"
        shutil.copytree(folder, where, dirs_exist_ok=True)
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--required", action="store_true", help="fail where it cannot be compiled")
    parser.add_argument("--into", type=Path, metavar="DIR", default=ROOT / "src", help="where to; else beside sources")
    parser.add_argument("--remove", action="store_true", help="only remove what was compiled: run interpreted")
    parser.add_argument("--loud", action="store_true", help="show what the compilers say")
    chosen = parser.parse_args()
    where = chosen.into.resolve()
    if chosen.loud:
        compile_into(where)
        return 0
    remove(where)
    if chosen.remove:
        print("Nothing is compiled now: everything runs interpreted, to the same results")
        return 0
    print("Compiling what runs for every picture: about a minute, once", flush=True)
    start = time.monotonic()
    if not (trouble := compile_whole(where)):
        print(f"Compiled in {time.monotonic() - start:.0f} s")
        return 0
    if chosen.required:
        print(trouble, f"Not compiled, although that is required: {reason(trouble)}", sep="\n")
        return 1
    print(f"Not compiled, because {reason(trouble)}.", _INSTEAD, sep="\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Not compiled: it was ended")
