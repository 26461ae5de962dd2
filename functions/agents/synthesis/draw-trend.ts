import type { TopLevelSpec } from 'vega-lite'

type Point = { at: string; mean: number }

/** A line chart as SVG text. The drawing library is loaded when the first chart is drawn: most steps need none. */
export async function drawTrend(column: string, over: string, series: readonly Point[]): Promise<string> {
  const [{ compile }, { parse, View }] = await Promise.all([import('vega-lite'), import('vega')])
  const overTime = over !== 'row'
  const spec: TopLevelSpec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: 560,
    height: 220,
    background: 'white',
    data: { values: series.map(({ at, mean }) => ({ at: overTime ? at : Number(at), mean })) },
    mark: { type: 'line', color: '#2b6cb0', strokeWidth: 2, point: { size: 18, color: '#2b6cb0' } },
    encoding: {
      x: { field: 'at', type: overTime ? 'temporal' : 'quantitative', title: over },
      y: { field: 'mean', type: 'quantitative', title: `${column} (mean)`, scale: { zero: false } },
    },
  }
  const view = new View(parse(compile(spec).spec), { renderer: 'none' })
  const svg = await view.toSVG()
  view.finalize()
  return svg
}
