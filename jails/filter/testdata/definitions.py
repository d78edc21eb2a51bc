"""Prints filters as fail2ban resolves them.

Reads a JSON list of [name, options] and writes a JSON list of definitions, read from the installed configuration and,
for the names that begin with zzz-, from that of fail2ban's own tests.
"""
import json, os, shutil, sys, tempfile

import fail2ban
from fail2ban.client.filterreader import FilterReader
from fail2ban.helpers import logging

logging.disable(logging.CRITICAL)
INSTALLED = "/etc/fail2ban"
TESTS = os.path.join(os.path.dirname(fail2ban.__file__), "tests", "config")
KEYS = {"prefregex": "Prefregex", "addfailregex": "Failregex", "addignoreregex": "Ignoreregex",
        "datepattern": "Datepattern", "maxlines": "Maxlines", "usedns": "UseDNS"}


def tests_config(top):
    """Their tests' filters include files seven folders up, where the build had its configuration."""
    copy = os.path.join(top, "build", "python", "lib", "fail2ban", "tests", "config")
    shutil.copytree(TESTS, copy)
    os.symlink(INSTALLED, os.path.join(top, "config"))
    return copy


def resolve(name, options, basedir):
    reader = FilterReader(name, "jail", dict(options), basedir=basedir, share_config={})
    reader.read()
    reader.getOptions({})
    d = {"Name": name}
    for command in reader.convert():
        values = command[3] if command[0] == "multi-set" else [command[3]]
        key = KEYS.get(command[2])
        if key in ("Failregex", "Ignoreregex"):
            d.setdefault(key, []).extend(values)
        elif key == "Datepattern":
            d[key] = [p.strip() for p in values[0].split("\n") if p.strip()]
        elif key == "Maxlines":
            d[key] = int(values[0])
        elif key:
            d[key] = values[0]
    return d


with tempfile.TemporaryDirectory() as top:
    tests = tests_config(top)
    json.dump([resolve(n, o, tests if n.startswith("zzz-") else INSTALLED) for n, o in json.load(sys.stdin)], sys.stdout)
