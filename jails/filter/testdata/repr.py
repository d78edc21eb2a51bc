"""Prints Python's repr of strings: a JSON list in, a JSON list out."""
import json, sys

json.dump(list(map(repr, json.load(sys.stdin))), sys.stdout)
