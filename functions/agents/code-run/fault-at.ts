import { MISSING, noModule } from './program.ts'

/** What the engine says of a name that a module does not export, of a module that is missing altogether. */
const IMPORTS = new RegExp(`in module '${MISSING}([^']*)'`)

/** Why a run failed, and where: a line of the code, or of the tests. */
export type Fault = { name: string; message: string; at?: 'code' | 'tests'; line?: number; column?: number }

/** The place of an error, from the stack that the sandbox's engine gave. Tests that share a module with the code begin after its last line. */
export function faultAt({ name, message, stack }: Fault & { stack: string }, code: string): Fault {
  const [, missing] = IMPORTS.exec(message) ?? []
  const told = {
    name: name.slice(0, 100),
    message: missing === undefined ? message.slice(0, 2_000) : noModule(missing),
  }
  const frame = /\.\/(code|tests)\.js:(\d+)(?::(\d+))?/.exec(stack)
  if (!frame) return told
  const [, file, lineText = '1', columnText] = frame
  const line = Number(lineText)
  // A prefix stands on the first line.
  const column = columnText === undefined || line === 1 ? {} : { column: Number(columnText) }
  if (file === 'tests') return { ...told, at: 'tests', line, ...column }
  const lines = code.split('\n').length
  return line > lines
    ? { ...told, at: 'tests', line: line - lines, ...column }
    : { ...told, at: 'code', line, ...column }
}
