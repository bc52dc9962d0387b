/* What a board computes of the buckets it holds. No page, no network: plain functions of arrays. */

function decode(text, Kind) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return Array.from(new Kind(bytes.buffer));
}

/** Every two buckets as one, as the server does when a log outgrows its buckets. */
function mergePairs(log) {
  const pairs = Math.floor(log.whole / 2);
  const each = (values, merge) => Array.from({ length: pairs }, (_, i) => merge(values[2 * i], values[2 * i + 1]));
  const known = (merge) => (a, b) => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : merge(a, b));
  for (const name in log.x) log.x[name] = each(log.x[name], (_, last) => last);
  for (const name in log.y) {
    const [mean, low = mean, high = mean] = log.y[name];
    log.y[name] = [
      each(mean, known((a, b) => (a + b) / 2)),
      each(low, known(Math.min)),
      each(high, known(Math.max)),
    ];
  }
  log.size *= 2;
  log.whole = pairs;
}

/** A line with neighbouring points merged until there are no more than `most`: a screen shows no more anyway. */
function thinned(line, most) {
  const each = Math.ceil(line.x.length / Math.max(1, most));
  if (each < 2) return line;
  const found = { x: [], y: [], low: [], high: [] };
  for (let start = 0; start < line.x.length; start += each) {
    const stop = Math.min(start + each, line.x.length);
    let [sum, known, low, high] = [0, 0, NaN, NaN];
    for (let i = start; i < stop; i++) {
      if (Number.isFinite(line.y[i])) [sum, known] = [sum + line.y[i], known + 1];
      if (Number.isNaN(low) || line.low[i] < low) low = line.low[i];
      if (Number.isNaN(high) || line.high[i] > high) high = line.high[i];
    }
    found.x.push(line.x[stop - 1]);
    found.y.push(known ? sum / known : NaN);
    found.low.push(low);
    found.high.push(high);
  }
  return { ...line, ...found, mean: found.y, size: line.size * each };
}

/** Mean distance of neighbouring points; Infinity where there are none. */
function spacing(x) {
  return x.length > 1 ? (x[x.length - 1] - x[0]) / (x.length - 1) || Infinity : Infinity;
}

/**
 * Exponential moving average, debiased at the start as TensorBoard's is.
 *
 * The share of the past falls with the distance along x, counted in `step`s, so that a curve that was logged less
 * often, or thinned more, is not smoothed more than the one beside it; a point counts for as far as it is from the last.
 */
function smooth(x, y, weight, step) {
  if (!weight) return y;
  let mean = 0;
  let total = 0;
  let before = 2 * x[0] - (x[1] ?? x[0] + step);
  return y.map((value, i) => {
    if (!Number.isFinite(value)) return NaN;
    const kept = weight ** ((x[i] - before) / step);
    before = x[i];
    total = total * kept + 1 - kept;
    // As a step towards the value, so that what is constant stays exactly so: an axis would show the rounding.
    if (total) mean += (value - mean) * ((1 - kept) / total);
    else mean = value;
    return mean;
  });
}

/** A zoomed part between the points of the whole log, which the moving average needs; `inner` is where it lies. */
function framed(log, part) {
  const places = part.x.iteration;
  const from = lowerBound(log.x.iteration, places[0]);
  const to = lowerBound(log.x.iteration, places[places.length - 1] + 1);
  const join = (all, own) => [...all.slice(0, from), ...own, ...all.slice(to)];
  const x = Object.fromEntries(Object.keys(part.x).map((name) => [name, join(log.x[name], part.x[name])]));
  const y = Object.fromEntries(
    Object.entries(part.y).map(([name, own]) => [
      name,
      [0, 1, 2].map((i) => join(log.y[name][i] ?? log.y[name][0], own[i] ?? own[0])),
    ]),
  );
  return { ...part, x, y, inner: [from, from + places.length] };
}

/** Number of the first element of an ascending array that is not below `value`. */
function lowerBound(x, value) {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** y at `place` on the straight lines between the points; NaN beyond them. */
function interpolate(x, y, place) {
  const i = lowerBound(x, place);
  if (i === x.length || (i === 0 && place < x[0])) return NaN;
  if (x[i] === place || i === 0) return y[i];
  const share = (place - x[i - 1]) / (x[i] - x[i - 1]);
  return y[i - 1] + share * (y[i] - y[i - 1]);
}

/** Lines of runs that differ by chance alone, as the mean of those that reach each place, and from where to where. */
function bandOf(lines, points = 400) {
  const first = Math.min(...lines.map((line) => line.x[0] ?? Infinity));
  const last = Math.max(...lines.map((line) => line.x[line.x.length - 1] ?? -Infinity));
  const band = { x: [], mean: [], low: [], high: [] };
  for (let i = 0; i <= points && last >= first; i++) {
    const place = first + ((last - first) * i) / points;
    const values = lines.map((line) => interpolate(line.x, line.y, place)).filter(Number.isFinite);
    if (!values.length) continue;
    band.x.push(place);
    band.mean.push(values.reduce((sum, value) => sum + value, 0) / values.length);
    band.low.push(Math.min(...values));
    band.high.push(Math.max(...values));
  }
  return band;
}

/** Low and high value that leave out the outermost hundredths, with some room; null where nothing is known. */
function withoutOutliers(values) {
  const known = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (known.length < 2) return null;
  const low = known[Math.floor(0.01 * (known.length - 1))];
  const high = known[Math.ceil(0.99 * (known.length - 1))];
  const room = 0.05 * (high - low) || 0.5 * Math.abs(high) || 1;
  return [low - room, high + room];
}
