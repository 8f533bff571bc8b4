"""Why something was refused, in one word: `code` of a refusal by HTTP, and `why` of a `CommandResult`.

For programs, and for pages in other languages than English. The vocabulary is open: words are only added, and a reader
that does not know one shows the sentence beside it.
"""

from typing import Literal, get_args

Code = Literal[
    # the request
    "invalid", "incomplete", "too_large", "not_json", "wrong_method", "missing", "conflict", "stale",
    # who asks
    "signed_out", "forbidden", "foreign_page", "too_many_attempts", "wrong_password", "wrong_code", "not_a_person",
    # people, tokens, devices, browsers
    "name_taken", "bad_name", "password_length", "password_simple", "password_is_name", "first_is_admin", "last_admin",
    "too_many_people", "too_many_tokens", "too_many_browsers", "set_elsewhere", "unknown_code",
    # edges and cameras
    "edge_unknown", "edge_away", "edge_silent", "edge_founding", "edge_outdated", "edge_nonsense", "edge_failed",
    "switched_off", "no_picture", "camera_failed", "camera_silent", "recording_over",
    # the hub itself
    "busy", "store_away", "disk_full", "unavailable",
]  # fmt: skip
CODES: tuple[str, ...] = get_args(Code)
