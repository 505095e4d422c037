/** Ticks that people would choose, for numbers, logarithms, durations and moments. */

/** @typedef {{at: number, text: string}} Tick */

const UNITS = [
  { least: 1e9, name: "G" },
  { least: 1e6, name: "M" },
  { least: 1e4, name: "k" },
];
const SIZES = { G: 1e9, M: 1e6, k: 1e3 };

/**
 * Return ticks between two values.
 *
 * @param {string} kind `number`, `time` (seconds of 1970) or `relative` (seconds)
 * @param {number} low
 * @param {number} high
 * @param {number} most how many there may be
 * @param {boolean} isLog
 * @param {boolean} isWhole whether only whole numbers make sense
 * @returns {Tick[]}
 */
export function ticks(kind, low, high, most, isLog = false, isWhole = false) {
  if (!(low < high) || !Number.isFinite(low) || !Number.isFinite(high)) return [];
  if (kind === "time") return momentTicks(low, high, most);
  if (isLog) return logTicks(low, high, most);
  return kind === "relative" ? durationTicks(low, high, most) : numberTicks(low, high, most, isWhole);
}

/**
 * @param {number} low
 * @param {number} high
 * @param {number} most
 * @param {boolean} isWhole
 * @returns {Tick[]}
 */
function numberTicks(low, high, most, isWhole) {
  const rough = high / most - low / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const found = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough * 0.999) ?? 10 * power;
  const step = isWhole ? Math.max(1, found) : found;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  if (first > last && !isWhole) return numberTicks(low, high, most + 1, isWhole); // the step is near the whole axis
  const greatest = Math.max(Math.abs(low), Math.abs(high));
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => {
    const at = (first + n) * step;
    return { at, text: stepped(at, step, greatest) };
  });
}

/**
 * Return a number with as many digits as a step needs: `0.05`, `10k`, `1.2M`, `1,000,000.5`, `2e-7`.
 *
 * @param {number} value
 * @param {number} step
 * @param {number} greatest what is the greatest beside it
 */
function stepped(value, step, greatest) {
  if (Math.abs(value) <= step / 1e6) return "0";
  const unit = UNITS.find(({ least }) => greatest >= least);
  if (greatest < 1e12 && unit) {
    const size = SIZES[/** @type {"G" | "M" | "k"} */ (unit.name)];
    const digits = decimals(step / size);
    if (digits <= 2) return minus(`${(value / size).toFixed(digits)}${unit.name}`);
  }
  if (greatest >= 1e12 || greatest < 1e-3) {
    const power = Math.floor(Math.log10(greatest) + 1e-9);
    return minus(`${(value / 10 ** power).toFixed(Math.min(15, decimals(step / 10 ** power)))}e${power}`);
  }
  const digits = Math.min(15, decimals(step));
  return minus(value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }));
}

/** @param {number} step */
function decimals(step) {
  return Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
}

/** @param {string} text */
function minus(text) {
  return text.replace(/^-/, "−");
}

/**
 * @param {number} low
 * @param {number} high
 * @param {number} most
 * @returns {Tick[]}
 */
function logTicks(low, high, most) {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  if (high / low < 4) return numberTicks(low, high, most, false);
  const decades = Math.log10(high) - Math.log10(low);
  const factors = decades * 3 <= most + 1 ? [1, 2, 5] : decades * 2 <= most ? [1, 3] : [1];
  const rough = (last - first) / most;
  const every = [1, 2, 3, 5, 10, 20, 50, 100, 200].find((powers) => powers >= rough) ?? 500;
  const found = [];
  for (let power = Math.ceil(first / every) * every; power <= last; power += every) {
    for (const factor of factors) {
      const at = factor * 10 ** power;
      if (at >= low * (1 - 1e-9) && at <= high * (1 + 1e-9)) found.push({ at, text: single(factor, power) });
    }
  }
  return found.length > 1 ? found : numberTicks(low, high, most, false);
}

/**
 * @param {number} factor
 * @param {number} power
 */
