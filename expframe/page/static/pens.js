/** What charts are drawn with: a canvas, or a picture in SVG that says the same. */

/**
 * @typedef {{left: number, top: number, right: number, bottom: number}} Box
 * @typedef {{colour: string, width?: number, alpha?: number, dash?: number[]}} Stroke
 *
 * @typedef {object} Pen
 * @property {(xs: ArrayLike<number>, ys: ArrayLike<number>, from: number, to: number, stroke: Stroke) => void} line
 * @property {(xs: ArrayLike<number>, ys: ArrayLike<number>, colour: string, alpha: number) => void} area
 * @property {(xs: ArrayLike<number>, lows: ArrayLike<number>, highs: ArrayLike<number>, stroke: Stroke) => void} columns
 * @property {(x: number, y: number, radius: number, colour: string) => void} dot
 * @property {(x: number, y: number, text: string, colour: string, align: "start" | "center" | "end") => void} text
 * @property {(box: Box, draw: () => void) => void} within
 */

export const FONT = '11px system-ui, "DejaVu Sans", sans-serif';
/**
 * Without a GPU long paths are slow, lines of one pixel ten times faster than wider ones, and upright ones twice as
 * fast as rectangles; so paths are cut into pieces, of so many segments.
 */
const PIECE = 64;
const WIDE_PIECE = 16;

/**
 * Return a pen for a canvas.
 *
 * @param {CanvasRenderingContext2D} context
 * @returns {Pen}
 */
export function canvasPen(context) {
  const thin = 1 / (devicePixelRatio || 1);
  return {
    line(xs, ys, from, to, { colour, width = 1.5, alpha = 1, dash = [] }) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.globalAlpha = alpha;
      context.lineJoin = "bevel";
      context.setLineDash(dash);
      const piece = width > thin ? WIDE_PIECE : PIECE;
      let gone = 0;
      for (let start = from; start < to - 1; start += piece) {
        const end = Math.min(to, start + piece + 1);
        context.lineDashOffset = gone;
        context.beginPath();
        context.moveTo(xs[start], ys[start]);
        for (let n = start + 1; n < end; n += 1) {
          context.lineTo(xs[n], ys[n]);
          if (dash.length) gone += Math.hypot(xs[n] - xs[n - 1], ys[n] - ys[n - 1]);
        }
        context.stroke();
      }
      context.setLineDash([]);
      context.globalAlpha = 1;
    },
    area(xs, ys, colour, alpha) {
      context.fillStyle = colour;
      context.globalAlpha = alpha;
      context.beginPath();
      for (let n = 0; n < xs.length; n += 1) context.lineTo(xs[n], ys[n]);
      context.fill();
      context.globalAlpha = 1;
    },
    columns(xs, lows, highs, { colour, width = 1, alpha = 1 }) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.globalAlpha = alpha;
      for (let start = 0; start < xs.length; start += PIECE) {
        const end = Math.min(xs.length, start + PIECE);
        context.beginPath();
        for (let n = start; n < end; n += 1) {
          context.moveTo(xs[n], lows[n]);
          context.lineTo(xs[n], highs[n]);
        }
        context.stroke();
      }
      context.globalAlpha = 1;
    },
    dot(x, y, radius, colour) {
      context.fillStyle = colour;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fill();
    },
    text(x, y, text, colour, align) {
      context.fillStyle = colour;
      context.font = FONT;
      context.textAlign = align;
      context.textBaseline = "middle";
      context.fillText(text, x, y);
    },
    within(box, draw) {
      context.save();
      context.beginPath();
      context.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
      context.clip();
      draw();
      context.restore();
    },
  };
}

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** A pen that writes SVG. */
export class SvgPen {
  /**
   * @param {number} width
   * @param {number} height
   * @param {string} ground
   */
  constructor(width, height, ground) {
    this.width = width;
    this.height = height;
    this.clips = 0;
    /** @type {string[]} */
    this.parts = [`<rect width="${width}" height="${height}" fill="${ground}"/>`];
  }

  /** Return the picture. */
  toString() {
    const size = `width="${this.width}" height="${this.height}" viewBox="0 0 ${this.width} ${this.height}"`;
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${this.parts.join("\n")}</svg>\n`;
  }

  /** @type {Pen["line"]} */
  line(xs, ys, from, to, { colour, width = 1.5, alpha = 1, dash = [] }) {
    const dashes = dash.length ? ` stroke-dasharray="${dash.join(" ")}"` : "";
    const look = `fill="none" stroke="${colour}" stroke-width="${width}" stroke-opacity="${alpha}"${dashes}`;
    this.parts.push(`<polyline ${look} stroke-linejoin="round" points="${points(xs, ys, from, to)}"/>`);
  }

  /** @type {Pen["area"]} */
  area(xs, ys, colour, alpha) {
    this.parts.push(`<polygon fill="${colour}" fill-opacity="${alpha}" points="${points(xs, ys, 0, xs.length)}"/>`);
  }

  /** @type {Pen["columns"]} */
  columns(xs, lows, highs, { colour, width = 1, alpha = 1 }) {
    const found = Array.from(xs, (x, n) => `M${short(x)} ${short(lows[n])}V${short(highs[n])}`);
    this.parts.push(
      `<path stroke="${colour}" stroke-width="${width}" stroke-opacity="${alpha}" d="${found.join("")}"/>`,
    );
  }

  /** @type {Pen["dot"]} */
  dot(x, y, radius, colour) {
    this.parts.push(`<circle cx="${short(x)}" cy="${short(y)}" r="${radius}" fill="${colour}"/>`);
  }

  /** @type {Pen["text"]} */
  text(x, y, text, colour, align) {
    const anchor = align === "center" ? "middle" : align;
    const place = `x="${short(x)}" y="${short(y)}" text-anchor="${anchor}" dominant-baseline="central"`;
    this.parts.push(`<text ${place} font-family="sans-serif" font-size="11" fill="${colour}">${escaped(text)}</text>`);
  }

  /** @type {Pen["within"]} */
  within(box, draw) {
    const name = `inside${(this.clips += 1)}`;
    const size = `width="${box.right - box.left}" height="${box.bottom - box.top}"`;
    this.parts.push(`<clipPath id="${name}"><rect x="${box.left}" y="${box.top}" ${size}/></clipPath>`);
    this.parts.push(`<g clip-path="url(#${name})">`);
    draw();
    this.parts.push("</g>");
  }
}

/**
 * @param {ArrayLike<number>} xs
 * @param {ArrayLike<number>} ys
 * @param {number} from
 * @param {number} to
 */
function points(xs, ys, from, to) {
  const found = [];
  for (let n = from; n < to; n += 1) found.push(`${short(xs[n])},${short(ys[n])}`);
  return found.join(" ");
}

/** @param {number} value */
function short(value) {
  return String(Math.round(value * 100) / 100);
}

/** @param {string} text */
function escaped(text) {
  const shown = text.replace(/[&<>"]/g, (sign) => ESCAPES[/** @type {keyof typeof ESCAPES} */ (sign)]);
  return shown.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "\ufffd");
}
