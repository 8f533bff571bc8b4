"""Whether the settings of every program can be read."""

from collections.abc import Iterator

from aimonitor.common.settings import SettingsError
from aimonitor.doctor import sections
from aimonitor.doctor.finding import Case, Finding, failed, ok, skipped

_NEXT = "correct it there; `aimonitor config show` lists what is in force"


def settings(case: Case) -> Iterator[Finding]:
    """The file as a whole, then the part of each program that is installed here."""
    try:
        file = sections.check_tables(case.config, case.environ)
    except (SettingsError, OSError) as error:
        yield failed(str(error), _NEXT)
        return
    good, elsewhere = [], []
    for name, find in sections.SECTIONS.items():
        try:
            section = find()
        except ImportError:
            elsewhere.append(name)
            continue
        try:
            sections.read(section, case.config, case.environ)
        except (SettingsError, OSError) as error:
            yield failed(str(error), _NEXT)
        else:
            good.append(name)
    if good:
        yield ok(f"{file or 'no file, variables only'}: {', '.join(good)} can be read")
    if elsewhere:
        yield skipped(f"{', '.join(elsewhere)} cannot be read here: not installed")
