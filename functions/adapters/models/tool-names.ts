import { OrchestratorError } from '../../../shared/domain/errors.ts'
import { originOf } from '../../../shared/domain/model-settings.ts'
import type { ModelRequest } from '../../../shared/ports/models.ts'
import type { NamedModel } from './named-model.ts'

/** The names of tools that providers take: letters, digits, underscores and dashes, at most 64. */
const MOST_CHARACTERS = 64

/** Tools of a request by names that providers take; a capability such as `text.write` has a dot. */
export type ToolNames = {
  toWire(name: string): string
  fromWire(name: string): string
  /** The model, as the opaque parts name it that it has made. */
  source: string
}

/** Throws ConfigError where the structured answer is named as a tool is. */
export function toolNames(model: NamedModel, { tools = [], answer, messages }: ModelRequest): ToolNames {
  if (answer && tools.some(({ name }) => name === answer.name))
    throw new OrchestratorError(
      'ConfigError',
      `a tool and the structured answer are both named "${answer.name}"; give the answer another name`,
    )
  const wire = new Map<string, string>()
  const own = new Map<string, string>()
  const add = (name: string): void => {
    if (wire.has(name)) return
    const plain = name.replaceAll(/[^\w-]/g, '_').slice(0, MOST_CHARACTERS) || '_'
    let free = plain
    for (let next = 2; own.has(free); next++) {
      const end = `_${next}`
      free = `${plain.slice(0, MOST_CHARACTERS - end.length)}${end}`
    }
    wire.set(name, free)
    own.set(free, name)
  }
  // Names that are right already keep themselves, whatever comes before them.
  const called = messages.flatMap(({ parts }) => parts.flatMap((part) => ('name' in part ? part.name : [])))
  const names = [...tools.map(({ name }) => name), ...(answer ? [answer.name] : []), ...called]
  for (const name of names) if (isPlain(name)) add(name)
  for (const name of names) add(name)
  return {
    toWire: (name) => wire.get(name) ?? name,
    fromWire: (name) => own.get(name) ?? name,
    source: sourceOf(model),
  }
}

/** An id may be known at several addresses. */
const sourceOf = ({ provider, id, url }: NamedModel): string =>
  [provider, ...(url === undefined ? [] : [originOf(url)]), id].join(' ')

const isPlain = (name: string): boolean => /^[\w-]{1,64}$/.test(name)

/** The id of a call as providers take it: another provider, which the model falls back to, may have other characters in its ids. */
export const wireId = (id: string): string => id.replaceAll(/[^\w-]/g, '_').slice(-MOST_CHARACTERS) || '_'
