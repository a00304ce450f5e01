# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pages in a real Chromium, which is told what to do over a pipe (--remote-debugging-pipe). One browser serves many pages."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

_PROGRAMS = ("chromium", "chromium-browser")
_FLAGS = (
    "--headless=new", "--remote-debugging-pipe", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--no-default-browser-check", "--hide-scrollbars", "--force-color-profile=srgb",
)  # fmt: skip
_HEIGHT = 800
# The second of both pipes has higher numbers than 4.
_AS_3_AND_4 = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execvp(sys.argv[3], sys.argv[3:])"


class Unavailable(Exception):
    pass


class Chromium:
    """A context manager. ``arguments``: more of them for the browser. Names are not resolved, so that a page reaches loopback addresses only."""

    def __init__(self, *arguments: str) -> None:
        program = next((found for name in _PROGRAMS if (found := shutil.which(name))), None)
        if program is None:
            raise Unavailable("Chromium is not there")
        self._argv = [program, *_FLAGS, "--host-resolver-rules=MAP * ~NOTFOUND", *(["--no-sandbox"] if os.geteuid() == 0 else []), *arguments]

    def __enter__(self) -> Chromium:
        self._profile = tempfile.mkdtemp(prefix="mailops-chromium-")
        commands, self._write = os.pipe()
        self._read, answers = os.pipe()
        self._number = 0
        self._buffer = b""
        self._events: list[dict[str, Any]] = []
        environment = {**os.environ, "HOME": self._profile, "XDG_CONFIG_HOME": self._profile, "XDG_CACHE_HOME": self._profile}
        # The browser reads commands from descriptor 3, and answers on 4.
        argv = [sys.executable, "-S", "-c", _AS_3_AND_4, str(commands), str(answers), *self._argv, f"--user-data-dir={self._profile}"]
        self._process = subprocess.Popen(
            argv, env=environment, pass_fds=(commands, answers), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(commands)
        os.close(answers)
        return self

    def __exit__(self, *_exception: object) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)  # the session that was started above
        except ProcessLookupError:
            pass
        self._process.wait()
        os.close(self._write)
        os.close(self._read)
        shutil.rmtree(self._profile, ignore_errors=True)

    def open(self, url: str, width: int = 1280, height: int = _HEIGHT, dark: bool = False, scripts: bool = True) -> Page:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session, target)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        page.resize(width, height)
        page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        page.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        page.call("Page.navigate", url=url)
        page.wait("Page.loadEventFired")
        return page

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters, **({"sessionId": session} if session else {})}
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._write, data) :]
        number = self._number
        while True:
            found = self._next()
            if found.get("id") == number:
                if "error" in found:
                    raise RuntimeError(f"{method}: {found['error']}")
                return found["result"]
            self._events.append(found)

    def events(self, session: str) -> list[dict[str, Any]]:
        return [event for event in self._events if event.get("sessionId") == session]

    def wait(self, session: str, method: str, seconds: float = 30) -> None:
        while not any(event.get("method") == method for event in self.events(session)):
            self._events.append(self._next(seconds))

    def _next(self, seconds: float = 60) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while b"\0" not in self._buffer:
            if not select.select([self._read], [], [], max(end - time.monotonic(), 0))[0]:
                raise RuntimeError("Chromium did not answer in time")
            data = os.read(self._read, 1 << 20)
            if not data:
                raise RuntimeError("Chromium has ended")
            self._buffer += data
        message, _end, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)


class Page:
    def __init__(self, browser: Chromium, session: str, target: str) -> None:
        self._browser = browser
        self._session = session
        self._target = target

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **parameters)

    def wait(self, method: str) -> None:
        self._browser.wait(self._session, method)

    def resize(self, width: int, height: int = _HEIGHT) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def evaluate(self, expression: str) -> Any:
        """The value of an expression, or of the promise that it is. The tests' own scripts run without those of the page, too."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    @property
    def text(self) -> str:
        """What is displayed."""
        return self.evaluate("document.body.innerText")

    @property
    def messages(self) -> list[str]:
        """What is in the console: exceptions, what the content security policy has blocked, what was not found."""
        found = []
        for event in self._browser.events(self._session):
            parameters = event.get("params", {})
            if event["method"] == "Runtime.consoleAPICalled":
                found.append(" ".join(str(each.get("value", each.get("description"))) for each in parameters["args"]))
            elif event["method"] == "Runtime.exceptionThrown":
                found.append(json.dumps(parameters["exceptionDetails"]))
            elif event["method"] == "Log.entryAdded":
                found.append(parameters["entry"]["text"])
        return found

    @property
    def requests(self) -> list[str]:
        """The addresses of all that was asked for, the page first."""
        events = self._browser.events(self._session)
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]

    @property
    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        return self.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def screenshot(self, path: Path, whole: bool = False) -> None:
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(found["data"]))

    def violations(self) -> list[str]:
        """What axe-core finds wrong for people who use other aids than eyes and a mouse. It needs a page with scripts."""
        self.evaluate(_axe())
        found = self.evaluate("axe.run(document).then((found) => JSON.stringify(found.violations))")
        return [f"{item['id']}: {item['help']}: {[node['html'][:200] for node in item['nodes'][:3]]}" for item in json.loads(found)]

    def close(self) -> None:
        self._browser.call("Target.closeTarget", targetId=self._target)


def _axe() -> str:
    """The library, which is in the wheel of axe-playwright-python; its Python code, which needs Playwright, is not imported."""
    spec = importlib.util.find_spec("axe_playwright_python")
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable("axe-playwright-python is not installed")
    (path,) = Path(next(iter(spec.submodule_search_locations))).glob("**/axe.min.js")
    return path.read_text(encoding="utf-8")
