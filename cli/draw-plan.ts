import type { PlanView } from '../shared/contracts/views.ts'

/** The plan as a Mermaid flowchart: an edge that waits at a gate is dotted. */
export function mermaidOf({ steps, gates }: Pick<PlanView, 'steps' | 'gates'>): string {
  const lines = steps.flatMap(({ stepId, needs }) => {
    const gated = gates.find(({ before }) => before === stepId)?.after ?? []
    const edges = needs.map((need) =>
      gated.includes(need) ? `  ${need} -. gate .-> ${stepId}` : `  ${need} --> ${stepId}`,
    )
    return edges.length > 0 ? edges : [`  ${stepId}`]
  })
  return ['flowchart LR', ...lines].join('\n')
}

/** What runs when, a column for each position in the longest chain; `*` marks a step that waits at a gate. */
export function columnsOf({ steps, gates }: Pick<PlanView, 'steps' | 'gates'>): string[][] {
  const depths = new Map<string, number>()
  for (const { stepId, needs } of steps) {
    depths.set(stepId, 1 + Math.max(-1, ...needs.map((need) => depths.get(need) ?? 0)))
  }
  const gated = new Set(gates.map(({ before }) => before))
  const columns: string[][] = []
  for (const [stepId, depth] of depths) {
    columns[depth] ??= []
    columns[depth].push(gated.has(stepId) ? `${stepId}*` : stepId)
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