function single(factor, power) {
  if (power >= -3 && power < 4) return String(Number((factor * 10 ** power).toPrecision(3)));
  if (power >= 4 && power < 12) return stepped(factor * 10 ** power, 10 ** power, factor * 10 ** power);
  return minus(`${factor}e${power}`);
}

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
const SPANS = [1, 2, 5, 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR]
  .concat([2, 3, 6, 12].map((hours) => hours * HOUR))
  .concat([1, 2, 7, 14].map((days) => days * DAY));

/**
 * @param {number} low
 * @param {number} high
 * @param {number} most
 * @returns {Tick[]}
 */
function durationTicks(low, high, most) {
  const rough = (high - low) / most;
  const step = SPANS.find((span) => span >= rough);
  if (rough < 1 || step === undefined) {
    const unit = rough < 1 ? 1 : DAY;
    return numberTicks(low / unit, high / unit, most, false).map(({ at, text }) => ({
      at: at * unit,
      text: `${text} ${unit === 1 ? "s" : "d"}`,
    }));
  }
  const [unit, name] = /** @type {[number, string]} */ (
    step >= DAY ? [DAY, "d"] : step >= HOUR ? [HOUR, "h"] : step >= MINUTE ? [MINUTE, "min"] : [1, "s"]
  );
  const found = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high * (1 + 1e-12); n += 1) {
    found.push({ at: n * step, text: `${Number(((n * step) / unit).toFixed(2))} ${name}` });
  }
  return found;
}

const OF_TIME = {
  second: new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  minute: new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }),
  day: new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" }),
  month: new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric" }),
};

/**
 * Ticks in the reader's time zone; midnights carry the day.
 *
 * @param {number} low
 * @param {number} high
 * @param {number} most
 * @returns {Tick[]}
 */
function momentTicks(low, high, most) {
  const rough = (high - low) / most;
  if (rough < 1) return fractionTicks(low, high, most);
  const step = SPANS.find((span) => span >= rough);
  if (step === undefined) return monthTicks(low, high, Math.ceil(rough / (30.5 * DAY)));
  const found = [];
  const start = new Date(low * 1000);
  start.setHours(0, 0, 0, 0);
  if (step >= DAY) {
    for (const day = start; day.getTime() <= high * 1000; day.setDate(day.getDate() + step / DAY)) {
      const at = day.getTime() / 1000;
      if (at >= low) found.push({ at, text: OF_TIME.day.format(day) });
    }
    return found;
  }
  const midnight = start.getTime() / 1000;
  for (let n = Math.ceil((low - midnight) / step - 1e-9); midnight + n * step <= high; n += 1) {
    const moment = new Date((midnight + n * step) * 1000);
    const isMidnight = moment.getHours() + moment.getMinutes() + moment.getSeconds() === 0;
    const kind = isMidnight ? "day" : step < MINUTE ? "second" : "minute";
    found.push({ at: midnight + n * step, text: OF_TIME[kind].format(moment) });
  }
  return found;
}

/**
 * @param {number} low
 * @param {number} high
 * @param {number} most
 */
function fractionTicks(low, high, most) {
  const whole = Math.floor(low);
  return numberTicks(low - whole, high - whole, most, false).map(({ at, text }) => {
    const second = OF_TIME.second.format(new Date((whole + at) * 1000));
    return { at: whole + at, text: second + (text.match(/\.\d+$/)?.[0] ?? "") };
  });
}

/**
 * @param {number} low
 * @param {number} high
 * @param {number} every
 */
function monthTicks(low, high, every) {
  const found = [];
  const month = new Date(low * 1000);
  month.setDate(1);
  month.setHours(0, 0, 0, 0);
  month.setMonth(Math.floor(month.getMonth() / every) * every);
  for (; month.getTime() <= high * 1000; month.setMonth(month.getMonth() + every)) {
    if (month.getTime() >= low * 1000) found.push({ at: month.getTime() / 1000, text: OF_TIME.month.format(month) });
  }
  return found;
}
