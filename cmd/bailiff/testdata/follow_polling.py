"""Has fail2ban's polling backend read a log once with its sshd filter: prints lines and seconds."""
import logging, sys, time

from fail2ban.client.filterreader import FilterReader
from fail2ban.server.jail import Jail

logging.getLogger("fail2ban").setLevel(logging.CRITICAL)
path = sys.argv[1]
jail = Jail("sshd", "polling", None)
log = jail.filter
reader = FilterReader("sshd", "sshd", {"mode": "normal"}, basedir="/etc/fail2ban")
reader.read()
reader.applyAutoOptions("polling")
reader.getOptions(None)
setters = {
    "prefregex": lambda v: setattr(log, "prefRegex", v),
    "addfailregex": log.addFailRegex,
    "addignoreregex": log.addIgnoreRegex,
    "maxlines": log.setMaxLines,
    "datepattern": log.setDatePattern,
}
for kind, _, name, value, *_ in reader.convert():
    for v in value if kind == "multi-set" else [value]:
        if name in setters:
            setters[name](v)
log.setUseDns("no")
log.setFindTime("1d")
log.setMaxRetry(5)
log.active = True
log.addLogPath(path)
start = time.perf_counter()
log.getFailures(path)
print(log.procLines, time.perf_counter() - start)
