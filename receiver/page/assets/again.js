// While the index is being filled its answers are incomplete, so the request is repeated.

import { useEffect } from "./vendor/preact.js";

const AGAIN = 3000; // ms

/**
 * Repeats the request a little after each incomplete answer.
 *
 * @param {() => void} reload
 * @param {unknown} answer
 * @param {boolean} soFar
 */
export function useAgain(reload, answer, soFar) {
  useEffect(() => {
    const timer = soFar ? setTimeout(reload, AGAIN) : undefined;
    return () => clearTimeout(timer);
  }, [answer]);
}
