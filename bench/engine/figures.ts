export type Figure = {
  name: string
  unit: string
  /** The measured stack, and whether its writes survive `kill -9`. */
  stack: 'engine' | 'local cloud'
  durable: boolean
  runs: number
  median: number
  min: number
  max: number
}

type Subject = Pick<Figure, 'name' | 'unit' | 'stack' | 'durable'>

/** At least five runs of one measurement, after a warm-up. */
export async function measure(
  subject: Subject,
  { runs = 5, warmUp = 1 }: { runs?: number; warmUp?: number },
  once: (run: number) => Promise<number>,
): Promise<Figure> {
  for (let run = 0; run < warmUp; run++) await once(run)
  const values: number[] = []
  for (let run = 0; run < runs; run++) values.push(await once(warmUp + run))
  const figure = summarize(subject, values)
  // Standard output is reserved for the result, which the parent process reads from its last line.
  console.error(
    `${figure.name.padEnd(44)} ${round(figure.median)} ${figure.unit} (${round(figure.min)} - ${round(figure.max)}, ${runs} runs; ${figure.stack}, ${figure.durable ? 'durable' : 'not durable'})`,
  )
  return figure
}

export function summarize(subject: Subject, values: readonly number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = 0, high = 0] = [sorted[middle - ((sorted.length + 1) % 2)], sorted[middle]]
  return {
    ...subject,
    runs: values.length,
    median: (low + high) / 2,
    min: sorted[0] ?? 0,
    max: sorted.at(-1) ?? 0,
  }
}

const round = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3))
