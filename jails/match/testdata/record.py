"""Runs fail2ban's own sample tests and prints every search its filters make, one JSON object a line:
{"expr": pattern, "flags": int, "text": subject, "caps": null | [start, end, ...]} with byte offsets of every group.
"""
import contextlib
import io
import json
import sys
import types
import unittest

sys.path.insert(0, "/usr/lib/python3/dist-packages")
import fail2ban.tests.utils as utils

options = types.SimpleNamespace(
    negate_re=False, memory_db=True, no_network=True, fast=False, no_gamin=True, log_level="CRITICAL", verbosity=0,
    log_traceback=False, full_traceback=False, log_lazy=True, log_direct=False, ignore_others=None)
seen = {}


def byte(text, chars):
    return chars if chars < 0 else len(text[:chars].encode())


def remember(regex, buffer, match):
    caps = None
    if match:
        caps = [byte(buffer, at) for g in range(regex.groups + 1) for at in match.span(g)]
    seen.setdefault((regex.pattern, regex.flags & 0x15a, buffer), caps)


with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    utils.initProcess(options)
    utils.initTests(options)
    from fail2ban.server import failregex
    from fail2ban.tests import samplestestcase

    search = failregex.Regex.search

    def recording(self, lines, orgLines=None):
        search(self, lines, orgLines)
        buffer = lines if isinstance(lines, str) else failregex.Regex._tupleLinesBuf(lines)
        remember(self._regexObj, buffer, self._matchCache)

    failregex.Regex.search = recording
    suite = unittest.TestLoader().loadTestsFromTestCase(samplestestcase.FilterSamplesRegex)
    unittest.TextTestRunner(stream=io.StringIO()).run(suite)

for (expr, flags, text), caps in seen.items():
    print(json.dumps({"expr": expr, "flags": flags, "text": text, "caps": caps}))
