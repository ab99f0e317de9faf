import { h, svg, announce, at, icon } from "./dom.js";
import { session } from "./session.js";
import { hush } from "./player.js";
import { Playground } from "./playground.js";
import { Tasks } from "./tasks.js";
import { Detail } from "./detail.js";
import { Providers } from "./providers.js";
import { Usage } from "./usage.js";

/** @type {any} */
let shown = null;
/** Kept while other pages are shown, with what is typed and what was made. @type {Playground | null} */
let playground = null;
/** Whether the gateway asked for a key. */
let isLocked = false;

/** Shows the page that the address names. */
function route({ focuses = true } = {}) {
  if (isLocked) return;
  const [name, id] = location.hash.replace(/^#\//, "").split("/");
  if (shown && shown !== playground) shown.close();
  hush();
  const page = name === "tasks" ? id ? new Detail(id, { again }) : new Tasks()
    : name === "providers" ? new Providers() : name === "usage" ? new Usage() : playground ??= new Playground();
  shown = page;
  const own = ["tasks", "providers", "usage"].includes(name) ? name : "playground";
  for (const link of at("pages").children) {
    if (link.hash === `#/${own}`) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  at("main").replaceChildren(page.element);
  document.title = `${page.title} · soundgate`;
  if (focuses) { page.element.querySelector("h1")?.focus({ preventScroll: true }); scrollTo(0, 0); }
  page.open();
}

/** Takes a task's request into the playground. @param {any} request */
function again(request) {
  playground ??= new Playground();
  playground.fill(request);
  location.hash = "#/playground";
}

/** Asks for a key, with why. @param {string} [reason] */
function lock(reason) {
  isLocked = true;
  session.wipe();
  shown?.close();
  if (playground && playground !== shown) playground.close();
  shown = playground = null;
  hush();
  at("announcer").textContent = "";
  at("sign-out").hidden = true;
  at("pages").hidden = true;
  document.title = "Sign in · soundgate";
  const key = h("input", { id: "client-key", type: "password", autocomplete: "off", spellcheck: "false", required: true,
    "aria-describedby": "sign-in-reason" });
  const words = h("p", { class: "trouble", id: "sign-in-reason", role: "alert", hidden: !reason }, reason ?? "");
  const button = h("button", { class: "main" }, "Sign in");
  at("main").replaceChildren(h("form", { class: "panel door", id: "sign-in", "aria-labelledby": "sign-in-title", onsubmit: async event => {
    event.preventDefault();
    button.disabled = true;
    const problem = await refusalOf(key.value.trim());
    button.disabled = false;
    if (problem) { words.textContent = problem; words.hidden = false; key.setAttribute("aria-invalid", "true"); key.select(); key.focus(); return; }
    session.keep(key.value.trim());
    unlock();
  } },
    svg("svg", { class: "mark", viewBox: "0 0 32 32", "aria-hidden": "true" }, svg("path", { d: "M5 5v22M27 5v22M10.5 5v8M21.5 5v8M16 5v4.5" })),
    h("div", {}, h("h1", { id: "sign-in-title" }, "Sign in"),
      h("p", { class: "soft" }, "This gateway answers clients with a key. It is kept in this tab only, until you sign out or close it.")),
    words, h("div", { class: "field" }, h("label", { for: "client-key" }, "Client key"), key), button));
  key.focus();
}

/** Why a key is not taken; `null` when it is. @param {string} key */
async function refusalOf(key) {
  if (!/^[\x21-\x7e]+$/.test(key)) return "A key is one word of visible characters.";
  try {
    const answer = await fetch("/v1/sounds?limit=1", { headers: { Authorization: `Bearer ${key}` }, credentials: "omit", cache: "no-store" });
    if (answer.ok) return null;
    return (await answer.json()).detail;
  } catch {
    return "The gateway cannot be reached.";
  }
}

function unlock() {
  isLocked = false;
  at("pages").hidden = false;
  at("sign-out").hidden = session.key === "";
  if (session.key) announce("Signed in.");
  route();
}

async function askHealth() {
  const health = at("health");
  try {
    const answer = await fetch("/readyz", { cache: "no-store", credentials: "omit" });
    const problem = answer.ok ? null : await answer.json();
    health.textContent = answer.ok ? "ready" : "not ready";
    health.title = problem?.detail ?? "";
    health.className = `health ${answer.ok ? "good" : "bad"}`;
  } catch {
    health.textContent = "not reachable";
    health.className = "health bad";
  }
  setTimeout(askHealth, document.hidden ? 60_000 : 15_000);
}

const themes = ["system", "light", "dark"];

/** @param {string} theme */
function wear(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = theme;
  const button = at("theme");
  button.replaceChildren(icon(theme));
  button.setAttribute("aria-label", `Colours: ${theme === "system" ? "as the system" : theme}`);
  button.onclick = () => {
    const next = themes[(themes.indexOf(theme) + 1) % themes.length];
    localStorage.setItem("soundgate.theme", next);
    wear(next);
  };
  dispatchEvent(new Event("resize"));
}

/** Whether a key is asked for is the gateway's to say. */
async function begin() {
  wear(localStorage.getItem("soundgate.theme") ?? "system");
  session.refused = reason => { if (!isLocked) lock(reason); };
  at("sign-out").addEventListener("click", () => lock());
  at("skip").addEventListener("click", event => { event.preventDefault(); at("main").focus(); });
  addEventListener("hashchange", () => route());
  askHealth();
  at("sign-out").hidden = session.key === "";
  // Without a key one look at nothing in particular tells; with one, the first page does.
  if (!session.key) {
    try {
      const answer = await fetch("/v1/sounds?limit=1", { credentials: "omit", cache: "no-store" });
      if (answer.status === 401) return lock();
    } catch { /* The page says itself that the gateway is not there. */ }
  }
  route({ focuses: false });
}

begin();
