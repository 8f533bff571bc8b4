"""One camera's policy: the file that people and the page both write, followed while the edge runs, with its versions.

The file is the truth. What somebody edits by hand is followed and becomes a version like any other; what is wrong there
is not followed, and said. A version is kept before it comes into force, so that there is always a way back.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aimonitor.common.clock import Clock
from aimonitor.common.files import write_atomically
from aimonitor.common.settings import SettingsError
from aimonitor.edge import policy_text, toml_text
from aimonitor.edge.policy import SitePolicy, load_policy, parse_policy, parse_text, read_text
from aimonitor.edge.policy_versions import BY_HAND, PolicyVersion, PolicyVersions

log = logging.getLogger(__name__)


class StaleError(ValueError):
    """Somebody else was faster: `version` is the newest."""

    def __init__(self, version: int) -> None:
        super().__init__(f"expected the newest version as the base, {version}: somebody else changed it meanwhile")
        self.version = version


class PolicyStore:
    """The policy of one camera. May be used from any thread.

    policy: the one in force; trouble: why the file as it is now is not followed, empty when it is
    follow: told of every policy that comes into force after the first, whoever made it
    """

    def __init__(self, path: Path, clock: Clock, *, preset: str = "home", required: bool = False) -> None:
        """preset: what stands below the file; required: a file that is not there is an error, not the preset alone.

        A file that is wrong is one too, unless there is an earlier version of it that is right. Raises SettingsError.
        """
        self.path = path
        self._clock = clock
        self._preset = preset
        self._versions = PolicyVersions(path)
        self._lock = threading.RLock()
        self._known = self._newest()
        self._stamp = self._look()
        self.trouble = ""
        self.follow: Callable[[SitePolicy], None] = lambda _: None
        self.policy = load_policy(preset=preset)
        if required or self._stamp is not None:
            self.policy = self._read_first()

    @property
    def version(self) -> int:
        """The newest version; 0 while there is no file."""
        with self._lock:
            return self._known.version if self._known else 0

    def versions(self) -> list[PolicyVersion]:
        """All that are kept, newest first. Raises OSError."""
        with self._lock:
            return self._versions.all()

    def refresh(self) -> None:
        """Follow the file where somebody edited it; a wrong one is said once, and the policy before it stays."""
        with self._lock:
            stamp = self._look()
            if stamp == self._stamp:
                return
            self._stamp = stamp
            try:
                self.policy = self._read()
            except SettingsError as error:
                self.trouble = str(error)
                log.warning("the policy stays as it was: %s", error)
                return
            self.trouble = ""
            log.info("the edited policy %s is followed", self.path)
            self.follow(self.policy)

    def check(self, said: Mapping[str, Any]) -> SitePolicy:
        """The policy that `said` makes, as JSON over its preset. Raises SettingsError."""
        return parse_policy({"preset": self._preset, **said})

    def put(self, said: Mapping[str, Any], *, base: int, by: str, words: str) -> int:
        """Follow what `said` makes from now on; returns its version.

        base: the version that it was made from. Raises StaleError, SettingsError or OSError; then nothing changed.
        """
        with self._lock:
            self.refresh()
            if base != self.version:
                raise StaleError(self.version)
            candidate = self.check(said)
            return self._keep(self._written(candidate), by, words)

    def rollback(self, version: int, *, by: str) -> int:
        """Follow an earlier version again, as a new one; 0 is the preset alone.

        Raises SettingsError when there is none or it is no longer right, or OSError.
        """
        with self._lock:
            self.refresh()
            texts = {each.version: each.text for each in self._versions.all()}
            texts.setdefault(0, self._written(load_policy(preset=self._preset), ""))
            if version not in texts:
                there = ", ".join(map(str, texts))
                raise SettingsError(f"version: expected one of {there}, got {version}")
            return self._keep(texts[version], by, f"back to version {version}")

    def _written(self, policy: SitePolicy, text: str | None = None) -> str:
        """`policy` in the words of the file as it is, comments kept."""
        if text is None:
            text = self._known.text if self._known else ""
        return toml_text.rewrite(text, policy_text.own(policy))

    def _keep(self, text: str, by: str, words: str) -> int:
        policy = parse_text(text, preset=self._preset)
        if self.trouble and self._stamp is not None:  # what was edited by hand is not thrown away
            self.path.replace(self.path.with_name(f"{self.path.name}.broken"))
        version = PolicyVersion(self.version + 1, round(self._clock.utc(), 3), by, words, text)
        self._versions.add(version)
        try:
            write_atomically(self.path, text.encode("utf-8"))
        except OSError:
            self._versions.drop(version)
            raise
        self._known, self._stamp, self.policy, self.trouble = version, self._look(), policy, ""
        self.follow(policy)
        return version.version

    def _read_first(self) -> SitePolicy:
        try:
            return self._read()
        except SettingsError as error:
            if self._known is None:
                raise
            policy = parse_text(self._known.text, preset=self._preset, where=f"policy {self.path}")
            self.trouble = str(error)
            log.warning("version %d of the policy is followed instead: %s", self._known.version, error)
            return policy

    def _read(self) -> SitePolicy:
        text = read_text(self.path)
        policy = parse_text(text, preset=self._preset, where=f"policy {self.path}")
        if self._known is None or self._known.text != text:
            self._note(PolicyVersion(self.version + 1, round(self._clock.utc(), 3), BY_HAND, "edited by hand", text))
        return policy

    def _note(self, version: PolicyVersion) -> None:
        """Remember what somebody wrote by hand; a folder that cannot be written to keeps no versions."""
        self._known = version
        try:
            self._versions.add(version)
        except OSError as error:
            log.info("no versions are kept of %s: %s", self.path, error)

    def _newest(self) -> PolicyVersion | None:
        try:
            return next(iter(self._versions.all()), None)
        except OSError as error:
            log.info("no versions are kept of %s: %s", self.path, error)
            return None

    def _look(self) -> tuple[int, int] | None:
        try:
            stat = self.path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size
