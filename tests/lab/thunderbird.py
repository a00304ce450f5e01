# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thunderbird without a screen, started as a person starts it, and asked by Marionette, Mozilla's remote protocol.

Run as a program, inside the sandbox: a line of JSON on standard input for each command, its answer on standard output.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from typing import Any

from sandbox import HERE

PORT = 2828
SECONDS_TO_START = 240
SECONDS_TO_ANSWER = 120
SECONDS_TO_QUIT = 120


class Thunderbird:
    """A running Thunderbird of one of the lab's users; at the end of ``with`` it quits as by its menu."""

    def __init__(self, lab: Any, user: str, *arguments: str):
        argv = ["thunderbird", "--headless", "--marionette", "--remote-allow-system-access", *arguments]
        with lab.path("/tmp/thunderbird.log").open("ab") as log:
            self._program = subprocess.Popen(lab.sandbox.command(argv, user), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._bridge = subprocess.Popen(lab.sandbox.command([sys.executable, "-B", str(HERE / "thunderbird.py")]),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")  # fmt: skip
        try:
            # A dialog would wait for a click for ever.
            self._ask("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {"unhandledPromptBehavior": "dismiss and notify"}}})
            self._ask("Marionette:SetContext", {"value": "chrome"})
            self._ask("WebDriver:SetTimeouts", {"script": SECONDS_TO_ANSWER * 1000})
        except BaseException:
            self.kill()
            raise

    def run(self, script: str, *arguments: Any) -> Any:
        """What the body of an asynchronous function in Thunderbird's main window returns; its arguments are ``args``."""
        body = f"const [resolve] = [...arguments].slice(-1); (async (...args) => {{ {script} }})(...[...arguments].slice(0, -1))"
        report = ".then(value => resolve({value}), error => resolve({error: `${error}\\n${error.stack}`}))"
        parameters = {"script": body + report, "args": arguments, "sandbox": "system"}
        answer = self._ask("WebDriver:ExecuteAsyncScript", parameters)["value"]
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer.get("value")

    def screenshot(self) -> str:
        """The main window as a PNG in base64."""
        return self._ask("WebDriver:TakeScreenshot", {"full": True, "hash": False})["value"]

    def quit(self) -> None:
        self._ask("Marionette:Quit", {"flags": ["eAttemptQuit"]})
        self._bridge.stdin.close()
        self._bridge.wait(SECONDS_TO_QUIT)
        self._program.wait(SECONDS_TO_QUIT)

    def kill(self) -> None:
        for process in (self._program, self._bridge):
            process.kill()
            process.wait()

    def __enter__(self) -> Thunderbird:
        return self

    def __exit__(self, kind: Any, *_rest: Any) -> None:
        if kind is None:
            self.quit()
        else:
            self.kill()

    def _ask(self, command: str, parameters: dict[str, Any]) -> Any:
        self._bridge.stdin.write(json.dumps([command, parameters]) + "\n")
        self._bridge.stdin.flush()
        line = self._bridge.stdout.readline()
        if not line:
            raise RuntimeError(f"Thunderbird does not answer to {command}")
        error, value = json.loads(line)
        if error:
            raise RuntimeError(f"{command}: {error['error']}: {error['message']}")
        return value


def _connect() -> socket.socket:
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            return socket.create_connection(("127.0.0.1", PORT), SECONDS_TO_ANSWER)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def main() -> None:
    """Lines of JSON here are packets of JSON there, with their length in front."""
    connection = _connect()
    stream = connection.makefile("rwb")

    def receive() -> Any:
        length = b""
        while not length.endswith(b":"):
            length += stream.read(1) or sys.exit("Thunderbird has gone")
        return json.loads(stream.read(int(length[:-1])))

    receive()  # who it is
    for number, line in enumerate(sys.stdin):
        packet = json.dumps([0, number, *json.loads(line)]).encode()
        stream.write(b"%d:%b" % (len(packet), packet))
        stream.flush()
        print(json.dumps(receive()[2:]), flush=True)


if __name__ == "__main__":
    main()
