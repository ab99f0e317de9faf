"""The cluster of docker/compose.cluster.yaml, without an engine: its own files, each server a process on loopback."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import yaml

PROGRAM = os.environ["SOUNDGATE_PROGRAM"]
MOTO = os.environ["SOUNDGATE_MOTO"]
POSTGRES = pathlib.Path("/usr/lib/postgresql/15/bin")
DOCKER = pathlib.Path(__file__).resolve().parents[2] / "docker"
# Whom root becomes for servers that refuse root, or need none of its rights.
NOBODY = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
# A server ends with whoever started it, however that ends.
MORTAL = ["setpriv", "--pdeathsig=KILL", "--"]


def temporary_folder() -> pathlib.Path:
    """A folder that servers with a user of their own get into."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="soundgate-"))
    folder.chmod(0o755)
    return folder


# Open for as long as this process: a list, so that none is closed before.
HELD = []


def free_port() -> int:
    """A port of loopback that nobody else is given as long as these tests run.

    The socket that holds it never listens: a server that reuses addresses may have the port beside it.
    """
    holder = socket.socket()
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        holder.setsockopt(socket.SOL_SOCKET, option, 1)
    holder.bind(("127.0.0.1", 0))
    HELD.append(holder)
    return holder.getsockname()[1]


def eventually(what, look, within=30):
    """What `look` returns, once that is something."""
    late = time.monotonic() + within
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > late:
            raise AssertionError(f"{what}: not within {within} s")
        time.sleep(0.05)


def curl(*words, timeout=60):
    """Status and body of an answer; status 0 is curl's own failure, with what it says as the body."""
    done = subprocess.run(["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", str(timeout),
                           "--write-out", "\n%{http_code}", *words], capture_output=True)
    body, _, status = done.stdout.rpartition(b"\n")
    return (int(status), body) if done.returncode == 0 else (0, done.stderr + body)


class Server:
    """A process with a log."""

    def __init__(self, folder, name, *command, user=(), environment=None):
        self.log = folder / f"{name}.log"
        with open(self.log, "ab") as log:
            if user:
                shutil.chown(self.log, "postgres")
            self.process = subprocess.Popen([*user, *MORTAL, *map(str, command)], cwd=folder, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env={**os.environ, **(environment or {})})

    def said(self):
        return self.log.read_text()

    def lives(self):
        assert self.process.poll() is None, self.said()[-3000:]
        return True

    def end(self, number=signal.SIGTERM, within=40):
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"it does not end: {self.said()[-2000:]}") from None


class Balancer(Server):
    """nginx by docker/nginx.conf, before other ports."""

    def __init__(self, folder, front, ports):
        place = folder / "nginx"
        place.mkdir()
        if NOBODY:
            shutil.chown(place, "postgres", "postgres")
        text = (DOCKER / "nginx.conf").read_text()
        for number, port in enumerate(ports):
            text, count = re.subn(rf"server gateway-{number + 1}:8080 ", f"server 127.0.0.1:{port} ", text)
            # Once to be taken in turn, once for when nobody seems to be there.
            assert count == 2
        text, count = re.subn(r"(?m)^( +)listen 8080;", rf"\1listen {front.removeprefix('http://')};", text)
        assert count == 1
        config = place / "nginx.conf"
        config.write_text(text.replace("/tmp/", f"{place}/"))
        super().__init__(folder, "balancer", "/usr/sbin/nginx", "-p", place, "-c", config, "-g", "daemon off;",
                         user=NOBODY)


