"""Reading the body of a request, as far as it may go."""

from fastapi import Request

from aimonitor.contract import founding
from aimonitor.contract.errors import TooLargeError


async def read_body(request: Request, limit: int = founding.MESSAGE_LIMIT) -> bytes:
    """The body; raises TooLargeError as soon as it is known to be larger than `limit` bytes."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise TooLargeError(limit, int(declared))
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLargeError(limit, len(body))
    return bytes(body)
