// Calls to the gateway, with the client's key where there is one.

const slot = "soundgate.key";

/** Where the key is while the tab is open; nothing outlives the tab. */
export const session = {
  key: sessionStorage.getItem(slot) ?? "",
  /** Counts sign-ins and sign-outs: an answer to an older key changes nothing. */
  turn: 0,
  /** Called when the gateway wants a key, with why. @type {(reason: string) => void} */
  refused: () => {},

  /** @param {string} key */
  keep(key) { this.key = key; this.turn += 1; sessionStorage.setItem(slot, key); },

  /** Forgets the key. */
  wipe() { this.key = ""; this.turn += 1; sessionStorage.removeItem(slot); },
};

/** What the gateway said instead of doing it. */
export class Problem extends Error {
  /** @param {any} document @param {number} status */
  constructor(document, status) {
    super(document?.detail ?? document?.title ?? `The gateway answered ${status}.`);
    this.status = status;
    /** @type {string} */
    this.code = document?.code ?? "";
    /** @type {{field: string, code: string, message: string}[]} */
    this.errors = document?.errors ?? [];
    /** @type {any[]} */
    this.candidates = document?.candidates ?? [];
    this.requestID = document?.request_id ?? null;
  }
}

/**
 * Asks the gateway; a {@link Problem} when it refuses, status 0 when it is not there.
 * @param {string} path
 * @param {{method?: string, json?: any, headers?: Record<string, string>, signal?: AbortSignal}} [options]
 * @returns {Promise<Response>}
 */
export async function call(path, { method = "GET", json, headers = {}, signal } = {}) {
  const turn = session.turn;
  const fields = { ...headers };
  if (session.key) fields.Authorization = `Bearer ${session.key}`;
  if (json !== undefined) fields["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, {
      method, headers: fields, signal, body: json === undefined ? undefined : JSON.stringify(json),
      cache: "no-cache", credentials: "omit", redirect: "error",
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem({ title: "The gateway cannot be reached." }, 0);
  }
  if (answer.ok) return answer;
  let document = null;
  try { document = await answer.json(); } catch { /* No problem document: the status has to do. */ }
  const problem = new Problem(document, answer.status);
  if (answer.status === 401 && turn === session.turn) session.refused(problem.message);
  throw problem;
}

/** Asks for a document. @param {string} path @param {Parameters<typeof call>[1]} [options] @returns {Promise<any>} */
export const ask = async (path, options) => (await call(path, options)).json();
