"""What a refusal says.

ContractError                    the message broke the contract; names field, expected and got
└── TooLargeError                 more bytes than the limit; WebSocket close code 1009, HTTP 413
"""


class ContractError(ValueError):
    """A message was refused. `field` is a JSON path (`$.scene.persons`), `expected` and `got` are short phrases."""

    def __init__(self, field: str, expected: str, got: str) -> None:
        super().__init__(f"{field}: expected {expected}, got {got}")
        self.field = field
        self.expected = expected
        self.got = got


class TooLargeError(ContractError):
    """A message was refused for its size alone, unread."""

    def __init__(self, limit: int, size: int) -> None:
        super().__init__("$", f"at most {limit:,} bytes", f"{size:,} bytes")
