import { h, announce, confirmed, copyButton, pairs, pill } from "./dom.js";
import { ask, call, Problem, session } from "./session.js";
import { follow } from "./events.js";
import { standing, Takes } from "./sound.js";
import { curl, hasEnded, moment, number, price, requestOf, span, titleOf } from "./words.js";

/** One task: its sound, what was asked for, and everything that was done about it. */
export class Detail {
  /** @param {string} id @param {{again: (request: any) => void}} options */
  constructor(id, { again }) {
    this.id = id;
    this.again = again;
    this.title = "Task";
    this.stopping = new AbortController();
    this.takes = new Takes();
    /** @type {any[]} */
    this.webhooks = [];
    this.heading = h("h1", { tabindex: "-1", class: "break" }, "Task");
    this.state = h("div", { class: "row" });
    this.error = h("p", { class: "trouble", hidden: true });
    this.cancel = h("button", { type: "button", onclick: () => this.act(() => this.withdraw()) }, "Cancel");
    this.retry = h("button", { type: "button", onclick: () => this.act(() => this.repeat()) }, "Retry as a new task");
    this.remove = h("button", { type: "button", class: "danger", onclick: () => this.act(() => this.erase()) }, "Delete");
    this.facts = h("div");
    this.line = h("ol", { class: "timeline" });
    this.body = h("div", { class: "detail", hidden: true },
      h("div", { class: "stack" },
        h("section", { class: "panel stack", "aria-label": "Sound" }, this.state, this.error, this.takes.element,
          h("div", { class: "row" }, this.cancel, this.retry,
            h("button", { type: "button", onclick: () => again(requestOf(this.task)) }, "Change in the playground"),
            copyButton("Copy as curl", () => curl(requestOf(this.task), session.key !== "")), this.remove)),
        h("section", { class: "panel stack", "aria-labelledby": "asked" }, h("h2", { id: "asked" }, "Asked for, and how it was met"), this.facts)),
      h("section", { class: "panel stack", "aria-labelledby": "line-title" }, h("h2", { id: "line-title" }, "Timeline"), this.line));
    this.element = h("div", {}, h("div", { class: "page-head" }, h("div", {},
      h("a", { class: "back", href: "#/tasks" }, "← All tasks"), this.heading, h("p", { class: "mono break" }, id))), this.body);
  }

