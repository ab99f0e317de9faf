import { h, svg, announce, copyButton } from "./dom.js";
import { ask, Problem, session } from "./session.js";
import { Composer, readyRequest } from "./composer.js";
import { SoundCard } from "./sound.js";
import { curl, number, price, span } from "./words.js";

/** The page that makes sounds: a form, who would make it, and what was made. */
export class Playground {
  constructor() {
    this.title = "Playground";
    this.composer = new Composer({ changed: () => this.plan(), sent: () => this.send() });
    /** @type {SoundCard[]} */
    this.cards = [];
    this.sounds = h("section", { class: "stack", "aria-label": "Sounds made here" }, stillness());
    this.candidates = h("div", { class: "candidates" });
    this.refused = h("div", { class: "candidates" });
    this.refusedPart = h("details", { hidden: true }, h("summary"), this.refused);
    this.upstream = h("pre", { tabindex: "0", "aria-label": "What would be sent" });
    this.upstreamPart = h("details", { hidden: true }, h("summary", {}, "What would be sent"), this.upstream);
    this.element = h("div", {},
      h("h1", { class: "unseen", tabindex: "-1" }, "Playground"),
      h("div", { class: "playground" }, this.composer.element,
        h("div", { class: "stack" }, this.sounds,
          h("section", { class: "panel stack", id: "plan", "aria-labelledby": "plan-title" },
            h("div", { class: "row" }, h("h2", { class: "grow", id: "plan-title" }, "Who would make it"),
              copyButton("Copy as curl", () => curl(this.composer.request, session.key !== ""))),
            this.candidates, this.upstreamPart, this.refusedPart))));
    this.composer.fill(readyRequest);
  }

  async open() {
    try {
      this.composer.know((await ask("/v1/providers")).data);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.verdict(error.message);
    }
  }

  /** Takes a request of a task into the form. @param {any} request */
  fill(request) { this.composer.fill(request); }

  /** Asks who would make it, once the typing pauses. */
  plan() {
    clearTimeout(this.pausing);
    this.planning?.abort();
    this.planning = new AbortController();
    const { signal } = this.planning;
    this.pausing = setTimeout(async () => {
      const json = this.composer.request;
      try {
        const plan = await ask("/v1/plans", { method: "POST", json, signal });
        this.composer.clear();
        this.showPlan(plan);
      } catch (error) {
        if (signal.aborted || !(error instanceof Problem)) return;
        const isBlank = json.prompt === undefined;
        this.composer.refuse(error, { focuses: false, spares: isBlank ? ["prompt"] : [] });
        this.candidates.replaceChildren(h("p", { class: "soft" }, isBlank ? "Say what to hear first." : error.message));
        this.upstreamPart.hidden = this.refusedPart.hidden = true;
        this.verdict(isBlank ? "Say what to hear." : "");
      }
    }, this.hasPlanned ? 280 : 0);
    this.hasPlanned = true;
  }

  /** @param {...any} words */
  verdict(...words) { this.composer.verdict.replaceChildren(...words); }

  /** @param {any} plan */
  showPlan({ chosen, candidates }) {
    const able = candidates.filter(candidate => candidate.eligible), unable = candidates.filter(candidate => !candidate.eligible)
      .sort((one, other) => one.refusals.length - other.refusals.length);
    const first = chosen ? able[0] : null;
    if (first) {
      const cost = first.estimated_cost ? `, for ${price(first.estimated_cost)}` : "";
      const wait = first.expected_wait > 0 ? `, after ${span(first.expected_wait)} in line` : "";
      this.verdict(h("b", {}, first.provider), ` would make it${cost}${wait}.`,
        able.length > 1 ? ` ${able.length - 1} more could.` : "");
    } else {
      const hints = unable.some(candidate => candidate.refusals.every(refusal => /"accept": "hint"/.test(refusal.message)));
      this.verdict(h("b", {}, "Nobody here can meet all of this."), " ", hints ? h("button", { type: "button", onclick: () => {
        this.composer.choose(this.composer.parts.get("accept").control, "hint");
        this.composer.morePart.open = true;
        this.composer.adapt();
      } }, "Take words in the prompt as enough") : "");
    }
    this.candidates.replaceChildren(...able.length ? able.map((candidate, place) => this.candidate(candidate, place === 0))
      : [h("p", { class: "soft" }, "Nobody. The reasons of each stand below.")]);
    const call = first?.upstream_request;
    this.upstreamPart.hidden = !first;
    this.upstream.textContent = !call ? `Nothing leaves the gateway: ${first?.provider} works inside it.`
      : `${call.method} ${call.url}\n\n${typeof call.body === "string" ? call.body : JSON.stringify(call.body, null, 2)}`;
    this.refusedPart.hidden = unable.length === 0;
    // Opened by itself while nobody can, and closed again by itself.
    if (!first && !this.refusedPart.open) this.refusedPart.open = this.opened = true;
    else if (first && this.opened) this.refusedPart.open = this.opened = false;
    this.refusedPart.querySelector("summary").textContent =
      unable.length === 1 ? "1 other could not, and why" : `${unable.length} ${first ? "others " : ""}could not, and why`;
    this.refused.replaceChildren(...unable.map(candidate => h("div", { class: "candidate" },
      h("h3", {}, `${candidate.provider}/${candidate.operation}`),
      h("ul", { class: "reasons" }, candidate.refusals.map(refusal => h("li", {}, refusal.message))))));
  }

