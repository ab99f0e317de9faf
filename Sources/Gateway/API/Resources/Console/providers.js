import { h, figure, pause, pill, table } from "./dom.js";
import { ask, Problem } from "./session.js";
import { number, price, span } from "./words.js";

/** How a provider is, in one word: the worst of its breakers and keys. @param {any} provider */
export function healthOf(provider) {
  if (!provider.enabled) return "disabled";
  const breakers = provider.operations.map(operation => operation.breaker);
  const keys = provider.credentials.filter(key => key.state !== "removed");
  if (breakers.length && breakers.every(state => state === "open")) return "failing";
  if (keys.length && keys.every(key => key.state !== "usable")) return "no usable key";
  if (breakers.some(state => state !== "closed") || keys.some(key => key.state !== "usable")) return "strained";
  return "healthy";
}

const colours = { healthy: "good", strained: "warn", failing: "bad", "no usable key": "bad", disabled: "" };

/** The makers of sound: how they are, what they hold, how fast they are. */
export class Providers {
  constructor() {
    this.title = "Providers";
    this.stopping = new AbortController();
    this.grid = h("div", { class: "providers" });
    this.unfolded = new Set();
    this.element = h("div", {}, h("div", { class: "page-head" }, h("div", {}, h("h1", { tabindex: "-1" }, "Providers"),
      h("p", {}, "Who can be asked, how they are, and what is left with each key."))), this.grid);
  }

  async open() {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        this.show((await ask("/v1/providers", { signal })).data);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof Problem)) throw error;
        this.grid.replaceChildren(h("p", { class: "notice" }, error.message));
      }
      await pause(5000, signal);
      while ((document.hidden || this.grid.contains(document.activeElement)) && !signal.aborted) await pause(1000, signal);
    }
  }

  /** @param {any[]} providers */
  show(providers) {
    for (const fold of this.grid.querySelectorAll("details")) {
      if (fold.open) this.unfolded.add(fold.dataset.of); else this.unfolded.delete(fold.dataset.of);
    }
    this.grid.replaceChildren(...providers.map(provider => this.card(provider)));
  }

  /** @param {any} provider */
  card(provider) {
    const health = healthOf(provider), recent = provider.recent;
    const rate = recent?.success_rate;
    const figures = [figure("Running", provider.running), figure("Waiting", provider.waiting),
      figure("In line for", provider.expected_wait > 0 ? span(provider.expected_wait) : "0 s")];
    if (recent) {
      figures.push(figure("Succeeded", rate === null || rate === undefined ? "–" : `${number(rate * 100, 1)} %`,
        recent.attempts ? `of ${recent.attempts}` : ""));
      for (const [name, words] of [["submit_seconds", "Answers in"], ["turnaround_seconds", "Done in"]]) {
        const spans = recent[name];
        if (spans) figures.push(figure(words, span(spans.p50), `p95 ${span(spans.p95)}`));
      }
    }
    return h("article", { class: "panel provider", "aria-label": provider.name, "data-provider": provider.name },
      h("div", { class: "row" }, h("div", { class: "grow" }, h("h2", { class: "break" }, provider.name),
        h("p", { class: "small soft break" }, provider.display_name === provider.name ? provider.kind
          : `${provider.display_name}${provider.kind === "vendor" ? "" : `, ${provider.kind}`}`)),
        h("span", { class: `pill ${colours[health]}` }, health)),
      h("dl", { class: "figures" }, figures),
      provider.credentials.length ? table(`Keys of ${provider.name}`,
        [{ name: "Key" }, { name: "State" }, { name: "Busy", number: true }, { name: "Left", number: true }],
        provider.credentials.map(key => [h("span", { class: "break" }, key.name),
          h("span", {}, pill(key.state), key.usable_in > 0 ? h("span", { class: "small soft" }, ` for ${span(key.usable_in)}`) : ""),
          key.max_concurrent ? `${key.running} of ${key.max_concurrent}` : String(key.running),
          price(key.balance) ?? "–"])) : null,
      table(`Operations of ${provider.name}`, [{ name: "Operation" }, { name: "Breaker" }, { name: "Makes" }],
        provider.operations.map(operation => [h("span", { class: "break" }, operation.name), pill(operation.breaker), operation.types.join(", ")])),
      this.abilities(provider));
  }

  /** @param {any} provider */
  abilities(provider) {
    const rows = provider.operations.flatMap(operation => Object.entries(operation.fields).map(([field, ways]) =>
      [provider.operations.length > 1 ? `${operation.name}: ${field}` : field, ways.map(way => [way.grade,
        way.by ? `by ${way.by.replaceAll("_", " ")}` : null, way.range ? (way.range.from === way.range.to ? way.range.from : `${way.range.from}–${way.range.to}`) : null,
        way.choices ? (way.choices.length > 6 ? `${way.choices.length} values` : way.choices.join(", ")) : null,
        way.characters ? `${way.characters} characters` : null].filter(Boolean).join(" ")).join("; ")]));
    const calls = provider.callbacks;
    return h("details", { "data-of": provider.name, open: this.unfolded.has(provider.name) }, h("summary", {}, "What it can do"),
      table(`Capabilities of ${provider.name}`, [{ name: "Field" }, { name: "Met" }], rows),
      h("p", { class: "small soft break aside" }, provider.base_url ? `At ${provider.base_url}. ` : "",
        calls ? `Callbacks: ${calls.used} used, ${calls.ignored} ignored, ${calls.forged} forged; ${calls.signed ? "signed" : "unsigned"}.` : ""));
  }

  close() { this.stopping.abort(); }
}
