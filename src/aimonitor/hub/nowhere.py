"""What is said of a path that is not there: which ones are, as near to it as can be told. Pure but for the handler."""

from collections.abc import Iterable, Sequence
from itertools import takewhile

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from aimonitor.hub import refusals

_NAMED = 3
_SHOWN = 100
_NOTHING = (0, 0, -100)
_ALL = "a path that /openapi.json lists"


def refuse(request: Request, error: Exception) -> JSONResponse:
    """The framework's own refusals (no route, no file, a method that files do not have), said as all others."""
    assert isinstance(error, HTTPException)
    path = request.scope["path"]
    if error.status_code == 404:
        body = missing(path, [each.path for each in request.app.state.routes if each.include_in_schema])
    elif error.status_code == 405:  # only files are left: routes with other methods are told of in `pages`
        body = refusals.body(405, "method", "GET or HEAD", request.method[:20])
    else:
        body = refusals.body(error.status_code, "path", "one that can be answered", f"{path[:_SHOWN]}: {error.detail}")
    return JSONResponse(body, error.status_code, error.headers)


def missing(path: str, known: Iterable[str]) -> dict[str, object]:
    """The body of a 404. known: paths that there are, as `/api/layout/{edge_id}/{camera_id}`."""
    near = nearest(path, known)
    expected = f"{' or '.join(near)}, or another path that /openapi.json lists" if near else _ALL
    return refusals.body(404, "path", expected, path[:_SHOWN])


def nearest(path: str, known: Iterable[str]) -> list[str]:
    """Those of `known` that have the most in common with the beginning of `path`, unless they are many.

    Compared step by step, `{…}` being like anything; then by the letters of the first step that differs, then by how
    many steps there are. Linear in the length of `path`: strangers choose it.
    """
    steps, best, found = _steps(path), _NOTHING, list[str]()
    for each in sorted(set(known)):
        likeness = _likeness(steps, _steps(each))
        if likeness > best:
            best, found = likeness, []
        if likeness == best:
            found.append(each)
    return found if len(found) <= _NAMED else []


def _steps(path: str) -> list[str]:
    return path.strip("/").split("/", 20)


def _likeness(asked: Sequence[str], known: Sequence[str]) -> tuple[int, int, int]:
    """How many steps are alike from the beginning, how many letters of the next one, and minus what they differ in
    number.
    """
    more = -abs(len(asked) - len(known))
    alike = 0
    for mine, theirs in zip(asked, known, strict=False):
        if mine != theirs and not theirs.startswith("{"):
            letters = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(mine, theirs, strict=False)))
            return (alike, letters, more) if alike or letters else _NOTHING
        alike += 1
    return alike, 0, more
