"""What MkDocs makes beside the pages that are written: the root's documents, and references from generated JSON.

Links to files of the repository that are no pages (deploy/…, tests/…) lose their target and keep their words, so that
the same text is right on the site and in the repository.
"""

import re
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))

import references

_BORROWED = {
    "architecture.md": "ARCHITECTURE.md",
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
}
_GENERATED = {
    "ref/settings.md": references.settings_page,
    "ref/messages.md": references.messages_page,
    "ref/rest.md": references.rest_page,
}
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:|#|mailto:)([^)#\s]*)(#[^)\s]*)?\)")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs/."""
    for name, source in _BORROWED.items():
        files.append(File.generated(config, name, content=(ROOT / source).read_text(encoding="utf-8")))
    for name, make in _GENERATED.items():
        files.append(File.generated(config, name, content=make(ROOT / "docs" / "ref")))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Follow links from the root's documents into docs/, and drop those that lead out of the site."""
    folder = ROOT if page.file.src_uri in _BORROWED else (ROOT / "docs" / page.file.src_uri).parent

    def mend(link: re.Match[str]) -> str:
        words, target, anchor = link[1], link[2], link[3] or ""
        path = (folder / target).resolve()
        back = {ROOT / source: name for name, source in _BORROWED.items()}
        if path in back:
            inside = back[path]
        elif path.is_relative_to(ROOT / "docs"):
            inside = path.relative_to(ROOT / "docs").as_posix()
        elif path.exists():
            return words
        else:
            return link[0]  # MkDocs says what is wrong with it
        up = "../" * page.file.src_uri.count("/")
        return f"[{words}]({up}{inside}{anchor})"

    return _LINK.sub(mend, markdown)
