import type { PlanView } from '../shared/contracts/views.ts'
import { parsePath } from '../shared/domain/instance-path.ts'

type Drawn = Pick<PlanView, 'steps' | 'gates'>

/**
 * The plan as a Mermaid flowchart: an edge that waits at a gate is dotted, a loop is a box around its steps, and what no agent
 * runs says what it is.
 */
export function mermaidOf(plan: Drawn): string {
  return ['flowchart LR', ...linesIn(plan, '', '  ')].join('\n')
}

function linesIn(plan: Drawn, scope: string, indent: string): string[] {
  return stepsIn(plan, scope).flatMap(({ stepId, kind, needs }) => {
    const gated = plan.gates.find(({ before }) => before === stepId)?.after ?? []
    const { stepId: name } = parsePath(stepId)
    const label = `"${name}${kind === 'agent' ? '' : ` (${WORDS[kind]})`}"`
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

const WORDS = {
  agent: 'agent',
  repeat: 'loop',
  steps: 'for each',
  approval: 'approval',
  wait: 'wait',
  workflow: 'child workflow',
  emit: 'event',
} as const

/** Many words are Mermaid's own, and a point would end a name. */
const nodeOf = (stepId: string): string => `n_${stepId.replaceAll('.', '__')}`

const stepsIn = ({ steps }: Drawn, scope: string): Drawn['steps'] =>
  steps.filter(({ stepId }) => parsePath(stepId).scope === scope)

/**
 * What runs when, a column for each position in the longest chain; `*` marks a step that waits at a gate, and a loop has its
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

/** The columns side by side, an arrow between them. */
export function drawColumns(columns: readonly (readonly string[])[]): string {
  const widths = columns.map((column) => Math.max(...column.map((cell) => cell.length)))
  const height = Math.max(0, ...columns.map((column) => column.length))
  const rows = Array.from({ length: height }, (_, row) =>
    columns
      .map((column, at) => {
        const arrow = at === 0 ? '' : row === 0 ? '  ->  ' : '      '
        return `${arrow}${(column[row] ?? '').padEnd(widths[at] ?? 0)}`
      })
      .join('')
      .trimEnd(),
  )
  return rows.join('\n')
}
