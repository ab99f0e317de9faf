"""The image as it runs: read-only, as nobody, as the first process."""

import os
import pathlib
import signal
import time
import unittest

from container import Container

# A request that has begun and does not end for a while: what a drain waits for.
HALF_A_REQUEST = (
    "exec 3<>/dev/tcp/127.0.0.1/8080 && "
    r"printf 'POST /v1/plans HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{' >&3 && "
    "echo begun && sleep %s && "
    r"""printf '"prompt":"a"}' >&3 && head -n 1 <&3"""
)


class Running(unittest.TestCase):
    filtered = False

    def start(self, *command, **options):
        container = Container(command or ("serve",), filtered=self.filtered, **options)
        self.addCleanup(container.close)
        return container

    def test_it_has_no_rights_and_writes_to_its_volume_alone(self):
        container = self.start()
        container.becomes_healthy()
        status = dict(line.split(":\t", 1) for line in
                      pathlib.Path(f"/proc/{container.process}/status").read_text().splitlines())
        self.assertEqual(status["Uid"].split(), ["10001"] * 4)
        self.assertEqual(status["NSpid"].split()[-1], "1")
        self.assertEqual(status["NoNewPrivs"], "1")
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[kind], 16), 0, kind)
        for place in ("/", "/tmp", "/usr/local/bin", "/var/lib", "/run"):
            self.assertNotEqual(container.run("touch", f"{place}/new")[0], 0, place)
        self.assertEqual(container.run("touch", "/data/new")[0], 0)

    def test_it_makes_a_sound(self):
        container = self.start()
        container.becomes_healthy()
        status, said = container.run("soundgate", "sound", "soft rain", "--duration", "2", "-o", "/data/rain.wav")
        self.assertEqual(status, 0, said)
        audio = pathlib.Path(container.data, "rain.wav").read_bytes()
        self.assertEqual((audio[:4], audio[8:12]), (b"RIFF", b"WAVE"))

    def test_health_is_1_when_nobody_answers(self):
        container = self.start()
        container.becomes_healthy()
        self.assertEqual(container.run("soundgate", "health", "--server", "http://127.0.0.1:1")[0], 1)

    def test_sigterm_lets_a_request_end_and_then_ends_with_0(self):
        container = self.start()
        container.becomes_healthy()
        request = container.begin("bash", "-c", HALF_A_REQUEST % 3)
        self.assertEqual(request.stdout.readline(), "begun\n")
        container.signal(signal.SIGTERM)
        time.sleep(1)
        self.assertIsNone(container.outer.poll(), container.said())
        self.assertEqual(container.run("soundgate", "health")[0], 1)
        self.assertIn("200 OK", request.communicate(timeout=30)[0])
        self.assertEqual(container.ends(), 0, container.said())

    def test_a_second_signal_ends_it_at_once(self):
        container = self.start()
        container.becomes_healthy()
        request = container.begin("bash", "-c", HALF_A_REQUEST % 15)
        self.assertEqual(request.stdout.readline(), "begun\n")
        container.signal(signal.SIGTERM)
        time.sleep(1)
        self.assertIsNone(container.outer.poll(), container.said())
        container.signal(signal.SIGTERM)
        self.assertEqual(container.ends(within=5), 128 + signal.SIGTERM)
        request.kill()
        request.communicate()

    def test_sigint_ends_it_too(self):
        container = self.start()
        container.becomes_healthy()
        container.signal(signal.SIGINT)
        self.assertEqual(container.ends(), 0, container.said())

    def test_orphans_are_buried(self):
        container = self.start()
        container.becomes_healthy()
        # The shell ends first; what it leaves becomes a child of the first process, and ends as one.
        self.assertEqual(container.run("bash", "-c", "sleep 0.5 </dev/null >/dev/null 2>&1 & true")[0], 0)
        children = pathlib.Path(f"/proc/{container.process}/task/{container.process}/children")
        late = time.monotonic() + 10
        while children.read_text().split():
            self.assertLess(time.monotonic(), late, "a process is neither running nor gone")
            time.sleep(0.1)

    def test_its_state_outlives_it(self):
        first = self.start()
        first.becomes_healthy()
        status, said = first.run("soundgate", "sound", "a gong", "--json", "-o", "/data/gong.wav")
        self.assertEqual(status, 0, said)
        first.signal(signal.SIGTERM)
        self.assertEqual(first.ends(), 0)
        second = self.start(data=first.data)
        second.becomes_healthy()
        status, said = second.run("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080; "
                                  r"printf 'GET /v1/sounds HTTP/1.0\r\n\r\n' >&3; cat <&3")
        self.assertIn('"succeeded"', said)


class RunningFiltered(Running):
    """The same under docker/seccomp.json."""

    filtered = True

    def test_the_filter_can_say_no(self):
        container = self.start()
        container.becomes_healthy()
        # To be somebody else is none of what the program does.
        status, said = container.run("filtered", "/filter.bpf", "setpriv", "--reuid=1", "true")
        self.assertEqual(status, 128 + signal.SIGSYS if status > 0 else -signal.SIGSYS, said)
