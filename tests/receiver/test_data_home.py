"""Where data is kept if no setting says so, and what is said about data that is somewhere else."""

import pwd
from argparse import Namespace
from pathlib import Path

import pytest

from receiver.settings import SettingsError, data_home, load

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty home, and an empty folder to start in; its data folder is returned."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "home" / "vectadb-receiver"


def chosen(environ=None):
    return load(Namespace(), environ or {}).storage.data_dir


def test_outside_a_checkout_data_is_in_the_users_data_folder(home):
    assert chosen() == home


def test_in_a_checkout_it_is_beside_the_source(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert chosen() == Path("data")


def test_a_folder_that_holds_data_is_used_again(tmp_path, home):
    (tmp_path / "here" / "data" / "surreal").mkdir(parents=True)
    assert chosen() == Path("data")
    assert data_home.passed_by(Path("data"), Path.cwd()) == []
    (home / "surreal").mkdir(parents=True)
    assert chosen() == Path("data")
    assert data_home.passed_by(Path("data"), Path.cwd()) == [home]


def test_a_setting_decides(tmp_path):
    assert chosen({"VECTADB_STORAGE_DATA_DIR": "/elsewhere"}) == Path("/elsewhere")
    (tmp_path / "here" / "data" / "surreal").mkdir(parents=True)
    assert data_home.passed_by(Path("/elsewhere"), Path.cwd()) == [tmp_path / "here" / "data"]


@pytest.fixture
def nobody(monkeypatch):
    """A user without a home, as systemd's DynamicUser is."""
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.delenv("HOME")

    def unknown(uid):
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)


@pytest.mark.usefixtures("nobody")
def test_a_user_without_a_home_must_name_the_folder(tmp_path):
    with pytest.raises(SettingsError, match=r"no home folder .*--data-dir or VECTADB_STORAGE_DATA_DIR"):
        chosen()
    assert chosen({"VECTADB_STORAGE_DATA_DIR": str(tmp_path)}) == tmp_path
    assert data_home.passed_by(tmp_path, Path.cwd()) == []


def test_the_start_says_where_data_is_and_where_there_is_more(serve, tmp_path, home):
    (home / "surreal").mkdir(parents=True)
    receiver = serve(EMBEDDING_MODEL="off")
    assert receiver.says(r"data is in (.*)") == str(tmp_path / "data")
    assert receiver.says(r"there is data in (\S+), too, which is not used") == str(home)
