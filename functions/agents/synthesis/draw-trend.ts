import type { TopLevelSpec } from 'vega-lite'

type Point = { at: string; mean: number }

/** A line chart as SVG text, in UTC, so equal on every machine. The drawing library is loaded at the first chart: most steps need none. */
export async function drawTrend(
  column: string,
  { over, overTime }: { over: string; overTime: boolean },
  series: readonly Point[],
): Promise<string> {
  const [{ compile }, { parse, View }] = await Promise.all([import('vega-lite'), import('vega')])
  const spec: TopLevelSpec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: 560,
    height: 220,
    background: 'white',
    // Vega-Lite builds the descriptions of marks as expressions from titles: a backslash in a name would break them.
    config: { mark: { aria: false } },
    data: { values: series.map(({ at, mean }) => ({ at: overTime ? at : Number(at), mean })) },
    mark: { type: 'line', color: '#2b6cb0', strokeWidth: 2, point: { size: 18, color: '#2b6cb0' } },
    encoding: {
      x: overTime
        ? { field: 'at', type: 'temporal', title: label(over), scale: { type: 'utc' } }
        : { field: 'at', type: 'quantitative', title: label(over) },
      y: { field: 'mean', type: 'quantitative', title: `${label(column)} (mean)`, scale: { zero: false } },
    },
  }
  const view = new View(parse(compile(spec).spec), { renderer: 'none' })
  const svg = await view.toSVG()
  view.finalize()
  return svg
}

const MAX_LABEL = 60

/** One line, of a length that fits the chart. */
function label(name: string): string {
  const line = name.replace(/[\s\p{C}]+/gu, ' ').trim()
  return line.length > MAX_LABEL ? `${line.slice(0, MAX_LABEL)}...` : line
}
