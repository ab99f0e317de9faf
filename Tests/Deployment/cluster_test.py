"""The cluster at work behind nginx, and its gateways restarted in turn under load."""

import collections
import hashlib
import json
import re
import signal
import subprocess
import threading
import time
import unittest
import uuid

from cluster import Cluster, curl, eventually


class Load:
    """Callers that ask without a pause, each by a curl of its own, until they are told to stop."""

    def __init__(self, cluster, sound):
        self.cluster, self.sound = cluster, sound
        self.counts, self.failures, self.made = collections.Counter(), [], set()
        self._lock, self._over = threading.Lock(), threading.Event()
        kinds = [self._create_under_a_key, self._create, self._wait, self._show, self._fetch]
        self._threads = [threading.Thread(target=self._ask, args=(kind,)) for kind in kinds]
        for thread in self._threads:
            thread.start()

    def go_on(self, requests=25):
        """Returns when so many more have been answered, with all gateways there."""
        wanted = self._answered() + requests
        eventually("more requests", lambda: self._answered() >= wanted)

    def _answered(self):
        with self._lock:
            return self.counts.total()

    def stop(self):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, kind):
        while not self._over.is_set():
            status, body, wanted = kind()
            with self._lock:
                self.counts[kind.__name__.strip("_")] += 1
                if status not in wanted:
                    self.failures.append(f"{kind.__name__} {status} {body[:300]!r}")
                elif kind.__name__.startswith("_create") or kind == self._wait:
                    self.made.add(json.loads(body)["id"])
            # A few each second are plenty, and leave the machine to the gateways.
            self._over.wait(0.02)

    def _create_under_a_key(self):
        return *self.cluster.create("builtin", "-H", f"Idempotency-Key: {uuid.uuid4()}"), {202}

    def _create(self):
        return *self.cluster.create("builtin"), {202}

    def _wait(self):
        # A gateway that stops ends the wait with the task as it stands.
        return *self.cluster.create("elevenlabs", "-H", "Prefer: wait=20"), {200, 202}

    def _show(self):
        return *self.cluster.ask(f"/v1/sounds/{self.sound['id']}"), {200}

    def _fetch(self):
        output = self.sound["outputs"][0]
        status, body = self.cluster.ask(output["url"])
        right = hashlib.sha256(body).hexdigest() == output["sha256"]
        return status if right else -status, body, {200}


class Deployed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)

    def made(self, *words):
        status, body = self.cluster.create("sunoapi", "-H", "Prefer: wait=30", *words)
        self.assertEqual(status, 200, body)
        sound = json.loads(body)
        self.assertEqual(sound["status"], "succeeded", sound)
        return sound

    def ended(self, sounds, within=30):
        """What became of each task, once all of them have ended."""
        left, ends, late = set(sounds), {}, time.monotonic() + within
        while left and time.monotonic() < late:
            for id in sorted(left)[:20]:
                status, body = self.cluster.ask(f"/v1/sounds/{id}", "-H", "Prefer: wait=1")
                self.assertEqual(status, 200, body)
                task = json.loads(body)
                if task["ended_at"]:
                    ends[id] = task
                    left.discard(id)
        self.assertFalse(left, f"{len(left)} of {len(sounds)} tasks have not ended")
        return ends

    def test_a_sound_is_made_heard_and_followed_through_the_balancer(self):
        sound = self.made()
        output = sound["outputs"][0]
        # Where clients are sent is the balancer.
        self.assertTrue(output["url"].startswith(self.cluster.front), output["url"])
        # Each of the gateways has it, in turn.
        for _ in range(3):
            status, audio = self.cluster.ask(output["url"])
            self.assertEqual((status, hashlib.sha256(audio).hexdigest()), (200, output["sha256"]))
        status, part = self.cluster.ask(output["url"], "-H", "Range: bytes=0-99")
        self.assertEqual((status, part), (206, audio[:100]))
        upstreams = set(re.findall(r"of (127\.0\.0\.1:\d+): 200", self.cluster.balancer.said()))
        self.assertEqual(upstreams, {f"127.0.0.1:{port}" for port in self.cluster.ports})

    def test_events_come_as_they_happen(self):
        settings = f"{self.cluster.doubles}/_control/settings"
        self.assertEqual(curl("--json", '{"vendor": "sunoapi", "generation_seconds": 3600}', settings)[0], 200)
        self.addCleanup(curl, "--json", '{"vendor": "sunoapi", "generation_seconds": 20}', settings)
        status, body = self.cluster.create("sunoapi")
        self.assertEqual(status, 202, body)
        url = f"{self.cluster.front}/v1/sounds/{json.loads(body)['id']}"
        words = ["curl", "-sN", "--noproxy", "*", "--max-time", "30", "-H", f"Authorization: Bearer {self.cluster.key}"]
        with subprocess.Popen([*words, f"{url}/events"], stdout=subprocess.PIPE, text=True) as stream:
            events = (line.split()[1] for line in stream.stdout if line.startswith("event:"))
            # The vendor never comes to an end: what is read here has been let through before there was more.
            self.assertEqual((next(events), next(events)), ("sound.queued", "sound.running"))
            self.assertEqual(self.cluster.ask(f"{url}/cancel", "-X", "POST")[0], 202)
            self.assertEqual(list(events)[-1], "sound.canceled")
        self.assertEqual(stream.returncode, 0)

    def test_gateways_know_who_asks_behind_the_balancer(self):
        # What a caller says of itself is nothing; from where it has connected to the balancer is what counts.
        status, body = self.cluster.ask("/v1/providers", "--interface", "127.9.9.9", "-H", "X-Request-Id: who-asks",
                                        "-H", "X-Forwarded-For: 203.0.113.7")
        self.assertEqual(status, 200, body)

        def line():
            said = "\n".join(gateway.said() for gateway in self.cluster.gateways)
            return [line for line in said.splitlines() if '"request_id":"who-asks"' in line]

        self.assertEqual([json.loads(text)["peer"] for text in eventually("the log's line", line)], ["127.9.9.9"])

    def test_metrics_are_for_those_inside(self):
        self.assertEqual(curl(f"{self.cluster.front}/metrics")[0], 404)
        for port in self.cluster.ports:
            status, text = curl(f"http://127.0.0.1:{port}/metrics")
            self.assertEqual(status, 200)
            # What docker/kubernetes scales by.
            self.assertIn(b'\nsoundgate_queue_depth{provider="sunoapi"} ', text)

    def test_restarts_in_turn_under_load_fail_no_request(self):
        load = Load(self.cluster, self.made())
        try:
            for number in range(3):
                load.go_on()
                self.assertEqual(self.cluster.gateways[number].end(signal.SIGTERM), 0)
                self.cluster.start_gateway(number)
                self.cluster.await_gateway(number)
            load.go_on()
        finally:
            load.stop()
        print(dict(load.counts), f"{len(load.made)} sounds, {len(load.failures)} failed", end=" … ", flush=True)
        self.assertEqual(load.failures, [])
        ends = collections.Counter(task["status"] for task in self.ended(load.made).values())
        self.assertEqual(dict(ends), {"succeeded": len(load.made)})


if __name__ == "__main__":
    unittest.main()
