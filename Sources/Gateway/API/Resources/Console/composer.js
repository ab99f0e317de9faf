import { h } from "./dom.js";
import { modelsOf, reachOf } from "./capabilities.js";

const notes = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];

/** Every field of a request: how it is asked for, in the order of the page. */
const fields = [
  { name: "prompt", kind: "text", label: "What should it sound like?", part: "top", rows: 3 },
  { name: "type", kind: "segments", label: "Kind", part: "top", options: [["", "Either"], ["effect", "Effect"], ["music", "Music"]] },
  { name: "loop", kind: "switch", label: "Loop without a seam", part: "main", wide: true },
  { name: "duration", kind: "number", label: "Length, seconds", part: "main" },
  { name: "variations", kind: "number", label: "Takes", part: "main" },
  { name: "bpm", kind: "number", label: "Tempo, BPM", part: "main" },
  { name: "key", kind: "choice", label: "Key", part: "main",
    options: [["", "Any"], ...notes.map(note => [note, `${note} major`]), ...notes.map(note => [`${note}m`, `${note} minor`])] },
  { name: "style", kind: "line", label: "Style", part: "music", wide: true, hint: "dub techno, warm, slow" },
  { name: "lyrics", kind: "text", label: "Lyrics", part: "music", wide: true, rows: 4 },
  { name: "instrumental", kind: "check", label: "Instrumental", part: "music" },
  { name: "vocals_only", kind: "check", label: "Vocals only", part: "music" },
  { name: "gender", kind: "choice", label: "Voice", part: "music",
    options: [["", "Any"], ["female", "Female"], ["male", "Male"], ["neutral", "Neutral"]] },
  { name: "voice", kind: "line", label: "Voice id", part: "music" },
  { name: "timed_lyrics", kind: "check", label: "Lyrics with times", part: "music", wide: true },
  { name: "provider", kind: "choice", label: "Provider", part: "more", options: [["", "Whoever does it best"]] },
  { name: "model", kind: "choice", label: "Model", part: "more", options: [["", "The provider's own"]] },
  { name: "accept", kind: "choice", label: "Good enough when met", part: "more", wide: true,
    options: [["", "by a parameter, or by the gateway"], ["native", "by a parameter of the provider only"],
      ["hint", "at least as words in the prompt"]] },
  { name: "format", kind: "choice", label: "Format", part: "more",
    options: [["", "As it comes"], ["wav", "WAV"], ["mp3", "MP3"], ["flac", "FLAC"], ["ogg", "Ogg"]] },
  { name: "prompt_influence", kind: "number", label: "Prompt influence", part: "more" },
  { name: "negative_prompt", kind: "line", label: "Not to be heard", part: "more", wide: true, hint: "voices, birds" },
  { name: "seed", kind: "number", label: "Seed", part: "more" },
  { name: "deadline", kind: "number", label: "Give up after, seconds", part: "more", hint: "900" },
  { name: "max_cost", kind: "line", label: "At most", part: "more", hint: "5 credits" },
  { name: "webhook_url", kind: "line", label: "Webhook address", part: "more", hint: "https://…" },
  { name: "temporary", kind: "check", label: "The vendor need not keep it", part: "more", wide: true },
  { name: "metadata", kind: "text", label: "Metadata, a line each", part: "more", wide: true, rows: 2, hint: "scene = harbour" },
  { name: "provider_options", kind: "text", label: "Provider options, JSON", part: "more", wide: true, rows: 2,
    hint: '{"elevenlabs": {"enable_logging": false}}' },
];

const examples = [
  ["Rain", { prompt: "soft rain with distant thunder", loop: true, duration: 12 }],
  ["Drum loop", { prompt: "lofi drum loop", loop: true, bpm: 90, key: "Am", duration: 16, variations: 2 }],
  ["Door slam", { prompt: "heavy wooden door slam in a hall" }],
  ["Coin", { prompt: "arcade coin pickup", variations: 3 }],
  ["Trailer", { prompt: "epic trailer music", type: "music", key: "Dm", duration: 20 }],
];

/** What a fresh page asks for. */
export const readyRequest = examples[0][1];

