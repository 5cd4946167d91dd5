const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

const relative = new Intl.RelativeTimeFormat("en", { numeric: "always", style: "short" });
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });

/** Seconds from which months are exact enough: `in 2 mo.` says little of a key that lives for 90 days. */
const monthsFrom = 120 * 86_400;

/**
 * How long ago or ahead an instant is: `3 min. ago`, `in 2 days`, `just now` within ten seconds. What is ago counts in full units; what is
 * ahead in the nearest, so that a key just made for 90 days says so.
 */
export function relativeTime(at: string, now: number): string {
  const exactly = (Date.parse(at) - now) / 1_000;
  if (!Number.isFinite(exactly)) return "unknown";
  if (Math.abs(exactly) < 10) return "just now";
  const seconds = exactly > 60 ? Math.round(exactly / 60) * 60 : exactly;
  for (const [unit, length] of units) {
    if (unit === "month" && Math.abs(seconds) < monthsFrom) continue;
    const amount = seconds / length;
    if (Math.abs(amount) >= 1) return relative.format(amount > 0 ? Math.round(amount) : Math.trunc(amount), unit);
  }
  return relative.format(Math.trunc(seconds), "second");
}

/** An instant in full, in the reader's own time zone. */
export function exactTime(at: string): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? at : exact.format(time);
}

/** A span of seconds in its two largest units: `4 s`, `2 min 5 s`, `3 h 10 min`, `5 days`. */
export function duration(seconds: number): string {
  if (seconds < 0.1) return "< 0.1 s";
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return join(Math.floor(whole / 60), "min", whole % 60, "s");
  if (whole < 86_400) return join(Math.floor(whole / 3_600), "h", Math.floor((whole % 3_600) / 60), "min");
  const days = Math.floor(whole / 86_400);
  return join(days, days === 1 ? "day" : "days", Math.floor((whole % 86_400) / 3_600), "h");
}

function join(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** A message as a sentence: schemas write theirs in lower case. What starts with a literal keeps its spelling. */
export function sentence(message: string): string {
  return /^[a-z]+[ ,']/.test(message) ? message.charAt(0).toUpperCase() + message.slice(1) : message;
}

/** `dep_01jd3v…7k2f`: prefix, the first and the last characters. Ids of one moment share their beginning, so the end tells them apart. */
export function shortId(id: string): string {
  const prefix = /^([a-z]{2,5}_)?/.exec(id)?.[0] ?? "";
  const body = id.slice(prefix.length);
  return body.length <= 12 ? id : `${prefix}${body.slice(0, 4)}…${body.slice(-4)}`;
}

/** `0x5FbD…0aa3` */
export function shortAddress(address: string): string {
  return address.length <= 14 ? address : `${address.slice(0, 6)}…${address.slice(-4)}`;
}

const counts = new Intl.NumberFormat("en");

export function count(value: number): string {
  return counts.format(value);
}

/** `1 block`, `2,000 blocks` */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Binary units, as memory is given: `81 MiB`. */
export function bytes(value: number): string {
  const steps = ["B", "KiB", "MiB", "GiB", "TiB"];
  let amount = value;
  let step = 0;
  while (amount >= 1_024 && step < steps.length - 1) {
    amount /= 1_024;
    step += 1;
  }
  return `${step === 0 || amount >= 100 ? Math.round(amount) : Number(amount.toFixed(1))} ${steps[step]}`;
}

/** A share of one processor core: `12 %`. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value >= 10 || value === 0 ? Math.round(value) : Number(value.toFixed(1))} %`;
}

/** `api_key.created` → `API key created` */
export function actionWords(action: string): string {
  const words = action.replace("api_key", "API key").replace(/[._]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
