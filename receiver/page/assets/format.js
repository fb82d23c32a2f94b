// Formats values for people. Pure: without clock and document.

const NS = 1_000_000_000n;
const MOMENT = /^(.*?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;
const numbers = new Intl.NumberFormat("en");
const compacts = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
/** @param {number} digits */
const dollars = (digits) => {
  const fractions = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat("en", { style: "currency", currency: "USD", ...fractions });
};
const [cents, fine] = [dollars(2), dollars(4)];
const LEAST = 0.0001; // US dollars that are told apart
const DAY = 86_400_000; // ms
/** Units of time, in ms, the largest first. @type {[string, number][]} */
const UNITS = [["year", 365 * DAY], ["month", 30 * DAY], ["day", DAY], ["h", 3_600_000], ["min", 60_000], ["s", 1000]];
/** @param {number} number */
const two = (number) => String(number).padStart(2, "0");

/**
 * Returns the nanoseconds since 1970 of an RFC 3339 time, as a BigInt, because a double has too few digits.
 *
 * @param {string} moment
 */
export function nanoseconds(moment) {
  const [, seconds, fraction = "", zone] = MOMENT.exec(moment) ?? [];
  return BigInt(Date.parse(seconds + zone) / 1000) * NS + BigInt(fraction.padEnd(9, "0"));
}

/** Nanoseconds from one moment to another, as a number. @param {string} from @param {string} to */
export function between(from, to) {
  return Number(nanoseconds(to) - nanoseconds(from));
}

/**
 * Returns a time as `{date, time, millis, utc}`: local date and time, milliseconds, and all of it in UTC.
 *
 * @param {string} text
 */
export function moment(text) {
  const at = new Date(Number(nanoseconds(text) / 1_000_000n));
  return {
    date: `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`,
    time: `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`,
    millis: `.${String(at.getMilliseconds()).padStart(3, "0")}`,
    utc: `${text.replace("T", " ").replace(/Z$/, "")} UTC`,
  };
}

/**
 * Returns the time of day if it is today, else with the date: `14:03:07`, `Jan 7 14:03:07`, `2025-01-07 14:03`.
 *
 * @param {string} text
 */
export function shortMoment(text, now = new Date()) {
  const { date, time } = moment(text);
  const today = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  if (date === today) return time;
  if (date.slice(0, 4) !== today.slice(0, 4)) return `${date} ${time.slice(0, 5)}`;
  const month = new Date(`${date}T12:00:00`).toLocaleString("en", { month: "short" });
  return `${month} ${Number(date.slice(8))} ${time}`;
}

/**
 * Returns a duration: `0 s`, `12 µs`, `3.4 ms`, `1.24 s`, `2 m 05 s`, `1 h 12 m`.
 *
 * @param {number | null | undefined} ns
 */
export function duration(ns) {
  if (ns === null || ns === undefined) return "";
  const ms = ns / 1e6;
  if (ns === 0) return "0 s";
  if (ms < 0.0995) return `${trimmed(ns / 1e3, 3)} µs`;
  if (ms < 999.5) return `${trimmed(ms, 3)} ms`;
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${trimmed(seconds, 3)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) return `${minutes} m ${two(Math.round(seconds) % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${two(minutes % 60)} m`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** @param {number} value @param {number} digits */
function trimmed(value, digits) {
  return String(Number(value.toPrecision(digits)));
}

/** 12,345 @param {number | null | undefined} value */
export function number(value) {
  return value === null || value === undefined ? "" : numbers.format(value);
}

// Two digits after the point, or four of a smaller number: whole ones are not rounded.
const figures = new Intl.NumberFormat("en", { maximumSignificantDigits: 4, maximumFractionDigits: 2, roundingPriority: "morePrecision" });

/** Any number, with as many digits as it needs: 999,999,999, 0.3333, 1.5e-9. @param {number} value */
export function figure(value) {
  const size = Math.abs(value);
  return size && (size < 1e-6 || size >= 1e15) ? String(Number(value.toPrecision(4))) : figures.format(value);
}

/** 12.3K @param {number | null | undefined} value */
export function compact(value) {
  return value === null || value === undefined ? "" : compacts.format(value);
}

/** One event, 2 events. @param {number} value @param {string} one */
export function count(value, one, many = `${one}s`) {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/** US dollars, of less than one more exactly; "" where nothing is known. @param {number | null | undefined} usd */
export function money(usd) {
  if (!usd) return "";
  return usd < LEAST ? `<${fine.format(LEAST)}` : (usd < 1 ? fine : cents).format(usd);
}

/** How long ago a moment was: 5 min ago, 2 days ago, in 3 h. @param {string} text @param {number} now in ms */
export function ago(text, now) {
  const ms = now - Number(nanoseconds(text) / 1_000_000n);
  const [unit, length] = UNITS.find(([, each]) => Math.abs(ms) >= each) ?? ["s", 1000];
  const many = Math.floor(Math.abs(ms) / length);
  if (many === 0) return "now";
  const words = length >= DAY ? count(many, unit) : `${many} ${unit}`;
  return ms > 0 ? `${words} ago` : `in ${words}`;
}

/** How far the local time is from UTC at a moment: UTC, UTC+1, UTC-3:30. @param {string} text */
export function zoneOf(text) {
  const minutes = -new Date(Number(nanoseconds(text) / 1_000_000n)).getTimezoneOffset();
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return minutes ? `UTC${minutes > 0 ? "+" : "-"}${hours}${rest ? `:${two(rest)}` : ""}` : "UTC";
}

/** The first eight of an id's characters where it is long. @param {string} id */
export function shortId(id) {
  return id.length > 14 ? `${id.slice(0, 8)}…` : id;
}
