"""The compose files of one gateway: what they start works. Tests/Deployment has what needs no image, and the cluster."""

import os
import pathlib
import signal
import tempfile
import unittest

import yaml

from container import USER, Composition

FOLDER = pathlib.Path("docker")


class Compose(unittest.TestCase):
    filtered = False

    def test_the_one_to_try_makes_a_sound_of_every_double(self):
        composition = Composition(FOLDER / "compose.yaml")
        gateway = composition.start("gateway", filtered=self.filtered)
        self.addCleanup(gateway.close)
        doubles = composition.start("doubles", joining=gateway, filtered=self.filtered)
        self.addCleanup(doubles.close)
        gateway.becomes_healthy()
        doubles.becomes_healthy(*composition.health("doubles"))
        configured = yaml.safe_load((FOLDER / "doubles.yaml").read_text())["providers"]
        known = yaml.safe_load(pathlib.Path("config/emulators.yaml").read_text())["providers"]
        self.assertEqual(set(configured) | {"builtin"}, set(known))
        for provider in [*configured, "builtin"]:
            with self.subTest(provider):
                status, said = gateway.run("soundgate", "sound", "a door", "--provider", provider,
                                           "-o", f"/data/{provider}")
                self.assertEqual(status, 0, said)
        for container in (gateway, doubles):
            container.signal(signal.SIGTERM)
            self.assertEqual(container.ends(), 0, container.said())

    def test_the_one_for_production_reads_its_secrets_and_becomes_ready(self):
        with tempfile.TemporaryDirectory() as secrets:
            os.chmod(secrets, 0o755)
            for name in ("sunoapi_key", "elevenlabs_key"):
                path = os.path.join(secrets, name)
                pathlib.Path(path).write_text(f"key-of-{name}\n")
                os.chown(path, USER, USER)
                os.chmod(path, 0o400)
            composition = Composition(FOLDER / "compose.production.yaml", {"SOUNDGATE_SECRETS": secrets})
            gateway = composition.start("gateway", filtered=self.filtered)
            self.addCleanup(gateway.close)
            gateway.becomes_healthy(*composition.health("gateway"))
            limits = pathlib.Path(f"/proc/{gateway.process}/limits").read_text()
            self.assertRegex(limits, r"Max open files +\d{4,} +\d{4,}")
            self.assertRegex(limits, r"Max core file size +0 ")
            self.assertNotIn("not all secrets are locked", gateway.said())
            self.assertNotIn("key-of-", gateway.said())
            # It asks for a key.
            status, said = gateway.run("soundgate", "sound", "a door", "-o", "/data/door")
            self.assertNotEqual(status, 0)
            self.assertIn("client key", said)
            gateway.signal(signal.SIGTERM)
            self.assertEqual(gateway.ends(), 0, gateway.said())


class ComposeFiltered(Compose):
    """The same under docker/seccomp.json."""

    filtered = True


if __name__ == "__main__":
    unittest.main()
