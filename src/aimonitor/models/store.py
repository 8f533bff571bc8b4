"""From a name, or the path of a person's own file, to a model file that is there and is the right one."""

import difflib
import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aimonitor.models.cache import cache_dir, sole_writer
from aimonitor.models.errors import FetchError, ModelError
from aimonitor.models.fetch import Progress, Watch, download, is_intact, unwatched
from aimonitor.models.packages import from_npm
from aimonitor.models.registry import DEFAULT, FALLBACK, MODELS, Download, Model, Origin, TfjsInNpm

_log = logging.getLogger(__name__)
_A_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model in a file. What is None is told by the file itself."""

    name: str
    path: Path
    architecture: str | None = None
    classes: tuple[str, ...] | None = None

    @property
    def registered(self) -> bool:
        """True when `name` is one of the table's, False for a person's own file."""
        return self.architecture is not None


def list_models() -> Mapping[Model, Path | None]:
    """Every known model and its file, None when it is not fetched yet."""
    return {model: path if (path := _place(model)).is_file() else None for model in MODELS.values()}


def resolve(spec: str, watch: Watch = unwatched) -> ModelFile:
    """Return the file of a known model, fetched when it is not there, or of "onnx:PATH" or "PATH.onnx".

    Where the default cannot be reached, the fall-back comes instead and one warning says so. Raises ModelError for
    a name or path that does not exist, FetchError when the file cannot be had.
    """
    name = spec.removeprefix("onnx:")
    if name in MODELS and name == spec:
        return _default_or_fallback(watch) if name == DEFAULT else pull(name, watch)
    path = Path(name).expanduser()
    if path.is_file():
        return ModelFile(path.stem, path)
    if name != spec or path.suffix == ".onnx":
        raise ModelError(
            f"there is no model file {path}: give the path of an .onnx file, or a name: {', '.join(MODELS)}"
        )
    raise ModelError(_unknown(name))


def pull(name: str, watch: Watch = unwatched) -> ModelFile:
    """Fetch a known model unless it is there and intact; each origin is tried in its order."""
    if name not in MODELS:
        raise ModelError(_unknown(name))
    try:
        return _fetch(MODELS[name], watch)
    except FetchError as error:
        raise FetchError(f"{name} cannot be fetched: connect this machine and run it again ({error})") from error


def _fetch(model: Model, watch: Watch) -> ModelFile:
    path = _place(model)
    problems = []
    for origin in model.origins:
        try:
            _bring(origin, path, watch(f"{model.name} ({origin.words})"))
        except FetchError as error:
            problems.append(str(error))
        else:
            return ModelFile(model.name, path, model.architecture, model.classes)
    raise FetchError("; ".join(problems))


def _default_or_fallback(watch: Watch) -> ModelFile:
    default, fallback = MODELS[DEFAULT], MODELS[FALLBACK]
    unreachable = _place(default).with_suffix(".unreachable")
    if not (_is_fresh(unreachable) and _place(fallback).is_file()):
        try:
            return _fetch(default, watch)
        except FetchError as error:
            reason = str(error)
            unreachable.touch()
    else:
        reason = "its address could not be reached a short while ago"
    try:
        found = _fetch(fallback, watch)
    except FetchError as error:
        raise FetchError(
            f"no detector can be fetched: connect this machine and run it again, or put the file at "
            f"{_place(default)}, or give --detector onnx:PATH ({reason}; {error})"
        ) from error
    _log.warning("using %s instead of %s: %s", FALLBACK, DEFAULT, reason)
    return found


def _place(model: Model) -> Path:
    return cache_dir() / "models" / f"{model.name}.onnx"


def _bring(origin: Origin, path: Path, progress: Progress) -> None:
    match origin:
        case Download():
            if not is_intact(path, origin.sha256):
                download(origin, path, progress)
        case TfjsInNpm():
            with sole_writer(path):
                if not path.is_file():
                    _convert_into(path, origin, progress)


def _convert_into(path: Path, origin: TfjsInNpm, progress: Progress) -> None:
    package = f"{origin.package}@{origin.version}"
    topology, weights = from_npm(package, (origin.topology, origin.weights), origin.size, progress)
    from aimonitor.models.tfjs import convert

    write_whole(path, convert(topology, weights).SerializeToString(deterministic=True))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that appears complete or not at all; the caller is its sole writer."""
    new = path.with_name(path.name + ".new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _is_fresh(mark: Path) -> bool:
    return mark.is_file() and 0 <= time.time() - mark.stat().st_mtime < _A_DAY_S


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, MODELS, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"there is no model {name!r}: expected one of {', '.join(MODELS)}, or onnx:PATH{hint}"
