"""Lists as a client reads them: page by page, and as files, which dashboard/columns.def describes."""

import csv
import io
import json
import re
import urllib.parse
from datetime import datetime
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "dashboard"
ECS_FIELD = re.compile(r"@timestamp|tags|message|(event|user|host|service|source|destination|related|rule|observer|"
                       r"error|group|pam_anomaly)\.[a-z0-9_.]+$")


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def target(path, **query):
    return path + "?" + urllib.parse.urlencode(query)


class Reader:
    """Everything of a list, page by page."""

    def __init__(self, session):
        self.session = session

    def get(self, path, **query):
        answer = self.session.get(target(path, **query))
        if answer.status != 200:
            raise RuntimeError(f"{path} {query}: {answer}")
        return answer.json

    def all(self, path, between=lambda: None, **query):
        items, cursor = [], {}
        for _ in range(2000):
            page = self.get(path, **query, **cursor)
            items += page["items"]
            if page["next"] is None:
                return items
            cursor = {"cursor": page["next"]}
            between()
        raise RuntimeError(f"{path} {query} has no end")


def columns_of(group):
    """What columns.def says of a group: the names of CSV's columns, and all fields of ECS."""
    text = re.sub(r"\\\n", "\n", (SOURCE / "columns.def").read_text())
    macros = {}
    for name, body in re.findall(r"^#define (EVENT|PLACE)\(group.*?\)\s*\n((?:    .*\n)+)", text, re.M):
        macros[name] = body
    for name, body in macros.items():
        text = re.sub(rf"^{name}\((\w+), .*$", lambda use: body.replace("(group,", f"({use[1]},"), text, flags=re.M)
    rows = re.findall(rf'^\s*(COLUMN|FIELD)\({group}, (\w+), ("[^"]+"|NULL),', text, re.M)
    return ([name for kind, name, _ in rows if kind == "COLUMN"],
            {field.strip('"') for _, _, field in rows if field != "NULL"})


def export(reader, path, file_format, **query):
    answer = reader.session.get(target(path, format=file_format, **query))
    if answer.status != 200:
        raise RuntimeError(f"{path} {query}: {answer}")
    if file_format == "csv":
        return answer, list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))
    return answer, [json.loads(line) for line in answer.body.decode().splitlines()]


def ecs_is_sound(event):
    return (moment(event["@timestamp"]) and event["event.kind"] in ("event", "alert", "asset", "metric", "state")
            and event["event.dataset"].startswith("pam_anomaly.") and all(ECS_FIELD.match(field) for field in event))


def check_list_export(promises, reader, path, name, groups, item_of=lambda row: row, **query):
    """Both files of a list hold what its pages hold, in the columns of the table."""
    items = [item_of(item) for item in reader.all(path, **query)]
    promises.check(f"{path}: there are some", bool(items))
    columns, fields = [], set()
    for group in groups:
        own, more = columns_of(group)
        columns += own
        fields |= more
    answer, rows = export(reader, path, "csv", **query)
    promises.equal(f"{path}: the columns are the table's", list(rows[0]), columns)
    promises.check(f"{path}: as a file {name}.csv", f'"{name}.csv"' in answer.headers["Content-Disposition"], answer)
    promises.equal(f"{path}: all of it", len(rows), len(items))
    for column in set(columns) & set(items[0]) - {"reasons", "logins", "acknowledged"}:
        pairs = [(row[column], item.get(column)) for row, item in zip(rows, items)]
        promises.check(f"{path}: {column}", all(same(cell, value) for cell, value in pairs),
                       [pair for pair in pairs if not same(*pair)][:3])
    answer, events = export(reader, path, "ecs", **query)
    promises.check(f"{path}: as a file {name}.ndjson", f'"{name}.ndjson"' in answer.headers["Content-Disposition"], answer)
    promises.equal(f"{path}: in ECS too", len(events), len(items))
    promises.check(f"{path}: of the table's fields", all(set(event) <= fields for event in events), events[:1])
    promises.check(f"{path}: which are the schema's or ours", all(map(ecs_is_sound, events)), events[:1])
    return rows, events


def same(cell, value):
    """A cell and the member of an item."""
    if value is None or value == "":
        return cell == ""
    if isinstance(value, bool):
        return cell == str(value).lower()
    if isinstance(value, (int, float)):
        return abs(float(cell) - value) < 1e-4
    return cell == (value if value[0] not in "=+-@" and not value.startswith("'=") else "'" + value)