/** A form whose controls follow what the providers can do. */
export class Composer {
  /** @param {{changed: () => void, sent: () => void}} options */
  constructor({ changed, sent }) {
    this.changed = changed;
    /** @type {any[]} */
    this.providers = [];
    /** @type {Map<string, any>} */
    this.parts = new Map(fields.map(field => [field.name, this.build(field)]));
    const group = part => fields.filter(field => field.part === part).map(field => this.parts.get(field.name).element);
    const [prompt, type] = group("top");
    this.musicPart = h("details", {}, h("summary", {}, "Song and voice"), h("div", { class: "fields" }, group("music")));
    this.morePart = h("details", {}, h("summary", {}, "Provider, format and the rest"), h("div", { class: "fields" }, group("more")));
    this.problem = h("div", { class: "trouble", role: "alert", tabindex: "-1", hidden: true });
    this.button = h("button", { class: "main" }, "Make the sound");
    this.plays = h("input", { type: "checkbox", id: "plays", checked: true });
    this.verdict = h("p", { class: "verdict", id: "verdict", role: "status", "aria-live": "polite" });
    this.element = h("form", { class: "panel composer", id: "composer", novalidate: true, "aria-label": "A sound to make",
      onsubmit: event => { event.preventDefault(); sent(); }, oninput: () => this.adapt(), onchange: () => this.adapt() },
      prompt,
      h("div", { class: "chips examples", role: "group", "aria-label": "Examples" }, examples.map(([name, request]) =>
        h("button", { type: "button", onclick: () => this.fill(request) }, name))),
      type, h("div", { class: "fields" }, group("main")), this.musicPart, this.morePart, this.problem,
      h("div", { class: "send" },
        h("div", { class: "row" }, this.button, h("div", { class: "check" }, h("label", {}, this.plays, "Play when ready"))),
        this.verdict));
    // Enter makes a line of its own in a prompt; with Ctrl or ⌘ it sends.
    this.element.addEventListener("keydown", event => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); this.element.requestSubmit(); }
    });
  }

  /** @param {any} field */
  build(field) {
    const { name, kind } = field;
    const attributes = { id: name, name, "aria-describedby": `${name}-note ${name}-error` };
    const note = h("p", { class: "note", id: `${name}-note` }), error = h("p", { class: "error", id: `${name}-error` });
    let control, element;
    if (kind === "segments") {
      const radios = field.options.map(([value, words]) => [h("input", { type: "radio", name, value, checked: value === "" }), words]);
      control = { get value() { return radios.find(([radio]) => radio.checked)[0].value; },
        set value(value) { for (const [radio] of radios) radio.checked = radio.value === value; },
        focus: () => radios[0][0].focus(), setAttribute() {}, removeAttribute() {}, disabled: false };
      element = h("div", { class: "field", role: "radiogroup", "aria-labelledby": `${name}-label` },
        h("div", { class: "row" }, h("span", { class: "unseen", id: `${name}-label` }, field.label),
          h("div", { class: "segments" }, radios.map(([radio, words]) => h("label", {}, radio, words)))), note, error);
    } else if (kind === "check" || kind === "switch") {
      control = h("input", { type: "checkbox", role: kind === "switch" ? "switch" : null, ...attributes });
      element = h("div", { class: `field ${kind}` }, h("label", { for: name }, control, field.label), note, error);
    } else {
      const more = { placeholder: field.hint, autocomplete: "off" };
      if (kind === "text") control = h("textarea", { ...attributes, ...more, rows: field.rows });
      else if (kind === "choice") control = h("select", attributes, field.options.map(([value, words]) => h("option", { value }, words)));
      else control = h("input", { ...attributes, ...more, type: "text", inputmode: kind === "number" ? "decimal" : null });
      element = h("div", { class: "field" }, h("label", { for: name }, field.label), control, note, error);
    }
    if (field.wide || field.part === "top") element.classList.add("wide");
    return { ...field, control, element, note, error };
  }

  /** What is asked for, as the gateway reads it. A number that is none goes out as text: the gateway says best what is wrong. */
  get request() {
    const body = {};
    for (const { name, kind, control } of this.parts.values()) {
      if (control.disabled) continue;
      if (kind === "check" || kind === "switch") { if (control.checked) body[name] = true; continue; }
      const text = control.value.trim();
      if (text === "") continue;
      if (name === "metadata") body[name] = metadataOf(text);
      else if (name === "max_cost") body[name] = costOf(text);
      else if (name === "provider_options") body[name] = jsonOf(text);
      else body[name] = kind === "number" && Number.isFinite(Number(text)) ? Number(text) : text;
    }
    return body;
  }

  /** @param {any} request */
  fill(request) {
    this.waiting = request;
    for (const { name, kind, control } of this.parts.values()) {
      const value = request[name];
      if (kind === "check" || kind === "switch") control.checked = Boolean(value);
      else if (name === "metadata") control.value = Object.entries(value ?? {}).map(([key, words]) => `${key} = ${words}`).join("\n");
      else if (name === "max_cost") control.value = value ? `${value.amount} ${value.unit}` : "";
      else if (name === "provider_options") control.value = value ? JSON.stringify(value) : "";
      else if (kind === "choice") this.choose(control, Array.isArray(value) ? value[0] ?? "" : value ?? "");
      else control.value = value ?? "";
    }
    const has = part => fields.some(field => field.part === part && request[field.name] !== undefined);
    this.musicPart.open = has("music");
    this.morePart.open = has("more");
    this.adapt();
  }

  /** Chooses a value, also one that the list has not. @param {HTMLSelectElement} select @param {string} value */
  choose(select, value) {
    if (![...select.options].some(option => option.value === value)) select.append(h("option", { value }, value));
    select.value = value;
  }

  /** @param {any[]} providers */
  know(providers) {
    this.providers = providers;
    const { control } = this.parts.get("provider"), chosen = control.value;
    control.replaceChildren(h("option", { value: "" }, "Whoever does it best"),
      ...providers.filter(provider => provider.enabled).map(provider => h("option", { value: provider.name }, provider.name)));
    this.choose(control, chosen);
    this.adapt();
  }

  /** Lets the controls follow the capabilities, and tells of the change. */
  adapt() {
    const wish = { type: this.parts.get("type").control.value || undefined,
      provider: this.parts.get("provider").control.value || undefined };
    const accept = this.parts.get("accept").control.value || "emulated";
    if (this.providers.length) {
      const reach = reachOf(this.providers, wish);
      for (const part of this.parts.values()) if (part.part !== "top") this.limit(part, reach, accept);
      const { control } = this.parts.get("model"), chosen = control.value;
      control.replaceChildren(h("option", { value: "" }, "The provider's own"),
        ...modelsOf(this.providers, wish).map(model => h("option", { value: model }, model)));
      this.choose(control, chosen);
    }
    this.changed();
  }

  /** @param {any} part @param {ReturnType<typeof reachOf>} reach @param {string} accept */
  limit({ name, kind, control, note, element }, reach, accept) {
    // These ask nothing of the sound, so every provider takes them.
    if (["provider", "model", "accept", "deadline", "max_cost", "webhook_url", "metadata", "provider_options"].includes(name)) return;
    const found = reach.get(name);
    const isSet = kind === "check" || kind === "switch" ? control.checked : control.value !== "";
    // What is set stays so until the person changes it: nothing is taken out of a request unseen.
    control.disabled = !found && !isSet;
    element.dataset.grade = found?.grade ?? "none";
    if (!found) note.textContent = "No provider here can do this.";
    else if (found.grade === "hint" && accept !== "hint") note.textContent = isSet ? "Only as words in the prompt." : "";
    else note.textContent = "";
    if (kind === "number") {
      const most = name === "seed" ? null : limitsOf(name);
      if (most) control.placeholder = `${Math.max(found?.from ?? most[0], most[0])} – ${Math.min(found?.to ?? most[1], most[1])}`;
    }
    if (name === "format" || name === "gender") {
      for (const option of control.options) option.disabled = Boolean(option.value && found?.choices && !found.choices.includes(option.value));
    }
  }

  clear() {
    this.problem.hidden = true;
    for (const { control, error } of this.parts.values()) { control.removeAttribute("aria-invalid"); error.textContent = ""; }
  }

  /**
   * Puts each problem at the field that it names; what names none of ours stands above the button.
   * @param {Problem} problem @param {{focuses: boolean, spares?: string[]}} options
   */
  refuse(problem, { focuses, spares = [] }) {
    this.clear();
    const others = [];
    let first = null;
    for (const { field, message } of problem.errors) {
      const part = this.parts.get(field.split(/[.[]/)[0]);
      if (!part) { others.push(message); continue; }
      if (spares.includes(part.name)) continue;
      part.control.setAttribute("aria-invalid", "true");
      part.error.textContent = part.error.textContent ? `${part.error.textContent} ${message}` : message;
      const fold = part.element.closest("details");
      if (fold && focuses) fold.open = true;
      first ??= part.control;
    }
    for (const candidate of problem.candidates) {
      for (const refusal of candidate.refusals) others.push(`${candidate.provider}/${candidate.operation}: ${refusal.message}`);
    }
    if (!focuses) return;
    if (others.length || !first) {
      const words = problem.errors.length && first ? "There is more:" : problem.message;
      this.problem.replaceChildren(h("p", {}, words), others.length ? h("ul", {}, others.map(other => h("li", {}, other))) : "");
      this.problem.hidden = false;
    }
    (first ?? this.problem).focus();
  }
}

/** What the gateway takes at all. @param {string} name */
const limitsOf = name => ({ duration: [0.5, 600], bpm: [1, 300], variations: [1, 10], prompt_influence: [0, 1] })[name];

/** `a = b` lines. @param {string} text */
const metadataOf = text => Object.fromEntries(text.split("\n").filter(line => line.trim()).map(line => {
  const [key, ...rest] = line.split("=");
  return [key.trim(), rest.join("=").trim()];
}));

/** "5 credits". @param {string} text */
const costOf = text => {
  const [amount, ...unit] = text.split(/\s+/);
  return Number.isFinite(Number(amount)) && unit.length ? { amount: Number(amount), unit: unit.join(" ") } : text;
};

/** @param {string} text */
const jsonOf = text => { try { return JSON.parse(text); } catch { return text; } };
