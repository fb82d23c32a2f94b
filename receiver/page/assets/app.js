// The shell: navigation, the page that the address names, theme, keys, and the dialog for the API key.

import { html, render, useEffect, useErrorBoundary, useState } from "./vendor/preact.js";
import { ApiError, currentKey, forgetKey } from "./api.js";
import { Copy } from "./copy.js";
import { Help, KeyDialog } from "./dialogs.js";
import { keep } from "./kept.js";
import { searchField, stepRows, useKeys } from "./keys.js";
import { useLoad } from "./load.js";
import { href, navigate, useRoute } from "./route.js";
import { ErrorBox, Loading, Title } from "./ui.js";

/** @import { Component, Params } from "./types.d.ts" */

/** Loads a component with its module, when it is opened. @typedef {() => Promise<Component>} Load */

/**
 * The pages by their name in the address; `one` is the component for an address with an id. One without a key is not in
 * the navigation.
 *
 * @type {Record<string, {title: string, key?: string, all: Load, one?: Load}>}
 */
const PAGES = {
  overview: { title: "Overview", key: "o", all: async () => (await import("./overview.js")).Overview },
  traces: {
    title: "Traces",
    key: "t",
    all: async () => (await import("./traces.js")).Traces,
    one: async () => (await import("./trace.js")).Trace,
  },
  sessions: {
    title: "Sessions",
    key: "s",
    all: async () => (await import("./sessions.js")).Sessions,
    one: async () => (await import("./session.js")).Session,
  },
  calls: { title: "Calls", key: "c", all: async () => (await import("./calls.js")).Calls },
  search: { title: "Search", key: "f", all: async () => (await import("./search.js")).Search },
  compare: { title: "Compare two runs", all: async () => (await import("./compare.js")).Compare },
  live: { title: "Live", key: "l", all: async () => (await import("./live.js")).Live },
};

const NAVIGATION = Object.entries(PAGES).filter(([, { key }]) => key);

/** The next theme, and the sign and name of this one. @type {Record<string, [string, string, string]>} */
const THEMES = { "": ["dark", "◐", "as the system"], dark: ["light", "☾", "dark"], light: ["", "☀", "light"] };

const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
// Zones with the time of UTC in winter and summer: Etc/UTC, GMT, Africa/Abidjan.
const isUtc = [0, 6].every((month) => new Date(new Date().getFullYear(), month).getTimezoneOffset() === 0);
const ZONE = isUtc ? "Times are UTC." : `Times are those of ${timeZone}; hover over one for UTC.`;

function App() {
  const route = useRoute();
  const [help, setHelp] = useState(false);
  useKeys({
    j: () => stepRows(1),
    k: () => stepRows(-1),
    "/": search,
    "?": () => setHelp(true),
    ...Object.fromEntries(NAVIGATION.map(([name, { key }]) => [`g ${key}`, () => navigate([name])])),
  });
  const skip = () => {
    /** @type {HTMLHeadingElement | null} */
    const heading = document.querySelector("main h1");
    heading?.focus();
  };
  return html`
    <header class="bar">
      <button class="skip" onClick=${skip}>Skip to the content</button>
      <a class="brand" href=${href("/overview")}>vectadb</a>
      <nav aria-label="Pages">
        ${NAVIGATION.map(([name, { title }]) => html`
          <a href=${href([name])} aria-current=${name === route.page ? "page" : undefined}>${title}</a>
        `)}
      </nav>
      <div class="tools">
        <${Copy} text=${location.href} label="Copy link" />
        <${Theme} />
        <button class="icon" onClick=${() => setHelp(true)} title="Keys (?)" aria-label="Help: keys">?</button>
      </div>
    </header>
    <main><${Page} key=${`${route.page}/${route.id}`} ...${route} /></main>
    <footer>${ZONE}</footer>
    <div id="announcer" class="heard" aria-live="polite"></div>
    ${help && html`<${Help} close=${() => setHelp(false)} hasKey=${currentKey() !== null} forget=${forget} />`}
    <${KeyDialog} />
  `;
}

function forget() {
  forgetKey();
  location.reload();
}

function search() {
  const field = searchField();
  if (field) field.focus();
  else navigate("/search");
}

/** @param {{page: string, id: string | null, params: Params}} props */
function Page({ page, id, params }) {
  const entry = Object.hasOwn(PAGES, page) ? PAGES[page] : null;
  const load = id === null ? entry?.all : entry?.one;
  const [broken, reset] = useErrorBoundary((error) => console.error(error));
  const { data, error, reload } = useLoad(async () => load && loaded(load), []);
  if (!entry || !load) {
    return html`<${Title} text="No such page" />
      <p>The address names no page. <a href=${href("/traces")}>To the traces</a></p>`;
  }
  const title = html`<${Title} text=${entry.title} />`;
  if (broken) {
    return html`${title}<${ErrorBox} error=${{ message: `This page broke: ${broken.message}` }} retry=${reset} />`;
  }
  if (error) return html`${title}<${ErrorBox} error=${error} retry=${reload} />`;
  return data ? html`<${data} id=${id} params=${params} />` : html`<${Loading} />`;
}

/** @param {Load} load */
async function loaded(load) {
  try {
    return await load();
  } catch (error) {
    console.error(error);
    throw new ApiError(0, "unreachable", "This page could not be loaded. Is the receiver running?");
  }
}

function Theme() {
  const root = document.documentElement;
  const kept = root.dataset.theme ?? "";
  const [theme, setTheme] = useState(Object.hasOwn(THEMES, kept) ? kept : "");
  const [next, sign, name] = THEMES[theme];
  useEffect(() => {
    root.dataset.theme = theme;
    keep("theme", theme || null);
    window.dispatchEvent(new Event("themechange"));
  }, [theme]);
  return html`<button class="icon" onClick=${() => setTheme(next)}
    title=${`Colours: ${name}`} aria-label=${`Colours: ${name}. Change`}>${sign}</button>`;
}

const root = document.getElementById("app");
if (root) render(html`<${App} />`, root);
