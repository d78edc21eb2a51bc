#!/usr/bin/env python3
# flaky.py CMD... - runs CMD with a registry that answers every third request with an error, and ends as CMD does. apt and
# others reach it by http_proxy, Go by GOPROXY. It listens on the loopback device and passes the other requests on to where
# they would have gone without it, through the proxies that the environment names.
import http.server
import itertools
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request

ERRORS = (500, 502, 503)
go_proxy = subprocess.run(["go", "env", "GOPROXY"], capture_output=True, text=True).stdout.strip().split(",")[0].split("|")[0]
requests = itertools.count(1)
failed = itertools.count(0)


class Registry(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        number = next(requests)
        if number % 3 == 0:
            return self.answer(ERRORS[next(failed) % 3], [], b"the registry has a hiccup\n")
        url = self.path if self.path.startswith("http://") else go_proxy + self.path
        wanted = {k: v for k, v in self.headers.items() if k.lower() in ("if-modified-since", "range", "if-range", "cache-control")}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=wanted), timeout=60) as there:
                self.answer(there.status, there.headers.items(), there.read())
        except urllib.error.HTTPError as refused:
            self.answer(refused.code, refused.headers.items(), refused.read())
        except OSError as trouble:
            self.answer(502, [], f"{trouble}\n".encode())

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers:
            if name.lower() in ("content-type", "last-modified", "etag", "content-range", "accept-ranges"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 304:
            self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # who asked went away


server = Server(("127.0.0.1", 0), Registry)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}"
environment = dict(os.environ, http_proxy=address, GOPROXY=address)
code = subprocess.run(sys.argv[1:], env=environment).returncode
print(f"the registry was asked {next(requests) - 1} times and failed {next(failed)} times", file=sys.stderr)
sys.exit(code)
