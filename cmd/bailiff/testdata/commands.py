# Asks Debian's fail2ban which commands it runs when the jails of a directory start and ban an address: prints, as JSON,
# a list of commands for each jail. Nothing is run.
import json
import logging
import sys

sys.path.insert(0, "/usr/lib/python3/dist-packages")
from fail2ban.client.configurator import Configurator
from fail2ban.server.action import CommandAction

logging.disable(logging.CRITICAL)
directory, address = sys.argv[1:]
commands = {}


class Jail:
    name = ""

    class actions:
        actionInfo = {"family": "inet4"}

        @staticmethod
        def _getActionInfo(_):
            return {"family": "inet4"}


def collect(command, timeout=60, **_):
    current.append(command)
    return True


CommandAction.executeCmd = staticmethod(collect)
configurator = Configurator(force_enable=False)
configurator.setBaseDir(directory)
configurator.readAll()
configurator.getOptions()
configurator.convertToProtocol()
for c in configurator.getConfigStream():
    if c[0] == "multi-set" and c[2] == "action":
        jail = Jail()
        jail.name = c[1]
        current = commands.setdefault(c[1], [])
        action = CommandAction(jail, c[3])
        for name, value in c[4]:
            setattr(action, name, value)
        info = {"ip": address, "fid": address, "family": "inet4", "failures": 3, "time": 0, "bantime": 600, "bancount": 1}
        action.actionstart_on_demand = False
        action._executeOperation("<actionstart>", "starting", family="inet4")
        action.ban(info)
print(json.dumps(commands))
