"""The gateway in front of a store that is not ours.

moto computes each signature anew, with Amazon's own library, while `Strict` runs: what it takes there, Amazon's rules take.
Of signed addresses it knows no such check (it fails on them then), so `Plain` looks at those.
"""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import boto3

STORE = os.environ["SOUNDGATE_STORE"]
PROGRAM = os.environ["SOUNDGATE_PROGRAM"]
POLICY = {
    "Version": "2012-10-17",
    # What docs/running.md says that an account needs.
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            "Resource": ["arn:aws:s3:::sounds", "arn:aws:s3:::sounds/*"],
        }
    ],
}


def check(count: str) -> None:
    """After so many calls moto wants signatures."""
    request = urllib.request.Request(f"{STORE}/moto-api/reset-auth", data=count.encode(), method="POST")
    request.add_header("Content-Type", "text/plain")
    urllib.request.urlopen(request).read()


def fetch(url: str, method: str = "GET", **fields: str):
    """Status, fields and bytes of an answer, whatever the status; redirects are followed."""
    request = urllib.request.Request(url, method=method, headers={k.replace("_", "-"): v for k, v in fields.items()})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


class Gateway:
    """The program at work in a folder, with its audio in the store."""

    def __init__(self, folder: pathlib.Path, account: dict, more: str = ""):
        self.config = folder / "soundgate.yaml"
        self.folder = folder
        self.config.write_text(
            f"""
server: {{ listen: "127.0.0.1:0" }}
assets:
  s3:
    endpoint: {STORE}
    region: us-east-1
    bucket: sounds
    prefix: audio/
    style: path
    access_key_id: "{account['AccessKeyId']}"
    secret_access_key: "{account['SecretAccessKey']}"
    multipart_above: 5MiB
    part_size: 5MiB
{more}"""
        )

    def run(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [PROGRAM, *words, "--config", self.config], cwd=self.folder, capture_output=True, text=True, timeout=60
        )

    def __enter__(self) -> "Gateway":
        self.log = open(self.folder / "log", "w")
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--config", self.config], cwd=self.folder, stderr=self.log, stdin=subprocess.DEVNULL
        )
        for _ in range(300):
            found = re.search(r"http://127\.0\.0\.1:\d+(?=\")", (self.folder / "log").read_text())
            if found:
                self.url = found[0]
                return self
            time.sleep(0.1)
        self.process.kill()
        raise AssertionError((self.folder / "log").read_text())

    def __exit__(self, *_) -> None:
        self.process.terminate()
        self.process.wait(60)
        self.log.close()

    def sound(self, seconds: int) -> dict:
        body = {"prompt": "rain", "duration": seconds, "provider": "builtin"}
        request = urllib.request.Request(
            f"{self.url}/v1/sounds",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Prefer": "wait=60"},
        )
        with urllib.request.urlopen(request, timeout=90) as answer:
            task = json.load(answer)
        assert task["status"] == "succeeded", task
        return task

    def counts(self) -> dict[tuple[str, str], float]:
        text = fetch(f"{self.url}/metrics")[2].decode()
        rows = re.findall(r'object_store_calls_total\{operation="(\w+)",outcome="(\w+)"\} (\d+)', text)
        return {(operation, outcome): int(number) for operation, outcome, number in rows}


