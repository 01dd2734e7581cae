"""The API's description, made of its types: https://spec.openapis.org/oas/v3.1.0."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Protocol

import msgspec

from edge.people.results import Event, FrameResult

REFERENCE = "#/components/schemas/{name}"


class Described(Protocol):
    """An endpoint, as `edge.daemon.api` has it."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def does(self) -> str: ...
    @property
    def takes(self) -> type | None: ...
    @property
    def gives(self) -> type | None: ...


def describe(endpoints: Sequence[Described]) -> dict[str, Any]:
    """Return the OpenAPI document of these endpoints and of the WebSocket."""
    types = {t for e in endpoints for t in (e.takes, e.gives) if t is not None}
    all_types = [*sorted(types, key=lambda t: t.__name__), FrameResult, Event]
    found, schemas = msgspec.json.schema_components(all_types, ref_template=REFERENCE)
    schema = dict(zip(all_types, found, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schema)
    paths["/api/live"] = {"get": _live(schema)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "edge",
            "version": version("edge-perception"),
            "description": "People in view of cameras and microphones, live.",
        },
        "paths": paths,
        "security": [{"bearer": []}, {}],
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(endpoint: Described, schema: dict[type, Any]) -> dict[str, Any]:
    gives = schema[endpoint.gives] if endpoint.gives else None
    operation: dict[str, Any] = {
        "summary": endpoint.does,
        "responses": {"200": _response("Done.", gives)},
    }
    if endpoint.takes is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema[endpoint.takes]}},
        }
        operation["responses"]["400"] = _response("It can't be done, and why.", None)
    return operation


def _response(description: str, schema: Any) -> dict[str, Any]:
    if schema is None:
        return {"description": description}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _live(schema: dict[type, Any]) -> dict[str, Any]:
    lines = {"oneOf": [schema[FrameResult], schema[Event]]}
    return {
        "summary": "A WebSocket: results, events and states as JSON, one a message; with picture=1 "
        "binary messages, too: the frame's number (4 bytes, big-endian), then a JPEG. "
        "Who reads too slowly gets the newest, and loses what is between.",
        "parameters": [
            {"name": name, "in": "query", "schema": {"type": "string", "enum": ["0", "1"]}}
            for name in ("picture", "landmarks", "trace")
        ],
        "responses": {"101": _response("What comes, a message each.", lines)},
    }
