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
    this.origin = isLog ? Math.log(low) : low;
    this.slope = (end - start) / ((isLog ? Math.log(high) : high) - this.origin || 1);
  }

  /**
   * Return the place of a value; NaN where it has none.
   *
   * @param {number} value
   */
  place(value) {
    return this.start + ((this.isLog ? Math.log(value) : value) - this.origin) * this.slope;
  }

  /**
   * Return the value at a place.
   *
   * @param {number} place
   */
  value(place) {
    const found = this.origin + (place - this.start) / this.slope;
    return this.isLog ? Math.exp(found) : found;
  }
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
    if (low === high) return [low / 2, high * 2];
    const room = (high / low) ** 0.04;
    return [low / room, high * room];
  }
  if (low === high) {
    const room = Math.abs(low) * 0.1 || 1;
    return [low - room, high + room];
  }
  const room = (high - low) * 0.04;
  return [low >= 0 && low < room ? 0 : low - room, high + room];
}
