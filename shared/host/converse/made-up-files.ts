import { FILES_PREFIX, TASK_FILES_PREFIX } from '../../domain/file-reference.ts'
import { isJsonObject, type Json } from '../../domain/json.ts'

/** In place of a file that the model has made up, or copied from a text: the output of a turn may name files of its task and of its input only. */
const NO_FILE = '(left out: there is no such file)'

type IsKnown = (file: string) => boolean

/**
 * The files that a model may name: those that it was given, what is in a folder that it was given, and those of its task that stand in a text that it was
 * shown. An upload is its whole tenant's: what only a text names may be an order in it.
 */
export function filesKnown(shown: Json, taskId: () => string): IsKnown {
  const given = new Set(filesIn(shown))
  const text = JSON.stringify(shown)
  const folders = [...given].filter((name) => name.endsWith('/'))
  return (file) =>
    given.has(file) ||
    folders.some((folder) => file.startsWith(folder)) ||
    (file.startsWith(TASK_FILES_PREFIX) && text.includes(file) && file.includes(`/${taskId()}/`))
}

/** The same value where it names known files only. */
export function withoutUnknown(value: Json, isKnown: IsKnown): Json {
  return filesIn(value).every(isKnown) ? value : replaced(value, isKnown)
}

function filesIn(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(filesIn)
  if (!isJsonObject(value)) return []
  const { $file } = value
  return [...(isFile($file) ? [$file] : []), ...Object.values(value).flatMap((one) => filesIn(one as Json))]
}

const isFile = (name: unknown): name is string =>
  typeof name === 'string' && (name.startsWith(TASK_FILES_PREFIX) || name.startsWith(FILES_PREFIX))

function replaced(value: Json, isKnown: IsKnown): Json {
  if (Array.isArray(value)) return value.map((one) => replaced(one, isKnown))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const isUnknown = name === '$file' && isFile(member) && !isKnown(member)
      return [name, isUnknown ? NO_FILE : replaced(member as Json, isKnown)]
    }),
  )
}
