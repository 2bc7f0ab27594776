"""Settings: environment variables `XIEZHI_*` over the file `xiezhi.toml` over the defaults below.

Every relative path is relative to the current folder. A bad value raises `XiezhiError` that names the variable and the accepted
form; the value of a secret is never part of a message.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from xiezhi.domain.errors import Place, Problem, XiezhiError

PREFIX = "XIEZHI_"
PACKAGE = Path(__file__).resolve().parent


def config_path() -> Path:
    """The settings file: `XIEZHI_CONFIG`, else `xiezhi.toml` in the current folder; it need not exist."""
    return Path(os.environ.get("XIEZHI_CONFIG") or "xiezhi.toml")


def find_rules_dir() -> Path:
    """`./rules` if it is a rule base (has a folder `catalogue`), else that of the checkout, else the copy inside the package."""
    for folder in (Path("rules"), PACKAGE.parent / "rules"):
        if (folder / "catalogue").is_dir():
            return folder
    return PACKAGE / "ruleset" / "bundled"


@dataclass(frozen=True)
class Accepted:
    """The accepted form of a setting, for messages and the reference page."""

    form: str


class Settings(BaseSettings):
    """All settings of the program, read once and never changed."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    home: Annotated[Path, Accepted("a folder")] = Field(
        default=Path("var"),
        description="数据目录，一切产出都在其下。The folder below which everything is written.",
    )
    rules_dir: Annotated[Path, Accepted("a folder with catalogue/ in it")] = Field(
        default_factory=find_rules_dir,
        description="规则库目录（默认 ./rules，否则用随包规则）。The rule base (./rules, else the copy in the package).",
    )
    region: Annotated[str, Accepted("six digits, such as 330100, or empty")] = Field(
        default="",
        pattern=r"^(\d{6})?$",
        description="统筹区划代码，决定适用的地方规则；空为仅国家规则。Region (admdvs) whose overlay applies; empty: national rules only.",
    )
    threads: Annotated[int, Accepted("a whole number from 1 to 256")] = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        le=256,
        description="批量计算的线程数（默认为核数）。Threads of batch work (default: the number of cores).",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Accepted("debug, info, warning or error")] = Field(
        default="info",
        description="日志级别。The least level of log lines that are written.",
    )
    log_format: Annotated[Literal["text", "json"], Accepted("text or json")] = Field(
        default="text",
        description="日志格式：key=value 或 JSON，均写入标准错误。Log lines on stderr as key=value or as JSON.",
    )
    database_url: Annotated[SecretStr, Accepted("a database address such as postgresql+psycopg://user@host/name, or empty")] = Field(
        default=SecretStr(""),
        description="事务数据库地址；空为数据目录下的 SQLite。Database of cases and users; empty: SQLite in the home folder.",
    )
    kafka: Annotated[str, Accepted("host:port, several joined by commas, or empty")] = Field(
        default="",
        pattern=r"^([^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*)?$",
        description="Kafka 服务器列表；空为内置日志。Kafka servers; empty: the embedded log.",
    )
    topic_prefix: Annotated[str, Accepted("letters, digits, dots, hyphens, underscores, or empty")] = Field(
        default="",
        pattern=r"^[A-Za-z0-9._-]{0,100}$",
        description="Kafka 主题和消费组名的前缀，供多套系统共用一个集群。Prefix of topics and groups on a shared Kafka.",
    )
    partitions: Annotated[int, Accepted("a whole number from 1 to 1024")] = Field(
        default=4,
        ge=1,
        le=1024,
        description="新建主题的分区数；已有主题不变。Partitions of topics that are made; existing topics stay as they are.",
    )
    log_fsync: Annotated[Literal["always", "never"], Accepted("always or never")] = Field(
        default="always",
        description="内置日志每次写入是否等待落盘；never 时断电可能丢失最后几秒。Whether the embedded log waits for the disk at every "
        "append; with never a power cut may lose the last seconds.",
    )
    alert_yuan: Annotated[int, Accepted("a whole number of yuan from 0")] = Field(
        default=1000,
        ge=0,
        description="明确的疑点达到此金额（元）即写入主题 alerts。Definite findings of at least so many yuan are told on the topic alerts.",
    )
    stream_cases: Annotated[bool, Accepted("true or false")] = Field(
        default=True,
        description="实时处理是否同时立案。Whether the stream opens cases as it finds.",
    )
    mlflow: Annotated[SecretStr, Accepted("an MLflow tracking address such as http://host:5000, or empty")] = Field(
        default=SecretStr(""),
        description="模型登记库地址；空为数据目录下的 mlflow.db。MLflow server of models; empty: mlflow.db in the home folder.",
    )
    gateway_keys: Annotated[SecretStr, Accepted("id:secret, several joined by commas, or empty")] = Field(
        default=SecretStr(""),
        description="接口服务的密钥（编号:密钥）；空则只在本机监听。HMAC keys of senders; empty: listen on this machine only.",
    )
    lang: Annotated[Literal["zh", "en"], Accepted("zh or en")] = Field(
        default="zh",
        description="输出语言。Language of reports and pages.",
    )
    issuer: Annotated[str, Accepted("a name of at most 60 characters, or empty")] = Field(
        default="",
        max_length=60,
        description="月报的署名单位；空则留待填写。Organisation that signs the monthly report; empty: left to be filled in.",
    )
    addressee: Annotated[str, Accepted("names of at most 120 characters, or empty")] = Field(
        default="",
        max_length=120,
        description="月报的主送机关；空则不写。Organisations that the monthly report is addressed to; empty: none.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file; no `.env` files, so that what applies is visible."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=config_path())

    @property
    def database(self) -> str:
        """The address of the database, with its password; SQLite below `home` when none is set."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.home / 'xiezhi.db'}"


def load_settings() -> Settings:
    """Read the settings.

    Raises:
        XiezhiError: all bad or unknown settings together, each with the variable or file it came from and the accepted form.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise XiezhiError(
            _problem(name=str(item["loc"][0]), value=item.get("input"), kind=item["type"]) for item in error.errors()
        ) from None
    except tomllib.TOMLDecodeError as error:
        position = re.search(r"line (\d+), column (\d+)", str(error))
        line, column = (int(position[1]), int(position[2])) if position else (None, None)
        raise XiezhiError.of(f"not TOML: {error}", path=str(config_path()), line=line, column=column, accepted='name = "value"') from None


