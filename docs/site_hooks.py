"""What `mkdocs build` does to links that leave `docs/`, so that a page reads well in the site and in the repository.

Pages with measured figures under `benchmarks/results/` are shown in the site too, and links to them lead there. Any
other file of the repository is none of the site: its link becomes its path, as code.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent
FIGURES = "benchmarks/results"
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]\n]*)\]\((?P<target>\.\./[^)\s]*|benchmarks/[^)\s]*)\)")
BRACKETED = re.compile(r"<((?:https?://)[^>\s]+)>")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages of measured figures."""
    for page in sorted((ROOT / FIGURES).glob("*.md")):
        text = page.read_text(encoding="utf-8")
        files.append(File.generated(config, f"{FIGURES}/{page.name}", content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Lead each link out of `docs/` to what the site has, or name the file that it hasn't."""
    here = posixpath.dirname(page.file.src_uri)
    known = set(files.src_uris)

    def replaced(match: re.Match[str]) -> str:
        path, hash_, anchor = match["target"].partition("#")
        inside = posixpath.normpath(posixpath.join("docs", here, path))
        if inside.startswith("docs/"):
            return match[0]
        if inside in known:
            return f"[{match['text']}]({posixpath.relpath(inside, here or '.')}{hash_}{anchor})"
        name = match["text"].strip("`")
        return f"`{inside}`" if name == inside else f"{match['text']} (`{inside}`)"

    return LINK.sub(replaced, markdown)