class Cluster:
    """Database, store, vendors' doubles, three gateways and nginx."""

    def __init__(self):
        self.folder = temporary_folder()
        self.secrets = self.folder / "secrets"
        self.front = f"http://127.0.0.1:{free_port()}"
        self.ports = [free_port() for _ in range(3)]
        self.servers = []
        self.gateways = [None] * 3
        try:
            self._make_secrets()
            self._start_database()
            self._start_store()
            self._start_doubles()
            self._write_config()
            for number in range(3):
                self.start_gateway(number)
            for number in range(3):
                self.await_gateway(number)
            self._start_balancer()
        except BaseException:
            self.close()
            raise

    def close(self):
        for server in reversed([*self.servers, *filter(None, self.gateways)]):
            if server.process.poll() is None:
                server.process.kill()
            server.process.wait()
        shutil.rmtree(self.folder)

    def _serve(self, name, *command, **options):
        server = Server(self.folder, name, *command, **options)
        self.servers.append(server)
        return server

    # What compose has around the gateways.

    def _make_secrets(self):
        subprocess.run([DOCKER / "cluster-secrets", self.secrets], check=True, stdout=subprocess.DEVNULL)
        for vendor in ("sunoapi_key", "elevenlabs_key"):
            (self.secrets / vendor).write_text("test\n")
        # The engine mounts them; here a server's own user must get in.
        self.secrets.chmod(0o755)

    def _start_database(self):
        place = self.folder / "database"
        place.mkdir()
        if NOBODY:
            shutil.chown(place, "postgres", "postgres")
        password = self.secrets / "postgres_password"
        subprocess.run([*NOBODY, POSTGRES / "initdb", "-D", place / "data", "-U", "postgres", "-A", "scram-sha-256",
                        f"--pwfile={password}", "-E", "UTF8", "--locale=C", "-N"], check=True, cwd=place,
                       stdout=subprocess.DEVNULL)
        self.database = free_port()
        self._serve("database", POSTGRES / "postgres", "-D", place / "data", "-p", self.database, "-h", "127.0.0.1",
                    "-k", place, "-F", user=NOBODY)
        known = {**os.environ, "PGPASSWORD": password.read_text().strip()}
        psql = [POSTGRES / "psql", "-X", "-q", "-h", "127.0.0.1", "-p", str(self.database), "-U", "postgres"]
        eventually("the database", lambda: subprocess.run(
            [POSTGRES / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.database)]).returncode == 0)
        script = self.folder / "database.sql"
        script.write_text(self.here(DOCKER / "cluster-database.sql"))
        subprocess.run([*psql, "-f", script], check=True, env=known)

    def _start_store(self):
        store = self._serve("store", MOTO, "-H", "127.0.0.1", "-p", "0", environment={"PYTHONUNBUFFERED": "1"})
        found = eventually("the store", lambda: store.lives() and re.search(r"Running on (http:\S+)", store.said()))
        self.store = found[1]
        assert curl("-X", "PUT", f"{self.store}/sounds")[0] == 200

    def _start_doubles(self):
        doubles = self._serve("doubles", PROGRAM, "emulate", "--listen", "127.0.0.1:0", "--speed", "50")
        self.doubles = eventually("the doubles", lambda: doubles.lives() and
                                  re.search(r"http://127\.0\.0\.1:\d+", doubles.said()))[0]

    # The gateways.

    def here(self, path):
        """A file of docker/ with the secrets where they are here."""
        return path.read_text().replace("/run/secrets/", f"{self.secrets}/")

    def _write_config(self):
        new = subprocess.run([PROGRAM, "client", "new", "game-team", "--json"], check=True, capture_output=True)
        client = json.loads(new.stdout)
        self.key = client["key"]
        config = yaml.safe_load(self.here(DOCKER / "cluster.yaml"))
        # What an operator fills in; the doubles stand where the vendors would be called, and the synthesizer takes what
        # would be too much for a vendor's pace.
        config["clients"][0].update(key_sha256=client["key_sha256"], rate_limit="10000/m")
        for name, provider in config["providers"].items():
            if name == "builtin":
                provider["enabled"] = True
            else:
                provider["base_url"] = f"{self.doubles}/{name}"
        config["providers"]["sunoapi"]["polling"] = {"first": "100ms", "ceiling": "500ms"}
        self.config = self.folder / "soundgate.yaml"
        self.config.write_text(yaml.safe_dump(config))
        self.environment = {"SOUNDGATE_PUBLIC_URL": self.front, "SOUNDGATE_OBJECTS": self.store,
                            "SOUNDGATE_DATABASE": f"127.0.0.1:{self.database}",
                            # Where the balancer is.
                            "SOUNDGATE_NETWORK": "127.0.0"}

    def start_gateway(self, number):
        folder = self.folder / f"gateway-{number + 1}"
        folder.mkdir(exist_ok=True)
        self.gateways[number] = Server(folder, "gateway", PROGRAM, "serve", "--config", self.config, "--listen",
                                       f"127.0.0.1:{self.ports[number]}", environment=self.environment)

    def await_gateway(self, number):
        gateway, url = self.gateways[number], f"http://127.0.0.1:{self.ports[number]}/readyz"
        eventually(f"gateway {number + 1}", lambda: gateway.lives() and curl(url)[0] == 200)

    def _start_balancer(self):
        self.balancer = Balancer(self.folder, self.front, self.ports)
        self.servers.append(self.balancer)
        eventually("nginx", lambda: self.balancer.lives() and curl(f"{self.front}/healthz")[0] == 200)

    def ask(self, path, *words, timeout=60):
        return curl("-H", f"Authorization: Bearer {self.key}", *words,
                    path if path.startswith("http") else f"{self.front}{path}", timeout=timeout)

    def create(self, provider, *words, timeout=60, **more):
        body = json.dumps({"prompt": "a click", "provider": provider, **more})
        return self.ask("/v1/sounds", "--json", body, *words, timeout=timeout)
