// What this browser keeps: the theme, chosen columns, saved filters, the key. Where it keeps nothing, because storage is
// blocked or full, what is written lasts until the page is closed.

/** @typedef {"localStorage" | "sessionStorage"} Where */

/** @type {Map<string, string>} */
const instead = new Map();

/** A text that was kept, or null. @param {string} key @param {Where} where @returns {string | null} */
export function kept(key, where = "localStorage") {
  try {
    return instead.get(key) ?? window[where].getItem(key);
  } catch {
    return instead.get(key) ?? null;
  }
}

/**
 * Keeps a text, or forgets it (null). Returns whether it lasts.
 *
 * @param {string} key
 * @param {string | null} text
 * @param {Where} where
 */
export function keep(key, text, where = "localStorage") {
  instead.delete(key);
  try {
    if (text === null) window[where].removeItem(key);
    else window[where].setItem(key, text);
    return true;
  } catch {
    if (text !== null) instead.set(key, text);
    return false;
  }
}

/** The JSON that was kept, or null if there is none: something else may have written there. @param {string} key @returns {unknown} */
export function keptJson(key) {
  try {
    return JSON.parse(kept(key) ?? "null");
  } catch {
    return null;
  }
}