def source_of(name: str) -> str:
    """Where the value of a setting comes from: the variable, the file or `default`."""
    if os.environ.get(PREFIX + name.upper()):
        return PREFIX + name.upper()
    path = config_path()
    return str(path) if path.exists() and name in tomllib.loads(path.read_text("utf-8")) else "default"


def accepted_form(name: str) -> str:
    """The accepted form of a setting, in words."""
    return next((mark.form for mark in Settings.model_fields[name].metadata if isinstance(mark, Accepted)), "")


def describe() -> list[dict[str, str]]:
    """Every setting as name, value, source and meaning; secrets are shown as `********` or empty."""
    settings = load_settings()
    return [
        {
            "name": PREFIX + name.upper(),
            "value": str(getattr(settings, name)),
            "source": source_of(name),
            "meaning": field.description or "",
        }
        for name, field in Settings.model_fields.items()
    ]


def _problem(name: str, value: object, kind: str) -> Problem:
    field = Settings.model_fields.get(name)
    source = source_of(name)
    place = Place(path=source if source != "default" else "", field=name)
    if field is None or kind == "extra_forbidden":
        return Problem(f"unknown setting {name!r}", place, ", ".join(Settings.model_fields))
    shown = "the value" if field.annotation is SecretStr else repr(value)
    return Problem(f"{shown} is not accepted for {name}", place, accepted_form(name))