class Store(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.s3 = boto3.client("s3", endpoint_url=STORE)
        iam = boto3.client("iam", endpoint_url=STORE)
        cls.s3.create_bucket(Bucket="sounds")
        iam.create_user(UserName=cls.__name__)
        iam.put_user_policy(UserName=cls.__name__, PolicyName="gateway", PolicyDocument=json.dumps(POLICY))
        cls.account = iam.create_access_key(UserName=cls.__name__)["AccessKey"]

    @classmethod
    def tearDownClass(cls) -> None:
        check("inf")
        urllib.request.urlopen(urllib.request.Request(f"{STORE}/moto-api/reset", method="POST")).read()

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def key(self, task: dict) -> str:
        sha256 = task["outputs"][0]["sha256"]
        return f"audio/{sha256[:2]}/{sha256}.wav"


class Strict(Store):
    def setUp(self) -> None:
        super().setUp()
        check("0")
        self.addCleanup(check, "inf")

    def test_sounds_are_kept_whole_and_in_parts(self) -> None:
        with Gateway(self.folder, self.account) as gateway:
            for seconds in (2, 60):
                task = gateway.sound(seconds)
                status, fields, audio = fetch(task["outputs"][0]["url"])
                self.assertEqual(status, 200)
                self.assertEqual(hashlib.sha256(audio).hexdigest(), task["outputs"][0]["sha256"])
                status, fields, part = fetch(task["outputs"][0]["url"], Range="bytes=1000-1999")
                self.assertEqual((status, part), (206, audio[1000:2000]))
                self.assertEqual(fields["Content-Range"], f"bytes 1000-1999/{len(audio)}")
                self.assertEqual(fetch(task["outputs"][0]["url"], "HEAD")[0], 200)
            counts = gateway.counts()
        self.assertEqual(counts[("put", "ok")], 1)
        self.assertEqual(counts[("part", "ok")], 3)
        self.assertEqual(counts[("complete", "ok")], 1)
        self.assertEqual([key for key in counts if key[1] != "ok"], [])
        check("inf")
        head = self.s3.head_object(Bucket="sounds", Key=self.key(task))
        self.assertEqual(head["ContentType"], "audio/wav")
        self.assertEqual(head["Metadata"]["sha256"], task["outputs"][0]["sha256"])
        self.assertEqual(self.s3.list_multipart_uploads(Bucket="sounds").get("Uploads", []), [])
        doctor = Gateway(self.folder, self.account).run("doctor", "--deep")
        self.assertEqual(doctor.returncode, 0, doctor.stdout + doctor.stderr)

    def test_a_wrong_secret_is_refused(self) -> None:
        wrong = {**self.account, "SecretAccessKey": "x" + self.account["SecretAccessKey"]}
        copy = Gateway(self.folder, wrong).run("storage", "copy-assets", "--from", str(self.folder))
        self.assertEqual(copy.returncode, 69)
        self.assertIn("SignatureDoesNotMatch", copy.stderr)

    def test_a_folder_is_copied(self) -> None:
        names = set()
        for number in range(300):
            content = bytes([number & 255]) * (500 + number)
            name = hashlib.sha256(content).hexdigest()
            (self.folder / "audio" / name[:2]).mkdir(parents=True, exist_ok=True)
            (self.folder / "audio" / name[:2] / f"{name}.mp3").write_bytes(content)
            names.add(f"audio/{name[:2]}/{name}.mp3")
        gateway = Gateway(self.folder, self.account)
        words = ("storage", "copy-assets", "--from", str(self.folder / "audio"), "--json")
        first = json.loads(gateway.run(*words, "--deep").stdout)
        self.assertEqual((first["files"], first["copied"], first["verified"]), (300, 300, 300))
        check("inf")
        for name in sorted(names)[:20]:
            self.s3.delete_object(Bucket="sounds", Key=name)
        check("0")
        second = json.loads(gateway.run(*words).stdout)
        self.assertEqual((second["copied"], second["there"], second["whole"]), (20, 280, True))
        check("inf")
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket="sounds", Prefix="audio/")
        there = {item["Key"] for page in pages for item in page.get("Contents", [])}
        self.assertLessEqual(names, there)


class Plain(Store):
    def test_whoever_asks_is_sent_to_the_store(self) -> None:
        with Gateway(self.folder, self.account, "    deliver: redirect\n") as gateway:
            task = gateway.sound(2)
            url = task["outputs"][0]["url"]
            status, fields, audio = fetch(url)
            self.assertEqual(status, 200)
            self.assertTrue(fields["Server"].startswith("Werkzeug"), "it is the store that answers")
            self.assertEqual(fields["Content-Type"], "audio/wav")
            self.assertIn('filename="', fields["Content-Disposition"])
            self.assertEqual(hashlib.sha256(audio).hexdigest(), task["outputs"][0]["sha256"])
            self.assertEqual(fetch(url, Range="bytes=0-3")[2], b"RIFF")
            self.assertEqual(fetch(url, Prefer="proxied")[2], audio)

    def test_a_sound_goes_with_its_task(self) -> None:
        with Gateway(self.folder, self.account) as gateway:
            task = gateway.sound(2)
            self.s3.head_object(Bucket="sounds", Key=self.key(task))
            self.assertEqual(fetch(f"{gateway.url}/v1/sounds/{task['id']}", "DELETE")[0], 204)
            for _ in range(100):
                found = self.s3.list_objects_v2(Bucket="sounds", Prefix=self.key(task))
                if found["KeyCount"] == 0:
                    return
                time.sleep(0.1)
        self.fail("it is still there")


if __name__ == "__main__":
    unittest.main()
