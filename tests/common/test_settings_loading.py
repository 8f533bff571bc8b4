"""Settings: where each value may come from, and what a wrong one is told."""

from typing import Annotated

import pytest
from pydantic import Field

from aimonitor.common.settings import Settings, SettingsError, load


class Inner(Settings):
    width: int = 1


class Sample(Settings):
    port: Annotated[int, Field(ge=1)] = 8000
    name: str = "x"
    token: str = ""
    inner: Inner = Inner()


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "aimonitor.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_later_sources_win(file):
    path = file("[sample]\nport = 1\nname = 'file'\n")
    environ = {"PORT": "2"}
    assert load(Sample, "sample", path=path, environ={}).port == 1
    assert load(Sample, "sample", path=path, environ=environ, founding={"PORT": "port"}).port == 2
    environ["AIMONITOR_SAMPLE_PORT"] = "3"
    assert load(Sample, "sample", path=path, environ=environ, founding={"PORT": "port"}).port == 3
    read = load(Sample, "sample", path=path, environ=environ, overrides={"port": 4, "name": None})
    assert (read.port, read.name) == (4, "file")


def test_a_wrong_key_is_named_with_its_neighbor(file):
    with pytest.raises(SettingsError, match=r"aimonitor\.toml \[sample\]: unknown key 'prot'; did you mean 'port'\?"):
        load(Sample, "sample", path=file("[sample]\nprot = 1\n"), environ={})


def test_a_wrong_inner_key_is_named_with_its_path(file):
    with pytest.raises(SettingsError, match=r"'inner\.widht'; did you mean 'width'"):
        load(Sample, "sample", path=file("[sample.inner]\nwidht = 1\n"), environ={})


def test_a_wrong_value_names_the_variable_it_came_from():
    with pytest.raises(SettingsError, match=r"AIMONITOR_SAMPLE_PORT: 'port': .*integer.*got 'abc'"):
        load(Sample, "sample", environ={"AIMONITOR_SAMPLE_PORT": "abc"})


def test_a_secret_is_not_shown_in_an_error(file):
    with pytest.raises(SettingsError) as refused:
        load(Sample, "sample", path=file("[sample]\ntoken = 12345678\n"), environ={})
    assert "12345678" not in str(refused.value)


def test_a_missing_or_broken_file_is_said(tmp_path, file):
    with pytest.raises(SettingsError, match="found none"):
        load(Sample, "sample", path=tmp_path / "none.toml", environ={})
    with pytest.raises(SettingsError, match="expected TOML"):
        load(Sample, "sample", path=file("[sample\n"), environ={})
