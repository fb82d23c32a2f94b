// The shell: navigation, the page that the address names, theme, keys, and the question for the API key.

import { html, render, useEffect, useErrorBoundary, useState } from "./vendor/preact.js";
import { ApiError, currentKey, forgetKey } from "./api.js";
import { Help, KeyDialog } from "./dialogs.js";
import { stepRows, useKeys } from "./keys.js";
import { useLoad } from "./load.js";
import { href, navigate, useRoute } from "./route.js";
import { ErrorBox, Loading, Title } from "./ui.js";

// A page's module is loaded when it is opened. `one` is the component where the address has an id.
const PAGES = {
  traces: { title: "Traces", key: "t", load: () => import("./traces.js"), all: "Traces", one: { load: () => import("./trace.js"), name: "Trace" } },
  sessions: { title: "Sessions", key: "s", load: () => import("./sessions.js"), all: "Sessions", one: { load: () => import("./session.js"), name: "Session" } },
  search: { title: "Search", key: "f", load: () => import("./search.js"), all: "Search" },
  live: { title: "Live", key: "l", load: () => import("./live.js"), all: "Live" },
};

const THEMES = { "": ["dark", "◐", "as the system"], dark: ["light", "☾", "dark"], light: ["", "☀", "light"] };

function App() {
  const route = useRoute();
  const [help, setHelp] = useState(false);
  useKeys({
    j: () => stepRows(1),
    k: () => stepRows(-1),
    "/": search,
    "?": () => setHelp(true),
    ...Object.fromEntries(Object.entries(PAGES).map(([name, { key }]) => [`g ${key}`, () => navigate([name])])),
  });
  return html`
    <header class="bar">
      <button class="skip" onClick=${() => document.querySelector("main h1")?.focus()}>Skip to the content</button>
      <a class="brand" href=${href("/traces")}>vectadb</a>
      <nav aria-label="Pages">
        ${Object.entries(PAGES).map(([name, { title }]) => html`<a href=${href([name])} aria-current=${name === route.page ? "page" : undefined}>${title}</a>`)}
      </nav>
      <div class="tools">
        <${Theme} />
        <button class="icon" onClick=${() => setHelp(true)} title="Keys (?)" aria-label="Help: keys">?</button>
      </div>
    </header>
    <main><${Page} key=${`${route.page}/${route.id}`} ...${route} /></main>
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
  const field = document.querySelector("main input[type=search]");
  if (field) field.focus();
  else navigate("/search");
}

function Page({ page, id, params }) {
  const entry = Object.hasOwn(PAGES, page) ? PAGES[page] : null;
  const part = id === null ? entry && { load: entry.load, name: entry.all } : entry?.one;
  const [broken, reset] = useErrorBoundary((error) => console.error(error));
  const { data, error, reload } = useLoad(() => part && loaded(part), []);
  if (!part) return html`<${Title} text="No such page" /><p>The address names no page. <a href=${href("/traces")}>To the traces</a></p>`;
  if (broken) return html`<${Title} text=${entry.title} /><${ErrorBox} error=${{ message: `This page broke: ${broken.message}` }} retry=${reset} />`;
  if (error) return html`<${Title} text=${entry.title} /><${ErrorBox} error=${error} retry=${reload} />`;
  return data ? html`<${data} id=${id} params=${params} />` : html`<${Loading} />`;
}

async function loaded({ load, name }) {
  try {
    return (await load())[name];
  } catch (error) {
    console.error(error);
    throw new ApiError(0, "unreachable", "This page could not be loaded. Is the receiver running?");
  }
}

function Theme() {
  const root = document.documentElement;
  const [theme, setTheme] = useState(root.dataset.theme in THEMES ? root.dataset.theme : "");
  const [next, sign, name] = THEMES[theme];
  useEffect(() => {
    root.dataset.theme = theme;
    if (theme) localStorage.setItem("theme", theme);
    else localStorage.removeItem("theme");
    window.dispatchEvent(new Event("themechange"));
  }, [theme]);
  return html`<button class="icon" onClick=${() => setTheme(next)} title=${`Colours: ${name}`} aria-label=${`Colours: ${name}. Change`}>${sign}</button>`;
}

render(html`<${App} />`, document.getElementById("app"));
