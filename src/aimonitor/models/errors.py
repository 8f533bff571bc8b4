"""What can go wrong between a name and its file. Each message is one line that says what to do."""


class ModelError(ValueError):
    """The name, option or file that a person gave does not fit."""


class FetchError(OSError):
    """A file could not be had from any place that we know, or what came is not what was expected."""
