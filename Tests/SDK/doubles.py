"""The doubles that the clients talk to, and the control route beside them."""

import http.server
import json
import os
import queue
import threading
import unittest
import urllib.request

BASE = os.environ.get("SOUNDGATE_DOUBLES", "http://127.0.0.1:9090")


def control(method, path, body=None):
    """Calls the control route and gives its JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{BASE}/_control/{path}",
        data=data,
        method=method,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


class DoubleTest(unittest.TestCase):
    """A test that begins with doubles that know of nothing."""

    vendor = ""

    def setUp(self):
        control("POST", "reset")

    def turn(self, **settings):
        control("POST", "settings", {"vendor": self.vendor, **settings})

    def script(self, operation, fault, **more):
        control("POST", "faults", {"vendor": self.vendor, "operation": operation, "fault": fault, **more})

    def calls(self):
        return control("GET", f"log?vendor={self.vendor}")["calls"]


class Receiver:
    """A server on a free port that keeps what is posted to it; the first answers have the statuses given."""

    def __init__(self, *statuses):
        self.letters = queue.Queue()
        statuses = list(statuses)
        letters = self.letters

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                letters.put((dict(self.headers.items()), body))
                self.send_response(statuses.pop(0) if statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/events"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *arguments):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def next(self):
        """The fields and the body of the next letter."""
        return self.letters.get(timeout=20)
