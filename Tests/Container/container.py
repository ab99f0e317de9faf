"""A container without an engine: a root file system that cannot be written, and the namespaces around it."""

import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time

import yaml

import seccomp

IMAGE_ROOT = os.environ["SOUNDGATE_ROOT"]
USER = 10001

# What `docker run --cap-drop ALL --security-opt no-new-privileges --user 10001:10001` comes to.
LOSE_ALL = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs",
            "--bounding-set=-all", "--inh-caps=-all", "--"]

# The first process of the new namespaces: lays the mounts over the image, closes it, and becomes the program. What the
# mounts need for a place to be is made in a layer above the image, as engines do.
ENTER = r"""
set -e
[ -n "$JOINED" ] || ip link set lo up
mount --make-rprivate /
mount -t tmpfs none "$STAGE"
mkdir "$STAGE/above" "$STAGE/work" "$STAGE/root"
mount -t overlay none -o "lowerdir=$IMAGE_ROOT,upperdir=$STAGE/above,workdir=$STAGE/work" "$STAGE/root"
cd "$STAGE/root"
mount -t proc proc proc
mount -t tmpfs none dev
for device in null zero random urandom; do touch "dev/$device"; mount --bind "/dev/$device" "dev/$device"; done
while read -r mode from to; do
  mkdir -p "./$(dirname "$to")"
  if [ -d "$from" ]; then mkdir -p "./$to"; else touch "./$to"; fi
  mount --bind "$from" "./$to"
  [ "$mode" = rw ] || mount -o remount,bind,ro "./$to"
done <<<"$MOUNTS"
for room in $ROOMS; do mkdir -p "./$room"; mount -t tmpfs -o mode=1777,nosuid,nodev,noexec none "./$room"; done
mkdir -p outside
mount --rbind . .
cd "$STAGE/root"
mount -o remount,bind,ro .
pivot_root . outside
umount -l /outside
cd /data
exec "$@"
"""


class Container:
    """A program as the first process of its own namespaces."""

    def __init__(self, command, *, mounts=(), rooms=(), limits=(), joining=None, data=None, filtered=False):
        """With `filtered`, a system call that docker/seccomp.json does not allow ends the process that makes it."""
        self.folder = tempfile.mkdtemp(prefix="soundgate-")
        self.data = data or os.path.join(self.folder, "data")
        if data is None:
            os.mkdir(self.data, 0o700)
            os.chown(self.data, USER, USER)
        self.log = os.path.join(self.folder, "log")
        stage = os.path.join(self.folder, "stage")
        os.mkdir(stage)
        os.mkdir(os.path.join(self.folder, "filter"))
        self.filter = ["filtered", "/filter.bpf"] if filtered else []
        if filtered:
            mounts = [*mounts, *seccomp.prepared(os.path.join(self.folder, "filter"))]
        lines = [f"rw {self.data} /data"] + [f"ro {source} {target}" for source, target in mounts]
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "STAGE": stage,
            "IMAGE_ROOT": IMAGE_ROOT, "MOUNTS": "\n".join(lines), "ROOMS": " ".join(rooms), "JOINED": "yes" if joining else "",
        }
        network = ["nsenter", f"--target={joining.process}", "--net"] if joining else []
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--ipc", "--uts"]
        if not joining:
            unshare.append("--net")

        def limit():
            for kind, both in limits:
                resource.setrlimit(kind, both)

        with open(self.log, "wb") as log:
            self.outer = subprocess.Popen(
                network + unshare + ["bash", "-c", ENTER, "container"] + LOSE_ALL + self.filter + ["soundgate"] + list(command),
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=limit)
        self.process = self._first()

    def _first(self):
        """The program's process as the machine knows it, once it is the program."""
        for _ in range(300):
            try:
                path = f"/proc/{self.outer.pid}/task/{self.outer.pid}/children"
                child = pathlib.Path(path).read_text().split()
                if child and pathlib.Path(f"/proc/{child[0]}/comm").read_text().strip() == "soundgate":
                    return int(child[0])
            except FileNotFoundError:
                pass
            if self.outer.poll() is not None:
                break
            time.sleep(0.1)
        raise AssertionError(f"the container did not start: {self.said()}")

    def said(self):
        return pathlib.Path(self.log).read_text()

    def begin(self, *command, **options):
        """Starts a program beside the first one, as `docker exec` does."""
        inside = ["nsenter", f"--target={self.process}", "--mount", "--pid", "--net", "--root", "--wd"]
        own = self.filter if command[0] == "soundgate" else []
        return subprocess.Popen(inside + LOSE_ALL + own + list(command), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)

    def run(self, *command, timeout=90):
        """Runs a program beside the first one: its status, and what it said."""
        process = self.begin(*command)
        out, err = process.communicate(timeout=timeout)
        return process.returncode, out + err

    def becomes_healthy(self, *command, within=60):
        late = time.monotonic() + within
        while True:
            status, said = self.run(*(command or ("soundgate", "health")))
            if status == 0:
                return
            if time.monotonic() > late:
                raise AssertionError(f"it does not become healthy: {said} {self.said()}")
            time.sleep(0.2)

    def signal(self, number):
        os.kill(self.process, number)

    def ends(self, within=40):
        """The exit status; a signal that ended it counts as in a shell."""
        status = self.outer.wait(timeout=within)
        return 128 - status if status < 0 else status

    def close(self):
        if self.outer.poll() is None:
            # The first process itself: it has lost what --kill-child gave it, when it became somebody else.
            os.kill(self.process, signal.SIGKILL)
            self.outer.wait()
        shutil.rmtree(self.folder)


class Composition:
    """A compose file, as far as ours go: each service as the engine would start it."""

    def __init__(self, path, environment=None):
        self.folder = os.path.dirname(os.path.abspath(path))
        text = pathlib.Path(path).read_text()
        values = environment or {}
        text = re.sub(r"\$\{(\w+):-([^}]*)\}", lambda match: values.get(match[1], match[2]), text)
        self.document = yaml.safe_load(text)

    def start(self, name, joining=None, filtered=False):
        service = self.document["services"][name]
        mounts = []
        for volume in service.get("volumes", []):
            source, target, *_ = volume.split(":")
            if source.startswith("."):
                mounts.append((os.path.normpath(os.path.join(self.folder, source)), target))
        for secret in service.get("secrets", []):
            file = self.document["secrets"][secret]["file"]
            mounts.append((os.path.normpath(os.path.join(self.folder, file)), f"/run/secrets/{secret}"))
        limits = []
        for limit, value in service.get("ulimits", {}).items():
            both = (value["soft"], value["hard"]) if isinstance(value, dict) else (value, value)
            kind = getattr(resource, f"RLIMIT_{limit.upper()}")
            # Not every root may have more than it has.
            most = resource.getrlimit(kind)[1]
            limits.append((kind, both if most == resource.RLIM_INFINITY else tuple(min(one, most) for one in both)))
        rooms = service.get("tmpfs", [])
        return Container(service["command"], mounts=mounts, rooms=rooms, limits=limits, joining=joining,
                         filtered=filtered)

    def health(self, name):
        test = self.document["services"][name]["healthcheck"]["test"]
        assert test[0] == "CMD"
        return test[1:]
