"""Runs fail2ban's own sample tests and prints, for every line they process, the failures fail2ban found: one JSON
object a line with the filter, its options, the instance that saw the line, the line and the failures."""
import json, os, sys, types, unittest

os.environ["TZ"] = "CET-01CEST-02,M3.5.0,M10.5.0"
import fail2ban.tests.utils as utils
from fail2ban.server import filter as server

utils.initTests(utils.initProcess(types.SimpleNamespace(
    negate_re=False, memory_db=True, no_network=True, fast=False, no_gamin=True, log_level="CRITICAL", verbosity=0,
    log_traceback=False, full_traceback=False, log_lazy=True, log_direct=False, ignore_others=None)))
from fail2ban.tests import samplestestcase as samples

instances = {}
read, process = samples.FilterSamplesRegex._readFilter, server.Filter.processLine


def plain(v):
    if isinstance(v, (set, frozenset)):
        return sorted(map(str, v))
    if isinstance(v, (list, tuple)):
        return [plain(x) for x in v]
    return v if isinstance(v, (int, float)) or v is None else str(v)


def read_filter(self, instance, name, basedir, opts=None):
    found = read(self, instance, name, basedir, opts)
    instances[id(found[0])] = (name, instance, opts or {}, found[0])
    return found


def process_line(self, line, date=None):
    found = process(self, line, date)
    if id(self) in instances:
        name, instance, opts, _ = instances[id(self)]
        print(json.dumps({
            "filter": name, "instance": instance, "options": opts, "journal": date is not None,
            "line": line if isinstance(line, str) else line[2],
            "failures": [{"regex": f[0], "id": plain(f[1]), "time": f[2],
                          "lines": ["".join(t) for t in f[3].get("matches", [])],
                          "groups": {k: plain(v) for k, v in f[3].items() if k not in ("matches", "nofail-matches")}}
                         for f in found]}))
    return found


samples.FilterSamplesRegex._readFilter = read_filter
server.Filter.processLine = process_line
unittest.TextTestRunner(verbosity=0, stream=open(os.devnull, "w")).run(
    unittest.TestLoader().loadTestsFromTestCase(samples.FilterSamplesRegex))
