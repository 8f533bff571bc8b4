"""An edge's cameras from afar: secrets stay at home, the file stays its owner's, wrong settings change nothing."""

import asyncio
import json
import threading
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimonitor.common.clock import ManualClock
from aimonitor.common.settings import SettingsError
from aimonitor.contract import setup
from aimonitor.contract.messages import Command
from aimonitor.edge.camera_address import masked, unmasked
from aimonitor.edge.camera_file import CameraFile
from aimonitor.edge.lineup import CameraRefusedError
from aimonitor.edge.settings import CameraSettings
from aimonitor.edge.setup import SetupDesk
from aimonitor.edge.setup_cameras import CamerasDesk
from aimonitor.edge.setup_policy import PolicyDesk
from aimonitor.edge.vitals import CameraStatus

DOOR = "rtsp://admin:hunter2@192.168.1.9:554/stream1?channel=1&token=abc"
FILE = """\
# ours
[edge]
edge_id = "yard"  # the yard

[[edge.camera]]  # by the door
id = "door"
source = "rtsp://admin:hunter2@192.168.1.9:554/stream1?channel=1&token=abc"
policy = "door.toml"
thermal_token = "warm"

[hub]
port = 8001
"""


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (DOOR, "rtsp://admin:***@192.168.1.9:554/stream1?channel=1&token=***"),
        ("http://192.168.1.50:81/stream", "http://192.168.1.50:81/stream"),
        ("http://admin@192.168.1.50/x", "http://admin@192.168.1.50/x"),
        ("http://cam/v.cgi?user=u&pwd=p&loginpass=q#top", "http://cam/v.cgi?user=u&pwd=***&loginpass=***#top"),
        ("rtsp://a:p@ss@[fe80::1]:554/x", "rtsp://a:***@[fe80::1]:554/x"),
        ("usb:0", "usb:0"),
        ("video.mp4", "video.mp4"),
        (r"C:\cams\street.mp4", r"C:\cams\street.mp4"),
    ],
)
def test_a_password_is_hidden_and_comes_back(address, shown):
    assert masked(address) == shown
    assert unmasked(shown, ["usb:1", address]) == address


@pytest.mark.parametrize(
    "asked",
    [
        "rtsp://admin:***@evil.example:554/stream1",
        "rtsp://root:***@192.168.1.9:554/stream1",
        "rtsp://admin:***@192.168.1.9:8554/stream1",
        "http://admin:***@192.168.1.9:554/stream1",
        "rtsp://admin:***@192.168.1.9:554/stream1?other_token=***",
        "***",
    ],
)
def test_a_password_goes_nowhere_else(asked):
    assert unmasked(asked, [DOOR]) is None


def test_another_path_of_the_same_camera_keeps_its_password():
    asked = "rtsp://admin:***@192.168.1.9:554/stream2"
    assert unmasked(asked, [DOOR]) == "rtsp://admin:hunter2@192.168.1.9:554/stream2"


PLAIN = st.text("abcXYZ019_.~-%é", min_size=1, max_size=12)


@given(user=PLAIN, password=st.text("abcXYZ019_:@!$é", min_size=4, max_size=12), value=PLAIN)
def test_whatever_the_secret_it_does_not_leave_and_is_found_again(user, password, value):
    address = f"rtsp://{user}:Q{password}Q@camera.lan/live?x={value}&api_key=Q{password}Q"
    assert f"Q{password}Q" not in masked(address)
    assert unmasked(masked(address), [address]) == address


def test_the_file_keeps_what_people_wrote(tmp_path):
    path = tmp_path / "aimonitor.toml"
    path.write_text(FILE, encoding="utf-8")
    path.chmod(0o640)
    door = CameraSettings(id="door", source=DOOR, policy="door.toml", thermal_token="warm", name="Front")
    CameraFile(path).write([door, CameraSettings(id="lane", source="usb:0")])
    text = path.read_text(encoding="utf-8")
    for line in FILE.splitlines():
        assert line in text
    assert 'name = "Front"' in text
    assert 'id = "lane"' in text
    assert path.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "aimonitor.toml.before").read_text(encoding="utf-8") == FILE
    CameraFile(path).write([CameraSettings(id="lane", source="usb:0")])
    assert "hunter2" not in path.read_text(encoding="utf-8")
    assert "# ours" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["[edge\n", "[edge]\nhubb = 'x'\n", "edge = 3\n"])
