// Numbers and times as people read them.

/** 65.4 is 1:05. @param {number} seconds */
export const clock = seconds => {
  const whole = Math.max(0, Math.floor(Number.isFinite(seconds) ? seconds : 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};

/** A span, short. @param {number | null | undefined} seconds */
export function span(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  // Rounded first, so that nothing rounds up to a whole of the next unit.
  const [thousandths, whole] = [Math.round(seconds * 1000), Math.round(seconds)];
  if (thousandths < 1000) return `${thousandths} ms`;
  if (whole < 60) return `${number(seconds, seconds < 9.95 ? 1 : 0)} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${number(seconds / 3600, 1)} h`;
}

/** @param {number} value @param {number} [digits] */
export const number = (value, digits = 2) => value.toLocaleString("en", { maximumFractionDigits: digits });

/** @param {number} bytes */
export const size = bytes => bytes < 1e6 ? `${number(bytes / 1e3, 0)} kB` : `${number(bytes / 1e6, 1)} MB`;

/** @param {{amount: number, unit: string, kind?: string} | null | undefined} cost */
export const price = cost => cost ? `${number(cost.amount)} ${cost.unit}` : null;

/** How long ago. @param {string} stamp */
export function ago(stamp) {
  const seconds = (Date.now() - Date.parse(stamp)) / 1000;
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return new Date(stamp).toLocaleDateString("en", { day: "numeric", month: "short", year: "numeric" });
}

/** The time of day to the millisecond, with the whole stamp behind it. @param {string} stamp */
export const moment = stamp => {
  const date = new Date(stamp);
  return `${date.toLocaleTimeString("en", { hour12: false })}.${String(date.getMilliseconds()).padStart(3, "0")}`;
};

/** @param {any} task */
export const hasEnded = task => ["succeeded", "failed", "canceled"].includes(task.status);

/** What a task is called: what was asked for. @param {any} task */
export const titleOf = task => task.request.prompt ?? task.request.style ?? task.request.lyrics ?? task.id;

/** A word for a shell. @param {string} text */
const quoted = text => `'${text.replaceAll("'", "'\\''")}'`;

/** The same create for a shell; the key stays in a variable. @param {any} body @param {boolean} hasKey */
export const curl = (body, hasKey) => [
  `curl -s ${location.origin}/v1/sounds`,
  hasKey ? `-H "Authorization: Bearer $SOUNDGATE_KEY"` : null,
  "-H 'Prefer: wait=60'",
  `--json ${quoted(JSON.stringify(body))}`,
].filter(Boolean).join(" \\\n  ");

/** The body that asks for a task's sound once more. @param {any} task */
export const requestOf = task => {
  const body = { ...task.request };
  if (task.type) body.type = task.type;
  if (Object.keys(task.metadata ?? {}).length) body.metadata = task.metadata;
  return body;
};
