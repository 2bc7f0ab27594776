"""Makes an Office file the same bytes for the same content: fixed moments and order of its parts."""

from __future__ import annotations

import zipfile
from pathlib import Path

_MOMENT = (1980, 1, 1, 0, 0, 0)
"""The earliest moment a ZIP archive can say; parts carry no other."""


def settle(path: Path) -> None:
    """Write the archive again in place: content types first, then parts by name, every part with the same moment and rights."""
    with zipfile.ZipFile(path) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(parts, key=lambda each: (each != "[Content_Types].xml", each)):
            info = zipfile.ZipInfo(name, _MOMENT)
            info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, 0o600 << 16, 0
            archive.writestr(info, parts[name])
