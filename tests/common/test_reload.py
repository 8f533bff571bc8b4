"""Settings that follow their file: what an edit does while the program runs."""

import os

import pytest

from aimonitor.common.reload import SettingsFile, copy_of, take_over
from aimonitor.common.settings import Settings, SettingsError, load


class Sample(Settings):
    port: int = 8000
    limit: int = 10


@pytest.fixture
def story(tmp_path):
    return Story(tmp_path / "aimonitor.toml", copy_of("sample", tmp_path / "var" / "state.sqlite3"))


class Story:
    """A program whose `limit` may change while it runs, and whose `port` may not."""

    def __init__(self, path, kept):
        self.path, self.kept, self._edits = path, kept, 0
        self.edit("[sample]\nlimit = 10\n")
        self.file = SettingsFile(self.read(), path, self.read, {"limit"}, kept)

    def read(self):
        return load(Sample, "sample", path=self.path, environ={})

    def edit(self, text):
        self.path.write_text(text)
        self._edits += 1
        os.utime(self.path, ns=(self._edits * 10**9,) * 2)  # however coarse the file system's clock is


def test_nothing_happens_while_nobody_edits(story):
    assert story.file.changed() is None


def test_what_can_change_changes_and_the_rest_waits(story):
    story.edit("[sample]\nlimit = 20\nport = 9000\n")
    change = story.file.changed()
    assert (change.taken, change.waiting) == (("limit",), ("port",))
    assert change.settings == Sample(port=8000, limit=20)
    assert story.file.changed() is None
    assert story.kept.read_text() == "[sample]\nlimit = 10\n", "the running program does not follow all of the file"


def test_a_bad_edit_changes_nothing_and_is_told_once(story):
    story.edit("[sample]\nlimt = 20\n")
    with pytest.raises(SettingsError, match="did you mean 'limit'"):
        story.file.changed()
    assert story.file.changed() is None
    assert story.file.settings == Sample()
    assert story.kept.read_text() == "[sample]\nlimit = 10\n"


def test_a_file_that_is_gone_changes_nothing(story):
    story.path.unlink()
    with pytest.raises(SettingsError, match="found none any more"):
        story.file.changed()
    story.edit("[sample]\nlimit = 30\n")
    assert story.file.changed().settings.limit == 30


def test_the_copy_is_for_its_owner_only_and_follows_good_edits(story):
    assert story.kept.stat().st_mode & 0o777 == 0o600
    story.edit("[sample]\nlimit = 40\n")
    story.file.changed()
    assert story.kept.read_text() == "[sample]\nlimit = 40\n"


def test_the_log_tells_what_became_of_an_edit(story, caplog):
    caplog.set_level("INFO")
    adopted = []
    story.edit("[sample]\nlimit = 20\nport = 1\n")
    take_over(story.file, adopted.append)
    story.edit("[sample\n")
    take_over(story.file, adopted.append)
    assert [settings.limit for settings in adopted] == [20]
    assert "from now on in force: limit" in caplog.text
    assert "in force after a restart: port" in caplog.text
    assert "the settings stay as they were" in caplog.text


def test_no_file_is_nothing_to_follow(tmp_path):
    file = SettingsFile(Sample(), None, Sample, {"limit"}, tmp_path / "kept.toml")
    assert file.changed() is None
    assert not (tmp_path / "kept.toml").exists()
