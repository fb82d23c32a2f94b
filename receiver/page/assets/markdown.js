// Markdown as blocks and spans: what agents write, with GitHub's tables; HTML is text. Pure.
// Whatever the text, time grows with its length alone: nothing is looked at again more often than blocks and spans may nest.

/**
 * A span: words, code, or what is around other spans; `to` is where a link or a picture leads.
 *
 * @typedef {{type: "text" | "code", text: string} | {type: "strong" | "em" | "del", of: Span[]}
 *   | {type: "link" | "image", to: string, of: Span[]}} Span
 */
/**
 * @typedef {{type: "paragraph", of: Span[]} | {type: "heading", level: number, of: Span[]} | {type: "rule"}
 *   | {type: "code", text: string, language: string} | {type: "quote", of: Block[]}
 *   | {type: "list", start: number | null, items: {checked: boolean | null, of: Block[]}[]}
 *   | {type: "table", sides: string[], head: Span[][], rows: Span[][][]}} Block
 */
/** How many more blocks and spans are made; what is left is a text. @typedef {{left: number}} Budget */
/** @typedef {[block: Block, next: number]} Read */

const MOST = 20_000; // blocks and spans
const DEEPEST = 8; // quotes and lists in one another
const OPEN = 12; // emphases and links in one another
const CELLS = 50; // columns of a table

