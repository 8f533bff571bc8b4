"""What a factory is asked for, and how it says no."""

from collections.abc import Mapping
from dataclasses import dataclass

from aimonitor.models.fetch import Watch


class BackendError(ValueError):
    """The detector that was asked for cannot be had; one line that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Request:
    """A detector's address, taken apart: `scheme:rest?options`, with the settings that go with it."""

    scheme: str
    rest: str
    options: Mapping[str, str]
    threads: int
    threshold: float | None
    watch: Watch

    def only(self, *known: str) -> Mapping[str, str]:
        """The options, when all are known ones. Raises BackendError that names the first that is not."""
        for name in self.options:
            if name not in known:
                expected = f"expected one of {', '.join(known)}" if known else "it takes none"
                raise BackendError(f"{self.scheme}: has no option {name!r}: {expected}")
        return self.options
