"""`aimonitor config`, and settings that come from files of secrets."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from aimonitor.cli import main
from aimonitor.common.reload import copy_of
from aimonitor.common.settings import SettingsError, load
from aimonitor.hub.settings import HubSettings

DOCS = Path(__file__).parents[2] / "docs" / "ref"


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path):
    """In an empty folder, without this machine's variables."""
    monkeypatch.chdir(tmp_path)
    for name in ("PORT", "REDIS_URL", "TELEGRAM_TOKEN", "CHAT_ID", "AIMONITOR_TOKENS", "AIMONITOR_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def write(tmp_path, text):
    (tmp_path / "aimonitor.toml").write_text(text)


def test_a_good_file_is_said_to_be_good(tmp_path, capsys):
    write(tmp_path, "[hub]\nport = 8001\n[edge]\ncamera = ['usb:0']\n")
    assert main(["config", "check"]) == 0
    assert "hub, edge, bot" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[hub]\nprot = 1\n", "unknown key 'prot'; did you mean 'port'"),
        ("[hbu]\nport = 1\n", "unknown table [hbu]; did you mean [hub]?"),
        ("[edge]\nthreads = 0\n", "'threads'"),
        ("[bot]\ntoken = 'abc'\n", "@BotFather"),
        ("[hub\n", "expected TOML"),
    ],
)
def test_what_is_wrong_is_named_and_the_exit_code_tells(tmp_path, capsys, text, said):
    write(tmp_path, text)
    assert main(["config", "check"]) == 1
    assert said in capsys.readouterr().err


def test_every_wrong_program_is_reported_at_once(tmp_path, capsys):
    write(tmp_path, "[hub]\nport = -1\n[edge]\nthreads = 0\n")
    assert main(["config", "check"]) == 1
    errors = capsys.readouterr().err
    assert "'port'" in errors
    assert "'threads'" in errors


def test_show_tells_where_each_value_comes_from_and_no_secret(tmp_path, capsys, monkeypatch):
    write(tmp_path, "[hub]\nmax_edges = 7\n[edge]\ntoken = 'from-the-file'\n")
    (tmp_path / "secret").write_text("yard:very-secret\n")
    monkeypatch.setenv("AIMONITOR_TOKENS_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("PORT", "8123")
    monkeypatch.setenv("REDIS_URL", "redis://:very-secret@localhost:6379/0")
    assert main(["config", "show", "hub", "edge"]) == 0
    shown = capsys.readouterr().out
    lines = {line.split()[0]: line for line in shown.splitlines() if line and line[0] != "["}
    assert lines["port"].split() == ["port", "8123", "#", "PORT"]
    assert lines["max_edges"].split() == ["max_edges", "7", "#", "aimonitor.toml"]
    assert lines["tokens"].endswith("# AIMONITOR_TOKENS_FILE")
    assert lines["host"].endswith("# default")
    assert "very-secret" not in shown
    assert "from-the-file" not in shown


def test_an_unknown_section_is_named_with_the_known_ones(capsys):
    assert main(["config", "show", "hubb"]) == 1
    assert "expected some of hub, edge, bot" in capsys.readouterr().err


def test_a_variable_may_name_a_file_and_its_own_value_wins(tmp_path):
    (tmp_path / "port").write_text("8123\n")
    environ = {"AIMONITOR_HUB_PORT_FILE": str(tmp_path / "port")}
    assert load(HubSettings, "hub", environ=environ).port == 8123
    assert load(HubSettings, "hub", environ={**environ, "AIMONITOR_HUB_PORT": "1"}).port == 1


def test_a_file_that_cannot_be_read_is_named():
    with pytest.raises(SettingsError, match=r"AIMONITOR_HUB_PORT_FILE: expected a readable file at /no/such/file"):
        load(HubSettings, "hub", environ={"AIMONITOR_HUB_PORT_FILE": "/no/such/file"})


def test_diff_lists_what_is_not_the_default_and_what_the_running_program_does_not_know(tmp_path, capsys):
    write(tmp_path, "[hub]\nport = 8001\nmax_connections = 100\ntokens = 'first-secret'\n")
    state = tmp_path / "var" / "hub.sqlite3"
    state.parent.mkdir()
    copy_of("hub", state).write_text("[hub]\ntokens = 'second-secret'\n")
    assert main(["config", "diff", "hub"]) == 0
    shown = capsys.readouterr().out
    assert "port                       8001" in shown
    assert "default: 8000" in shown
    assert "8000                                         # in force where it runs, and needs a restart" in shown
    assert "another (not shown)" in shown
    assert "takes it over within seconds" in shown
    assert "max_connections" not in shown, "it is set to its default"
    assert "-secret" not in shown


def test_diff_of_an_empty_folder_is_empty(capsys):
    assert main(["config", "diff", "hub"]) == 0
    assert capsys.readouterr().out == "[hub]\n\n"


def test_the_schema_in_the_docs_is_the_one_that_the_programs_have(capsys):
    assert main(["config", "schema"]) == 0
    kept = DOCS.joinpath("aimonitor.schema.json").read_text(encoding="utf-8")
    assert capsys.readouterr().out == kept, "run: aimonitor config schema > docs/ref/aimonitor.schema.json"


@pytest.fixture(scope="module")
def validator():
    schema = json.loads(DOCS.joinpath("aimonitor.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_example_is_right_for_every_program_and_for_editors(tmp_path, capsys, validator):
    example = DOCS.joinpath("aimonitor.example.toml").read_text(encoding="utf-8")
    assert example.startswith("#:schema aimonitor.schema.json\n")
    write(tmp_path, example)
    assert main(["config", "check"]) == 0, capsys.readouterr().err
    assert not list(validator.iter_errors(tomllib.loads(example)))


@pytest.mark.parametrize(
    "text",
    [
        "[hub]\ntokens = 'one-secret'\n",
        "[hub]\ntokens = [{ secret = 'x', edge_id = 'yard' }]\ncors_origins = 'https://a.example'\n",
        "[edge]\ncamera = 'usb:0'\n",
        "[edge]\ncamera = ['usb:0', 'usb:1']\n",
        "[bot]\ntoken = '1:a'\nchats = 42\n",
    ],
)
def test_the_schema_knows_every_form_that_the_programs_take(tmp_path, validator, text):
    write(tmp_path, text)
    assert main(["config", "check"]) == 0
    assert not list(validator.iter_errors(tomllib.loads(text)))


@pytest.mark.parametrize("text", ["[hub]\nprot = 1\n", "[hbu]\nport = 1\n", "[edge]\nthreads = 0\n"])
def test_the_schema_refuses_what_the_programs_refuse(tmp_path, validator, text):
    write(tmp_path, text)
    assert main(["config", "check"]) == 1
    assert list(validator.iter_errors(tomllib.loads(text)))
