// What the index gives while it is filled is not all: it is asked again.

import { useEffect } from "./vendor/preact.js";

const AGAIN = 3000; // ms

/**
 * Asks again a little after each answer that is only what there is so far.
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
