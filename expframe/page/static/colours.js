/** Colours of runs and groups: the same ones wherever they are shown. */

/** @typedef {{light: string, dark: string, dash: number[]}} Style */

/** Told apart by people with any kind of colour vision, on light and on dark ground; neighbours differ most. */
const COLOURS = [
  ["#2755af", "#608bfe"],
  ["#a27b17", "#b68a02"],
  ["#349346", "#6cde7c"],
  ["#95317f", "#de62c0"],
  ["#8e0f27", "#e26d6f"],
  ["#5d82bd", "#89acea"],
  ["#8f4501", "#cc7e44"],
  ["#b46a8f", "#feafd5"],
  ["#54414e", "#a08a99"],
  ["#8c806d", "#d2c5b0"],
];
const DASHES = [[], [7, 3], [2, 3], [8, 3, 2, 3]];

const dark = matchMedia("(prefers-color-scheme: dark)");

/** Whether the page is dark now. */
export function isDark() {
  return dark.matches;
}

/**
 * Call a function when the page becomes dark or light.
 *
 * @param {() => void} fn
 * @param {AbortSignal} signal
 */
export function onScheme(fn, signal) {
  dark.addEventListener("change", fn, { signal });
}

/**
 * Return the style of each name: its own place in the palette, or the next free one; dashes begin when all colours
 * are taken. Which of them are hidden changes nothing, if all are given.
 *
 * @param {string[]} names ids of runs, or labels of groups
 * @returns {Map<string, Style>}
 */
export function styles(names) {
  const found = new Map();
  const taken = new Set();
  for (const name of names) {
    if (found.has(name)) continue;
    const level = Math.floor(found.size / COLOURS.length);
    let place = own(name) % COLOURS.length;
    while (taken.has(`${level} ${place}`)) place = (place + 1) % COLOURS.length;
    taken.add(`${level} ${place}`);
    const [light, dark] = COLOURS[place];
    found.set(name, { light, dark, dash: DASHES[level % DASHES.length] });
  }
  return found;
}

/**
 * Return the colour of a style as the page is now.
 *
 * @param {Style | undefined} style
 */
export function colourOf(style) {
  const { light, dark } = style ?? { light: COLOURS[0][0], dark: COLOURS[0][1] };
  return isDark() ? dark : light;
}

/** @param {string} name */
function own(name) {
  if (/^\d{1,15}$/.test(name)) return Number(name) - 1 + COLOURS.length;
  let sum = 7;
  for (const sign of name) sum = (sum * 31 + /** @type {number} */ (sign.codePointAt(0))) >>> 0;
  return sum;
}
