"""What the pages say in English and not in German, read from their texts files: a German page that says any of it forgot to translate."""

import json
import re
from pathlib import Path

from playwright.sync_api import Page

from tests.e2e.front_site import FRONTEND

_STATEMENT = re.compile(r"^(?:export )?const (?:\w+_)?(EN|DE)\b[^\n]*? = \{.*?\};$", re.DOTALL | re.MULTILINE)
"""A table of texts in one of the languages."""
_LABELS = re.compile(r'label: \{ en: ("[^"\n]*"), de: ("[^"\n]*") \}')
_TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"|`[^`\n]*`')
_GAP = re.compile(r"\$\{[^}]*\}")
_LETTERS = re.compile(r"[A-Za-z]{3}")
_SEEN = """() => {
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) {
      if (!["SCRIPT", "STYLE"].includes(node.parentElement.tagName)) found.add(node.data);
    } else {
      for (const name of ["aria-label", "title", "placeholder", "alt"]) found.add(node.getAttribute(name) ?? "");
    }
  }
  return [...found].map((text) => text.trim()).filter((text) => text !== "");
}"""
"""Each text of the page by itself, and what is only read out."""


class EnglishTexts:
    """All sentences and words of the pages that are English only."""

    def __init__(self, sources: Path = FRONTEND / "src") -> None:
        texts: dict[str, set[str]] = {"EN": set(), "DE": set()}
        for file in sorted(sources.rglob("*.ts")):
            source = file.read_text()
            if "texts" in file.name:
                for statement in _STATEMENT.finditer(source):
                    texts[statement[1]].update(_TEXT.findall(statement[0]))
            for english, german in _LABELS.findall(source):
                texts["EN"].add(english)
                texts["DE"].add(german)
        only = [text for text in texts["EN"] - texts["DE"] if _LETTERS.search(_GAP.sub("", text))]
        self._words = {json.loads(text) for text in only if text.startswith('"')}
        patterns = [_pattern(text[1:-1]) for text in only if text.startswith("`")]
        self._sentences = re.compile("|".join(sorted(patterns)))
        self.count = len(only)

    def seen_on(self, page: Page) -> list[str]:
        """Give what of it is on a page."""
        shown: list[str] = page.evaluate(_SEEN)
        return [text for text in shown if text in self._words or self._sentences.fullmatch(text)]


def _pattern(template: str) -> str:
    return "(?:" + ".+".join(re.escape(part) for part in _GAP.split(template)) + ")"
