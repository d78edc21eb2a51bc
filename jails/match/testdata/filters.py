"""Prints every pattern of fail2ban's installed filters in their default form, expanded by fail2ban itself, one JSON
object a line: {"name": filter, "option": "failregex" | "prefregex" | "ignoreregex", "index": n, "expr": pattern, "flags": int}.
"""
import json
import logging
import os
import sys
from configparser import InterpolationError

sys.path.insert(0, "/usr/lib/python3/dist-packages")
from fail2ban.client.filterreader import FilterReader
from fail2ban.server.filter import Filter

BASE = "/etc/fail2ban"
logging.disable(logging.CRITICAL)


def load(name):
    reader = FilterReader(name, "jail", {}, basedir=BASE)
    reader.read()
    reader.applyAutoOptions("polling")
    reader.getOptions({})
    filt = Filter(None)
    add = {"addfailregex": filt.addFailRegex, "addignoreregex": filt.addIgnoreRegex, "maxlines": filt.setMaxLines}
    for command in reader.convert():
        for value in command[3] if command[0] == "multi-set" else [command[3]]:
            if command[2] == "prefregex":
                filt.prefRegex = value
            elif command[2] in add:
                add[command[2]](value)
    return filt


for file in sorted(os.listdir(BASE + "/filter.d")):
    name, ext = os.path.splitext(file)
    if ext != ".conf":
        continue
    try:
        filt = load(name)
    except InterpolationError:  # a file for others to include
        continue
    if not filt.getFailRegex():
        continue
    lists = {"failregex": filt._Filter__failRegex, "ignoreregex": filt._Filter__ignoreRegex,
             "prefregex": [filt.prefRegex] if filt.prefRegex else []}
    for option, regexes in lists.items():
        for index, regex in enumerate(regexes):
            print(json.dumps({"name": name, "option": option, "index": index,
                              "expr": regex._regexObj.pattern, "flags": regex._regexObj.flags & 0x15a}))
