"""Prints the line that fail2ban makes of journal entries: reads a JSON list of [fields, monotonic seconds], fields
being a list of [name, value] pairs, and writes a JSON list of lines. The fields go through python-systemd's
converters, as they do when they come from a journal."""
import datetime, json, sys, uuid

from fail2ban.server.filtersystemd import FilterSystemd
from systemd import journal


def convert(name, value):
    try:
        return journal.DEFAULT_CONVERTERS[name](value.encode()) if name in journal.DEFAULT_CONVERTERS else value
    except Exception:
        return value


def entry(fields, monotonic):
    e = {}
    for name, value in fields:
        value = convert(name, value)
        e[name] = value if name not in e else (e[name] if isinstance(e[name], list) else [e[name]]) + [value]
    e["__REALTIME_TIMESTAMP"] = datetime.datetime.fromtimestamp(0)
    e["__MONOTONIC_TIMESTAMP"] = (datetime.timedelta(seconds=monotonic), uuid.UUID(int=0))
    return e


f = FilterSystemd(None)
json.dump(["".join(f.formatJournalEntry(entry(*e))[0][::2]) for e in json.load(sys.stdin)], sys.stdout)
