"""Prints what Python's re knows of every character it has assigned, one JSON object a line: {"r": code point, "word": bool,
"digit": bool, "space": bool, "lower": code point, "cased": bool, "twins": [code point, ...]}.
"""
import json
import re
import sys
import unicodedata

import _sre
from re._casefix import _EXTRA_CASES

word, digit, space = re.compile(r"\w"), re.compile(r"\d"), re.compile(r"\s")
for code in range(sys.maxunicode + 1):
    char = chr(code)
    if unicodedata.category(char) in ("Cn", "Cs"):
        continue
    print(json.dumps({
        "r": code, "word": bool(word.match(char)), "digit": bool(digit.match(char)), "space": bool(space.match(char)),
        "lower": _sre.unicode_tolower(code), "cased": bool(_sre.unicode_iscased(code)), "twins": _EXTRA_CASES.get(code)}))
