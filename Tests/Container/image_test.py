"""What the image is and says of itself."""

import json
import os
import pathlib
import stat
import subprocess
import unittest

from container import Container

ROOT = pathlib.Path(os.environ["SOUNDGATE_ROOT"])
BASE = pathlib.Path(os.environ["SOUNDGATE_BASE"])


def inside(*command):
    return subprocess.run(["chroot", str(ROOT), *command], capture_output=True, text=True, check=True).stdout


def files(root):
    """Every file beneath, by its path from there."""
    for folder, folders, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            yield os.path.relpath(path, root), os.lstat(path)


def configuration():
    """The image's configuration; engines wrap it differently."""
    document = json.loads(pathlib.Path(os.environ["SOUNDGATE_IMAGE_JSON"]).read_text())
    if isinstance(document, list):
        return document[0]["Config"]
    own = document["OCIv1"]["config"]
    own["Healthcheck"] = document["Docker"]["config"].get("Healthcheck")
    return own


class Image(unittest.TestCase):
    def test_it_is_not_root_and_asks_the_binary_how_it_is(self):
        config = configuration()
        self.assertEqual(config["User"], "10001:10001")
        self.assertEqual(config["Entrypoint"], ["soundgate"])
        self.assertEqual(config["Cmd"], ["serve"])
        self.assertEqual(config["WorkingDir"], "/data")
        self.assertEqual(list(config["Volumes"]), ["/data"])
        self.assertEqual(config["StopSignal"], "SIGTERM")
        if config["Healthcheck"] is not None:  # a form that OCI does not have; images of that form leave it out
            self.assertEqual(config["Healthcheck"]["Test"], ["CMD", "soundgate", "health"])

    def test_its_labels_say_what_it_was_built_from(self):
        labels = configuration()["Labels"]
        for name in ("title", "description", "licenses", "version", "revision", "created", "source", "base.name"):
            self.assertTrue(labels.get(f"org.opencontainers.image.{name}"), name)
        container = Container(["serve"])
        self.addCleanup(container.close)
        status, said = container.run("soundgate", "version")
        self.assertEqual(status, 0, said)
        self.assertIn(labels["org.opencontainers.image.version"], (said.split()[1], "unknown"))

    def test_it_is_under_120_MB_beyond_its_base(self):
        beneath = {path: (entry.st_size, entry.st_mtime_ns) for path, entry in files(BASE)}
        added = sum(entry.st_size for path, entry in files(ROOT)
                    if stat.S_ISREG(entry.st_mode) and beneath.get(path) != (entry.st_size, entry.st_mtime_ns))
        print(f"{added / 1e6:.0f} MB beyond the base", end=" … ")
        self.assertLess(added, 120e6)

    def test_no_file_gives_rights(self):
        given = [path for path, entry in files(ROOT)
                 if stat.S_ISREG(entry.st_mode) and entry.st_mode & (stat.S_ISUID | stat.S_ISGID)]
        self.assertEqual(given, [])

    def test_every_library_is_a_package_that_scanners_see(self):
        loaded = [line.split("=>")[1].split()[0]
                  for line in inside("ldd", "/usr/local/bin/soundgate").splitlines() if "=>" in line]
        self.assertGreater(len(loaded), 10)
        known = set()
        for path, _ in files(ROOT / "var/lib/dpkg/info"):
            if path.endswith(".list"):
                known.update((ROOT / "var/lib/dpkg/info" / path).read_text().splitlines())
        for library in loaded:
            # Packages of before the merge of /usr name files without it.
            real = inside("readlink", "--canonicalize", library).strip()
            self.assertTrue(known & {real, real.removeprefix("/usr")}, library)

    def test_nothing_is_left_of_its_making(self):
        for folder in ("var/lib/apt/lists", "var/cache/apt"):
            left = [path for path, _ in files(ROOT / folder) if not path.startswith("archives/lock") and "lock" not in path]
            self.assertEqual(left, [], folder)
