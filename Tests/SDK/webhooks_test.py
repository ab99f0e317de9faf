"""What the reference verifier of Standard Webhooks makes of the gateway's messages."""

import base64
import contextlib
import hashlib
import json
import os
import re
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request

import standardwebhooks
from doubles import Receiver

PROGRAM = os.path.abspath(os.environ.get("SOUNDGATE_PROGRAM", ".build/debug/soundgate"))
KEY = "sgk_test"
TYPES = ["sound.queued", "sound.running", "sound.output_ready", "sound.succeeded"]


def secret(letter):
    """A secret of 32 bytes."""
    return "whsec_" + base64.b64encode(letter * 32).decode()


OLD, NEW, OTHER = secret(b"o"), secret(b"n"), secret(b"x")


@contextlib.contextmanager
def gateway(*secrets):
    """A gateway whose one client has these secrets; gives its address."""
    with tempfile.TemporaryDirectory(prefix="soundgate-sdk-") as folder:
        config = os.path.join(folder, "soundgate.yaml")
        digest = hashlib.sha256(KEY.encode()).hexdigest()
        with open(config, "w") as file:
            # JSON is YAML.
            json.dump({"clients": [{"name": "game", "key_sha256": digest, "webhook_secret": list(secrets)}]}, file)
        command = [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--config", config]
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            for line in process.stderr:
                if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                    break
            else:
                raise RuntimeError("the gateway did not start")
            # It writes on, and must not wait for a reader.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield found[0]
        finally:
            process.terminate()
            process.wait(30)
            process.stderr.close()


def create(address, url):
    body = json.dumps({"prompt": "click", "duration": 0.5, "webhook_url": url}).encode()
    fields = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}
    request = urllib.request.Request(f"{address}/v1/sounds", body, fields)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["id"]


class WebhooksTest(unittest.TestCase):
    def test_every_event_is_verified_and_nothing_else(self):
        with gateway(OLD) as address, Receiver() as receiver:
            task = create(address, receiver.url)
            verifier = standardwebhooks.Webhook(OLD)
            letters = [receiver.next() for _ in TYPES]
            events = [verifier.verify(body, fields) for fields, body in letters]
            self.assertEqual([event["type"] for event in events], TYPES)
            self.assertEqual({event["data"]["id"] for event in events}, {task})
            self.assertEqual(events[-1]["data"]["status"], "succeeded")
            self.assertEqual(len({fields["webhook-id"] for fields, _ in letters}), len(TYPES))
            fields, body = letters[-1]
            late = {**fields, "webhook-timestamp": str(int(time.time()) - 3600)}
            renamed = {**fields, "webhook-id": letters[0][0]["webhook-id"]}
            for bad_fields, bad_body in [
                (fields, body.replace(b"succeeded", b"failed")),
                (late, body),
                (renamed, body),
            ]:
                with self.assertRaises(standardwebhooks.WebhookVerificationError):
                    verifier.verify(bad_body, bad_fields)
            with self.assertRaises(standardwebhooks.WebhookVerificationError):
                standardwebhooks.Webhook(OTHER).verify(body, fields)

    def test_while_a_secret_is_changed_both_fit(self):
        with gateway(OLD, NEW) as address, Receiver() as receiver:
            create(address, receiver.url)
            for _ in TYPES:
                fields, body = receiver.next()
                for known in (OLD, NEW):
                    standardwebhooks.Webhook(known).verify(body, fields)
                with self.assertRaises(standardwebhooks.WebhookVerificationError):
                    standardwebhooks.Webhook(OTHER).verify(body, fields)

    def test_what_was_refused_comes_again_and_verifies_again(self):
        with gateway(NEW) as address, Receiver(500) as receiver:
            create(address, receiver.url)
            verifier = standardwebhooks.Webhook(NEW)
            letters = [receiver.next() for _ in range(1 + len(TYPES))]
            events = [verifier.verify(body, fields)["type"] for fields, body in letters]
            self.assertEqual(events, [TYPES[0]] + TYPES)
            (first, _), (second, _) = letters[:2]
            self.assertEqual(first["webhook-id"], second["webhook-id"])
            self.assertGreaterEqual(int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]), 4)


if __name__ == "__main__":
    unittest.main()
