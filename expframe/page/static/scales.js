/** Where values stand on an axis. */

/** A line or a logarithm between two values and two places. */
export class Scale {
  /**
   * @param {number} low
   * @param {number} high
   * @param {number} start the place of `low`
   * @param {number} end the place of `high`
   * @param {boolean} isLog
   */
  constructor(low, high, start, end, isLog = false) {
    this.low = low;
    this.high = high;
    this.start = start;
    this.end = end;
    this.isLog = isLog;
    this.unit = isLog ? 1 : unitOf(low, high);
    this.origin = isLog ? Math.log(low) : low / this.unit;
    this.slope = (end - start) / ((isLog ? Math.log(high) : high / this.unit) - this.origin || 1);
  }

  /**
   * Return the place of a value; NaN where it has none.
   *
   * @param {number} value
   */
  place(value) {
    return this.start + ((this.isLog ? Math.log(value) : value / this.unit) - this.origin) * this.slope;
  }

  /**
   * Return the value at a place.
   *
   * @param {number} place
   */
  value(place) {
    const found = this.origin + (place - this.start) / this.slope;
    return this.isLog ? Math.exp(found) : found * this.unit;
  }
}

/**
 * Return what numbers are counted in, so that their distance and what it is divided by are numbers: 1 but for extremes.
 *
 * @param {number} low
 * @param {number} high
 */
function unitOf(low, high) {
  const distance = high / 4 - low / 4;
  return Math.abs(distance) > 1e307 ? 16 : distance !== 0 && Math.abs(distance) < 1e-290 ? 2 ** -600 : 1;
}

/**
 * Return the ends of an axis that shows values with a little room around them.
 *
 * @param {number} low
 * @param {number} high
 * @param {boolean} isLog
 * @returns {[number, number]}
 */
export function roomy(low, high, isLog) {
  if (!(low <= high)) return isLog ? [0.1, 10] : [0, 1];
  if (isLog) {
    const room = low === high ? 2 : Math.exp(0.04 * (Math.log(high) - Math.log(low)));
    return [Math.max(low / room, Number.MIN_VALUE), Math.min(high * room, Number.MAX_VALUE)];
  }
  if (low === high) {
    const room = Math.abs(low) * 0.1 || 1;
    return [low - room, high + room];
  }
  const room = high * 0.04 - low * 0.04;
  const most = Number.MAX_VALUE;
  return [low >= 0 && low < room ? 0 : Math.max(low - room, -most), Math.min(high + room, most)];
}
