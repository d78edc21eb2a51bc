# Asks Debian's fail2ban to read single values: on each line of standard input a JSON list of a kind and a text. On
# each line of standard output stands what it makes of the text, or null when it refuses.
import json
import math
import random
import sys

sys.path.insert(0, "/usr/lib/python3/dist-packages")
from fail2ban.helpers import extractOptions, splitWithOptions, splitwords
from fail2ban.server.mytime import MyTime


class ban:
    Time = 600
    Count = 3


banFactor = 2


def read(kind, text):
    if kind == "list":
        name, opts = extractOptions(text)
        return [name, [[k, v] for k, v in opts.items()]]
    if kind == "split":
        items = [s.strip() for s in splitWithOptions(text) if s.strip()]
        for item in items:
            extractOptions(item)
        return items
    if kind == "words":
        return splitwords(text)
    if kind == "time":
        return float(MyTime.str2seconds(text))
    return float(eval(text))


for line in sys.stdin:
    try:
        print(json.dumps(read(*json.loads(line))))
    except (Exception, SystemExit):
        print("null")
