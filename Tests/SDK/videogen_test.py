"""What VideoGen's own client makes of the double."""

import asyncio
import unittest

import standardwebhooks
import videogen
from doubles import BASE, DoubleTest, Receiver

URL = f"{BASE}/videogen"
ENDS = ["tool_execution.succeeded", "tool_execution.failed", "tool_execution.cancelled"]


class VideoGenTest(DoubleTest):
    vendor = "videogen"

    def setUp(self):
        super().setUp()
        self.client = videogen.VideoGen(api_key="k-1", base_url=URL)
        self.addCleanup(self.client.close)

    def sound(self, **more):
        return self.client.tools.generate_sound_effect(prompt="door slam", duration_seconds=1, **more)

    def wait(self, started, **more):
        return self.client.poll_executed_tool(started["tool_execution_id"], poll_interval_ms=50, **more)

    # Executions

    def test_a_sound_is_made_waited_for_and_downloaded(self):
        done = self.client.tools.generate_sound_effect_and_wait(
            prompt="door slam",
            duration_seconds=1.5,
            prompt_influence=0.4,
            num_results=2,
            is_output_temporary=True,
            poll_interval_ms=50,
        )
        self.assertEqual(done["status"], "succeeded")
        self.assertEqual(done["progress_percentage"], 100)
        self.assertEqual([result["type"] for result in done["results"]], ["AUDIO", "AUDIO"])
        takes = [self.client.download_file(result["file_id"]) for result in done["results"]]
        self.assertNotEqual(takes[0], takes[1])
        for take in takes:
            self.assertTrue(take.startswith(b"ID3") or take[0] == 0xFF)
            self.assertGreater(len(take), 4000)
        create = self.calls()[0]
        self.assertEqual(create["auth"], "Bearer")
        self.assertEqual(create["body"]["durationSeconds"], 1.5)

    def test_only_a_hydrated_file_has_links(self):
        done = self.wait(self.sound())
        file_id = done["results"][0]["file_id"]
        plain = self.client.files.get_file(file_id)
        self.assertNotIn("url", plain["download_source"])
        for file in (self.client.files.hydrate_file(file_id), self.client.get_hydrated_file(file_id)):
            self.assertTrue(file["download_source"]["url"].startswith(URL))
            self.assertEqual(file["duration_seconds"], 1)
        # The client asks first and hydrates then.
        self.assertEqual(self.calls()[-1]["path"].rsplit("/", 1)[1], "hydrate")

    def test_a_link_that_has_expired_is_replaced(self):
        self.turn(link_seconds=0)
        file_id = self.wait(self.sound())["results"][0]["file_id"]
        with self.assertRaisesRegex(RuntimeError, "403"):
            self.client.download_file(file_id)
        self.turn(link_seconds=3600)
        self.assertGreater(len(self.client.download_file(file_id)), 4000)

    def test_music_is_made(self):
        done = self.client.tools.generate_music_and_wait(prompt="calm piano", poll_interval_ms=50)
        self.assertEqual(done["tool_type"], "GENERATE_MUSIC")

    def test_executions_are_listed_by_pages(self):
        started = [self.sound()["tool_execution_id"] for _ in range(3)]
        page = self.client.tools.list_tool_executions(limit=2, self_only=True)
        self.assertTrue(page["has_more"])
        rest = self.client.tools.list_tool_executions(limit=2, cursor=page["next_cursor"])
        self.assertFalse(rest["has_more"])
        listed = page["tool_executions"] + rest["tool_executions"]
        self.assertEqual([entry["tool_execution_id"] for entry in listed], started[::-1])

    def test_an_execution_is_cancelled(self):
        self.turn(generation_seconds=1000)
        started = self.sound()
        answer = self.client.tools.cancel_tool_execution(started["tool_execution_id"])
        self.assertEqual(answer, started)
        done = self.wait(started, throw_on_failure=False)
        self.assertEqual(done["status"], "cancelled")

    def test_a_failure_is_raised(self):
        self.script("poll", "sensitive")
        with self.assertRaises(videogen.VideoGenError) as caught:
            self.wait(self.sound())
        self.assertEqual(caught.exception.body["error"]["code"], "content_policy_violation")

    def test_an_execution_that_awaits_approval_is_handed_back(self):
        self.turn(awaiting_approval=True)
        self.assertEqual(self.wait(self.sound())["status"], "awaiting_approval")

    def test_the_asynchronous_client_goes_the_same_way(self):
        async def way():
            async with videogen.AsyncVideoGen(api_key="k-1", base_url=URL) as client:
                done = await client.tools.generate_sound_effect_and_wait(
                    prompt="door slam", duration_seconds=1, poll_interval_ms=50
                )
                return await client.download_file(done["results"][0]["file_id"])

        self.assertGreater(len(asyncio.run(way())), 4000)

    # Errors

    def refused(self, status, code):
        with self.assertRaises(videogen.VideoGenError) as caught:
            self.sound()
        error = caught.exception
        self.assertEqual((error.status, error.body["code"]), (status, code))
        self.assertTrue(error.request_id)
        return error

    def test_a_bad_key_is_an_error_of_the_clients_own(self):
        self.turn(key="another")
        self.refused(401, "invalid_api_key")
        self.turn(key="k-1")
        self.assertIn("email", self.client.account.get_me())

    def test_so_are_missing_credits_and_a_limit(self):
        self.turn(credits=0)
        self.refused(402, "insufficient_credits")
        self.turn(credits=10, hourly_limit=1)
        self.sound()
        self.refused(429, "rate_limit_exceeded")

    def test_so_are_bad_members_and_ids(self):
        with self.assertRaises(videogen.VideoGenError) as caught:
            self.client.tools.generate_sound_effect(prompt="x", duration_seconds=31)
        self.assertEqual(caught.exception.body["code"], "invalid_parameters")
        with self.assertRaises(videogen.VideoGenError) as caught:
            self.client.tools.get_tool_execution_info("nonsense")
        self.assertEqual(caught.exception.body["code"], "invalid_id")

    # Webhooks

    def test_an_end_is_told_in_a_message_that_every_verifier_takes(self):
        with Receiver() as receiver:
            endpoint = self.client.webhooks.create_webhook_endpoint(url=receiver.url, events=ENDS)
            secret = endpoint["signing_secret"]
            started = self.sound()
            fields, body = receiver.next()
            told = standardwebhooks.Webhook(secret).verify(body, fields)
            self.assertEqual(told["event"], "tool_execution.succeeded")
            self.assertEqual(told["toolExecutionId"], started["tool_execution_id"])
            same = self.client.verify_webhook_signature(body, fields, secret)
            self.assertTrue(same["results"][0]["file"]["download_source"]["url"].startswith(URL))
            for bad in (body.replace(b"succeeded", b"cancelled"), b"{}"):
                with self.assertRaises(standardwebhooks.WebhookVerificationError):
                    standardwebhooks.Webhook(secret).verify(bad, fields)
                with self.assertRaises(videogen.VideoGenError):
                    self.client.verify_webhook_signature(bad, fields, secret)

            listed = self.client.webhooks.list_webhook_endpoints()["endpoints"]
            self.assertEqual([entry["endpoint_id"] for entry in listed], [endpoint["endpoint_id"]])
            self.assertNotIn("signing_secret", listed[0])
            self.assertIsNone(self.client.webhooks.delete_webhook_endpoint(endpoint["endpoint_id"]))
            self.assertEqual(self.client.webhooks.list_webhook_endpoints()["endpoints"], [])

    def test_what_was_refused_comes_again_and_verifies_again(self):
        with Receiver(500, 503) as receiver:
            self.turn(callback_retry_seconds=[1, 2])
            endpoint = self.client.webhooks.create_webhook_endpoint(url=receiver.url, events=ENDS)
            self.sound()
            verifier = standardwebhooks.Webhook(endpoint["signing_secret"])
            letters = [receiver.next() for _ in range(3)]
            for fields, body in letters:
                verifier.verify(body, fields)
            self.assertEqual(len({fields["webhook-id"] for fields, _ in letters}), 1)

    def test_an_address_without_encryption_is_refused(self):
        with self.assertRaises(videogen.VideoGenError) as caught:
            self.client.webhooks.create_webhook_endpoint(url="http://gateway.invalid/", events=ENDS)
        self.assertEqual(caught.exception.status, 400)


if __name__ == "__main__":
    unittest.main()
