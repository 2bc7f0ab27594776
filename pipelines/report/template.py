"""Builds the template of the Word report, in the form of GB/T 9704-2012 (layout of official documents).

Margins 37, 35, 28, 26 mm (top, bottom, left, right); body 仿宋 三号 (16 pt) on 28 pt exact lines, 22 lines a page;
title 小标宋 二号 (22 pt); headings 黑体 and 楷体 三号; page numbers 宋体 四号 (14 pt) between dashes, outside on odd and
even pages. Every style sets the East Asian font, or Word falls back to its own for Chinese. The template is text for Jinja2
(docxtpl); office staff may edit it and pass it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from docx import Document
from docx.document import Document as Doc
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.styles.style import ParagraphStyle
from docx.table import _Cell

FANGSONG, XIAOBIAOSONG, HEITI, KAITI, SONGTI = "仿宋_GB2312", "方正小标宋简体", "黑体", "楷体_GB2312", "宋体"
LATIN = "Times New Roman"
LINE = Pt(28)

Columns = Sequence[tuple[str, str, float, bool]]
"""Heading, field of a row, width in mm (156 mm in all), whether it is a number."""


def build_template(tables: dict[str, Columns]) -> Doc:
    """The template: texts are the fields `title`, `addressee`, `sections`, `issuer`, `dated`, `attachment`.

    A section has `heading`, `paragraphs` (a lead in 楷体 and the rest), `table` (a name in `tables`, or empty),
    `caption`, `rows` and `after`.
    """
    document = Document()
    for paragraph in list(document.paragraphs):
        paragraph._element.getparent().remove(paragraph._element)
    _page(document)
    _styles(document)
    document.add_paragraph("{{ title }}", "GW Title")
    document.add_paragraph("{%p if addressee %}", "GW Body")
    document.add_paragraph("{{ addressee }}", "GW To")
    document.add_paragraph("{%p endif %}", "GW Body")
    document.add_paragraph("{%p for section in sections %}", "GW Body")
    document.add_paragraph("{{ section.heading }}", "GW Heading")
    _paragraphs(document, "section.paragraphs")
    for name, columns in tables.items():
        document.add_paragraph("{%p if section.table == '" + name + "' %}", "GW Body")
        document.add_paragraph("{{ section.caption }}", "GW Caption")
        _table(document, columns)
        document.add_paragraph("", "GW Gap")
        document.add_paragraph("{%p endif %}", "GW Body")
    _paragraphs(document, "section.after")
    document.add_paragraph("{%p endfor %}", "GW Body")
    document.add_paragraph("{{ attachment }}", "GW Attachment")
    document.add_paragraph("{{ issuer }}", "GW Issuer")
    document.add_paragraph("{{ dated }}", "GW Date")
    return document


def _paragraphs(document: Doc, name: str) -> None:
    document.add_paragraph("{%p for part in " + name + " %}", "GW Body")
    paragraph = document.add_paragraph("", "GW Body")
    _font(paragraph.add_run("{{ part.lead }}"), KAITI)
    paragraph.add_run("{{ part.text }}")
    document.add_paragraph("{%p endfor %}", "GW Body")


def _table(document: Doc, columns: Columns) -> None:
    table = document.add_table(rows=4, cols=len(columns), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    head, start, row, end = table.rows
    repeated = OxmlElement("w:tblHeader")
    head._tr.get_or_add_trPr().append(repeated)
    for each in table.rows:
        each._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    start.cells[0].text, end.cells[0].text = "{%tr for row in section.rows %}", "{%tr endfor %}"
    for at, (title, field, width, number) in enumerate(columns):
        table.columns[at].width = Mm(width)
        for each in table.rows:
            each.cells[at].width = Mm(width)
        _fill(head.cells[at], title, "GW Table Head")
        _fill(row.cells[at], "{{ row." + field + " }}", "GW Table Number" if number else "GW Table Text")


def _fill(cell: _Cell, text: str, style: str) -> None:
    cell.paragraphs[0].style = style
    cell.paragraphs[0].add_run(text)
    cell.vertical_alignment = 1  # type: ignore[assignment]  # WD_ALIGN_VERTICAL.CENTER


def _page(document: Doc) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin, section.left_margin, section.right_margin = Mm(37), Mm(35), Mm(28), Mm(26)
    section.footer_distance = Mm(25)  # the number stands 7 mm below the text
    document.settings.odd_and_even_pages_header_footer = True
    for footer, side in ((section.footer, WD_ALIGN_PARAGRAPH.RIGHT), (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT)):
        paragraph = footer.paragraphs[0]
        paragraph.alignment = side
        indent = {"right_indent": Pt(14)} if side is WD_ALIGN_PARAGRAPH.RIGHT else {"left_indent": Pt(14)}
        for name, value in indent.items():
            setattr(paragraph.paragraph_format, name, value)
        for kind, text in (("", "— "), ("begin", ""), ("", "PAGE"), ("end", ""), ("", " —")):
            run = paragraph.add_run("" if kind or text == "PAGE" else text)
            _font(run, SONGTI, 14)
            if kind:
                mark = OxmlElement("w:fldChar")
                mark.set(qn("w:fldCharType"), kind)
                run._r.append(mark)
            elif text == "PAGE":
                code = OxmlElement("w:instrText")
                code.set(qn("xml:space"), "preserve")
                code.text = " PAGE "
                run._r.append(code)


def _styles(document: Doc) -> None:
    normal = document.styles["Normal"]
    assert isinstance(normal, ParagraphStyle)
    _font(normal, FANGSONG, 16)
    two = Pt(32)
    _style(document, "GW Title", XIAOBIAOSONG, 22, align=WD_ALIGN_PARAGRAPH.CENTER, line=Pt(36), after=Pt(28), keep=True)
    _style(document, "GW Body", FANGSONG, 16, first=two, align=WD_ALIGN_PARAGRAPH.JUSTIFY)
    _style(document, "GW To", FANGSONG, 16)
    _style(document, "GW Heading", HEITI, 16, first=two, keep=True, outline=0)
    _style(document, "GW Caption", HEITI, 12, align=WD_ALIGN_PARAGRAPH.CENTER, line=Pt(22), before=Pt(6), keep=True)
    _style(document, "GW Gap", FANGSONG, 8, line=Pt(10))
    _style(document, "GW Table Head", HEITI, 10.5, align=WD_ALIGN_PARAGRAPH.CENTER, line=Pt(16), keep=True)
    _style(document, "GW Table Text", FANGSONG, 10.5, line=Pt(16))
    _style(document, "GW Table Number", FANGSONG, 10.5, align=WD_ALIGN_PARAGRAPH.RIGHT, line=Pt(16))
    _style(document, "GW Attachment", FANGSONG, 16, first=two, before=Pt(28))
    # The date ends four characters from the right margin, the issuer stands centred above it (GB/T 9704 7.3.5.2).
    _style(document, "GW Issuer", FANGSONG, 16, align=WD_ALIGN_PARAGRAPH.RIGHT, right=Pt(64), before=Pt(56), keep=True)
    _style(document, "GW Date", FANGSONG, 16, align=WD_ALIGN_PARAGRAPH.RIGHT, right=Pt(64))


def _style(
    document: Doc,
    name: str,
    font: str,
    size: float,
    *,
    first: Pt | None = None,
    right: Pt | None = None,
    align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.LEFT,
    line: Pt = LINE,
    before: Pt | None = None,
    after: Pt | None = None,
    keep: bool = False,
    outline: int | None = None,
) -> None:
    style = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    assert isinstance(style, ParagraphStyle)
    _font(style, font, size)
    layout = style.paragraph_format
    layout.line_spacing_rule, layout.line_spacing = WD_LINE_SPACING.EXACTLY, line
    layout.space_before, layout.space_after = before or Pt(0), after or Pt(0)
    layout.first_line_indent, layout.right_indent, layout.alignment = first, right, align
    layout.keep_with_next, layout.widow_control = keep, True
    if outline is not None:
        level = OxmlElement("w:outlineLvl")
        level.set(qn("w:val"), str(outline))
        style.element.get_or_add_pPr().append(level)


def _font(owner: Any, name: str, size: float | None = None) -> None:
    """Set the font of a style or run for Latin and East Asian text."""
    owner.font.name = LATIN
    if size is not None:
        owner.font.size = Pt(size)
    fonts = owner.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), name)
    fonts.set(qn("w:hAnsi"), LATIN)
    for theme in ("w:asciiTheme", "w:eastAsiaTheme", "w:hAnsiTheme", "w:cstheme"):
        fonts.attrib.pop(qn(theme), None)
