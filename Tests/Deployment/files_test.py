"""The files of docker/ as they stand: they keep to their schemas, agree with each other, and hold no secret."""

import copy
import importlib.resources
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile
import unittest

import jsonschema
import kubernetes_validate
import yaml

from cluster import DOCKER, PROGRAM, Server, eventually

KUBERNETES = DOCKER / "kubernetes"
# The oldest that has all that is used, and the youngest whose schemas are here.
VERSIONS = ("1.30", "1.37")


def composition(name="compose.cluster.yaml"):
    """A compose file with the defaults of its variables."""
    return yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (DOCKER / name).read_text()))


def manifest(name):
    return yaml.safe_load((KUBERNETES / f"{name}.yaml").read_text())


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(s|m)", text).groups()
    return int(number) * {"s": 1, "m": 60}[unit]


class Checking(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="soundgate-files-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def check(self, text):
        """What `config check` says of a configuration whose secrets are all there."""
        for path in set(re.findall(r"\$\{file:(/run/secrets/[^}]+)\}", text)):
            place = self.folder / path.removeprefix("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text("postgresql://gate@database/soundgate\n" if path.endswith("_url") else "0a1b\n")
        config = self.folder / "soundgate.yaml"
        config.write_text(text.replace("/run/secrets/", f"{self.folder}/run/secrets/"))
        done = subprocess.run([PROGRAM, "config", "check", config], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


class Compose(Checking):
    def test_the_files_keep_to_the_specification(self):
        text = importlib.resources.files("compose").joinpath("config/compose_spec.json").read_text()
        schema = json.loads(text)
        # Younger than that release.
        schema["properties"]["name"] = {"type": "string"}
        checker = jsonschema.Draft7Validator(schema)
        for name in ("compose.yaml", "compose.production.yaml", "compose.cluster.yaml"):
            found = [f"{error.json_path}: {error.message}" for error in checker.iter_errors(composition(name))]
            self.assertEqual(found, [], name)
        self.assertTrue(list(checker.iter_errors({"services": {"a": {"restarts": "always"}}})))

    def test_what_the_cluster_mounts_is_there(self):
        document = composition()
        for name, service in document["services"].items():
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                if source.startswith("."):
                    self.assertTrue((DOCKER / source).is_file(), volume)
                else:
                    self.assertIn(source, document["volumes"], name)
            self.assertLessEqual(set(service.get("secrets", [])), set(document["secrets"]), name)

    def test_secrets_come_as_files_and_the_script_makes_all_but_the_vendors(self):
        document = composition()
        for name, secret in document["secrets"].items():
            self.assertEqual(secret, {"file": f"./secrets/{name}"})
        for name, service in document["services"].items():
            for variable in service.get("environment", {}):
                self.assertNotRegex(variable, r"(PASSWORD|KEY|SECRET|TOKEN)$", name)
        place = self.folder / "secrets"
        said = subprocess.run([DOCKER / "cluster-secrets", place], check=True, capture_output=True, text=True).stdout
        missing = set(re.findall(r"missing: \S*/(\w+),", said))
        made = {path.name: path.read_text() for path in place.iterdir()}
        self.assertEqual(set(made) | missing, set(document["secrets"]))
        self.assertEqual(missing, {"sunoapi_key", "elevenlabs_key"})
        self.assertEqual(stat.S_IMODE(place.stat().st_mode), 0o700)
        self.assertEqual({stat.S_IMODE(path.stat().st_mode) for path in place.iterdir()}, {0o444})
        (identity,) = json.loads(made["objects.json"])["identities"]
        configured = yaml.safe_load((DOCKER / "cluster.yaml").read_text())["assets"]["s3"]
        self.assertEqual(identity["credentials"], [
            {"accessKey": configured["access_key_id"], "secretKey": made["objects_key"].strip()}])
        self.assertEqual({action.split(":")[1] for action in identity["actions"]}, {configured["bucket"]})
        # Again, nothing changes.
        subprocess.run([DOCKER / "cluster-secrets", place], check=True, stdout=subprocess.DEVNULL)
        self.assertEqual({path.name: path.read_text() for path in place.iterdir()}, made)

    def test_each_gateway_is_the_same_and_has_time_to_drain(self):
        services = composition()["services"]
        gateways = [services[f"gateway-{number}"] for number in (1, 2, 3)]
        for gateway in gateways:
            self.assertEqual({**gateway, "volumes": [], "networks": []},
                             {**gateways[0], "volumes": [], "networks": []})
            self.assertGreaterEqual(seconds(gateway["stop_grace_period"]), 20 + 1 + 5)
        spools = [volume for gateway in gateways for volume in gateway["volumes"] if volume.endswith(":/data")]
        self.assertEqual(len(set(spools)), 3)

    def test_each_service_says_how_it_is(self):
        for name, service in composition()["services"].items():
            if name != "bucket":  # which ends
                self.assertEqual(service["healthcheck"]["test"][0], "CMD", name)
                self.assertEqual(service["restart"], "unless-stopped", name)

    def test_nothing_in_these_files_looks_like_a_secret(self):
        for path in DOCKER.rglob("*"):
            if path.is_file() and "secrets" not in path.relative_to(DOCKER).parts:
                for found in re.findall(r"[0-9A-Za-z+/_-]{40,}", path.read_text()):
                    self.assertRegex(found, r"^0+$|/|^[a-zA-Z_-]+$", path)


class Configuration(Checking):
    def test_the_gateways_configurations_are_fine(self):
        for text in ((DOCKER / "cluster.yaml").read_text(), manifest("configmap")["data"]["soundgate.yaml"]):
            status, said = self.check(text)
            self.assertEqual(status, 0, said)
            status, said = self.check(text.replace("bucket:", "buckets:"))
            self.assertEqual(status, 78, said)

    def test_nginx_takes_its_own_and_knows_each_gateway(self):
        services = composition()["services"]
        names = {name for name in services if name.startswith("gateway-")}
        text = (DOCKER / "nginx.conf").read_text()
        for more in ("max_fails=1 fail_timeout=2s", "backup max_fails=0"):
            self.assertEqual(set(re.findall(rf"server (\S+):8080 {more};", text)), names)
        addresses = {name: services[name]["networks"]["front"]["ipv4_address"] for name in names}
        self.assertEqual(dict(entry.split(":") for entry in services["balancer"]["extra_hosts"]), addresses)
        # Names are the engine's; here they need only mean something.
        text = re.sub(r"gateway-\d", "127.0.0.1", text).replace("/tmp/", f"{self.folder}/")
        config = self.folder / "nginx.conf"
        for broken in (False, True):
            config.write_text(text.replace("proxy_pass", "proxy_pas") if broken else text)
            done = subprocess.run(["/usr/sbin/nginx", "-t", "-q", "-p", self.folder, "-c", config],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode != 0, broken, done.stderr)

    def test_waits_are_shorter_than_the_balancers_patience(self):
        patience = re.search(r"proxy_read_timeout (\w+);", (DOCKER / "nginx.conf").read_text())[1]
        # The longest that `Prefer: wait` may ask for.
        self.assertGreater(seconds(patience), 120)


class Kubernetes(Checking):
    def test_the_manifests_keep_to_the_schemas(self):
        files = sorted(path.stem for path in KUBERNETES.glob("*.yaml"))
        others = {"kustomization", "prometheus-adapter"}
        for version in VERSIONS:
            for name in set(files) - others:
                with self.subTest(f"{name} {version}"):
                    kubernetes_validate.validate(manifest(name), version, strict=True)
        wrong = copy.deepcopy(manifest("deployment"))
        wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
        with self.assertRaises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)

    def test_kustomize_has_all_of_them_but_the_example(self):
        listed = manifest("kustomization")["resources"]
        files = {path.name for path in KUBERNETES.glob("*.yaml")}
        self.assertEqual(set(listed) | {"kustomization.yaml", "prometheus-adapter.yaml", "secret.example.yaml"}, files)
        self.assertEqual(len(set(listed)), len(listed))

    def test_a_pod_that_goes_has_the_time_that_it_takes(self):
        config = yaml.safe_load(manifest("configmap")["data"]["soundgate.yaml"])
        pod = manifest("deployment")["spec"]["template"]["spec"]
        (gateway,) = pod["containers"]
        before = gateway["lifecycle"]["preStop"]["sleep"]["seconds"]
        # A second for what was sent before, three for the last traces, and some.
        self.assertGreaterEqual(pod["terminationGracePeriodSeconds"],
                                before + 1 + seconds(config["server"]["drain"]) + 3 + 5)
        # Those who ask how it is have heard no, and those who send have been told, before it ends.
        ready = gateway["readinessProbe"]
        self.assertGreaterEqual(before, ready["periodSeconds"])

    def test_what_refers_to_something_finds_it(self):
        deployment = manifest("deployment")
        pod = deployment["spec"]["template"]["spec"]
        labels = deployment["spec"]["template"]["metadata"]["labels"].items()
        selectors = [deployment["spec"]["selector"]["matchLabels"], manifest("service")["spec"]["selector"],
                     manifest("poddisruptionbudget")["spec"]["selector"]["matchLabels"],
                     manifest("networkpolicy")["spec"]["podSelector"]["matchLabels"],
                     *(spread["labelSelector"]["matchLabels"] for spread in pod["topologySpreadConstraints"])]
        for selector in selectors:
            self.assertTrue(selector)
            self.assertLessEqual(selector.items(), labels)
        scaler = manifest("horizontalpodautoscaler")["spec"]
        self.assertEqual(scaler["scaleTargetRef"]["name"], deployment["metadata"]["name"])
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        self.assertEqual(volumes["config"]["configMap"]["name"], manifest("configmap")["metadata"]["name"])
        secret = manifest("secret.example")
        self.assertEqual(volumes["secrets"]["secret"]["secretName"], secret["metadata"]["name"])
        # Each secret that the configuration reads is one of the example's, which has no value.
        read = re.findall(r"\$\{file:/run/secrets/soundgate/(\w+)\}", manifest("configmap")["data"]["soundgate.yaml"])
        self.assertEqual(set(secret["stringData"]), set(read))
        self.assertEqual(set(secret["stringData"].values()), {""})
        (image,) = manifest("kustomization")["images"]
        self.assertEqual(pod["containers"][0]["image"], image["name"])

    def test_a_pod_has_no_more_rights_than_it_needs(self):
        pod = manifest("deployment")["spec"]["template"]["spec"]
        (gateway,) = pod["containers"]
        # The `restricted` level of the Pod Security Standards, and a root that cannot be written.
        self.assertIs(pod["securityContext"]["runAsNonRoot"], True)
        self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
        self.assertIs(pod["automountServiceAccountToken"], False)
        self.assertEqual(gateway["securityContext"], {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}})

    def test_the_adapter_shows_what_the_autoscaler_wants(self):
        wanted = [metric["pods"]["metric"]["name"] for metric in manifest("horizontalpodautoscaler")["spec"]["metrics"]
                  if metric["type"] == "Pods"]
        (rule,) = manifest("prometheus-adapter")["rules"]["custom"]
        self.assertEqual(wanted, [rule["name"]["as"]])
        # cluster_test finds it at a running gateway.
        self.assertTrue(rule["seriesQuery"].startswith("soundgate_queue_depth{"))

    def test_the_database_has_room_for_all_gateways(self):
        config = yaml.safe_load(manifest("configmap")["data"]["soundgate.yaml"])
        most = manifest("horizontalpodautoscaler")["spec"]["maxReplicas"]
        surge = manifest("deployment")["spec"]["strategy"]["rollingUpdate"]["maxSurge"]
        # PostgreSQL lets 100 in unless it is told otherwise, and keeps 3 of them.
        self.assertLessEqual((most + surge) * (config["storage"]["postgres"]["connections"] + 1), 97)

    def test_a_changed_configmap_is_taken_up_at_work(self):
        # As kubelet does it: the file is a link into a folder that is a link, and that one is changed.
        def write(level):
            folder = self.folder / f"..{level}"
            folder.mkdir()
            (folder / "soundgate.yaml").write_text(f"log: {{ level: {level}, format: json }}\n")
            (self.folder / "..data_tmp").symlink_to(folder.name)
            os.rename(self.folder / "..data_tmp", self.folder / "..data")

        write("info")
        (self.folder / "soundgate.yaml").symlink_to("..data/soundgate.yaml")
        gateway = Server(self.folder, "gateway", PROGRAM, "serve", "--config", self.folder / "soundgate.yaml",
                         "--listen", "127.0.0.1:0")
        self.addCleanup(gateway.end)
        eventually("the start", lambda: "listening on" in gateway.said())
        before = len(gateway.said())
        write("debug")
        eventually("the change", lambda: "log.level" in gateway.said()[before:])


if __name__ == "__main__":
    unittest.main()
