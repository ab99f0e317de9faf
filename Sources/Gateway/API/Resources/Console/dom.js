// What every page is made of. Text only ever becomes text: nothing here, or anywhere, parses markup.

/**
 * Makes an element. `onclick` and the like are listeners, `true` is an empty attribute, what is null or false is left out.
 * @param {string} name @param {Record<string, any>} [attributes] @param {...any} children
 */
export function h(name, attributes = {}, ...children) {
  return furnish(document.createElement(name), attributes, children);
}

/** The same for a drawing. @param {string} name @param {Record<string, any>} [attributes] @param {...any} children */
export function svg(name, attributes = {}, ...children) {
  return furnish(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

/** @param {any} element @param {Record<string, any>} attributes @param {any[]} children */
function furnish(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

/** @param {string} id @returns {any} */
export const at = id => document.getElementById(id);

const drawings = {
  play: "M8 5.5v13l11-6.5z", pause: "M7.5 5.5h3v13h-3zM13.5 5.5h3v13h-3z", loop: "M17 3l3 3-3 3M4 11V9a3 3 0 0 1 3-3h13M7 21l-3-3 3-3M20 13v2a3 3 0 0 1-3 3H4",
  download: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14", copy: "M9 9h10v11H9zM5 15V4h10",
  light: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M4.5 12h-2M21.5 12h-2M6 6 5 5M19 19l-1-1M18 6l1-1M5 19l1-1",
  dark: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z", system: "M4 5h16v11H4zM9 20h6M12 16v4",
};

/** @param {keyof typeof drawings} name */
export const icon = name => svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: drawings[name] }));

/** Says something to those who listen instead of looking. @param {string} words */
export function announce(words) {
  const place = at("announcer");
  // The same words twice are two pieces of news.
  place.textContent = place.textContent === words ? `${words}\u00a0` : words;
}

/** @param {string} status */
export const pill = status => h("span", { class: `pill ${{
  succeeded: "good", ready: "good", delivered: "good", usable: "good", closed: "good",
  failed: "bad", dead: "bad", open: "bad", removed: "bad", set_aside: "bad", out_of_credit: "bad",
  running: "live", accepted: "live", limited: "warn", half_open: "warn", unknown: "warn", disabled: "",
}[status] ?? ""}` }, status.replaceAll("_", " "));

/** Names and values beside each other. @param {[string, any][]} entries */
export const pairs = entries => h("dl", { class: "pairs" },
  entries.filter(entry => entry[1] !== null && entry[1] !== undefined && entry[1] !== "")
    .map(([name, value]) => [h("dt", {}, name), h("dd", {}, value instanceof Node ? value : String(value))]));

/** One number with its name. @param {string} name @param {any} value @param {string} [unit] */
export const figure = (name, value, unit) => h("div", { class: "figure" }, h("dt", {}, name),
  h("dd", {}, String(value), unit ? h("small", {}, ` ${unit}`) : null));

/**
 * A table that may be wider than the page.
 * @param {string} caption @param {{name: string, number?: boolean}[]} columns @param {any[][]} rows
 */
export function table(caption, columns, rows) {
  const kind = column => column.number ? { class: "number" } : {};
  return h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": caption },
    h("table", {}, h("caption", { class: "unseen" }, caption),
      h("thead", {}, h("tr", {}, columns.map(column => h("th", { scope: "col", ...kind(column) }, column.name)))),
      h("tbody", {}, rows.map(row => h("tr", {}, row.map((cell, place) =>
        h("td", kind(columns[place]), cell instanceof Node ? cell : String(cell ?? "–"))))))));
}

/** Hands bytes to the browser's downloads. @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Puts text on the clipboard; where the browser lends none, it is shown to be copied by hand. @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    announce("Copied.");
    return true;
  } catch {
    const shown = h("pre", { tabindex: "0" }, text);
    const dialog = h("dialog", { "aria-label": "To be copied" }, h("h2", {}, "Copy this"), shown,
      h("form", { method: "dialog" }, h("button", {}, "Close")));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    getSelection()?.selectAllChildren(shown);
    return false;
  }
}

/** A button that copies, and says so for a while. @param {string} words @param {() => string} text */
export function copyButton(words, text) {
  const label = h("span", { class: "words" }, words);
  const button = h("button", { type: "button", onclick: async () => {
    if (!await copy(text())) return;
    label.textContent = "Copied";
    setTimeout(() => { label.textContent = words; }, 1800);
  } }, icon("copy"), label);
  return button;
}

/** Asks before something is done that cannot be undone. @param {string} title @param {string} words @param {string} deed */
export function confirmed(title, words, deed) {
  return new Promise(answer => {
    const dialog = h("dialog", { "aria-labelledby": "asking" }, h("h2", { id: "asking" }, title), h("p", {}, words),
      h("form", { method: "dialog", class: "row" }, h("button", { value: "yes", class: "danger" }, deed),
        h("button", { value: "no", autofocus: true }, "Keep it")));
    dialog.addEventListener("close", () => { answer(dialog.returnValue === "yes"); dialog.remove(); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Waits. @param {number} milliseconds @param {AbortSignal} [signal] */
export const pause = (milliseconds, signal) => new Promise(done => {
  const timer = setTimeout(done, milliseconds);
  signal?.addEventListener("abort", () => { clearTimeout(timer); done(undefined); }, { once: true });
});
