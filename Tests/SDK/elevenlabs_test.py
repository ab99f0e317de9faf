"""What ElevenLabs' own client makes of the double."""

import asyncio
import io
import unittest
import wave

from doubles import BASE, DoubleTest
from elevenlabs import MusicPrompt, SongSection, UnprocessableEntityError
from elevenlabs.client import AsyncElevenLabs, ElevenLabs
from elevenlabs.core.api_error import ApiError

URL = f"{BASE}/elevenlabs"


class ElevenLabsTest(DoubleTest):
    vendor = "elevenlabs"

    def setUp(self):
        super().setUp()
        self.client = ElevenLabs(api_key="k-1", base_url=URL)

    def sound(self, **more):
        return b"".join(self.client.text_to_sound_effects.convert(**{"text": "dog bark", **more}))

    # Sounds

    def test_a_sound_comes_in_the_usual_format(self):
        sound = self.sound(duration_seconds=1.5, prompt_influence=0.5, loop=True)
        self.assertTrue(sound.startswith(b"ID3") or sound[0] == 0xFF)
        # A second and a half of 128 kbit/s.
        self.assertAlmostEqual(len(sound), 24000, delta=2000)
        call = self.calls()[0]
        self.assertEqual(call["auth"], "xi-api-key")
        self.assertEqual(call["body"]["duration_seconds"], 1.5)

    def test_each_format_is_what_it_is_called(self):
        for rate in (8000, 22050, 44100):
            with wave.open(io.BytesIO(self.sound(duration_seconds=1, output_format=f"wav_{rate}"))) as file:
                self.assertEqual((file.getframerate(), file.getnframes(), file.getsampwidth()), (rate, rate, 2))
        self.assertEqual(len(self.sound(duration_seconds=1, output_format="pcm_16000")), 32000)
        self.assertEqual(len(self.sound(duration_seconds=1, output_format="ulaw_8000")), 8000)
        self.assertEqual(len(self.sound(duration_seconds=1, output_format="alaw_8000")), 8000)
        opus = self.sound(duration_seconds=1, output_format="opus_48000_64")
        self.assertTrue(opus.startswith(b"OggS") and b"OpusHead" in opus[:64])

    def test_the_head_tells_cost_and_id(self):
        with self.client.text_to_sound_effects.with_raw_response.convert(text="dog bark", duration_seconds=2) as answer:
            self.assertGreater(len(b"".join(answer.data)), 10000)
            self.assertEqual(answer.headers["character-cost"], "50")
            self.assertTrue(answer.headers["request-id"])
            self.assertEqual(answer.headers["content-type"], "audio/mpeg")

    def test_the_asynchronous_client_goes_the_same_way(self):
        async def way():
            client = AsyncElevenLabs(api_key="k-1", base_url=URL)
            return b"".join(
                [part async for part in client.text_to_sound_effects.convert(text="dog bark", duration_seconds=1)]
            )

        self.assertGreater(len(asyncio.run(way())), 10000)

    # Music

    def test_music_comes_from_a_prompt(self):
        for model, rate in (("music_v1", 128), ("music_v2", 192)):
            music = b"".join(
                self.client.music.compose(
                    prompt="calm piano", music_length_ms=3000, model_id=model, force_instrumental=True
                )
            )
            self.assertAlmostEqual(len(music), 3 * rate * 125, delta=3000)

    def test_music_comes_from_a_plan_and_as_a_stream(self):
        plan = MusicPrompt(
            positive_global_styles=["piano"],
            negative_global_styles=[],
            sections=[
                SongSection(
                    section_name="all",
                    positive_local_styles=["calm"],
                    negative_local_styles=[],
                    duration_ms=4000,
                    lines=[],
                )
            ],
        )
        music = b"".join(self.client.music.compose(composition_plan=plan, output_format="pcm_8000"))
        self.assertEqual(len(music), 4 * 8000 * 2 * 2)
        stream = b"".join(self.client.music.stream(prompt="calm piano", music_length_ms=3000))
        self.assertGreater(len(stream), 40000)

    # Errors

    def refused(self, status, word, **more):
        with self.assertRaises(ApiError) as caught:
            self.sound(duration_seconds=1, **more)
        self.assertEqual(caught.exception.status_code, status)
        self.assertEqual(caught.exception.body["detail"]["status"], word)

    def test_a_bad_key_and_a_used_up_quota_are_told_apart(self):
        self.turn(key="another")
        self.refused(401, "invalid_api_key")
        self.turn(key="k-1", character_limit=10)
        self.refused(401, "quota_exceeded")

    def test_what_is_wrong_with_a_call_is_listed(self):
        with self.assertRaises(UnprocessableEntityError) as caught:
            self.sound(duration_seconds=31)
        self.assertEqual(caught.exception.body["detail"][0]["loc"], ["body", "duration_seconds"])
        with self.assertRaises(UnprocessableEntityError):
            self.sound(output_format="mp3_1_2")

    def test_too_many_calls_and_a_busy_vendor_are_told_apart(self):
        self.turn(maximum_concurrent_requests=0)
        self.refused(429, "too_many_concurrent_requests")
        self.turn(maximum_concurrent_requests=5)
        self.script("create", "refuse", word="system_busy", times="always")
        self.refused(429, "system_busy")

    def test_a_cut_sound_is_an_error(self):
        self.script("create", "half_body")
        with self.assertRaises(Exception) as caught:
            self.sound(duration_seconds=1)
        self.assertIn("RemoteProtocolError", type(caught.exception).__name__)

    # Account

    def test_the_subscription_has_what_the_client_needs(self):
        self.sound(duration_seconds=2)
        subscription = self.client.user.subscription.get()
        self.assertEqual(subscription.character_count, 50)
        self.assertEqual(subscription.character_limit, 10_000_000)
        self.assertEqual(subscription.tier, "pro")
        # Without the client's leniency, to see whether a member is missing.
        type(subscription).model_validate(subscription.model_dump())


if __name__ == "__main__":
    unittest.main()
