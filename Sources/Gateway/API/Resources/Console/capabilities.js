// What all providers together can do, for the form's controls.

const grades = ["native", "emulated", "hint"];
const musical = ["lyrics", "style", "instrumental", "vocals_only", "gender", "voice"];

/** The type that a request without one gets. @param {any} body */
export const typeOf = body => body.type ?? (musical.some(name => name in body) ? "music" : "effect");

/**
 * @typedef {{grade: string, from: number | null, to: number | null, choices: string[] | null, by: string[]}} Reach
 * How the best of the providers meet a field, between which limits, and who.
 */

/**
 * @param {any[]} providers @param {{type?: string, provider?: string}} wish
 * @returns {Map<string, Reach>}
 */
export function reachOf(providers, wish) {
  const reach = new Map();
  for (const provider of providers) {
    if (!provider.enabled || (wish.provider && provider.name !== wish.provider)) continue;
    for (const operation of provider.operations) {
      if (wish.type && !operation.types.includes(wish.type)) continue;
      for (const [field, ways] of Object.entries(operation.fields)) {
        for (const way of ways) extend(reach, field, way, provider.name);
      }
    }
  }
  return reach;
}

/** @param {Map<string, Reach>} reach @param {string} field @param {any} way @param {string} who */
function extend(reach, field, way, who) {
  const known = reach.get(field);
  const own = { grade: way.grade, from: way.range?.from ?? null, to: way.range?.to ?? null, choices: way.choices ?? null, by: [who] };
  if (!known) return void reach.set(field, own);
  if (!known.by.includes(who)) known.by.push(who);
  // Words in a prompt have no limits, and say nothing about those of a parameter.
  if (way.grade === "hint") return;
  if (known.grade === "hint") return void reach.set(field, { ...own, by: known.by });
  if (grades.indexOf(way.grade) < grades.indexOf(known.grade)) known.grade = way.grade;
  if (own.from !== null) known.from = known.from === null ? own.from : Math.min(known.from, own.from);
  if (own.to !== null) known.to = known.to === null ? own.to : Math.max(known.to, own.to);
  known.choices = known.choices && own.choices ? [...new Set([...known.choices, ...own.choices])] : null;
}

/** The models that there are to choose from. @param {any[]} providers @param {{type?: string, provider?: string}} wish */
export const modelsOf = (providers, wish) => [...new Set(providers
  .filter(provider => provider.enabled && (!wish.provider || provider.name === wish.provider))
  .flatMap(provider => provider.operations)
  .filter(operation => !wish.type || operation.types.includes(wish.type))
  .flatMap(operation => operation.models))].sort();
