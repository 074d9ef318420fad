"""Reading a page as a browser would: its tags, attributes and texts."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise

INLINE = {"a", "bdi", "span", "strong"}
VOID = {"meta", "br", "img", "hr", "input", "link"}


class Page(HTMLParser):
    """A parsed page: `tags` in order with their attributes, `texts` with the tag that they stand in."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.faults: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._space(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def _space(self, tag: str) -> None:
        if tag not in INLINE:
            self.texts.append(("", " "))

    def handle_endtag(self, tag: str) -> None:
        self._space(tag)
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def misplaced_headings(self) -> int:
        """How many headings of tables have no place that says what they head: the head, a row's start or a scope."""
        tags = [
            (tag, attributes) for tag, attributes in self.tags if tag in ("table", "thead", "tbody", "tr", "th", "td")
        ]
        part, found = "", 0
        for (before, _), (tag, attributes) in pairwise([("", {}), *tags]):
            part = tag if tag in ("thead", "tbody") else part
            found += tag == "th" and part != "thead" and before != "tr" and "scope" not in attributes
        return found

    @property
    def words(self) -> str:
        return " ".join("".join(data for tag, data in self.texts if tag not in ("style", "title")).split())

    @property
    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        """The sequence of tags with the names of their attributes."""
        return [(tag, tuple(sorted(attributes))) for tag, attributes in self.tags]
