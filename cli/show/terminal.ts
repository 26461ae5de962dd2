/** The only way from the command line to a terminal (visible/I1; a test finds others). */
import { visibleJson, visibleStyled } from './visible.ts'

/** Prints lines for people on standard output. */
export const print = (text = ''): void => console.log(visibleStyled(text))

/** Prints lines for people on standard error. */
export const printError = (text: string): void => console.error(visibleStyled(text))

/** Text for people without a line break of its own, on standard error. */
export const writeError = (text: string): void => {
  process.stderr.write(visibleStyled(text))
}

/** Prints a content that goes into files and programs: as it is, but on a terminal as it may be seen. */
export const printContent = (text: string): void =>
  console.log(process.stdout.isTTY ? visibleStyled(text) : text)

/** JSON in one line; what is invisible in it is escaped. */
export const jsonLine = (value: unknown): string => visibleJson(JSON.stringify(value))

/** Prints JSON for programs, in one line, and on a terminal indented. */
export function printJson(value: unknown, indent = process.stdout.isTTY ? 2 : 0): void {
  console.log(visibleJson(JSON.stringify(value, null, indent) ?? 'null'))
}
