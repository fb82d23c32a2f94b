// The passages of a search result, split at the ranges that matched. Pure.

/**
 * Returns `[{text, hit}]`, whose texts together are `text`. `ranges` are `[start, end]` in Unicode code points, as the
 * receiver counts: 💳 is one, but two in a JavaScript string. Ranges that overlap or exceed the text are cut.
 *
 * @param {string} text
 * @param {[number, number][]} ranges
 */
export function segments(text, ranges) {
  const characters = Array.from(text);
  /** @type {{text: string, hit: boolean}[]} */
  const parts = [];
  let at = 0;
  /** @param {number} end @param {boolean} hit */
  const take = (end, hit) => {
    if (end <= at) return;
    parts.push({ text: characters.slice(at, end).join(""), hit });
    at = end;
  };
  for (const [start, end] of [...ranges].sort(([a], [b]) => a - b)) {
    take(Math.min(start, characters.length), false);
    take(Math.min(end, characters.length), true);
  }
  take(characters.length, false);
  return parts;
}
