import { h, svg } from "./dom.js";
import { number } from "./words.js";

const tall = 220, left = 44, bottom = 24, head = 10;

/** A round number not below a value, for the end of an axis; its half is round too. @param {number} value */
export function ceiling(value) {
  if (value <= 0) return 2;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 6, 8, 10].map(step => step * power).find(step => step >= value - 1e-9) ?? 10 * power;
}

/**
 * Stacked columns over time. Each column can be reached by keyboard and says its numbers; the same stands in a table.
 * @param {{title: string, unit: string, times: {label: string, short: string}[], series: {name: string, values: number[], order?: number}[]}} data
 * `order` is which colour a series has, where it is not its place.
 */
export function columns(data) {
  const figure = h("figure", { class: "plot" });
  // Drawn for the width that there is: letters keep their size on a phone.
  new ResizeObserver(([{ contentRect }]) => {
    const width = Math.floor(contentRect.width);
    if (!width || figure.dataset.width === String(width)) return;
    figure.dataset.width = String(width);
    figure.replaceChildren(drawn(data, width));
  }).observe(figure);
  return figure;
}

/** @param {Parameters<typeof columns>[0]} data @param {number} wide */
function drawn({ title, unit, times, series }, wide) {
  const sums = times.map((_, place) => series.reduce((sum, one) => sum + one.values[place], 0));
  const most = ceiling(Math.max(...sums, unit === "tasks" ? 2 : 0));
  const room = (wide - left) / Math.max(times.length, 1), thick = Math.max(2, Math.min(28, room * 0.66));
  const height = value => value / most * (tall - head - bottom);
  const grid = [0, 0.5, 1].map(part => {
    const y = tall - bottom - height(most * part);
    return [svg("line", { class: "grid", x1: left, x2: wide, y1: y, y2: y }),
      svg("text", { x: left - 8, y: y + 4, "text-anchor": "end" }, number(most * part, most < 10 ? 1 : 0))];
  });
  // As many labels as have room.
  const every = Math.max(1, Math.ceil(times.length * 62 / (wide - left)));
  const bars = times.map((time, place) => {
    const x = left + room * place + (room - thick) / 2;
    let y = tall - bottom;
    const parts = series.map((one, order) => {
      const rise = height(one.values[place]);
      y -= rise;
      return rise > 0 ? svg("rect", { class: `s${(one.order ?? order) % 7 + 1}`, x, y, width: thick, height: Math.max(rise - 1, 0.75), rx: Math.min(2, thick / 4) }) : null;
    });
    const said = series.filter(one => one.values[place] > 0).map(one => `${one.name} ${number(one.values[place])}`).join(", ");
    const words = `${time.label}: ${said || "none"}`;
    return svg("g", {}, parts, place % every === 0
      ? svg("text", { x: x + thick / 2, y: tall - 6, "text-anchor": "middle" }, time.short) : null,
      sums[place] > 0 ? svg("rect", { class: "hit", x: left + room * place, y: head, width: room, height: tall - head - bottom, rx: 3,
        tabindex: "0", role: "img", "aria-label": words }, svg("title", {}, words)) : null);
  });
  return svg("svg", { viewBox: `0 0 ${wide} ${tall}`, role: "group", "aria-label": `${title}, ${unit}` }, grid, bars);
}

/** Names with their colours. @param {string[]} names @param {number[]} orders */
export const legend = (names, orders) => h("ul", { class: "legend" }, names.map((name, place) => h("li", { class: `s${orders[place] % 7 + 1}` }, name)));
