"""Answers what the installed fail2ban finds in lines: one JSON request a line, one JSON answer a line.

A request is {"new": {"patterns": [...], "tz": "Europe/Berlin", "zone": "+0100" or null}} or
{"lines": [[text, now], ...]} or {"zones": [name, ...]}. The answer to new is a list of [name, expression, weight] or
why the patterns are refused. The answer to zones is a list of minutes, or null for what is none. The answer to lines is a list of [start, end, time or null, name], or null where there
is no date, or the name of the exception; positions are in bytes.
"""
import json
import logging
import os
import sys
import time

sys.path.insert(0, '/usr/lib/python3/dist-packages')
from fail2ban.server import datedetector, strptime
from fail2ban.server.mytime import MyTime
from fail2ban.server.utils import Utils

YEAR = strptime.timeRE['ExY'][len('(?P<Y>'):-1]
DEFAULTS = list(datedetector.DateDetectorCache.DEFAULT_TEMPLATES)


class Clock:
    """Stands for the time module in the detector, so that templates age by the requests' clock."""
    time = staticmethod(MyTime.time)


datedetector.time = Clock
logging.disable(logging.CRITICAL)

# these two names hang on the order of a set, which differs from process to process
datedetector.DatePatternRegex._patternName.update(Exk='%Exk', Exl='%Exl')


def use_zone(name):
    os.environ['TZ'] = name
    time.tzset()


def new(patterns, tz, zone):
    # mktime remembers the offset of the call before, in the whole process: begin as a new process does
    use_zone('UTC')
    time.mktime((2020, 1, 1, 12, 0, 0, 0, 0, 0))
    use_zone(tz)
    # so do the templates remember their hits
    datedetector.DD_patternCache = Utils.Cache(maxCount=1000, maxTime=60 * 60)
    datedetector.DateDetectorCache.DEFAULT_TEMPLATES = list(DEFAULTS)
    datedetector.DateDetector._defCache = datedetector.DateDetectorCache()
    MyTime.setTime(1124013600)
    detector = datedetector.DateDetector()
    detector.default_tz = zone
    for pattern in filter(bool, map(str.strip, patterns)):  # as the filter does
        detector.appendTemplate(pattern)
    if not patterns:
        detector.addDefaultTemplate()
    return detector


def find(detector, line, now):
    MyTime.setTime(now)
    try:
        match, template = detector.matchTime(line)
        if not match:
            return None
        start, end = match.start(1), match.end(1)
        text = line[start:end]
        date = detector.getTime(text, (match, template)) if text else None
    except Exception as e:
        return type(e).__name__
    return [len(line[:start].encode()), len(line[:end].encode()), date and date[0], template.name]


def minutes(name):
    try:
        return strptime.validateTimeZone(name)
    except (ValueError, KeyError):
        return None


def main():
    detector = None
    for request in sys.stdin:
        request = json.loads(request)
        if 'new' in request:
            try:
                detector = new(**request['new'])
                answer = [[t.name, t.regex.replace(YEAR, '%ExY'), t.template.weight] for t in detector.templates]
            except Exception as e:
                answer = str(e)
        elif 'zones' in request:
            answer = [minutes(name) for name in request['zones']]
        else:
            answer = [find(detector, line, now) for line, now in request['lines']]
        print(json.dumps(answer), flush=True)


main()
