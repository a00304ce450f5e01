# Copyright (c) 2026, the mailops.profiles authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server on loopback that answers the modules of awx.awx as AWX's API does, with AWX's rules. AWX itself cannot be installed with a package."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from . import rules

STARTED = ("projects", "inventory_sources", "job_templates", "workflow_job_templates")
_TYPES = {"projects": "project", "inventory_sources": "inventory_source", "job_templates": "job_template", "workflow_job_templates": "workflow_job_template"}
_SECRET = "$encrypted$"


class Refused(Exception):
    """Status 400, with this text."""


class Awx:
    """What the server holds. ``writes``: every change that was asked for, as method and path. ``playbooks``: what the project has."""

    def __init__(self, playbooks: set[str]) -> None:
        self.playbooks = playbooks
        self.objects: dict[str, dict[int, dict[str, Any]]] = {}
        self.related: dict[str, list[int]] = {}
        self.surveys: dict[int, Any] = {}
        self.secrets: list[tuple[str, Any]] = []
        self.writes: list[str] = []
        self._numbers = itertools.count(1)
        self._put("organizations", {"name": "Default"})

    def named(self, endpoint: str, name: str) -> dict[str, Any]:
        return next(item for item in self.objects[endpoint].values() if item["name"] == name)

    def answer(self, method: str, path: str, query: Mapping[str, str], data: Any) -> tuple[int, Any]:
        parts = path.removeprefix("/api/v2/").strip("/").split("/")
        if method != "GET":
            self.writes.append(f"{method} {path}")
        if len(parts) == 1:
            return (200, self._page(self._found(parts[0], query))) if method == "GET" else (201, self._put(parts[0], data))
        number = int(parts[1])
        if len(parts) == 2:
            return 200, self.objects[parts[0]][number] if method == "GET" else self._change(parts[0], number, data)
        if parts[2] == "survey_spec":
            return 200, self._survey(number, method, data)
        return self._related(parts, method, data)

    def _page(self, items: list[Any]) -> dict[str, Any]:
        return {"count": len(items), "next": None, "previous": None, "results": items}

    def _found(self, endpoint: str, query: Mapping[str, str]) -> list[Any]:
        kinds = STARTED if endpoint == "unified_job_templates" else (endpoint,)
        items = [item for kind in kinds for item in self.objects.get(kind, {}).values()]
        asked = {key: value for key, value in query.items() if key not in ("page_size", "order_by")}
        return [item for item in items if all(str(item.get(key)) == value for key, value in asked.items())]

    def _put(self, endpoint: str, data: Mapping[str, Any]) -> dict[str, Any]:
        if any(item["name"] == data.get("name") for item in self.objects.get(endpoint, {}).values() if "name" in item):
            raise Refused(f"{endpoint}: the name exists already")
        number = next(self._numbers)
        item = {"id": number, "type": _TYPES.get(endpoint, endpoint), "url": f"/api/v2/{endpoint}/{number}/", "related": {}}
        if endpoint == "projects":
            item.update({"summary_fields": {}, "scm_revision": ""})
        if endpoint == "job_templates":
            item["related"] = {"survey_spec": f"/api/v2/job_templates/{number}/survey_spec/"}
        self.objects.setdefault(endpoint, {})[number] = item
        return self._change(endpoint, number, data)

    def _change(self, endpoint: str, number: int, data: Mapping[str, Any]) -> dict[str, Any]:
        item = {**self.objects[endpoint][number], **data}
        if endpoint == "credential_types":
            problem = rules.credential_type_problem(item["inputs"], item["injectors"], item["kind"])
            if problem:
                raise Refused(problem)
            for field in item["inputs"]["fields"]:
                field.setdefault("type", "string")
        if endpoint == "credentials":
            item["inputs"] = self._hidden(item)
        if endpoint == "job_templates" and item["playbook"] not in self.playbooks:
            raise Refused("Playbook not found for project.")
        if endpoint == "schedules":
            self._refuse_schedule(item)
        self.objects[endpoint][number] = item
        return item

    def _hidden(self, item: Mapping[str, Any]) -> dict[str, Any]:
        fields = {field["id"]: field for field in self.objects["credential_types"][item["credential_type"]]["inputs"]["fields"]}
        inputs = item.get("inputs", {})
        if set(inputs) - set(fields):
            raise Refused("a credential has a field that its type lacks")
        self.secrets += [(item["name"], value) for name, value in inputs.items() if fields[name].get("secret") and value != _SECRET]
        return {name: _SECRET if fields[name].get("secret") else value for name, value in inputs.items()}

    def _refuse_schedule(self, item: Mapping[str, Any]) -> None:
        survey = self.surveys.get(item["unified_job_template"], {"spec": []})
        if any(question["required"] and question["variable"] not in item.get("extra_data", {}) for question in survey["spec"]):
            raise Refused("value missing")

    def _survey(self, number: int, method: str, data: Any) -> Any:
        if method == "GET":
            return self.surveys.get(number, {})
        problem = rules.survey_problem(data)
        if problem:
            raise Refused(problem)
        self.surveys[number] = data
        return {}

    def _related(self, parts: list[str], method: str, data: Any) -> tuple[int, Any]:
        key, kind = "/".join(parts), parts[2]
        linked = self.related.setdefault(key, [])
        endpoint = "notification_templates" if kind.startswith("notification") else "workflow_job_template_nodes" if kind.endswith("_nodes") else kind
        if method == "GET":
            return 200, self._page([self.objects[endpoint][number] for number in linked])
        if data.get("disassociate"):
            linked.remove(data["id"])
            return 204, None
        if kind == "credentials":
            types = [self.objects["credentials"][number]["credential_type"] for number in linked]
            if self.objects["credentials"][data["id"]]["credential_type"] in types:
                raise Refused("Cannot assign multiple credentials of one type.")
        linked.append(data["id"])
        return 204, None


@contextmanager
def served(awx: Awx) -> Iterator[str]:
    """The URL of a server for it, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            data = json.loads(self.rfile.read(length)) if length else None
            url = urlsplit(self.path)
            try:
                status, found = awx.answer(self.command, url.path, dict(parse_qsl(url.query)), data)
            except Refused as exc:
                status, found = 400, {"error": str(exc), "__all__": [str(exc)]}
            content = b"" if found is None else json.dumps(found).encode()
            self.send_response(status)
            for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(content))), ("X-API-Product-Name", "AWX"),
                                ("X-API-Product-Version", "24.6.1")):  # fmt: skip
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = _do  # noqa: N815

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
