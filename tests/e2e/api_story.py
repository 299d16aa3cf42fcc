"""Does what a page of documentation says, as a reader would: its shell lines in order, with nothing but what they answer.

A reader who meets `KEY=...   # stream_key of the answer` copies that field from the answer before, and asks again where it is
not there yet; who meets `ID` in an address, the id of what was listed or made last.
"""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE_S = 40.0
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_COPIED = re.compile(r"(\w+)=\.\.\.\s+# (\w+) of the answer.*")
_ASSIGNED = re.compile(r"(\w+)=(\S.*)")
_PLACEHOLDER = re.compile(r"(?<=/)ID\b")


@dataclass(frozen=True, slots=True)
class Line:
    """One command of the page."""

    section: str
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a command said."""

    line: Line
    answer: Any
    """Of JSON, as objects; else as text."""

    @property
    def data(self) -> Any:
        """What the answer tells."""
        return self.answer["data"]


def lines(page: str) -> Iterator[Line]:
    """Give the shell lines of a page in order, continued ones as one."""
    for part in re.split(r"^(?=##+ )", page, flags=re.MULTILINE):
        heading = re.match(r"##+ (.*)", part)
        for block in _BLOCK.findall(part):
            for text in re.sub(r"\\\n\s*", "", block).splitlines():
                if text.strip():
                    yield Line(heading[1] if heading else "", text.strip())


@dataclass
class Reader:
    """Somebody who types what the page says, in a folder of their own."""

    folder: Path
    addresses: Mapping[str, str]
    """The page's, and those that are really meant."""
    told: list[Told] = field(default_factory=list)
    background: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / ".curlrc").write_text("silent\nshow-error\nfail-with-body\nmax-time = 60\n")

    def follow(self, line: Line) -> None:
        """Do one line. Raises `AssertionError` where it does not work."""
        if copied := _COPIED.fullmatch(line.text):
            self._variables[copied[1]] = self._find(copied[2])
        elif assigned := _ASSIGNED.fullmatch(line.text):
            self._variables[assigned[1]] = self._run(f"printf %s {self._meant(assigned[2])}")
        elif line.text.endswith("&"):
            command = ["bash", "-c", f"exec {self._meant(line.text.removesuffix('&'))}"]
            self.background.append(
                subprocess.Popen(
                    command, env=self._environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
            )
        else:
            self._ask(line)

    def close(self) -> None:
        """End what was started and still runs."""
        for process in self.background:
            process.kill()
            process.wait()

    def answers(self, section: str, part: str) -> Any:
        """What the command of a section that has this in it was told, the last time."""
        return next(
            one.data for one in reversed(self.told) if one.line.section == section and part in one.line.text
        )

    def again(self, section: str, part: str) -> Any:
        """The same, asked anew."""
        self._ask(
            next(one.line for one in self.told if one.line.section == section and part in one.line.text)
        )
        return self.told[-1].data

    def _ask(self, line: Line) -> None:
        text = line.text
        if _PLACEHOLDER.search(text):
            text = _PLACEHOLDER.sub(self._find("id"), text)
        said = self._run(self._meant(text))
        self.told.append(Told(line, json.loads(said) if said.startswith(("{", "[")) else said))

    def _find(self, name: str) -> str:
        """Copy a field from the newest answer that has one like it, and ask again where it has not yet."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            for told in reversed(self.told):
                items = told.answer.get("data") if isinstance(told.answer, dict) else None
                if items and name in items[0]:
                    return str(items[0][name])
                if items == []:  # nothing there yet: asked again below
                    break
            assert time.monotonic() < deadline, f"no {name} in the answer to {self.told[-1].line.text}"
            time.sleep(0.3)
            self._ask(self.told[-1].line)

    def _meant(self, text: str) -> str:
        for written, meant in self.addresses.items():
            text = text.replace(written, meant)
        return text

    @property
    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self._variables, "CURL_HOME": str(self.folder)}

    def _run(self, text: str) -> str:
        done = subprocess.run(
            ["bash", "-c", text],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        return done.stdout
