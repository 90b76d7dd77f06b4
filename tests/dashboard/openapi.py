#!/usr/bin/env python3
"""/openapi.json is sound, names every route, and what the service replies fits it."""

import json
import re
import sys
from pathlib import Path

import jsonschema

from rig import Dashboard, Promises

SOURCE = Path(__file__).resolve().parents[2] / "dashboard"


def rows():
    found = re.findall(r'^ROUTE\((\w+),\s*"([^"]*)",\s*(\w+),\s*(\w+),\s*(\w+),\s*"([^"]*)"',
                       (SOURCE / "routes.def").read_text(), re.M)
    if not found:
        sys.exit("routes.def has no rows")
    return found


def references(value):
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        value = value.values()
    if isinstance(value, (list, type({}.values()))):
        for member in value:
            yield from references(member)


def operations(document):
    return {(method.upper(), path): operation for path, methods in document["paths"].items()
            for method, operation in methods.items()}


def repeated(text):
    """Names that an object of the document has twice: readers keep the last."""
    found = []

    def members(pairs):
        names = [name for name, _ in pairs]
        found.extend(name for name in set(names) if names.count(name) > 1)
        return dict(pairs)

    json.loads(text, object_pairs_hook=members)
    return found


def structure(promises, document, text):
    promises.section("the document")
    promises.equal("no name stands twice in an object", repeated(text), [])
    promises.equal("OpenAPI 3.1", document["openapi"], "3.1.0")
    schemas = document["components"]["schemas"]
    missing = [name for name in references(document)
               if name.removeprefix("#/components/schemas/") not in schemas]
    promises.equal("every schema that is named is there", missing, [])
    for name, schema in schemas.items():
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as trouble:
            promises.check(f"{name} is a schema", False, trouble)
    found = operations(document)
    names = [operation["operationId"] for operation in found.values()]
    promises.equal("operations have names of their own", len(set(names)), len(names))
    known = set(names) | {f"{name}_body" for name in names}
    stray = [name for name in schemas if re.match("(get|post|delete)_", name) and name not in known]
    promises.equal("no schema belongs to an operation that is not there", stray, [])

    promises.section("routes")
    promises.equal("the document has the table's routes, all and no others",
                   set(found), {(method, path) for method, path, *_ in rows()})
    for method, path, role, body, _, parameters in rows():
        operation = found[method, path]
        named = {parameter["name"]: parameter for parameter in operation["parameters"]}
        expected = set(re.findall(r"\{(\w+)\}", path))
        if parameters != "*":
            expected |= {word.split("=")[0] for word in parameters.split()}
        choices = {word.split("=")[0]: word.split("=")[1].split("|")
                   for word in parameters.split() if "=" in word}
        promises.check(f"{method} {path}: role, body and parameters are the table's",
                       operation["x-role"] == role.lower() and set(named) == expected
                       and ("requestBody" in operation) == (body != "NONE")
                       and all(named[name]["schema"].get("enum") == values
                               for name, values in choices.items())
                       and operation["summary"], operation)
        files = {"text/csv", "application/x-ndjson"} & set(operation["responses"]["200"]["content"])
        promises.equal(f"{method} {path}: files where the table has formats", len(files),
                       2 if "ecs" in choices.get("format", []) else 0)


class Checker:
    """Sends requests, and holds each reply against what the document says of it."""

    def __init__(self, promises, service, document, token):
        self.promises, self.service, self.document = promises, service, document
        self.headers = {"Authorization": f"Bearer {token}"}
        self.operations = operations(document)

    def schema(self, operation, status):
        reply = operation["responses"]["200" if status == 200 else "default"]
        return next(iter(reply["content"].values())).get("schema")

    def check(self, method, route, target=None, body=None, signed=True, status=200):
        headers = self.headers if signed else {}
        answer = self.service.request(method, target or route, body, headers)
        schema = self.schema(self.operations[method, route], answer.status)
        try:
            jsonschema.Draft202012Validator({**schema, "components": self.document["components"]}
                                            ).validate(answer.json)
            trouble = None
        except jsonschema.ValidationError as found:
            trouble = found
        self.promises.check(f"{method} {target or route} is {status} and as it says",
                            answer.status == status and trouble is None, f"{answer}\n{trouble}")


def replies(promises, service, document):
    promises.section("replies")
    checker = Checker(promises, service, document, service.token("test", "--role", "analyst"))
    checker.check("GET", "/openapi.json", signed=False)
    checker.check("GET", "/health", signed=False)
    checker.check("GET", "/health")
    checker.check("GET", "/api/state")
    checker.check("GET", "/api/state", signed=False, status=401)
    checker.check("GET", "/api/session")
    checker.check("POST", "/api/session", body={"token": service.bootstrap()}, signed=False)
    checker.check("POST", "/api/session", body={}, signed=False, status=422)
    checker.check("POST", "/predict", body={
        "user_id": "alice", "timestamp": "2026-03-16T08:00:00Z", "ip_address": "8.8.8.8"})
    checker.check("POST", "/predict", body={"user_id": 1}, status=422)
    alice = {"kind": "user", "subject": "alice"}
    checker.check("POST", "/api/labels", body={"ids": ["x"], "label": "later"})
    checker.check("GET", "/api/decisions")
    checker.check("GET", "/api/alerts")
    checker.check("GET", "/api/alerts/rules")
    checker.check("POST", "/api/alerts/test", body={"channel": "none"}, status=422)
    checker.check("POST", "/api/alerts/{id}/acknowledge", "/api/alerts/1/acknowledge", status=404)
    checker.check("POST", "/api/exceptions/preview", body=alice)
    checker.check("POST", "/api/exceptions", body={**alice, "for": "1h"})
    checker.check("GET", "/api/exceptions")
    checker.check("POST", "/api/exceptions/revoke", body=alice, status=404)
    checker.check("POST", "/predict", body={"user_id": "alice"}, signed=False, status=401)
    for method, path, role, _, _, _ in rows():
        if role == "NONE":
            continue
        target = re.sub(r"\{\w+\}", "x", path)
        answer = service.request(method, target)
        promises.check(f"{method} {path} is nobody's without signing in",
                       answer.status == 401 and answer.sentence, answer)


def viewers(promises, service):
    promises.section("a viewer at an analyst's routes")
    token = {"Authorization": f"Bearer {service.token('looker')}"}
    for method, path, role, _, _, _ in rows():
        if role != "ANALYST":
            continue
        answer = service.request(method, re.sub(r"\{\w+\}", "x", path), {}, token)
        promises.check(f"{method} {path} is 403", answer.status == 403 and answer.sentence, answer)


def main():
    promises = Promises("the OpenAPI document")
    with Dashboard() as service:
        answer = service.get("/openapi.json")
        if not promises.check("it is JSON", answer.status == 200 and answer.json, answer):
            promises.finish()
        structure(promises, answer.json, answer.body)
        replies(promises, service, answer.json)
        viewers(promises, service)
    promises.finish()


if __name__ == "__main__":
    main()
