"""Feeds lines to fail2ban's filter and prints the failures it finds.

Reads a JSON list of cases: a definition, options and lines, each line with the clock's time and whether it is new.
Writes a JSON list with a list of failures for every line of every case."""
import json, logging, os, sys, types

os.environ["TZ"] = "CET-01CEST-02,M3.5.0,M10.5.0"
from fail2ban.server import datedetector, filter as server, ipdns, utils
from fail2ban.server.mytime import MyTime

logging.disable(logging.CRITICAL)
clock = types.SimpleNamespace(time=MyTime.time)
utils.time = datedetector.time = clock
NAMES = {"known.example": {"192.0.2.77"}, "two.example": {"192.0.2.78", "2001:db8::78"}}
ipdns.DNSUtils.dnsToIp = staticmethod(lambda name: set(map(ipdns.IPAddr, NAMES.get(name, ()))))


def plain(v):
    if isinstance(v, (set, frozenset)):
        return sorted(map(str, v))
    if isinstance(v, tuple):
        return repr(v)
    if isinstance(v, list):
        return [plain(x) for x in v]
    return v if isinstance(v, (int, float)) or v is None else str(v)


def make(case):
    d, f = case["definition"], server.Filter(None, useDns=case["definition"].get("UseDNS") or "warn")
    f.setMaxLines(max(d.get("Maxlines") or 1, 1))
    f.prefRegex = d.get("Prefregex")
    for r in d.get("Failregex") or []:
        f.addFailRegex(r)
    for r in d.get("Ignoreregex") or []:
        f.addIgnoreRegex(r)
    if d.get("Datepattern"):
        f.setDatePattern("\n".join(d["Datepattern"]))
    f.checkAllRegex, f.returnRawHost = case["checkAll"], case["rawHost"]
    f.ignorePending = not case["report"]
    f.checkFindTime = case["findTime"] > 0
    if f.checkFindTime:
        f.setFindTime(str(case["findTime"]))
    return f


def process(f, line):
    MyTime.setTime(line["now"])
    f.inOperation = line["live"]
    if line["at"]:
        found = f.processLine(("", "@", line["text"]), line["at"])
    else:
        found = f.processLine(line["text"])
    failures = []
    for regex, who, at, groups in found:
        if f.checkFindTime and at > MyTime.time():
            at = MyTime.time()
        failures.append({"regex": regex, "id": plain(who), "time": at or 0,
                         "lines": ["".join(t) for t in groups.get("matches", [])],
                         "groups": {k: plain(v) for k, v in groups.items() if k not in ("matches", "nofail-matches")}})
    return failures


out = []
for case in json.load(sys.stdin):
    f = make(case)
    out.append([process(f, line) for line in case["lines"]])
json.dump(out, sys.stdout)
