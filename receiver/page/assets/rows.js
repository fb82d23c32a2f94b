// Long lists of rows, of which only the visible ones are in the document.

import { useLayoutEffect, useState } from "./vendor/preact.js";
import { Virtualizer, elementScroll, observeElementOffset, observeElementRect } from "./vendor/virtual-core/index.js";

/** @import { VirtualizerOptions } from "./vendor/virtual-core/index.js" */

/**
 * Returns the visible rows of `scroller`, which has `count` rows of `height` pixels each.
 *
 * @param {number} count
 * @param {number} height
 * @param {{current: HTMLElement | null}} scroller
 * @param {Partial<VirtualizerOptions<HTMLElement, HTMLElement>>} options
 */
export function useRows(count, height, scroller, options = {}) {
  const [, redraw] = useState(0);
  /** @type {VirtualizerOptions<HTMLElement, HTMLElement>} */
  const all = {
    count,
    estimateSize: () => height,
    getScrollElement: () => scroller.current,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    overscan: 10,
    onChange: () => redraw((times) => times + 1),
    ...options,
  };
  const [rows] = useState(() => new Virtualizer(all));
  rows.setOptions(all);
  useLayoutEffect(() => rows._didMount(), [rows]);
  useLayoutEffect(() => rows._willUpdate());
  useLayoutEffect(() => rows.measure(), [rows, height]);
  return rows;
}
