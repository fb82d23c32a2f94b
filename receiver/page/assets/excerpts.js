// The first words of events whose names say little: log lines, exceptions. An outline has no texts, so that it stays
// small; for visible rows they are requested one by one, once scrolling has stopped.

import { useEffect, useRef, useState } from "./vendor/preact.js";
import { get } from "./api.js";
import { failureOf } from "./failure.js";
import { previewOf } from "./parts.js";

/** @import { AgentEvent, OutlinedEvent, TreeNode } from "./types.d.ts" */

const REST = 120; // ms without scrolling
const AT_ONCE = 4;

/**
 * Returns whether an event's name says little, such as `exception`, which does not say which one it was.
 *
 * @param {OutlinedEvent} event
 */
const isNameless = (event) => !event.name || event.name === "exception";

/** Text by event id, of those of the nodes in sight that are nameless; it grows as they are loaded. @param {TreeNode[]} nodes */
export function useExcerpts(nodes) {
  const known = useRef(/** @type {Map<string, string>} */ (new Map()));
  const [, redraw] = useState(0);
  const nameless = nodes.map(({ event }) => event).filter(isNameless);
  const wanted = nameless.map(({ id }) => id).filter((id) => !known.current.has(id));
  useEffect(() => {
    if (!wanted.length) return undefined;
    const control = new AbortController();
    const waiting = [...wanted];
    const work = async () => {
      for (let id = waiting.shift(); id && !control.signal.aborted; id = waiting.shift()) {
        try {
          known.current.set(id, excerptOf(await get(`/events/${encodeURIComponent(id)}`, {}, { signal: control.signal })));
        } catch {
          if (control.signal.aborted) return;
          known.current.set(id, ""); // the panel says what is the matter with an event
        }
      }
    };
    const timer = setTimeout(async () => {
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      if (!control.signal.aborted) redraw((times) => times + 1);
    }, REST);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [wanted.join()]);
  return known.current;
}

/** @param {AgentEvent} event */
function excerptOf(event) {
  const { kind, message } = failureOf(event) ?? {};
  if (message) return previewOf(kind ? `${kind}: ${message}` : message);
  const { body, message: said, ...rest } = event.properties;
  return previewOf(said ?? body ?? rest);
}
