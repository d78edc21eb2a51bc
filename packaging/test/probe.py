#!/usr/bin/python3
"""probe.py SOURCE FILE - connects from SOURCE to the machine's sshd some twenty times a second until it is killed, and notes
each time with the outcome in FILE: "1795330993.783 open" or "... shut". It waits for no answer longer than 40 ms, since the
kernel limits how often it refuses."""
import socket
import sys
import time

source, path = sys.argv[1:]
with open(path, "w", buffering=1) as out:
    while True:
        family, target = (socket.AF_INET6, "fd77::1") if ":" in source else (socket.AF_INET, "10.77.0.1")
        with socket.socket(family) as s:
            s.settimeout(0.04)
            s.bind((source, 0))
            try:
                s.connect((target, 22))
                outcome = "open"
            except OSError:
                outcome = "shut"
        print(f"{time.time():.3f} {outcome}", file=out)
        time.sleep(0.01)
