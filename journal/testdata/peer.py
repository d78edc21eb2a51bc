# peer.py DIR: has the installed fail2ban read the journal as its sshd jail would, and count failures. It prints how many
# entries it read.
import logging
import sys

from fail2ban.client.filterreader import FilterReader
from fail2ban.server.jail import Jail

logging.getLogger("fail2ban").setLevel("CRITICAL")
jail = Jail("sshd", 'systemd[journalpath="%s"]' % sys.argv[1], None)
reader = FilterReader("sshd", "sshd", {}, basedir="/etc/fail2ban")
reader.read()
reader.applyAutoOptions("systemd")
reader.getOptions(None)
setters = {"prefregex": lambda v: setattr(jail.filter, "prefRegex", v), "addfailregex": jail.filter.addFailRegex,
           "addignoreregex": jail.filter.addIgnoreRegex}
for command in reader.convert():
    values = command[3] if command[0] == "multi-set" else [command[3]]
    if command[2] in setters:
        for value in values:
            setters[command[2]](value)
jail.filter.addJournalMatch(["_SYSTEMD_UNIT=ssh.service", "+", "_COMM=sshd"])
jail.filter.checkFindTime = False  # the entries may be old
jail.filter.setMaxRetry(5)
jail.filter.active, jail.filter.inOperation = True, False
journal = jail.filter.getJournalReader()
journal.seek_head()
entries = 0
while True:
    entry = journal.get_next()
    if not entry:
        break
    line, at = jail.filter.formatJournalEntry(entry)
    jail.filter.processLineAndAdd(line, at)
    entries += 1
print(entries)