const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([^\s`]{0,40})/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+(.*)$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])([ \t]+|$)/;
const INDENTED = /^(?: {4}|\t)/;
const TASK = /^\[([ xX])\][ \t]+/;

/** The blocks of a text. @param {string} text @returns {Block[]} */
export function blocksOf(text) {
  return read(text.replace(/\r\n?/g, "\n").split("\n"), 0, { left: MOST });
}

const LINE = 400; // characters of a text that is shown in a line

/** The beginning of a text in a line of its own, without the signs of Markdown. @param {string} text */
export function plainOf(text) {
  const bare = text.slice(0, LINE).replace(/(^|\s)#{1,6}(?=\s)/g, "$1").replace(/\|?(?:\s?:?-{3,}:?\s?\|)+/g, "");
  return flat(spansOf(bare, { left: LINE })).trim();
}

/** @param {Span[]} spans @returns {string} */
const flat = (spans) => spans.map((span) => ("text" in span ? span.text : flat(span.of))).join("");

/** @param {string[]} lines @param {number} depth @param {Budget} budget @returns {Block[]} */
function read(lines, depth, budget) {
  /** @type {Block[]} */
  const blocks = [];
  let at = 0;
  while (at < lines.length) {
    if (!lines[at].trim()) {
      at += 1;
      continue;
    }
    if (depth > DEEPEST || budget.left <= 0) return [...blocks, { type: "paragraph", of: [words(lines.slice(at).join("\n"))] }];
    budget.left -= 1;
    const [block, next] = fenced(lines, at) ?? headed(lines, at, budget) ?? ruled(lines, at) ?? quoted(lines, at, depth, budget)
      ?? listed(lines, at, depth, budget) ?? tabled(lines, at, budget) ?? indented(lines, at) ?? paragraph(lines, at, budget);
    blocks.push(block);
    at = next;
  }
  return blocks;
}

/** @param {string[]} lines @param {number} at @returns {Read | null} */
function fenced(lines, at) {
  const [, fence, language] = FENCE.exec(lines[at]) ?? [];
  if (!fence) return null;
  let end = at + 1;
  const closes = (/** @type {string} */ line) => {
    const bare = line.trim();
    return bare.length >= fence.length && bare === fence[0].repeat(bare.length);
  };
  while (end < lines.length && !closes(lines[end])) end += 1;
  return [{ type: "code", text: lines.slice(at + 1, end).join("\n"), language }, end + 1];
}

/** @param {string[]} lines @param {number} at @param {Budget} budget @returns {Read | null} */
function headed(lines, at, budget) {
  const [, signs, text] = HEADING.exec(lines[at]) ?? [];
  return signs ? [{ type: "heading", level: signs.length, of: spansOf(text.trim(), budget) }, at + 1] : null;
}

/** @param {string} line */
function isRule(line) {
  const bare = line.replace(/[ \t]/g, "");
  return bare.length >= 3 && "-*_".includes(bare[0]) && bare === bare[0].repeat(bare.length);
}

/** @param {string[]} lines @param {number} at @returns {Read | null} */
const ruled = (lines, at) => (isRule(lines[at]) ? [{ type: "rule" }, at + 1] : null);

/** @param {string[]} lines @param {number} at @param {number} depth @param {Budget} budget @returns {Read | null} */
function quoted(lines, at, depth, budget) {
  if (!QUOTE.test(lines[at])) return null;
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end])) end += 1;
  return [{ type: "quote", of: read(lines.slice(at, end).map((line) => line.replace(QUOTE, "")), depth + 1, budget) }, end];
}

/** @param {string[]} lines @param {number} at @param {number} depth @param {Budget} budget @returns {Read | null} */
function listed(lines, at, depth, budget) {
  const first = ITEM.exec(lines[at]);
  if (!first) return null;
  const kind = first[2].slice(-1);
  const start = /\d/.test(first[2]) ? Number.parseInt(first[2], 10) : null;
  /** @type {{checked: boolean | null, of: Block[]}[]} */
  const items = [];
  let next = at;
  for (let item = first; item?.[2].endsWith(kind) && budget.left > 0; item = /** @type {RegExpExecArray} */ (ITEM.exec(lines[next] ?? ""))) {
    const [begun, indent, sign, space] = item;
    const inset = indent.length + sign.length + (space.length > 4 ? 1 : space.length || 1);
    const own = [lines[next].slice(Math.min(inset, begun.length))];
    let end = next + 1;
    let blank = false;
    for (; end < lines.length; end++) {
      const line = lines[end];
      if (!line.trim()) blank = true;
      else if (insetOf(line) >= inset) blank = false;
      else if (blank || startsBlock(line)) break;
      own.push(line.slice(Math.min(insetOf(line), inset)));
    }
    const [task, mark] = TASK.exec(own[0]) ?? [];
    if (task) own[0] = own[0].slice(task.length);
    budget.left -= 1;
    items.push({ checked: task ? mark !== " " : null, of: read(own, depth + 1, budget) });
    next = end;
  }
  return [{ type: "list", start, items }, next];
}

/** @param {string} line */
const insetOf = (line) => line.length - line.trimStart().length;

/** Whether a line ends the paragraph before it. @param {string} line */
function startsBlock(line) {
  return FENCE.test(line) || HEADING.test(line) || QUOTE.test(line) || ITEM.test(line) || isRule(line);
}

/** @param {string[]} lines @param {number} at @param {Budget} budget @returns {Read | null} */
function tabled(lines, at, budget) {
  const [above, below = ""] = lines.slice(at, at + 2);
  if (!above.includes("|") || !/^[ \t|:-]*-[ \t|:-]*$/.test(below) || !below.includes("|")) return null;
  const lengths = cellsOf(below);
  if (lengths.length !== cellsOf(above).length) return null;
  const sides = lengths.map((cell) => (cell.endsWith(":") ? (cell.startsWith(":") ? "center" : "right") : ""));
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|") && lines[end].trim()) end += 1;
  const drawn = (/** @type {string} */ line) => cellsOf(line).slice(0, sides.length).map((cell) => spansOf(cell, budget));
  /** @type {Span[][][]} */
  const rows = [];
  for (let row = at + 2; row < end; row++) {
    budget.left -= sides.length;
    if (budget.left <= 0) {
      end = row;
      break;
    }
    rows.push(drawn(lines[row]));
  }
  return [{ type: "table", sides, head: drawn(above), rows }, end];
}

/** @param {string} line */
function cellsOf(line) {
  const bare = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  return bare.split("|", CELLS).map((cell) => cell.trim());
}

/** @param {string[]} lines @param {number} at @returns {Read | null} */
function indented(lines, at) {
  if (!INDENTED.test(lines[at])) return null;
  let end = at;
  while (end < lines.length && INDENTED.test(lines[end])) end += 1;
  return [{ type: "code", text: lines.slice(at, end).map((line) => line.replace(INDENTED, "")).join("\n"), language: "" }, end];
}

/** @param {string[]} lines @param {number} at @param {Budget} budget @returns {Read} */
function paragraph(lines, at, budget) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !startsBlock(lines[end])) end += 1;
  return [{ type: "paragraph", of: spansOf(lines.slice(at, end).join("\n").trim(), budget) }, end];
}

/** @param {string} text @returns {Span} */
const words = (text) => ({ type: "text", text });

/** What opened and was not closed yet: its sign, and what followed. @typedef {{sign: string, of: Span[]}} Opened */

const TOKEN = /\\[!-/:-@[-`{-~]|`+|\*+|_+|~~|!?\[|\]|<?https?:\/\/[^\s<>`"|[\]*]+>?/g;
const TARGET = /\(((?:[^\s()]|\([^\s()]*\))*)(?:[ \t]+"[^"\n()]*")?\)/y;
/** @type {Record<string, "strong" | "em" | "del">} */
const EMPHASES = { "**": "strong", __: "strong", "*": "em", _: "em", "~~": "del" };
const SPACE = /\s/;
const LETTER = /[\p{L}\p{N}]/u;

/** The spans of a paragraph. @param {string} text @param {Budget} budget @returns {Span[]} */
function spansOf(text, budget) {
  const ticks = runsOf(text);
  /** @type {Opened[]} */
  const open = [{ sign: "", of: [] }];
  const top = () => open[open.length - 1].of;
  /** @param {string} more */
  const say = (more) => {
    const last = top().at(-1);
    if (last?.type === "text") last.text += more;
    else if (more) top().push(words(more));
  };
  /** @param {Span} span */
  const add = (span) => {
    budget.left -= 1;
    top().push(span);
  };
  /** Takes what opened last as it was written. */
  const drop = () => {
    const { sign, of } = /** @type {Opened} */ (open.pop());
    say(sign);
    for (const span of of) if (span.type === "text") say(span.text); else top().push(span);
  };
  /** Drops what was opened after it, and takes what it holds. @param {(sign: string) => boolean} is @returns {Opened | null} */
  const closed = (is) => {
    if (!open.some(({ sign }) => is(sign))) return null;
    while (!is(open[open.length - 1].sign)) drop();
    return open.pop() ?? null;
  };
  let at = 0;
  TOKEN.lastIndex = 0;
  for (let found = TOKEN.exec(text); found && budget.left > 0; found = TOKEN.exec(text)) {
    const [token] = found;
    const from = found.index;
    let end = from + token.length;
    say(text.slice(at, from));
    const [sign] = token;
    if (sign === "\\") say(token[1]);
    else if (sign === "`") {
      const close = ticks(token.length, end);
      if (close === undefined) say(token);
      else {
        add({ type: "code", text: text.slice(end, close) });
        end = close + token.length;
      }
    } else if (token === "[" || token === "![") {
      if (open.length < OPEN) open.push({ sign: token, of: [] });
      else say(token);
    } else if (token === "]") {
      TARGET.lastIndex = end;
      const [whole, to = ""] = TARGET.exec(text) ?? [];
      const label = closed((opened) => opened.endsWith("["));
      if (!label) say(token);
      else if (whole) {
        add({ type: label.sign === "[" ? "link" : "image", to, of: label.of });
        end += whole.length;
      } else {
        open.push(label);
        drop();
        say(token);
      }
    } else if (sign === "h" || sign === "<") {
      const bare = sign === "<" ? token.replace(/^<|>$/g, "") : ending(token);
      add({ type: "link", to: bare, of: [words(bare)] });
      if (sign === "h") end = from + bare.length;
    } else {
      emphasized(token, text[from - 1] ?? " ", text[end] ?? " ");
    }
    at = end;
    TOKEN.lastIndex = end;
  }
  say(text.slice(at));
  while (open.length > 1) drop();
  return open[0].of;

  /** @param {string} token @param {string} before @param {string} after */
  function emphasized(token, before, after) {
    const isWithin = token[0] === "_" && LETTER.test(before) && LETTER.test(after); // snake_case
    if (token.length > 3 || isWithin) return say(token);
    const signs = token.length === 3 ? [token.slice(0, 2), token[0]] : [token];
    for (const one of SPACE.test(before) ? [] : signs.toReversed()) {
      const inner = closed((opened) => opened === one);
      if (!inner) continue;
      add({ type: EMPHASES[one], of: inner.of });
      signs.splice(signs.indexOf(one), 1);
    }
    for (const one of signs) {
      if (SPACE.test(after) || open.length >= OPEN || !EMPHASES[one]) say(one);
      else open.push({ sign: one, of: [] });
    }
    return undefined;
  }
}

/** Where the next run of so many backticks begins, by its length and from a place that only grows. @param {string} text */
function runsOf(text) {
  /** @type {Map<number, number[]>} */
  const places = new Map();
  for (const { 0: run, index } of text.matchAll(/`+/g)) {
    const same = places.get(run.length);
    if (same) same.push(index);
    else places.set(run.length, [index]);
  }
  for (const same of places.values()) same.reverse();
  /** @param {number} length @param {number} from */
  return (length, from) => {
    const same = places.get(length) ?? [];
    while (same.length && same[same.length - 1] < from) same.pop();
    return same.at(-1);
  };
}

/** An address in a text without the signs that end the sentence. @param {string} address */
function ending(address) {
  let end = address.length;
  const opens = address.includes("(");
  while (end > 8 && (".,;:!?'_~".includes(address[end - 1]) || (address[end - 1] === ")" && !opens))) end -= 1;
  return address.slice(0, end);
}
