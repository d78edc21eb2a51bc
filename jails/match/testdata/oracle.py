"""Answers searches with Python's own re: one JSON request a line on stdin, one JSON answer a line on stdout.

Request: {"expr": pattern, "flags": int, "texts": [subject, ...], "from": [byte offset, ...]}
Answer:  {"error": message, "pos": byte offset or null} or {"spans": [null | [start, end, ...] | "slow", ...]}
Offsets are in bytes of UTF-8.
"""
import json
import re
import signal
import sys
import warnings


class Slow(Exception):
    pass


def alarm(*_):
    raise Slow


signal.signal(signal.SIGALRM, alarm)
warnings.simplefilter("ignore")


def offset(text, chars):
    return chars if chars < 0 else len(text[:chars].encode())


def search(regex, text, start):
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        found = regex.search(text, len(text.encode()[:start].decode()))
        signal.setitimer(signal.ITIMER_REAL, 0)
    except (Slow, SystemError, RecursionError):
        return "slow"
    if not found:
        return None
    spans = [found.span(g) for g in range(regex.groups + 1)]
    return [offset(text, edge) for span in spans for edge in span]


def answer(request):
    expr = request["expr"]
    try:
        regex = re.compile(expr, request["flags"])
    except re.error as e:
        return {"error": e.msg, "pos": None if e.pos is None else offset(expr, e.pos)}
    except (ValueError, OverflowError, RecursionError) as e:
        return {"error": str(e), "pos": None}
    starts = request.get("from") or [0] * len(request["texts"])
    return {"spans": [search(regex, t, s) for t, s in zip(request["texts"], starts)]}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
