"""The OpenAPI 3.1 document, made from the routes and the types of wire.py."""

from __future__ import annotations

from typing import Any

from cloudshelf.version import __version__

from . import wire
from .media import BYTES, SAFE
from .parameters import Parameter
from .routes import BASE, CONTENT, DOCUMENT, ROUTES, Route
from .schemas import components_of, schema_of

_FAILURES = {
    "400": "A parameter is not what it may be.",
    "403": "Not allowed: by this server, or by the shelf; then `error.ask` may say whom to ask.",
    "404": "It is not there.",
    "500": "A fault of this server; its log has the details.",
    "502": "What the shelf holds is damaged.",
    "503": "The shelf cannot be reached, or not with these credentials.",
    "504": "The shelf is too slow.",
}
_OF_CONTENT = {"413": "The file is larger than this server sends.", "416": "The range is not in the file."}
_OF_BODY = {"413": "The body is larger than any lock."}


def make_document(base_url: str) -> dict[str, Any]:
    """The document for a server at ``base_url``, such as "/" or "/user/ann/"."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Cloudshelf",
            "version": __version__,
            "description": "What is on the shelf, for the panel in JupyterLab. See docs/rest-api.md.",
        },
        "servers": [{"url": f"{base_url.rstrip('/')}/{BASE}"}],
        "security": [{"token": []}],
        "paths": {route.path: {route.method: _operation(route)} for route in ROUTES},
        "components": {
            "schemas": components_of([wire.Failure, *(kind for r in ROUTES for kind in (r.result, r.body) if kind)]),
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`token …`, the token of the Jupyter server.",
                }
            },
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    more = {"requestBody": {"required": True, "content": _json(schema_of(route.body))}} if route.body else {}
    return {
        "operationId": route.operation,
        "summary": route.summary,
        "parameters": [_parameter(each) for each in route.parameters],
        "responses": _results(route) | {status: _failure(text) for status, text in _failures(route).items()},
        **more,
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    default = {} if parameter.default is None else {"default": parameter.check(parameter.default)}
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.default is None,
        "description": parameter.description,
        "schema": dict(parameter.schema) | default,
    }


def _results(route: Route) -> dict[str, Any]:
    same = {"304": {"description": "It is what `If-None-Match` says."}} if route.method == "get" else {}
    if route is CONTENT:
        content = {kind: {} if kind != BYTES else {"schema": {"type": "string", "format": "binary"}} for kind in SAFE}
        return {
            "200": {"description": "The file.", "content": content},
            "206": {"description": "The range.", "content": content},
            **same,
        }
    schema = {"type": "object"} if route is DOCUMENT else schema_of(route.result)
    return {"200": {"description": route.summary, "content": _json(schema)}, **same}


def _failures(route: Route) -> dict[str, str]:
    return _FAILURES | (_OF_CONTENT if route is CONTENT else _OF_BODY if route.body else {})


def _failure(text: str) -> dict[str, Any]:
    return {"description": text, "content": _json(schema_of(wire.Failure))}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