def test_a_file_that_is_broken_is_to_be_mended_first(tmp_path, text):
    path = tmp_path / "aimonitor.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError):
        CameraFile(path).write([CameraSettings(id="lane", source="usb:0")])
    assert path.read_text(encoding="utf-8") == text


def test_cameras_that_were_a_list_of_addresses_become_tables(tmp_path):
    path = tmp_path / "aimonitor.toml"
    path.write_text('[edge]\ncamera = ["usb:0"]\nthreads = 2\n', encoding="utf-8")
    CameraFile(path).write([CameraSettings(source="usb:0"), CameraSettings(id="lane", source="usb:1")])
    assert path.read_text(encoding="utf-8").count("[[edge.camera]]") == 2
    assert "threads = 2" in path.read_text(encoding="utf-8")


class Lineup:
    """The cameras of an edge, without the cameras."""

    def __init__(self, *cameras):
        self.settings = cameras
        self.cameras = {}
        self.refuse = ""

    async def exchange(self, cameras):
        if self.refuse:
            raise CameraRefusedError(cameras[-1].id, self.refuse)
        self.settings = tuple(cameras)


class Stand:
    """The desk, asked as the hub asks."""

    def __init__(self, folder, loop, *, kept=True, allowed="all"):
        self.path = folder / "aimonitor.toml"
        self.path.write_text(FILE, encoding="utf-8")
        self.door = CameraSettings(id="door", source=DOOR, policy="door.toml", thermal_token="warm")
        self.lineup = Lineup(self.door)
        file = CameraFile(self.path) if kept else None
        desk = CamerasDesk(lambda: self.lineup, lambda: loop, file, ManualClock())
        of_edge = {"setup.cameras": desk.now, "setup.cameras.put": desk.put, "setup.cameras.try": desk.attempt}
        self.desk = SetupDesk(PolicyDesk(ManualClock()), of_edge, allowed)

    def ask(self, name, **body):
        return self.desk.answer(Command("c1", "yard/any", name, {"by": "dana"}, 5.0, json.dumps(body)))

    def listed(self):
        return setup.read(setup.CameraList, self.ask("setup.cameras").body)

    def put(self, *cameras, base=None):
        base = self.listed().version if base is None else base
        return self.ask("setup.cameras.put", cameras=cameras, base=base)

    def refused(self, *cameras):
        result = self.put(*cameras)
        assert not result.ok, result
        return setup.read(setup.Refused, result.body)