  async open() {
    try {
      this.show(await ask(`/v1/sounds/${encodeURIComponent(this.id)}`));
      await this.askWebhooks();
      if (hasEnded(this.task)) return this.watchWebhooks();
      for await (const task of follow(this.id, this.stopping.signal)) this.show(task);
      await this.askWebhooks();
      await this.watchWebhooks();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 401) return;
      this.body.replaceWith(h("p", { class: "notice" }, error.status === 404 ? "There is no such task here, or it is no longer kept."
        : error.message));
    }
  }

  async askWebhooks() {
    if (!this.task.request.webhook_url) return;
    this.webhooks = (await ask(`/v1/webhooks?limit=100&task=${encodeURIComponent(this.id)}`)).data;
    this.showLine();
  }

  /** Messages go on after the task's end. */
  async watchWebhooks() {
    while (this.webhooks.some(message => message.state === "pending") && !this.stopping.signal.aborted) {
      await new Promise(done => setTimeout(done, 2500));
      if (!this.stopping.signal.aborted) await this.askWebhooks();
    }
  }

  /** Does something, and tells what the gateway says against it. @param {() => Promise<void>} deed */
  async act(deed) {
    try {
      await deed();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.error.hidden = false;
      this.error.textContent = error.message;
      announce(error.message);
    }
  }

  async withdraw() { this.show(await ask(`/v1/sounds/${this.id}/cancel`, { method: "POST" })); }

  /** The same once more, under a key of its own. */
  async repeat() {
    const task = await ask("/v1/sounds", { method: "POST", json: requestOf(this.task),
      headers: { "Idempotency-Key": `again-${this.id}-${Date.now()}` } });
    announce("A new task was made.");
    location.hash = `#/tasks/${task.id}`;
  }

  async erase() {
    if (!await confirmed("Delete this task?", "The task and its audio are gone for good.", "Delete it")) return;
    await call(`/v1/sounds/${this.id}`, { method: "DELETE" });
    announce("Deleted.");
    location.hash = "#/tasks";
  }

  /** @param {any} task */
  show(task) {
    const before = this.task;
    this.task = task;
    this.title = titleOf(task);
    this.body.hidden = false;
    this.heading.textContent = titleOf(task);
    const ended = hasEnded(task);
    if (before && before.status !== task.status) announce(`${task.status}`);
    this.state.replaceChildren(pill(task.status), h("span", { class: "small soft grow" }, [standing(task),
      task.provider ? `${task.provider}/${task.operation}` : null, price(task.cost) ? `${price(task.cost)} (${task.cost.kind})` : null,
      ended && task.ended_at ? `in ${span((Date.parse(task.ended_at) - Date.parse(task.created_at)) / 1000)}` : null]
      .filter(Boolean).join(" · ")));
    this.error.hidden = !task.error;
    this.error.textContent = task.error ? `${task.error.message} (${task.error.code}, ${task.error.origin}${
      task.error.retryable ? ", may succeed later" : ""})` : "";
    this.cancel.hidden = ended;
    this.retry.hidden = this.remove.hidden = !ended;
    this.takes.show(task);
    this.showFacts(task);
    this.showLine();
  }

  /** @param {any} task */
  showFacts(task) {
    const asked = Object.entries(task.request).map(([name, value]) => {
      const grade = task.fulfilment[name], text = Array.isArray(value) ? value.join(", ")
        : typeof value === "string" ? value : JSON.stringify(value);
      return /** @type {[string, any]} */ ([name.replaceAll("_", " "),
        grade ? h("span", {}, `${text} `, h("span", { class: "chip" }, grade)) : text]);
    });
    this.facts.replaceChildren(pairs([["kind", task.type], ...asked, ["model", task.model], ["client", task.client],
      ...Object.entries(task.metadata).map(([key, value]) => /** @type {[string, any]} */ ([key, value]))]));
  }

  /** Everything in the order in which it happened. */
  showLine() {
    const { task } = this;
    /** @type {{at: string | null, kind: string, title: string, words: (string | null | undefined)[], bad?: string | null, more?: any}[]} */
    const entries = [{ at: task.created_at, kind: "good", title: "Taken", words: ["durable in the ledger"] }];
    for (const attempt of task.attempts) {
      const failure = attempt.error;
      entries.push({ at: attempt.started_at, kind: failure ? "bad" : attempt.state === "succeeded" ? "good" : "live",
        title: `Attempt ${attempt.number} at ${attempt.provider}/${attempt.operation}`, words: [attempt.state,
          attempt.credential ? `key ${attempt.credential}` : null, attempt.provider_task_id ? `job ${attempt.provider_task_id}` : null,
          attempt.ended_at ? `took ${span((Date.parse(attempt.ended_at) - Date.parse(attempt.started_at)) / 1000)}` : null],
        bad: failure ? `${failure.message} (${failure.code}${failure.provider_code ? `, vendor code ${failure.provider_code}` : ""})` : null });
    }
    for (const message of [...this.webhooks].reverse()) {
      const again = message.state === "delivered" || !message.tries ? null : h("button", { type: "button", onclick: () => this.act(async () => {
        await call(`/v1/webhooks/${encodeURIComponent(message.id)}/resend`, { method: "POST" });
        await this.askWebhooks();
        await this.watchWebhooks();
      }) }, "Send again");
      entries.push({ at: message.created_at, kind: { delivered: "good", dead: "bad" }[message.state] ?? "live",
        title: `Webhook ${message.type}`, words: [message.state, `to ${message.url}`,
          message.tries ? `${message.tries} ${message.tries === 1 ? "try" : "tries"}` : null,
          message.last_status && !message.last_error ? `answered ${message.last_status}` : null],
        bad: message.last_error, more: again });
    }
    if (task.ended_at) {
      const outputs = task.outputs.filter(output => output.status === "ready");
      entries.push({ at: task.ended_at, kind: { succeeded: "good", failed: "bad" }[task.status] ?? "", title: `Ended: ${task.status}`,
        words: [outputs.length ? `${outputs.length} ${outputs.length === 1 ? "take" : "takes"}, ${
          number(outputs.reduce((sum, output) => sum + (output.duration ?? 0), 0), 1)} s of audio` : null] });
    }
    entries.sort((one, other) => Date.parse(one.at ?? "") - Date.parse(other.at ?? ""));
    this.line.replaceChildren(...entries.map(entry => h("li", { class: entry.kind },
      h("h3", {}, h("span", { class: "break" }, entry.title), entry.at ? h("time", { datetime: entry.at, title: entry.at }, moment(entry.at)) : null),
      h("p", {}, entry.words.filter(Boolean).join(" · ")), entry.bad ? h("p", { class: "bad" }, entry.bad) : null, entry.more)));
  }

  close() { this.stopping.abort(); this.takes.close(); }
}
