"""Writes the Word report from its template, the same bytes for the same content."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

from docxtpl import DocxTemplate  # type: ignore[import-untyped]
from jinja2 import StrictUndefined
from jinja2.exceptions import TemplateError
from jinja2.sandbox import SandboxedEnvironment

from pipelines.report.archive import settle
from pipelines.report.content import MonthReport, Say
from pipelines.report.sections import sections, tables
from pipelines.report.template import build_template
from pipelines.report.wording import title
from xiezhi.domain.errors import UsageError


def write_template(path: Path, say: Say) -> None:
    """Write the built-in template, for office staff to edit and pass back with `--template`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = build_template(tables(say))
    _properties(document.core_properties, "", "", datetime(2000, 1, 1))
    document.save(str(path))
    settle(path)


def write_document(path: Path, report: MonthReport, say: Say, *, workbook: str, template: Path) -> None:
    """Fill the template with a report.

    Args:
        path: the file to write.
        report: the content.
        say: the language.
        workbook: name of the workbook, told as the attachment.
        template: a file that `write_template` wrote, perhaps edited since.

    Raises:
        UsageError: the template is no Word file, or names something that the report does not have.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        filled = DocxTemplate(str(template))
        filled.render(context(report, say, workbook), SandboxedEnvironment(autoescape=True, undefined=StrictUndefined), autoescape=True)
    except TemplateError as error:
        raise UsageError.of(f"--template {template.name}: {error}", accepted="a file of `xiezhi report --save-template`") from error
    except (ValueError, KeyError, OSError) as error:
        raise UsageError.of(f"--template {template.name} is no Word file", accepted="a file of `xiezhi report --save-template`") from error
    moment = datetime.combine(report.dated, datetime.min.time())
    _properties(filled.docx.core_properties, title(report, say), report.issuer, moment)
    filled.save(str(path))
    settle(path)


def context(report: MonthReport, say: Say, workbook: str) -> dict[str, Any]:
    """What the template can name."""
    return {
        "title": title(report, say),
        "addressee": addressed(report.addressee, say),
        "sections": sections(report, say),
        "attachment": say("附件：", "Attachment: ") + workbook,
        "issuer": report.issuer or say("（署名单位）", "(issuing organisation)"),
        "dated": written(report.dated, say),
    }


def addressed(names: str, say: Say) -> str:
    """The line of the addressees: names with a colon (GB/T 9704-2012 7.3.2); empty without names."""
    return names.rstrip("：: ") + say("：", ":") if names.strip() else ""


def written(day: date, say: Say) -> str:
    """A date as documents write it: Arabic numerals, no leading zeros (GB/T 9704-2012 7.3.5.4)."""
    return say(f"{day.year}年{day.month}月{day.day}日", day.isoformat())


def _properties(properties: Any, name: str, author: str, moment: datetime) -> None:
    properties.title, properties.author, properties.last_modified_by = name, author, author
    properties.created = properties.modified = moment
    properties.revision, properties.comments = 1, ""