@pytest.fixture
def loop():
    """A loop that runs in a thread, as the edge's does."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture
def stand(tmp_path, loop):
    return Stand(tmp_path, loop)


def entry(stand, **changes):
    return {**msgspec.to_builtins(stand.listed().cameras[0]), **changes}


def test_the_list_shows_no_secret(stand):
    body = stand.ask("setup.cameras").body
    assert "hunter2" not in body
    assert "warm" not in body
    assert "abc" not in body
    (camera,) = stand.listed().cameras
    assert (camera.id, camera.thermal_token, camera.policy) == ("door", "***", "door.toml")


def test_what_comes_back_hidden_stays_as_it_was(stand):
    assert stand.put(entry(stand, name="Front door"), {"id": "lane", "source": "usb:0"}).ok
    door, lane = stand.lineup.settings
    assert door == stand.door.model_copy(update={"name": "Front door"})
    assert (lane.id, lane.source) == ("lane", "usb:0")
    assert 'name = "Front door"' in stand.path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"source": "rtsp://admin:***@evil.example/x"}, "cameras.door.source", "password_again"),
        ({"policy": "/etc/passwd"}, "cameras.door.policy", "own_settings"),
        ({"preset": "castle"}, "cameras.door.preset", "unknown"),
        ({"thermal": "mqtt://u:***@broker/x"}, "cameras.door.thermal", "password_again"),
    ],
)
def test_what_is_wrong_is_named_and_changes_nothing(stand, changes, field, code):
    refused = stand.refused(entry(stand, **changes))
    assert (refused.why, refused.problems[0].field, refused.problems[0].code) == ("invalid", field, code)
    assert stand.lineup.settings == (stand.door,)
    assert stand.path.read_text(encoding="utf-8") == FILE


def test_two_cameras_have_not_the_same_id(stand):
    refused = stand.refused(entry(stand), {"id": "door", "source": "usb:0"})
    assert (refused.problems[0].field, refused.problems[0].code) == ("cameras.door.id", "taken")


def test_a_camera_cannot_follow_a_file_of_the_pages_choice(stand):
    refused = stand.refused(entry(stand), {"id": "lane", "source": "usb:0", "policy": "/etc/shadow"})
    assert refused.problems[0].field == "cameras.lane.policy"


def test_what_the_edge_cannot_wire_is_said_and_not_written(stand):
    stand.lineup.refuse = "camera address 'gopher://x': expected a file or one of esp32cam"
    refused = stand.refused(entry(stand), {"id": "lane", "source": "gopher://x"})
    assert (refused.problems[0].field, refused.problems[0].code) == ("cameras.lane", "camera_refused")
    assert stand.path.read_text(encoding="utf-8") == FILE


def test_a_file_that_cannot_be_written_brings_the_old_cameras_back(stand):
    stand.path.write_text("[edge\n", encoding="utf-8")
    refused = stand.refused(entry(stand), {"id": "lane", "source": "usb:0"})
    assert "mend it first" in refused.problems[0].words
    assert stand.lineup.settings == (stand.door,)


def test_who_comes_too_late_is_told(stand):
    base = stand.listed().version
    assert stand.put(entry(stand, name="A")).ok
    result = stand.put(entry(stand, name="B"), base=base)
    assert setup.read(setup.Refused, result.body).version == stand.listed().version


def test_without_a_file_it_holds_until_the_next_start_and_says_so(tmp_path, loop):
    stand = Stand(tmp_path, loop, kept=False)
    assert "until the edge is started anew" in stand.listed().words
    result = stand.put(entry(stand, name="Front"))
    assert "until the edge is started anew" in result.words
    assert stand.lineup.settings[0].name == "Front"
    assert stand.path.read_text(encoding="utf-8") == FILE


def test_cameras_may_be_the_owners_business_alone(tmp_path, loop):
    result = Stand(tmp_path, loop, allowed="policy").ask("setup.cameras")
    assert setup.read(setup.Refused, result.body).why == "off"


def test_a_camera_that_is_in_use_is_not_opened_twice(stand):
    status = CameraStatus("live", 1.0, width=640, height=480, fps=9.75, frames=12)
    stand.lineup.cameras["door"] = SimpleNamespace(capture=SimpleNamespace(status=lambda: status))
    result = stand.ask("setup.cameras.try", source=masked(DOOR))
    tried = setup.read(setup.Tried, result.body)
    assert (tried.ok, tried.width, tried.words) == (True, 640, "in use as door: live")


def test_a_camera_that_cannot_be_is_tried_in_words(stand):
    tried = setup.read(setup.Tried, stand.ask("setup.cameras.try", source="gopher://x").body)
    assert not tried.ok
    assert "expected a file or one of" in tried.words


OWNERS = ["/etc/passwd", "file:/etc/passwd", "replay:/var/log", "usb:/etc/passwd", "usb:http://x/", "x.mp4"]


@pytest.mark.parametrize("source", OWNERS)
def test_files_of_the_edge_are_not_named_from_afar(stand, source):
    refused = stand.refused(entry(stand), {"id": "lane", "source": source})
    assert (refused.problems[0].field, refused.problems[0].code) == ("cameras.lane.source", "not_from_afar")
    assert "files are named in the edge's own settings" in refused.problems[0].words
    tried = setup.read(setup.Tried, stand.ask("setup.cameras.try", source=source).body)
    assert not tried.ok
    assert "files are named in the edge's own settings" in tried.words
