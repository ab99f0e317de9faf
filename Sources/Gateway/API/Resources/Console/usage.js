import { h, figure, save, table } from "./dom.js";
import { ask, call, Problem } from "./session.js";
import { columns, legend } from "./plot.js";
import { number, span } from "./words.js";

const lengths = [["1", "Last day", "hour"], ["7", "Last 7 days", "day"], ["30", "Last 30 days", "day"], ["365", "Last year", "month"]];

/** How much was made and what it cost, over time. */
export class Usage {
  constructor() {
    this.title = "Usage";
    this.stopping = new AbortController();
    const change = () => this.refresh();
    this.length = h("select", { id: "length", onchange: change }, lengths.map(([days, words]) => h("option", { value: days }, words)));
    this.length.value = "30";
    this.group = h("select", { id: "group", onchange: () => this.show() }, h("option", { value: "provider" }, "Provider"),
      h("option", { value: "client" }, "Client"));
    this.download = h("button", { type: "button", onclick: () => this.csv() }, "Download CSV");
    this.body = h("div", { class: "stack" });
    this.controls = h("div", { class: "row filters" },
      h("div", { class: "field" }, h("label", { for: "length" }, "Time"), this.length),
      h("div", { class: "field" }, h("label", { for: "group" }, "By"), this.group), this.download);
    this.controls.style.alignItems = "end";
    this.element = h("div", {}, h("div", { class: "page-head" }, h("div", {}, h("h1", { tabindex: "-1" }, "Usage"),
      h("p", {}, "Tasks and what they cost, in the vendors' own units.")), this.controls), this.body);
  }

  open() { return this.refresh(); }

  get query() {
    const [days, , interval] = lengths.find(([value]) => value === this.length.value) ?? lengths[2];
    const from = new Date(Date.now() - Number(days) * 86_400_000);
    if (interval !== "hour") from.setUTCHours(0, 0, 0, 0);
    if (interval === "month") from.setUTCDate(1);
    return new URLSearchParams({ from: from.toISOString(), interval });
  }

  async refresh() {
    try {
      this.usage = await ask(`/v1/usage?${this.query}`, { signal: this.stopping.signal });
      this.controls.hidden = false;
      this.show();
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      if (!(error instanceof Problem)) throw error;
      this.controls.hidden = error.status === 404;
      this.body.replaceChildren(h("p", { class: "notice" }, error.status === 404
        ? h("span", {}, h("strong", {}, "This gateway does not tell usage."), " It has no route /v1/usage.") : error.message));
    }
  }

  async csv() {
    try {
      const answer = await call(`/v1/usage?${this.query}&format=csv`, { headers: { Accept: "text/csv" } });
      save(await answer.blob(), `soundgate-usage-${new Date().toISOString().slice(0, 10)}.csv`);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.body.prepend(h("p", { class: "trouble", role: "alert" }, error.message));
    }
  }

  show() {
    const { data, totals, interval, from, to } = this.usage;
    const times = timesOf(from, to, interval);
    const name = row => row[this.group.value] ?? (this.group.value === "client" ? "no client" : "never routed");
    // A credit of one provider is not one of another: each has a plot of its own.
    const meters = [...new Map(data.flatMap(row => row.cost.filter(cost => cost.total > 0)
      .map(cost => [`${row.provider} ${cost.unit}`, { provider: row.provider, unit: cost.unit }]))).values()];
    const names = byWeight(data, name);
    const series = value => names.map(one => ({ name: one, values: times.map(time => data
      .filter(row => name(row) === one && Date.parse(row.start) >= time.begin && Date.parse(row.start) < time.end)
      .reduce((sum, row) => sum + value(row), 0)) }));
    const costOf = (row, { provider, unit }) => row.provider !== provider ? 0
      : row.cost.filter(cost => cost.unit === unit).reduce((sum, cost) => sum + cost.total, 0);
    const parts = [h("section", { class: "panel", "aria-label": "In all" }, h("dl", { class: "totals" },
      figure("Tasks", number(totals.tasks ?? 0)), figure("Succeeded", number(totals.succeeded ?? 0)),
      figure("Failed", number(totals.failed ?? 0)), figure("Takes", number(totals.outputs ?? 0)),
      figure("Audio", span(totals.audio_seconds ?? 0)),
      (totals.cost ?? []).filter(cost => cost.total > 0).map(cost => figure(`Cost at ${cost.provider}`, number(cost.total), cost.unit))))];
    if (!data.length) parts.push(h("p", { class: "notice" }, "Nothing was made in this time."));
    else {
      parts.push(this.plot("Tasks", "tasks", times, series(row => row.tasks), names));
      parts.push(h("div", { class: "plots" }, meters.map(meter => {
        const costs = series(row => costOf(row, meter)).map((one, order) => ({ ...one, order })).filter(one => one.values.some(value => value > 0));
        return this.plot(`Cost at ${meter.provider}`, meter.unit, times, costs, costs.map(one => one.name));
      })));
    }
    this.body.replaceChildren(...parts);
  }

  /** @param {string} title @param {string} unit @param {any[]} times @param {{name: string, values: number[]}[]} series @param {string[]} names */
  plot(title, unit, times, series, names) {
    const keys = series.map((one, order) => one.order ?? order);
    const rows = times.map((time, place) => [h("span", { class: "nowrap" }, time.label), ...series.map(one => number(one.values[place]))])
      .filter((_, place) => series.some(one => one.values[place] > 0));
    return h("section", { class: "panel stack", "aria-label": title },
      h("div", { class: "row" }, h("h2", { class: "grow" }, title, h("span", { class: "small soft" }, ` ${unit === "tasks" ? "" : unit}`)), legend(names, keys)),
      columns({ title, unit, times, series }),
      h("details", {}, h("summary", {}, "As a table"),
        table(title, [{ name: "Time" }, ...names.map(one => ({ name: one, number: true }))], rows)));
  }

  close() { this.stopping.abort(); }
}

/** Names by how many tasks they have, most first. @param {any[]} data @param {(row: any) => string} name */
function byWeight(data, name) {
  const weights = new Map();
  for (const row of data) weights.set(name(row), (weights.get(name(row)) ?? 0) + row.tasks);
  return [...weights.keys()].sort((one, other) => weights.get(other) - weights.get(one));
}

/** The columns of a plot: every hour, day or month from beginning to end, the empty ones too. @param {string} from @param {string} to @param {string} interval */
function timesOf(from, to, interval) {
  const times = [], end = Date.parse(to), date = new Date(from);
  date.setUTCMinutes(0, 0, 0);
  if (interval !== "hour") date.setUTCHours(0);
  if (interval === "month") date.setUTCDate(1);
  while (date.getTime() < end && times.length < 800) {
    const begin = date.getTime();
    const show = options => date.toLocaleString("en", { timeZone: "UTC", ...options });
    const label = interval === "hour" ? `${show({ day: "numeric", month: "short" })} ${String(date.getUTCHours()).padStart(2, "0")}:00`
      : interval === "month" ? show({ month: "long", year: "numeric" }) : show({ day: "numeric", month: "short", year: "numeric" });
    const short = interval === "hour" ? `${String(date.getUTCHours()).padStart(2, "0")}:00`
      : interval === "month" ? show({ month: "short" }) : show({ day: "numeric", month: "short" });
    if (interval === "hour") date.setUTCHours(date.getUTCHours() + 1);
    else if (interval === "month") date.setUTCMonth(date.getUTCMonth() + 1);
    else date.setUTCDate(date.getUTCDate() + 1);
    times.push({ begin, end: date.getTime(), label, short });
  }
  return times;
}
