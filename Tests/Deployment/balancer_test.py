"""nginx before gateways that go away in the middle: what it sends to another one, and what never."""

import collections
import shutil
import socket
import threading
import unittest

from cluster import Balancer, curl, eventually, free_port, temporary_folder


class Gateways:
    """Ports that are connected to and asked. What they answer is one for all; nothing closes the connection."""

    def __init__(self, count):
        self.answer, self.asked = b"", collections.Counter()
        self._listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
        self.ports = [listener.getsockname()[1] for listener in self._listeners]
        for listener in self._listeners:
            threading.Thread(target=self._serve, args=(listener,), daemon=True).start()

    def _serve(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += connection.recv(65536)
                self.asked[head.split(b" ")[0].decode()] += 1
                connection.sendall(self.answer)

    def close(self):
        for listener in self._listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()


class Repetition(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = temporary_folder()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.gateways = Gateways(3)
        cls.addClassCleanup(cls.gateways.close)
        cls.front = f"http://127.0.0.1:{free_port()}"
        balancer = Balancer(cls.folder, cls.front, cls.gateways.ports)
        cls.addClassCleanup(balancer.end)
        eventually("nginx", lambda: balancer.lives() and curl(f"{cls.front}/metrics")[0] == 404)

    def ask(self, answer, *words):
        """The status for a request, its body, and how often it was sent to gateways that give such an answer."""
        self.gateways.answer = answer
        self.gateways.asked.clear()
        status, body = curl(*words, f"{self.front}/v1/sounds")
        return status, body, self.gateways.asked.total()

    def test_a_post_that_may_have_been_taken_is_sent_once(self):
        status, body, times = self.ask(b"", "--json", "{}")
        self.assertEqual((status, times), (502, 1))
        self.assertIn(b'"no_gateway"', body)

    def test_one_with_a_key_and_a_get_are_sent_on(self):
        for words in (["--json", "{}", "-H", "Idempotency-Key: a"], []):
            status, _, times = self.ask(b"", *words)
            self.assertEqual(status, 502)
            self.assertGreaterEqual(times, 3)

    def test_a_refusal_is_taken_elsewhere_only_under_a_key(self):
        refusal = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 7\r\nConnection: close\r\n\r\nrefused"
        self.assertEqual(self.ask(refusal, "--json", "{}"), (503, b"refused", 1))
        # Who refuses it in the end says why.
        self.assertEqual(self.ask(refusal, "--json", "{}", "-H", "Idempotency-Key: a"), (503, b"refused", 2))


if __name__ == "__main__":
    unittest.main()
