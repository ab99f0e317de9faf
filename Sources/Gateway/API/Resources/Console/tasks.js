import { h, pause, pill } from "./dom.js";
import { ask, Problem } from "./session.js";
import { standing } from "./sound.js";
import { ago, hasEnded, price, titleOf } from "./words.js";

const filters = [["status", "Status", ["queued", "running", "succeeded", "failed", "canceled"]],
  ["provider", "Provider", []], ["type", "Kind", ["effect", "music"]]];

/** The tasks, newest first, as they are now. */
export class Tasks {
  constructor() {
    this.title = "Tasks";
    this.stopping = new AbortController();
    this.pages = 1;
    /** @type {Map<string, HTMLElement>} */
    this.rows = new Map();
    this.selects = new Map(filters.map(([name, label, values]) => [name, h("select", { id: `filter-${name}`,
      onchange: () => { this.pages = 1; this.refresh(); } }, h("option", { value: "" }, `Any ${String(label).toLowerCase()}`),
      values.map(value => h("option", { value }, value)))]));
    this.list = h("ul", { class: "panel tasks", "aria-label": "Tasks, newest first", hidden: true });
    this.empty = h("p", { class: "notice", hidden: true });
    this.more = h("button", { type: "button", hidden: true, onclick: () => { this.pages += 1; this.refresh(true); } }, "Show older tasks");
    this.element = h("div", {},
      h("div", { class: "page-head" }, h("div", {}, h("h1", { tabindex: "-1" }, "Tasks"),
        h("p", {}, "Every sound that was asked for, with what was done about it.")),
        h("div", { class: "filters", role: "group", "aria-label": "Filters" }, filters.map(([name, label]) =>
          h("div", { class: "field" }, h("label", { for: `filter-${name}` }, label), this.selects.get(name))))),
      h("div", { class: "stack" }, this.empty, this.list, h("div", { class: "row" }, this.more)));
  }

  async open() {
    this.askProviders();
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const isLive = await this.refresh();
      await pause(isLive ? 1500 : 5000, signal);
      // Nobody looks at a hidden page.
      while (document.hidden && !signal.aborted) await pause(1000, signal);
    }
  }

  async askProviders() {
    try {
      const { data } = await ask("/v1/providers");
      this.selects.get("provider").append(...data.map(provider => h("option", { value: provider.name }, provider.name)));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
  }

  /** Reads as many pages as are shown; whether something is under way. @param {boolean} [goesOn] */
  async refresh(goesOn = false) {
    const turn = this.turn = (this.turn ?? 0) + 1;
    const query = new URLSearchParams({ limit: "25" });
    for (const [name, select] of this.selects) if (select.value) query.set(name, select.value);
    const tasks = [];
    let cursor = null;
    try {
      for (let page = 0; page < this.pages; page += 1) {
        if (cursor) query.set("cursor", cursor);
        const answer = await ask(`/v1/sounds?${query}`, { signal: this.stopping.signal });
        tasks.push(...answer.data);
        cursor = answer.next_cursor;
        if (!cursor) break;
      }
    } catch (error) {
      if (this.stopping.signal.aborted) return false;
      if (!(error instanceof Problem)) throw error;
      this.empty.hidden = false;
      this.empty.textContent = error.message;
      return false;
    }
    // A filter was changed meanwhile: its own answer counts.
    if (turn !== this.turn) return false;
    const shown = this.rows.size;
    this.show(tasks);
    this.more.hidden = !cursor;
    if (goesOn) [...this.rows.values()][shown]?.querySelector("a")?.focus();
    return tasks.some(task => !hasEnded(task));
  }

  /** Changes rows in place, so that what has the focus keeps it. @param {any[]} tasks */
  show(tasks) {
    const isFiltered = [...this.selects.values()].some(select => select.value);
    this.empty.hidden = tasks.length > 0;
    this.list.hidden = tasks.length === 0;
    if (!tasks.length) this.empty.replaceChildren(isFiltered ? "No task is like that." : h("span", {}, "Nothing was asked for yet. ",
      h("a", { href: "#/playground" }, "Make a sound")));
    const rows = new Map();
    tasks.forEach((task, place) => {
      const row = this.rows.get(task.id) ?? h("li", {}, h("a", { class: "task-row", href: `#/tasks/${task.id}` }));
      rows.set(task.id, row);
      const text = [pill(task.status), h("span", { class: "what" }, titleOf(task)),
        h("span", { class: "by" }, [standing(task), task.provider ? `${task.provider}/${task.operation}` : null].filter(Boolean).join(" · ") || "–"),
        h("span", { class: "cost" }, price(task.cost) ?? "–"), h("time", { class: "when", datetime: task.created_at }, ago(task.created_at))];
      row.firstElementChild.replaceChildren(...text);
      if (this.list.children[place] !== row) this.list.insertBefore(row, this.list.children[place] ?? null);
    });
    for (const [id, row] of this.rows) if (!rows.has(id)) row.remove();
    this.rows = rows;
  }

  close() { this.stopping.abort(); }
}
