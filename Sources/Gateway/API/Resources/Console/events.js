import { call, ask, Problem } from "./session.js";
import { pause } from "./dom.js";
import { hasEnded } from "./words.js";

/**
 * Reads server-sent events from a body. `EventSource` could not send the key.
 * @param {ReadableStream<Uint8Array>} body
 */
export async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const event = { type: "message", id: "", data: "" };
        for (const line of text.slice(0, end).split("\n")) {
          if (line.startsWith("event: ")) event.type = line.slice(7);
          else if (line.startsWith("id: ")) event.id = line.slice(4);
          else if (line.startsWith("data: ")) event.data += line.slice(6);
        }
        text = text.slice(end + 2);
        // A comment is only there to be seen on the wire.
        if (event.data) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/**
 * A task each time that something happens to it, until it has ended. A stream that breaks is taken up where it broke.
 * @param {string} id @param {AbortSignal} signal
 */
export async function* follow(id, signal) {
  let last = "", delay = 400;
  while (!signal.aborted) {
    try {
      const answer = await call(`/v1/sounds/${id}/events`, { signal, headers: last ? { "Last-Event-ID": last } : {} });
      for await (const event of readEvents(answer.body)) {
        if (event.id) last = event.id;
        delay = 400;
        const task = JSON.parse(event.data).data;
        yield task;
        if (hasEnded(task)) return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && [401, 403, 404].includes(error.status)) throw error;
    }
    await pause(delay, signal);
    if (signal.aborted) return;
    delay = Math.min(delay * 2, 10_000);
    // A stream may end early, or be one too many: the task itself always tells.
    try {
      const task = await ask(`/v1/sounds/${id}`, { signal });
      yield task;
      if (hasEnded(task)) return;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && [401, 403, 404].includes(error.status)) throw error;
    }
  }
}
