import { style } from './output.ts'

/** A share from 0 to 1 as a bar of so many columns; what is more than nothing shows at least one. */
export function bar(share: number, columns: number, colour: 'red' | 'yellow' | 'green' | 'cyan'): string {
  const filled = share <= 0 ? 0 : Math.min(columns, Math.max(1, Math.round(share * columns)))
  return `${style(colour, '█'.repeat(filled))}${style('dim', '░'.repeat(columns - filled))}`
}
