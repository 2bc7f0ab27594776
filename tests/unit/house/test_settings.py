"""Settings: precedence, errors that name the variable, no secret in any message."""

from __future__ import annotations

from pathlib import Path

import pytest

from xiezhi.domain.errors import XiezhiError
from xiezhi.settings import Settings, accepted_form, describe, find_rules_dir, load_settings, source_of


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_environment_over_file_over_default(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (load_settings().lang, source_of("lang")) == ("zh", "default")
    (folder / "xiezhi.toml").write_text('lang = "en"\nthreads = 3\n')
    assert (load_settings().lang, source_of("lang")) == ("en", "xiezhi.toml")
    monkeypatch.setenv("XIEZHI_LANG", "zh")
    assert (load_settings().lang, source_of("lang"), load_settings().threads) == ("zh", "XIEZHI_LANG", 3)


def test_another_file_may_be_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "other.toml").write_text("threads = 7\n")
    monkeypatch.setenv("XIEZHI_CONFIG", "other.toml")
    assert load_settings().threads == 7


BAD = {
    "region": "3301",
    "threads": "0",
    "log_level": "loud",
    "log_format": "xml",
    "kafka": "localhost",
    "topic_prefix": "a b",
    "partitions": "0",
    "log_fsync": "sometimes",
    "alert_yuan": "-1",
    "stream_cases": "perhaps",
    "lang": "fr",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_value_names_the_variable_and_the_accepted_form(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"XIEZHI_{name.upper()}", BAD[name])
    with pytest.raises(XiezhiError) as caught:
        load_settings()
    (problem,) = caught.value.problems
    assert problem.where.path == f"XIEZHI_{name.upper()}"
    assert problem.accepted == accepted_form(name) != ""
    assert BAD[name] in problem.what


def test_all_problems_are_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in BAD.items():
        monkeypatch.setenv(f"XIEZHI_{name.upper()}", value)
    with pytest.raises(XiezhiError) as caught:
        load_settings()
    assert {problem.where.field for problem in caught.value.problems} == set(BAD)


def test_a_bad_secret_is_not_repeated(folder: Path) -> None:
    (folder / "xiezhi.toml").write_text("database_url = 5550123\n")
    with pytest.raises(XiezhiError) as caught:
        load_settings()
    assert "5550123" not in str(caught.value)


def test_unknown_names_and_broken_files_are_told_with_their_place(folder: Path) -> None:
    (folder / "xiezhi.toml").write_text("tread = 3\n")
    with pytest.raises(XiezhiError, match=r"unknown setting 'tread'.*threads"):
        load_settings()
    (folder / "xiezhi.toml").write_text('lang = "zh"\nthreads = = 3\n')
    with pytest.raises(XiezhiError, match=r"xiezhi\.toml:2:11"):
        load_settings()


def test_the_password_is_in_the_address_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XIEZHI_DATABASE_URL", "postgresql://user:hunter2@host/name")
    settings = load_settings()
    assert settings.database == "postgresql://user:hunter2@host/name"
    assert "hunter2" not in repr(settings) + str(describe())
    monkeypatch.delenv("XIEZHI_DATABASE_URL")
    assert load_settings().database == "sqlite:///var/xiezhi.db"


def test_a_folder_is_taken_for_the_rule_base_only_if_it_has_a_catalogue(folder: Path) -> None:
    (folder / "rules").mkdir()
    assert find_rules_dir() != Path("rules")
    (folder / "rules" / "catalogue").mkdir()
    assert find_rules_dir() == Path("rules")


def test_every_setting_has_a_meaning_in_two_languages_and_an_accepted_form() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description
        assert field.description[0] > "\u4e00" or "。" in field.description, name
        assert accepted_form(name)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().lang = "en"  # type: ignore[misc]
