/** A measurement; `most` and `least` are bars that it must keep to. */
export type Figure = {
  name: string
  unit: string
  median: number
  min: number
  max: number
  runs: number
  most?: number
  least?: number
}

export function figureOf(
  { name, unit, ...bars }: Pick<Figure, 'name' | 'unit' | 'most' | 'least'>,
  values: readonly number[],
): Figure {
  const sorted = [...values].sort((a, b) => a - b)
  if (sorted.length === 0) throw new Error(`there is no value of "${name}"`)
  const [median = 0, min = 0, max = 0] = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1)]
  return { name, unit, median, min, max, runs: sorted.length, ...bars }
}

export const isOverBar = ({ median, most, least }: Figure): boolean =>
  (most !== undefined && median > most) || (least !== undefined && median < least)

export function lineOf(figure: Figure): string {
  const { name, unit, median, min, max, runs, most, least } = figure
  const bar = most !== undefined ? `, at most ${most}` : least !== undefined ? `, at least ${least}` : ''
  const range =
    runs > 1 ? ` (${shown(min)} - ${shown(max)}, ${runs} runs${bar})` : bar === '' ? '' : ` (${bar.slice(2)})`
  return `${name.padEnd(64)} ${shown(median)} ${unit}${range}${isOverBar(figure) ? '  OVER ITS BAR' : ''}`
}

const shown = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3))
