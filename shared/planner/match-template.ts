import { suggestNames } from '../domain/nearest-names.ts'

export type Template = { name: string; taskTypes: readonly string[] }

/** The template that serves a task type: by its `taskTypes`, else by its name. */
export function matchTemplate<T extends Template>(type: string, templates: readonly T[]): T | undefined {
  return (
    templates.find(({ taskTypes }) => taskTypes.includes(type)) ?? templates.find(({ name }) => name === type)
  )
}

export function describeUnknownType(type: string, templates: readonly Template[]): string {
  const known = templates.flatMap(({ name, taskTypes }) => [
    ...taskTypes,
    ...(taskTypes.length ? [] : [name]),
  ])
  return `no workflow serves the task type "${type}"${suggestNames(type, known)}`
}