  /** @param {any} candidate @param {boolean} isFirst */
  candidate(candidate, isFirst) {
    const facts = [candidate.model, candidate.estimated_cost ? price(candidate.estimated_cost) : "price not told",
      candidate.expected_wait > 0 ? `wait ${span(candidate.expected_wait)}` : null].filter(Boolean).join(" · ");
    return h("div", { class: `candidate${isFirst ? " chosen" : ""}` },
      h("div", { class: "row" }, h("h3", { class: "grow break" }, `${candidate.provider}/${candidate.operation}`),
        h("span", { class: "small soft" }, facts),
        isFirst ? h("span", { class: "pill first" }, "first choice") : h("button", { type: "button",
          "aria-label": `Ask only ${candidate.provider}`, onclick: () => {
            this.composer.choose(this.composer.parts.get("provider").control, candidate.provider);
            this.composer.morePart.open = true;
            this.composer.adapt();
          } }, "Ask only this")),
      Object.keys(candidate.fulfilment).length ? h("div", { class: "chips" }, Object.entries(candidate.fulfilment).map(([field, grade]) =>
        h("span", { class: "chip" }, h("b", {}, field.replaceAll("_", " ")), ` ${grade}`))) : null,
      isFirst ? null : h("p", { class: "reasons" }, candidate.reason));
  }

  async send() {
    const { composer } = this;
    composer.clear();
    if (composer.button.disabled) return;
    composer.button.disabled = true;
    const json = composer.request;
    try {
      this.add(await this.create(json), composer.plays.checked);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status !== 401) composer.refuse(error, { focuses: true });
    } finally {
      composer.button.disabled = false;
    }
  }

  /** Creates under a key of its own, so that an answer that was lost is asked for again and nothing is made twice. @param {any} json */
  async create(json) {
    const headers = { "Idempotency-Key": crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint32Array(4))].join("-") };
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ask("/v1/sounds", { method: "POST", json, headers });
      } catch (error) {
        if (!(error instanceof Problem) || ![0, 409].includes(error.status) || attempt === 3) throw error;
        await new Promise(done => setTimeout(done, 700 * attempt));
      }
    }
  }

  /** @param {any} task @param {boolean} plays */
  add(task, plays) {
    const card = new SoundCard(task, { playsWhenReady: plays });
    if (!this.cards.length) this.sounds.replaceChildren();
    this.cards.unshift(card);
    this.sounds.prepend(card.element);
    // A page that is open for days keeps no more than these.
    while (this.cards.length > 12) this.cards.pop()?.close();
    announce("The gateway has taken it.");
    if (matchMedia("(max-width: 60rem)").matches) card.element.scrollIntoView({ block: "start", behavior: "smooth" });
  }

  close() {
    clearTimeout(this.pausing);
    this.planning?.abort();
    for (const card of this.cards) card.close();
  }
}

/** What stands there before the first sound. */
function stillness() {
  const bars = Array.from({ length: 44 }, (_, bar) => {
    const arch = Math.abs(bar - 21.5) / 21.5;
    const tall = 6 + 60 * arch ** 1.6 * (0.65 + 0.35 * Math.abs(Math.sin(bar * 1.9)));
    return svg("rect", { x: number(bar * 7), y: "0", width: "3", height: number(tall), rx: "1.5" });
  });
  return h("div", { class: "notice hush" }, svg("svg", { viewBox: "0 0 306 68", "aria-hidden": "true" }, bars),
    h("div", {}, h("strong", {}, "Nothing made yet"),
      h("p", {}, "A prompt is ready. Make it, and it plays here.")));
}
