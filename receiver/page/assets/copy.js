// Copies text to the clipboard, and announces it to screen readers.

import { html, useState } from "./vendor/preact.js";

const HEARD = 50; // ms until a region that was emptied is filled

/** Tells those who hear the page what changed. @param {string} text */
export function announce(text) {
  // What stands behind a dialog is not heard.
  const region = document.querySelector("dialog:modal [aria-live]") ?? document.getElementById("announcer");
  if (!region) return;
  region.textContent = ""; // or the same words would not be heard again
  setTimeout(() => {
    region.textContent = text;
  }, HEARD);
}

/**
 * A button that copies a text, or what a function gives; `what` says what is copied, to those who hear the page.
 *
 * @param {{text: string | (() => string | Promise<string>), what?: string, label?: string}} props
 */
export function Copy({ text, what = "", label = "Copy" }) {
  const [state, setState] = useState("");
  /** @param {{currentTarget: HTMLButtonElement}} event */
  const copy = async ({ currentTarget }) => {
    let said = "Copied";
    try {
      const given = typeof text === "function" ? text() : text;
      if (typeof given !== "string") setState("Reading…");
      await copied(given, currentTarget);
    } catch (error) {
      console.error(error);
      said = "Not copied";
    }
    setState(said);
    announce(what ? `${said}: ${what}` : said);
    setTimeout(() => setState(""), 1500);
  };
  return html`<button type="button" class="small copy" onClick=${copy}>${state || label}${
    what && html`<span class="heard"> ${what}</span>`}</button>`;
}

/** @param {string | Promise<string>} text @param {HTMLElement} button */
async function copied(text, button) {
  // A browser takes what is not there yet, too: later the click would be too long ago.
  if (typeof text !== "string" && navigator.clipboard && "ClipboardItem" in window) {
    const blob = text.then((read) => new Blob([read], { type: "text/plain" }));
    return navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
  }
  if (navigator.clipboard) return navigator.clipboard.writeText(await text);
  // Over plain HTTP from another machine, browsers have only this way to the clipboard.
  const field = Object.assign(document.createElement("textarea"), { value: await text, className: "heard" });
  button.after(field); // within its dialog: what is behind it cannot be selected
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  button.focus();
  if (!done) throw new Error("The browser does not copy");
  return undefined;
}
