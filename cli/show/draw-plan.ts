import type { PlanView } from '../../shared/contracts/views.ts'
import { parsePath } from '../../shared/domain/instance-path.ts'
import { KINDS } from '../../shared/workflow/kinds/index.ts'
import { padTo, wrapLine } from './layout.ts'
import { stringWidth } from './width.ts'

type Drawn = Pick<PlanView, 'steps' | 'gates'>

/**
 * The plan as a Mermaid flowchart: an edge that waits at a gate is dotted, a loop is a box around its steps, and a step without
 * an agent shows its kind.
 */
export function mermaidOf(plan: Drawn): string {
  return ['flowchart LR', ...linesIn(plan, '', '  ')].join('\n')
}

function linesIn(plan: Drawn, scope: string, indent: string): string[] {
  return stepsIn(plan, scope).flatMap(({ stepId, kind, needs }) => {
    const gated = plan.gates.find(({ before }) => before === stepId)?.after ?? []
    const { stepId: name } = parsePath(stepId)
    const label = `"${name}${kind === 'agent' ? '' : ` (${KINDS[kind].word})`}"`
    const inside = linesIn(plan, stepId, `${indent}  `)
    const node = `${indent}${nodeOf(stepId)}[${label}]`
    const drawn =
      inside.length > 0
        ? [`${indent}subgraph ${nodeOf(stepId)}[${label}]`, ...inside, `${indent}end`]
        : [node]
    const edges = needs.map(
      (need) => `${indent}${nodeOf(need)} ${gated.includes(need) ? '-. gate .->' : '-->'} ${nodeOf(stepId)}`,
    )
    return [...drawn, ...edges]
  })
}

/** A prefix and no points, because many words are reserved in Mermaid, and a point would end an id. */
const nodeOf = (stepId: string): string => `n_${stepId.replaceAll('.', '__')}`

const stepsIn = ({ steps }: Drawn, scope: string): Drawn['steps'] =>
  steps.filter(({ stepId }) => parsePath(stepId).scope === scope)

/**
 * The plan in columns, one for each position in the longest chain; `*` marks a step that waits at a gate, and a loop has its
 * steps in brackets.
 */
export function columnsOf(plan: Drawn, scope = ''): string[][] {
  const depths = new Map<string, number>()
  for (const { stepId, needs } of stepsIn(plan, scope)) {
    depths.set(stepId, 1 + Math.max(-1, ...needs.map((need) => depths.get(need) ?? 0)))
  }
  const gated = new Set(plan.gates.map(({ before }) => before))
  const columns: string[][] = []
  for (const [stepId, depth] of depths) {
    const inside = columnsOf(plan, stepId).map((column) => column.join(' '))
    const loop = inside.length > 0 ? ` (${inside.join(' > ')})` : ''
    columns[depth] ??= []
    columns[depth].push(`${parsePath(stepId).stepId}${gated.has(stepId) ? '*' : ''}${loop}`)
  }
  return columns
}

/** The columns side by side with arrows between them; stacked where the line is too narrow. */
export function drawColumns(
  columns: readonly (readonly string[])[],
  width = Number.POSITIVE_INFINITY,
): string {
  const room = width - ARROW.length
  const cells = columns.map((column) => column.flatMap((cell) => wrapLine(cell, room, 2)))
  const bands: string[][][] = []
  let used = 0
  for (const column of cells) {
    const wide = ARROW.length + widthOf(column)
    if (bands.length === 0 || used + wide > width) {
      bands.push([])
      used = 0
    }
    used += wide
    bands.at(-1)?.push(column)
  }
  return bands.map((band, at) => drawBand(band, at === 0)).join('\n')
}

const ARROW = '  ->  '

const widthOf = (column: readonly string[]): number => Math.max(0, ...column.map((cell) => stringWidth(cell)))

function drawBand(band: readonly (readonly string[])[], isFirst: boolean): string {
  const height = Math.max(0, ...band.map((column) => column.length))
  const rows = Array.from({ length: height }, (_, row) =>
    band
      .map((column, at) => {
        const arrow = isFirst && at === 0 ? '' : row === 0 ? ARROW : ' '.repeat(ARROW.length)
        return `${arrow}${padTo(column[row] ?? '', widthOf(column))}`
      })
      .join('')
      .trimEnd(),
  )
  return rows.join('\n')
}
