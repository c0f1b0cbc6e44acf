"""A wheel made of files: what pip installs, the same bytes for the same content."""

from __future__ import annotations

import base64
import hashlib
import io
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_TIME = (2020, 1, 1, 0, 0, 0)  # of every file in it: else no two wheels were the same


def wheel(
    project: Mapping[str, Any], files: Mapping[str, bytes], commands: Sequence[str] = ()
) -> tuple[str, bytes]:
    """The name and the content of a wheel of pure Python.

    Its version is the project's with a digest of the files behind it, so that pip sees that another
    bundle is another one.

    Args:
        project: the table `project` of a pyproject.toml.
        files: by the path at which each is installed.
        commands: lines of `console_scripts`, such as "course = lib.learn.commands:main".
    """
    said = hashlib.sha256()
    for name in sorted(files):
        said.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    version = f"{project['version']}+students.{said.hexdigest()[:12]}"
    distribution = project["name"].replace("-", "_")
    information = f"{distribution}-{version}.dist-info"
    inside = dict(sorted(files.items()))
    inside[f"{information}/METADATA"] = _metadata(project, version)
    inside[f"{information}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: embeddings-course\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    if commands:
        text = "\n".join(["[console_scripts]", *commands, ""])
        inside[f"{information}/entry_points.txt"] = text.encode()
    record = [f"{name},{_digest(content)},{len(content)}" for name, content in inside.items()]
    text = "\n".join([*record, f"{information}/RECORD,,", ""])
    inside[f"{information}/RECORD"] = text.encode()
    return f"{distribution}-{version}-py3-none-any.whl", _zipped(inside)


def project(root: Path) -> dict[str, Any]:
    """The table `project` of a course's pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _metadata(project: Mapping[str, Any], version: str) -> bytes:
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {project['name']}",
        f"Version: {version}",
        f"Summary: {project['description']}",
        f"License-Expression: {project['license']}",
        f"Requires-Python: {project['requires-python']}",
        *(f"Requires-Dist: {one}" for one in project["dependencies"]),
    ]
    return ("\n".join(lines) + "\n").encode()


def _digest(content: bytes) -> str:
    found = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
    return f"sha256={found.decode('ascii')}"


def _zipped(files: Mapping[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, _TIME)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, content)
    return whole.getvalue()
