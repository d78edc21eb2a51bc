# Asks Debian's fail2ban what it makes of configuration directories: one directory a line on standard input. For each
# it prints a line "### DIRECTORY" and what `fail2ban-client -c DIRECTORY -d` prints. One process asks for all.
import logging
import sys

sys.path.insert(0, "/usr/lib/python3/dist-packages")
from fail2ban.client.fail2bancmdline import Fail2banCmdLine

logging.disable(logging.CRITICAL)
for line in sys.stdin:
    print("###", line.rstrip("\n"))
    try:
        Fail2banCmdLine().initCmdLine(["fail2ban-client", "-c", line.rstrip("\n"), "-d"])
    except SystemExit:
        print("ERROR: exit")
    except Exception as e:
        print("ERROR:", e)
