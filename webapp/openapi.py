"""The OpenAPI document, made from the types that parse requests: what it says is what happens. Pure."""

from collections.abc import Sequence
from typing import Any

import msgspec

from webapp.endpoint import AnyEndpoint, Nothing
from webapp.origins import SAFE_METHODS
from webapp.problems import CONTENT_TYPE, Problem

_REFERENCE = "#/components/schemas/{name}"
_WHY = {
    400: "Something in the request is wrong; the message says what.",
    401: "Nobody is logged in, or the token or session is over.",
    403: "You may not do that, or the token lacks a scope.",
    404: "There is no such thing.",
    409: "It cannot be done as things are.",
    413: "The body is too large.",
    415: "The body is of a type that is not taken here.",
    429: "Too many requests; Retry-After says when to go on.",
    500: "Something went wrong on our side.",
    503: "The database is away for a moment; Retry-After says when to ask again.",
}
_PACE_HEADERS = {
    "Ratelimit-Limit": "Points a minute.",
    "Ratelimit-Remaining": "Points left.",
    "Ratelimit-Reset": "When all points are there again, in seconds since 1970.",
}


def openapi_document(endpoints: Sequence[AnyEndpoint], version: str) -> dict[str, Any]:
    """Describe the API as OpenAPI 3.1."""
    types = [Problem, *_types(endpoints)]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    references = dict(zip(map(str, types), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.route, {})[endpoint.method.lower()] = _operation(endpoint, references)
    return {
        "openapi": "3.1.0",
        "info": {"title": "weir", "version": version or "0", "description": "Names after Twitch's Helix."},
        "servers": [{"url": "/api"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "weir_session"},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _types(endpoints: Sequence[AnyEndpoint]) -> list[Any]:
    """All that requests and answers are made of, each once (generic ones compare by what they are printed as)."""
    wanted = {str(kind): kind for e in endpoints for kind in (e.path, e.query, e.body, e.answer) if kind}
    wanted.pop(str(Problem), None)
    return list(wanted.values())


def _operation(endpoint: AnyEndpoint, references: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "tags": [endpoint.tag],
        "summary": endpoint.summary,
        "operationId": _operation_id(endpoint),
        "parameters": [
            *_parameters(endpoint.path, "path"),
            *_parameters(endpoint.query, "query"),
        ],
        "responses": {
            str(endpoint.status): _success(endpoint, references),
            **({} if endpoint.or_nothing is None else {"204": _nothing(endpoint.or_nothing)}),
            **{str(status): _refusal(status, references) for status in problem_statuses(endpoint)},
        },
    }
    if endpoint.body is not Nothing:
        schema = references[str(endpoint.body)]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if endpoint.upload is not None:
        binary = {"schema": {"type": "string", "format": "binary"}}
        operation["requestBody"] = {
            "required": True,
            "description": endpoint.upload.about,
            "content": dict.fromkeys(endpoint.upload.content_types, binary),
        }
    if not endpoint.access.anonymous:
        operation["security"] = [{"session": []}]
        if endpoint.access.scope or endpoint.access.any_token:
            operation["security"].append({"token": []})
        if endpoint.access.scope:
            operation["description"] = f"A token needs the scope `{endpoint.access.scope}`."
    return operation


def _operation_id(endpoint: AnyEndpoint) -> str:
    words = endpoint.route.replace("{", "").replace("}", "").replace("-", "_").split("/")
    return "_".join([endpoint.method.lower(), *(word for word in words if word)])


def problem_statuses(endpoint: AnyEndpoint) -> list[int]:
    """Give the statuses a route refuses with, in order."""
    found = {429, 500, 503, *endpoint.problems}
    if endpoint.query is not Nothing or endpoint.body is not Nothing:
        found.add(400)
    if endpoint.query is Nothing:
        found.add(400)  # for a parameter it does not have
    if endpoint.body is not Nothing or endpoint.upload is not None:
        found |= {413, 415}
    if endpoint.path is not Nothing:
        found.add(404)
    found.add(401)  # also where anybody may ask: a wrong token is never taken for none
    if endpoint.access.scope or not endpoint.access.anonymous or endpoint.method not in SAFE_METHODS:
        found.add(403)
    return sorted(found)


def _parameters(struct: type[msgspec.Struct], place: str) -> list[dict[str, Any]]:
    if struct is Nothing:
        return []
    schema = msgspec.json.schema(struct)["$defs"][struct.__name__]
    required = set(schema.get("required", ()))
    return [
        {
            "name": name,
            "in": place,
            "required": place == "path" or name in required,
            "schema": {key: value for key, value in about.items() if key != "description"},
            **({"description": about["description"]} if "description" in about else {}),
        }
        for name, about in schema["properties"].items()
    ]


def _pace_headers() -> dict[str, Any]:
    return {
        name: {"description": about, "schema": {"type": "integer"}} for name, about in _PACE_HEADERS.items()
    }


def _nothing(why: str) -> dict[str, Any]:
    return {"description": why, "headers": _pace_headers()}


def _success(endpoint: AnyEndpoint, references: dict[str, Any]) -> dict[str, Any]:
    headers = _pace_headers()
    if endpoint.answer is None:
        return {"description": "Done.", "headers": headers}
    content = {"application/json": {"schema": references[str(endpoint.answer)]}}
    return {"description": "Done.", "headers": headers, "content": content}


def _refusal(status: int, references: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": _WHY.get(status, "It cannot be done."),
        "content": {CONTENT_TYPE: {"schema": references[str(Problem)]}},
    }
