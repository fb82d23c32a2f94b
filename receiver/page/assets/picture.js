// Pictures in messages, drawn on a canvas from their own bytes: nothing is loaded from elsewhere, and the page's policy needs no
// exception. What the bytes are is told by how they begin, not by what the sender says.

import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { getBytes } from "./api.js";
import { useLoad } from "./load.js";

const LARGEST = 10_000_000; // bytes
const MOST_PIXELS = 40_000_000; // a small file may hold a picture that takes gigabytes
const WIDEST = 1600; // pixels that are drawn

/** Signs of the four types that are drawn, as base64 begins with them. */
const BASE64 = /^(?:data:image\/(?:png|jpeg|gif|webp);base64,)?(?=(iVBORw0KGgo|\/9j\/|R0lGOD|UklGR))/;
const LEAST = 60; // characters

/** The base64 of a picture, if a text is that; "" of other texts. @param {unknown} value */
export function pictureIn(value) {
  if (typeof value !== "string" || value.length < LEAST) return "";
  const [head, sign] = BASE64.exec(value) ?? [];
  return sign ? value.slice(head?.length) : "";
}

/** @param {string} base64 */
function bytesOf(base64) {
  return Uint8Array.from(atob(base64.replace(/\s/g, "")), (character) => character.charCodeAt(0));
}

/**
 * Returns the type, width and height of a picture, null if it is none of the four types or does not say.
 *
 * @param {Uint8Array} bytes
 * @returns {{type: string, width: number, height: number} | null}
 */
export function headOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const letters = String.fromCharCode(...bytes.subarray(0, 16));
  try {
    if (letters.startsWith("\x89PNG\r\n\x1a\n")) return { type: "image/png", width: view.getUint32(16), height: view.getUint32(20) };
    if (/^GIF8[79]a/.test(letters)) return { type: "image/gif", width: view.getUint16(6, true), height: view.getUint16(8, true) };
    if (/^RIFF....WEBPVP8/s.test(letters)) return { type: "image/webp", ...sizeOfWebp(letters[15], view) };
    if (letters.startsWith("\xff\xd8\xff")) return { type: "image/jpeg", ...sizeOfJpeg(view) };
  } catch {
    // It ends before it says how large it is.
  }
  return null;
}

/** @param {string} kind @param {DataView} view */
function sizeOfWebp(kind, view) {
  if (kind === "X") return { width: (view.getUint32(24, true) & 0xffffff) + 1, height: (view.getUint32(27, true) & 0xffffff) + 1 };
  if (kind !== "L") return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  const bits = view.getUint32(21, true);
  return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
}

/** @param {DataView} view */
function sizeOfJpeg(view) {
  for (let at = 2; ; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
  }
}

/**
 * A picture: of `base64`, or the one that an event holds under an id. `words` say what it is; without a picture, they stay.
 *
 * @param {{base64?: string, eventId?: string, id?: string, words: string}} props
 */
export function Picture({ base64, eventId, id, words }) {
  const { data, error } = useLoad(async (signal) => bitmapOf(base64 ? bytesOf(base64)
    : await getBytes(`/events/${encodeURIComponent(eventId ?? "")}/picture`, { picture: id }, { signal })), [base64, id]);
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const [large, setLarge] = useState(false);
  useEffect(() => {
    const on = canvas.current;
    if (!data || !on) return;
    Object.assign(on, { width: data.width, height: data.height });
    on.getContext("2d")?.drawImage(data, 0, 0);
  }, [data]);
  if (error) return html`<span class="muted">not shown: ${error.message}</span>`;
  if (!data) return html`<span class="muted">…</span>`;
  return html`<button type="button" class="picture ${large ? "large" : ""}" aria-expanded=${large} onClick=${() => setLarge(!large)}
    title=${large ? "Make it small" : "Make it large"}><canvas ref=${canvas} role="img" aria-label=${words}></canvas></button>`;
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
async function bitmapOf(bytes) {
  if (bytes.length > LARGEST) throw new Error("it is larger than 10 MB");
  const head = headOf(bytes);
  if (!head) throw new Error("it is no PNG, JPEG, GIF or WebP");
  const { type, width, height } = head;
  if (width * height > MOST_PIXELS) throw new Error(`it has ${width} x ${height} pixels`);
  const resize = width > WIDEST ? { resizeWidth: WIDEST } : {};
  try {
    return await createImageBitmap(new Blob([bytes], { type }), resize);
  } catch {
    throw new Error("it is damaged, or was cut off");
  }
}
