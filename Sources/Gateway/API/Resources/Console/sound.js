import { h, pill, copyButton, announce } from "./dom.js";
import { ask, call, session } from "./session.js";
import { follow } from "./events.js";
import { Player } from "./player.js";
import { clock, curl, hasEnded, number, price, requestOf, size, span, titleOf } from "./words.js";

/** Fetches an output's audio, with the key that an element could not send. @param {string} id @param {number} index */
async function bytesOf(id, index) {
  // The page's policy lets nothing be loaded from elsewhere, so an address of an object store would be of no use.
  const answer = await call(`/v1/sounds/${id}/audio/${index}`, { headers: { Prefer: "proxied" } });
  const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1];
  return { blob: await answer.blob(), name: name ?? `${id}-${index}` };
}

/** The outputs of a task, each with its player once it is there. A player that plays is never replaced. */
export class Takes {
  constructor() {
    this.element = h("div", { class: "stack" });
    /** @type {Map<number, Player>} */
    this.players = new Map();
    /** @type {Map<number, HTMLElement>} */
    this.failures = new Map();
  }

  /** @param {any} task @returns {Player[]} those that are new */
  show(task) {
    const fresh = [];
    for (const output of task.outputs) {
      if (output.status === "ready" && !this.players.has(output.index)) {
        const several = task.outputs.length > 1 ? `Take ${output.index + 1}: ` : "";
        const player = new Player({
          bytes: () => bytesOf(task.id, output.index),
          label: `${several}${output.title ?? titleOf(task)}`,
          loop: Boolean(task.request.loop), duration: output.duration ?? 0,
          lines: output.timed_lyrics, lyrics: output.lyrics,
        });
        const facts = [output.content_type?.replace("audio/", ""), output.bytes ? size(output.bytes) : null,
          output.duration ? `${number(output.duration, 1)} s` : null].filter(Boolean).join(" · ");
        player.element.querySelector(".under .grow").append(h("span", { class: "soft" }, ` ${facts}`));
        this.players.set(output.index, player);
        this.element.append(player.element);
        fresh.push(player);
      }
      if (output.status === "failed" && !this.failures.has(output.index)) {
        const words = h("p", { class: "trouble" }, `Take ${output.index + 1}: ${output.error?.message ?? "failed"}`);
        this.failures.set(output.index, words);
        this.element.append(words);
      }
    }
    return fresh;
  }

  close() { for (const player of this.players.values()) player.close(); }
}

/** How far a task is, in words. @param {any} task */
export function standing(task) {
  if (task.status === "queued") return [task.queue_position ? `place ${task.queue_position} in line` : "in line",
    task.eta ? `about ${span(task.eta)}` : null].filter(Boolean).join(", ");
  if (task.status === "running") return [task.progress > 0 ? `${Math.round(task.progress * 100)} %` : "under way",
    task.eta ? `about ${clock(task.eta)} left` : null].filter(Boolean).join(", ");
  return "";
}

/** A card that follows one task from its create to its sound. */
export class SoundCard {
  /** @param {any} task @param {{playsWhenReady?: boolean}} [options] */
  constructor(task, { playsWhenReady = false } = {}) {
    this.id = task.id;
    this.playsNext = playsWhenReady;
    this.stopping = new AbortController();
    this.takes = new Takes();
    this.badge = h("span");
    this.state = h("span", { class: "small soft number" });
    this.bar = h("i");
    this.progress = h("div", { class: "progress open", role: "progressbar", "aria-label": "Progress", "aria-valuemin": "0",
      "aria-valuemax": "100" }, this.bar);
    this.facts = h("p", { class: "facts" });
    this.error = h("p", { class: "trouble", hidden: true });
    this.cancel = h("button", { type: "button", onclick: () => this.withdraw() }, "Cancel");
    this.element = h("article", { class: "panel sound", "data-task": task.id, "aria-label": titleOf(task) },
      h("div", { class: "row" }, h("h3", { class: "grow" }, titleOf(task)), this.state, this.badge),
      this.progress, this.error, this.takes.element, this.facts,
      h("div", { class: "row" }, this.cancel, h("a", { href: `#/tasks/${task.id}`, class: "small" }, "How it was made"),
        h("span", { class: "grow" }), copyButton("Copy as curl", () => curl(requestOf(this.task), session.key !== ""))));
    this.show(task);
    if (!hasEnded(task)) this.watch();
  }

  async watch() {
    try {
      for await (const task of follow(this.id, this.stopping.signal)) this.show(task);
    } catch (error) {
      this.error.hidden = false;
      this.error.textContent = error instanceof Error ? error.message : "";
      this.progress.hidden = this.cancel.hidden = true;
    }
  }

  async withdraw() {
    this.cancel.disabled = true;
    try {
      this.show(await ask(`/v1/sounds/${this.id}/cancel`, { method: "POST" }));
    } catch (error) {
      announce(error instanceof Error ? error.message : "");
      this.cancel.disabled = false;
    }
  }

  /** @param {any} task */
  show(task) {
    const before = this.task?.status;
    this.task = task;
    const ended = hasEnded(task);
    if (before !== task.status) {
      const badge = pill(task.status);
      this.badge.replaceWith(badge);
      this.badge = badge;
      this.element.dataset.status = task.status;
      if (before) announce(`${titleOf(task)}: ${task.status}`);
      if (ended && document.activeElement === this.cancel) this.element.querySelector("a")?.focus();
    }
    this.state.textContent = standing(task);
    this.progress.hidden = this.cancel.hidden = ended;
    this.progress.classList.toggle("open", !(task.progress > 0));
    if (task.progress > 0) {
      this.bar.style.width = `${task.progress * 100}%`;
      this.progress.setAttribute("aria-valuenow", String(Math.round(task.progress * 100)));
    }
    this.error.hidden = !task.error;
    this.error.textContent = task.error ? `${task.error.message} (${task.error.code})` : "";
    const met = Object.entries(task.fulfilment).map(([field, grade]) => `${field.replaceAll("_", " ")} ${grade}`).join(", ");
    this.facts.textContent = [task.provider ? `by ${task.provider}/${task.operation}` : null, task.model, met || null,
      price(task.cost)].filter(Boolean).join(" · ");
    const [first] = this.takes.show(task);
    if (first && this.playsNext) {
      this.playsNext = false;
      first.loaded.then(() => { if (first.blob && first.element.isConnected) first.start(); });
    }
  }

  close() { this.stopping.abort(); this.takes.close(); this.element.remove(); }
}
