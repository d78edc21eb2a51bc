"""Prints what fail2ban makes of regexes: reads a JSON list of [regex, usedns] and writes a JSON list of expansions."""
import json, sys

from fail2ban.server import failregex as f

json.dump([f.R_GLOB2LOCFLAGS[0].sub(f.R_GLOB2LOCFLAGS[1], f.Regex._resolveHostTag(r, useDns=u))
           for r, u in json.load(sys.stdin)], sys.stdout)
