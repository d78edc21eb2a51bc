"""Runs fail2ban-regex: reads a JSON list of argument lists, writes a JSON list of [exit code, standard output]."""
import json, os, sys, tempfile

from fail2ban.client import fail2banregex


def run(args):
    with tempfile.TemporaryFile() as out:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            try:
                fail2banregex.exec_command_line(args)
                code = 0
            except SystemExit as e:
                code = e.code
            sys.stdout.flush()
            os._exit(code or 0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        return [code, out.read().decode()]


json.dump([run(args) for args in json.load(sys.stdin)], sys.stdout)
