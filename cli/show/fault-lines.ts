import type { Fault } from '../../shared/domain/fault.ts'
import { visible } from './visible.ts'

/** Where an error was thrown and why, as lines for people; none for an error that does not say it. */
export function faultLines({
  stack,
  causes = [],
  details,
}: Pick<Fault, 'stack' | 'causes' | 'details'>): string[] {
  return [
    ...framesIn(stack),
    ...causes.flatMap(({ name, message, stack: inner }) => [
      `  caused by ${visible(`${name}: ${message}`)}`,
      ...framesIn(inner),
    ]),
    ...(details === undefined ? [] : [`  details ${visible(details)}`]),
  ]
}

const framesIn = (stack: string | undefined): string[] =>
  stack === undefined
    ? []
    : visible(stack)
        .split('\n')
        .map((frame) => `    ${frame}`)
