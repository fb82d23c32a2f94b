// The passages of a search result, cut at the places that matched. Pure.

/**
 * Give `[{text, hit}]`, which put together are `text`. `ranges` are `[start, end]` in Unicode code points, as the
 * receiver counts: 💳 is one, where this language's strings count two. Ranges that overlap or leave the text are cut.
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
