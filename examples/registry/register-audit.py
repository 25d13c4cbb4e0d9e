"""A machine in Python: standard library only. The sidecar gets and judges tokens; this file knows no cryptography."""

import json
import os
import signal
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CLUSTER = os.environ["NAIS_CLUSTER_NAME"]
TARGET = f"api://{CLUSTER}.registry.register-api/.default"
NEIGHBOURS = json.loads(os.environ.get("FULLMAKT_OUTBOUND_URLS", "{}"))
REGISTER = NEIGHBOURS.get(f"{CLUSTER}:registry:register-api", "http://register-api.registry")


def post(url: str, body: dict) -> dict:
    """Sends JSON to the sidecar and reads its JSON answer; an error answer raises HTTPError."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def look_up() -> dict:
    """A token of our own from the sidecar, and the register with it."""
    token = post(os.environ["NAIS_TOKEN_ENDPOINT"], {"identity_provider": "entra_id", "target": TARGET})
    request = urllib.request.Request(REGISTER + "/register", headers={"Authorization": "Bearer " + token["access_token"]})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


class Handler(BaseHTTPRequestHandler):
    """GET / runs one look-up and answers with what the register saw."""

    def do_GET(self) -> None:
        if self.path == "/healthz":
            return self.answer(200, {"ok": True})
        try:
            self.answer(200, look_up())
        except urllib.error.HTTPError as error:
            self.answer(502, {"status": error.code, "refusal": error.read().decode()})

    def answer(self, status: int, body: dict) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Quiet: one line per request is not news."""


def stop(*_: object) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    host, port = os.environ["BIND_ADDRESS"].split(":")
    ThreadingHTTPServer((host, int(port)), Handler).serve_forever()
