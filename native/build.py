"""Compile what runs for every picture: modules with mypyc, as they are, and the hub's innermost loop in C.

    python native/build.py [--required] [--into DIR]

What is compiled lies beside its source and is imported in its place; without it the sources run interpreted, to the
same results (docs/adr/0012). Where there is no C compiler, or no headers of this Python, that is said and is no error,
unless --required.
"""

import argparse
import os
import subprocess
import sys
import time
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRATCH = ROOT / "build" / "native"
GROUP = "aimonitor"
"""mypyc puts the code of all modules into one library, `aimonitor__mypyc`, and beside each source a door to it."""


def sources() -> list[Path]:
    """What is compiled, relative to `src`."""
    lines = (ROOT / "native" / "modules.txt").read_text("utf-8").splitlines()
    return [Path(line).relative_to("src") for line in lines if line and not line.startswith("#")]


def made(where: Path) -> list[Path]:
    """The compiled files for this Python below `where`, relative to it."""
    suffix = EXTENSION_SUFFIXES[0]
    names = [path.with_suffix(suffix) for path in sources()] + [Path(f"{GROUP}__mypyc{suffix}")]
    return [name for name in names if (where / name).is_file()]


def remove(where: Path) -> None:
    """Remove the compiled files for this Python below `where`: none may outlive its source."""
    for name in made(where):
        (where / name).unlink()


def compile_into(where: Path) -> None:
    """Compile everything into `where`, as packages. Raises what setuptools and mypyc raise, or exits as they do."""
    from mypyc.build import mypycify
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext

    os.chdir(ROOT / "src")  # modules are named by their paths
    written = [path for path in sources() if path.suffix == ".c" and os.name == "posix"]
    typed = [str(path) for path in sources() if path.suffix == ".py"]
    modules = [
        Extension(".".join(path.with_suffix("").parts), [str(path)], extra_compile_args=["-Wall", "-Wextra"])
        for path in written
    ]
    if typed:
        cache = ["--cache-dir", str(SCRATCH / "cache")]
        modules += mypycify([*cache, *typed], target_dir=str(SCRATCH / "c"), group_name=GROUP, debug_level="0")
    command = build_ext(Distribution({"name": GROUP, "ext_modules": modules}))
    command.build_lib, command.build_temp = str(where), str(SCRATCH / "o")
    command.ensure_finalized()
    command.run()


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
        return 0
    print("Compiling what runs for every picture: about half a minute, once", flush=True)
    start = time.monotonic()
    command = [sys.executable, __file__, "--loud", "--into", str(where)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        remove(where)
        print(*done.stdout.splitlines()[-4:], sep="\n")
        print("Not compiled: it runs interpreted, to the same results, at two to three times the cost")
        return 1 if chosen.required else 0
    print(f"Compiled in {time.monotonic() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
