"""A sound from end to end with the generated client: asked for, waited for, fetched; and what is refused."""

import hashlib
import io
import os
import time
import unittest
import wave

from soundgate_client import AuthenticatedClient
from soundgate_client.api.gateway import get_health, get_readiness
from soundgate_client.api.routing import create_plan, list_providers
from soundgate_client.api.sounds import cancel_sound, create_sound, delete_sound, get_audio, get_sound, list_sounds
from soundgate_client.models import Format, Problem, ProblemCode, SoundRequest, Task, TaskStatus


def client(key: str = os.environ["SOUNDGATE_KEY"]) -> AuthenticatedClient:
    return AuthenticatedClient(base_url=os.environ["SOUNDGATE_GATEWAY"], token=key, timeout=60)


class Sounds(unittest.TestCase):
    def setUp(self) -> None:
        self.gateway = client()
        self.enterContext(self.gateway)

    def ended(self, task: object) -> Task:
        """The task when it has ended, asked for as one without `Prefer: wait` does."""
        late = time.monotonic() + 60
        while True:
            self.assertIsInstance(task, Task)
            if task.status not in (TaskStatus.QUEUED, TaskStatus.RUNNING):
                return task
            self.assertLess(time.monotonic(), late, "the task does not end")
            time.sleep(0.1)
            task = get_sound.sync(task.id, client=self.gateway)

    def test_a_sound_is_asked_for_waited_for_and_fetched(self) -> None:
        wish = SoundRequest(prompt="soft rain with distant thunder", duration=3, format_=Format.WAV)
        task = self.ended(create_sound.sync(client=self.gateway, body=wish))
        self.assertEqual(task.status, TaskStatus.SUCCEEDED, task.error)
        output = task.outputs[0]
        file = get_audio.sync(task.id, output.index, client=self.gateway)
        data = file.payload.read()
        self.assertEqual(hashlib.sha256(data).hexdigest(), output.sha256)
        with wave.open(io.BytesIO(data)) as audio:
            seconds = audio.getnframes() / audio.getframerate()
        self.assertAlmostEqual(seconds, output.duration, places=2)
        self.assertIn(task.id, [one.id for one in list_sounds.sync(client=self.gateway).data])
        self.assertEqual(delete_sound.sync_detailed(task.id, client=self.gateway).status_code, 204)
        self.assertEqual(get_sound.sync(task.id, client=self.gateway).code, ProblemCode.NOT_FOUND)

    def test_every_provider_makes_one_while_the_answer_waits(self) -> None:
        names = [one.name for one in list_providers.sync(client=self.gateway).data if one.enabled]
        self.assertIn("builtin", names)
        self.assertGreater(len(names), 6)
        for name in names:
            with self.subTest(name):
                wish = SoundRequest(prompt="a door that creaks", provider=name)
                task = create_sound.sync(client=self.gateway, body=wish, prefer="wait=30")
                self.assertIsInstance(task, Task)
                self.assertEqual(task.status, TaskStatus.SUCCEEDED, task.error)
                self.assertEqual(task.provider, name)

    def test_the_same_idempotency_key_is_the_same_sound(self) -> None:
        wish = SoundRequest(prompt="a gong")
        first, second = (
            create_sound.sync(client=self.gateway, body=wish, idempotency_key="one gong") for _ in range(2)
        )
        self.assertEqual(first.id, second.id)
        self.assertIsInstance(cancel_sound.sync(first.id, client=self.gateway), Task)

    def test_a_plan_says_where_it_would_go(self) -> None:
        plan = create_plan.sync(client=self.gateway, body=SoundRequest(prompt="a gong", bpm=90, key="Am"))
        self.assertTrue(next(one for one in plan.candidates if one.provider == plan.chosen.provider).eligible)

    def test_refusals_are_problems_with_a_code(self) -> None:
        problem = create_sound.sync(client=self.gateway, body=SoundRequest(prompt="a gong", bpm=900))
        self.assertIsInstance(problem, Problem)
        self.assertEqual(problem.code, ProblemCode.INVALID_REQUEST)
        self.assertEqual([one.field for one in problem.errors], ["bpm"])
        with client(key="sgk_wrong") as stranger:
            self.assertEqual(list_sounds.sync(client=stranger).code, ProblemCode.UNAUTHORIZED)

    def test_it_is_alive_and_ready(self) -> None:
        self.assertEqual(get_health.sync(client=self.gateway).status, "ok")
        self.assertEqual(get_readiness.sync(client=self.gateway).status, "ready")


if __name__ == "__main__":
    unittest.main()
