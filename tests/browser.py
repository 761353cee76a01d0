"""A headless Chromium, told what to do through its own debugging pipe: pages looked at, clicked and dragged in tests.

`CHROMIUM` names it where it is installed under none of the usual names; tests are skipped where there is none, as
on a machine without a browser (Debian: apt-get install chromium).
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pytest

__all__ = ["Tab", "browser_tab", "needs_browser"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PROGRAM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)

needs_browser = pytest.mark.skipif(PROGRAM is None, reason="no Chromium: apt-get install chromium, or set CHROMIUM")

_OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--hide-scrollbars",
    "--no-first-run",
    "--remote-debugging-pipe",
)


class Tab:
    """One page. Sizes are in CSS pixels."""

    def __init__(self, reads: BinaryIO, writes: BinaryIO) -> None:
        self._reads, self._writes = reads, writes
        self._count, self._rest = 0, b""
        self._heard: list[dict[str, Any]] = []
        self._session: str | None = None
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._ask(f"{domain}.enable")

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._count += 1
        asked = {"id": self._count, "method": method, "params": params}
        if self._session:
            asked["sessionId"] = self._session
        self._writes.write(json.dumps(asked).encode() + b"\0")
        self._writes.flush()
        while True:
            answer = self._next()
            if answer.get("id") == self._count:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self._heard.append(answer)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            read = os.read(self._reads.fileno(), 2**20)
            assert read, "the browser has ended"
            self._rest += read
        message, self._rest = self._rest.split(b"\0", 1)
        return json.loads(message)

    def open(self, page: Path | str, *, width: int, height: int = 900, scripts: bool = True) -> None:
        """A file or an address at a width as of a phone (390) or a desk (1280), once everything in it is loaded."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._ask("Emulation.setDeviceMetricsOverride", **size)
        self._heard.clear()
        self._ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        self._ask("Page.navigate", url=page if isinstance(page, str) else page.absolute().as_uri())
        while not any(heard.get("method") == "Page.loadEventFired" for heard in self._heard):
            self._heard.append(self._next())

    def value(self, expression: str) -> Any:
        """Of a JavaScript expression; promises are waited for."""
        found = self._ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def complaints(self) -> list[str]:
        """Errors that the page has raised or logged since it was opened."""
        self.value("0")
        thrown = [
            e["params"]["exceptionDetails"]["text"] for e in self._heard if e.get("method") == "Runtime.exceptionThrown"
        ]
        logged = [e["params"]["entry"] for e in self._heard if e.get("method") == "Log.entryAdded"]
        return thrown + [entry["text"] for entry in logged if entry["level"] == "error"]

    def drag(self, start: tuple[float, float], end: tuple[float, float], *, steps: int = 4) -> None:
        """Press at one place of the window, move, let go at the other."""
        mouse = {"button": "left", "clickCount": 1}
        self._ask("Input.dispatchMouseEvent", type="mousePressed", x=start[0], y=start[1], **mouse)
        for k in range(1, steps + 1):
            x, y = (a + (b - a) * k / steps for a, b in zip(start, end, strict=True))
            self._ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y, buttons=1, **mouse)
        self._ask("Input.dispatchMouseEvent", type="mouseReleased", x=end[0], y=end[1], **mouse)

    def choose(self, selector: str, value: str) -> None:
        """An option of a list, as a person does."""
        box = f"document.querySelector({json.dumps(selector)})"
        self.value(f"{box}.value = {json.dumps(value)}; {box}.dispatchEvent(new Event('change'))")

    def hover(self, x: float, y: float) -> None:
        """The mouse at a place of the window."""
        self._ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def centre(self, selector: str) -> tuple[float, float]:
        """Of an element, scrolled into view."""
        box = f"document.querySelector({json.dumps(selector)})"
        self.value(f"{box}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
        place = self.value(f"(r => [r.x + r.width / 2, r.y + r.height / 2])({box}.getBoundingClientRect())")
        return place[0], place[1]

    def overflow(self) -> float:
        """How many pixels of the page are to the right of the window."""
        return self.value("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def picture(self, file: Path, *, whole: bool = False) -> None:
        """A PNG of what is seen, or of the whole page."""
        shot = self._ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(shot["data"]))


def _above_ten(descriptor: int) -> int:
    """The same pipe under a number that is neither 3 nor 4."""
    other = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return other


@contextmanager
def browser_tab() -> Iterator[Tab]:
    """A new browser with one tab, gone at the end. It reads from descriptor 3 and writes to descriptor 4."""
    assert PROGRAM is not None
    theirs, writes, reads, mine = (_above_ten(end) for pipe in (os.pipe(), os.pipe()) for end in pipe)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        quiet = [(os.POSIX_SPAWN_OPEN, n, os.devnull, os.O_RDWR, 0) for n in (1, 2)]
        given = [(os.POSIX_SPAWN_DUP2, theirs, 3), (os.POSIX_SPAWN_DUP2, mine, 4)]
        command = [PROGRAM, *_OPTIONS, f"--user-data-dir={profile}"]
        program = os.posix_spawn(PROGRAM, command, os.environ, file_actions=quiet + given)
        os.close(theirs)
        os.close(mine)
        with os.fdopen(reads, "rb") as said, os.fdopen(writes, "wb") as told:
            try:
                yield Tab(said, told)
            finally:
                os.kill(program, signal.SIGTERM)
                os.waitpid(program, 0)
