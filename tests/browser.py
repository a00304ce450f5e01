# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Chromium without a screen, told what to do through a pipe (the Chrome DevTools Protocol)."""

from __future__ import annotations

import base64
import fcntl
import importlib.util
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = "chromium"
_TIMEOUT = 30  # seconds for one answer


class Browser:
    """``--remote-debugging-pipe``: commands go in at the program's descriptor 3 and answers come out at 4, each JSON and a NUL."""

    def __init__(self, *switches: str) -> None:
        self._profile = tempfile.mkdtemp(prefix="mailops-chromium-")
        commands, self._write = map(_out_of_the_way, os.pipe())
        self._read, answers = map(_out_of_the_way, os.pipe())
        arguments = [
            shutil.which(PROGRAM) or PROGRAM, "--headless=new", "--remote-debugging-pipe", f"--user-data-dir={self._profile}", "--no-first-run",
            "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--font-render-hinting=none", *(["--no-sandbox"] if os.geteuid() == 0 else []), *switches, "about:blank",
        ]  # fmt: skip
        # bash moves the pipe's ends to the descriptors that the program looks at; dash knows only those below 10.
        moved = ["bash", "-c", f'exec 3<&{commands} 4>&{answers} {commands}<&- {answers}>&-; exec "$@"', "bash", *arguments]
        self._process = subprocess.Popen(
            moved, pass_fds=(commands, answers), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self._profile},
        )  # fmt: skip
        os.close(commands)
        os.close(answers)
        self._buffer = b""
        self._number = 0
        self._events: list[dict[str, Any]] = []

    def close(self) -> None:
        """Ends the browser, and what it has started."""
        try:
            self.send("Browser.close")
            self._process.wait(timeout=10)
        except (OSError, RuntimeError, TimeoutError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._write)
        os.close(self._read)
        shutil.rmtree(self._profile, ignore_errors=True)

    def send(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """The result of a command; RuntimeError with the browser's own words when there is none."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters, **({"sessionId": session} if session else {})}
        os.write(self._write, json.dumps(command).encode() + b"\0")
        while True:
            message = self._receive(_TIMEOUT)
            if message.get("id") == self._number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self._events.append(message)

    def events(self, session: str, wanted: Callable[[dict[str, Any]], bool] | None = None) -> list[dict[str, Any]]:
        """What the page has said since the last call, until an event that is wanted is there."""
        deadline = time.monotonic() + _TIMEOUT
        while wanted and not any(wanted(event) for event in self._events if event.get("sessionId") == session):
            self._events.append(self._receive(deadline - time.monotonic()))
        found = [event for event in self._events if event.get("sessionId") == session]
        self._events = [event for event in self._events if event.get("sessionId") != session]
        return found

    def _receive(self, timeout: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _writable, _failed = select.select([self._read], [], [], max(timeout, 0))
            data = os.read(self._read, 1 << 20) if ready else b""
            if not data:
                raise TimeoutError("the browser does not answer")
            self._buffer += data
        message, _nul, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    @contextmanager
    def tab(self, width: int = 360, height: int = 740, dark: bool = False, scripts: bool = True, scale: float = 1) -> Iterator[Tab]:
        """A page of its own, of a device of this size in CSS pixels: a window alone is no phone."""
        context = self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Tab(self, session, context)
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            tab.send(f"{domain}.enable")
        tab.resize(width, height, scale)
        tab.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        tab.send("Emulation.setScriptExecutionDisabled", value=not scripts)
        try:
            yield tab
        finally:
            self.send("Target.disposeBrowserContext", browserContextId=context)


class Tab:
    """``messages``: what the console said. ``requests``: the addresses that were asked for."""

    def __init__(self, browser: Browser, session: str, context: str) -> None:
        self._browser = browser
        self._session = session
        self._context = context
        self.messages: list[str] = []
        self.requests: list[str] = []

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.send(method, self._session, **parameters)

    def open(self, url: str) -> Tab:
        self.send("Page.navigate", url=url)
        return self.wait()

    def wait(self) -> Tab:
        """Until a page is loaded."""
        self._note(self._browser.events(self._session, lambda event: event["method"] == "Page.loadEventFired"))
        return self

    def allow(self, *permissions: str) -> None:
        """What a person would have to be asked for."""
        self._browser.send("Browser.grantPermissions", permissions=permissions, browserContextId=self._context)
        self.send("Page.bringToFront")

    def resize(self, width: int, height: int = 740, scale: float = 1) -> None:
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=width < 600)

    def run(self, script: str) -> Any:
        """The value of an expression in the page, which may be a promise."""
        done = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True)
        self._note(self._browser.events(self._session))
        if "exceptionDetails" in done:
            raise RuntimeError(str(done["exceptionDetails"]))
        return done["result"].get("value")

    def screenshot(self, whole: bool = True, clip: Sequence[float] | None = None) -> bytes:
        """A PNG of the page; ``clip``: left, top, width and height in CSS pixels."""
        more: dict[str, Any] = {"captureBeyondViewport": whole or clip is not None}
        if clip is not None:
            more["clip"] = {**dict(zip(("x", "y", "width", "height"), clip)), "scale": 1}
        elif whole:
            size = self.send("Page.getLayoutMetrics")["cssContentSize"]
            more["clip"] = {**size, "scale": 1}
        return base64.b64decode(self.send("Page.captureScreenshot", format="png", **more)["data"])

    def accessibility(self) -> dict[str, Any]:
        """What axe-core says, for people who use other aids than eyes and a mouse; the page needs no scripts of its own for that. The library is in
        the wheel of axe-playwright-python, whose Python code, which needs Playwright, is not imported."""
        package = importlib.util.find_spec("axe_playwright_python")
        assert package and package.submodule_search_locations
        axe = Path(package.submodule_search_locations[0]) / "axe.min.js"
        self.run(f"{axe.read_text(encoding='utf-8')}; 0")
        return json.loads(self.run("axe.run().then(done => JSON.stringify({violations: done.violations, rules: done.passes.map(each => each.id)}))"))

    def pdf(self) -> bytes:
        """As a person prints it: on the paper that the page asks for, without backgrounds."""
        return base64.b64decode(self.send("Page.printToPDF", preferCSSPageSize=True, printBackground=False)["data"])

    def _note(self, events: Sequence[dict[str, Any]]) -> None:
        for event in events:
            parameters = event["params"]
            if event["method"] == "Runtime.consoleAPICalled":
                self.messages.append(str([each.get("value") for each in parameters["args"]]))
            elif event["method"] == "Runtime.exceptionThrown":
                self.messages.append(str(parameters["exceptionDetails"]))
            elif event["method"] == "Log.entryAdded":
                self.messages.append(parameters["entry"]["text"])
            elif event["method"] == "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])


def _out_of_the_way(descriptor: int) -> int:
    """The same file with a number that is neither 3 nor 4."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return moved
