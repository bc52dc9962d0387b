/* From the logs to the lines of a chart. */

/** The lines of a panel as they are to be drawn: smoothed, less the baseline, as bands, forks cut off. */
function linesOf(board, spec) {
  const { xAxis, smoothing, baseline, bands, forks } = board.data;
  let lines = spec.lines
    .map((line) => {
      const all = logs.get(nameOf(line));
      const log = board.closer.get(nameOf(line)) ?? all;
      const x = log?.x[xAxis] ?? [];
      const [mean = [], low = mean, high = mean] = log?.y[line.column] ?? [];
      const apart = spacing(all?.x[xAxis] ?? []);
      return { ...line, x, mean, low, high, apart, inner: log?.inner, size: log?.size ?? 1, iterations: log?.x.iteration ?? [] };
    })
    .filter((line) => line.mean.length);
  // That of the whole logs, so that a zoom smooths neither more nor less.
  const step = Math.min(...lines.map((line) => line.apart));
  for (const line of lines) line.y = smooth(line.x, line.mean, smoothing, step);
  const base = lines.find((line) => line.run === baseline);
  if (base) {
    const reference = { x: base.x, y: base.y };
    for (const line of lines) {
      const less = (values) => values.map((value, i) => value - interpolate(reference.x, reference.y, line.x[i]));
      [line.mean, line.low, line.high, line.y] = [line.mean, line.low, line.high, line.y].map(less);
    }
  }
  // Only now, as what lies before tells in the moving average.
  for (const line of lines.filter((each) => each.inner)) {
    const [from, to] = line.inner;
    for (const name of ["x", "mean", "low", "high", "y", "iterations"]) line[name] = line[name].slice(Math.max(0, from - 1), to + 1);
  }
  // Only now, as a hidden run may be the baseline.
  lines = lines.filter((line) => !board.hidden.has(board.idOf(spec, line)));
  for (const fork of forks) {
    for (const line of lines.filter((each) => each.run === fork.run)) {
      const from = Math.max(0, lowerBound(line.iterations, fork.iteration));
      const shared = lines.some((each) => each.run === fork.parent);
      line.shared = shared ? null : { x: line.x.slice(0, from + 1), y: line.y.slice(0, from + 1) };
      for (const name of ["x", "mean", "low", "high", "y"]) line[name] = line[name].slice(from);
    }
  }
  for (const members of bands) {
    const group = lines.filter((line) => members.includes(line.run));
    if (group.length < 2) continue;
    const band = bandOf(group);
    const name = _("{family} ({count} seeds)", { family: group[0].family ?? group[0].name, count: group.length });
    lines = lines.filter((line) => !group.includes(line));
    lines.push({ ...group[0], name, x: band.x, y: band.mean, band, mean: band.mean, low: band.low, high: band.high, size: 1, smoothed: true });
  }
  for (const line of lines) line.smoothed ||= smoothing > 0;
  return lines;
}
