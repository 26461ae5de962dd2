import { readFile, stat } from 'node:fs/promises'
import { isScalar, parseDocument } from 'yaml'
import { placeAt } from '../../shared/domain/issue-place.ts'
import { issuesOfZod } from '../../shared/domain/issues-of-zod.ts'
import { withPlaces } from '../../shared/workflow/issue-places.ts'
import { ScriptPlayer, ScriptSchema } from './script.ts'

/** A mistake in a script: lines that begin with its file, and the place in it. */
export class ScriptError extends Error {}

/** A script in a file. What is saved while it is played counts from the next call on, and its rules begin anew. */
export class ScriptFile {
  readonly #file: string
  #player: ScriptPlayer
  #saved: string

  private constructor(file: string, player: ScriptPlayer, saved: string) {
    this.#file = file
    this.#player = player
    this.#saved = saved
  }

  /** Throws ScriptError. */
  static async open(file: string): Promise<ScriptFile> {
    // Before it is read: what is saved meanwhile is read again.
    const saved = await stateOf(file)
    return new ScriptFile(file, await readScript(file), saved)
  }

  /** Throws ScriptError where what was saved cannot be played; until it is mended, every call does. */
  async player(): Promise<ScriptPlayer> {
    const saved = await stateOf(this.#file)
    if (saved === this.#saved) return this.#player
    const player = await readScript(this.#file)
    // The first of several calls at the same time replaces it: the others take answers from the same player.
    if (saved !== this.#saved) [this.#player, this.#saved] = [player, saved]
    return this.#player
  }
}

const stateOf = (file: string): Promise<string> =>
  stat(file).then(
    ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
    () => 'none',
  )

/** Reads a script. Throws ScriptError with every mistake and its place. */
export async function readScript(file: string): Promise<ScriptPlayer> {
  const text = (
    await readFile(file, 'utf8').catch((error: Error) => {
      throw new ScriptError(`the script of models ${file} cannot be read: ${error.message}`)
    })
  ).replace(/^\uFEFF/, '')
  const document = parseDocument(text, { prettyErrors: false })
  if (document.errors.length > 0) {
    const lines = document.errors.slice(0, MOST_TOLD).map(({ pos, message }) => {
      const { line, column } = placeAt(text, pos[0])
      return `${file}:${line}:${column}: ${message}`
    })
    throw new ScriptError(`the script of models is not JSON or YAML:\n${lines.join('\n')}`)
  }
  const isEmpty =
    document.contents === null || (isScalar(document.contents) && document.contents.value === null)
  const value: unknown = isEmpty ? {} : valueIn(document, file)
  const parsed = ScriptSchema.safeParse(value)
  if (parsed.success) return new ScriptPlayer(parsed.data)
  const issues = issuesOfZod(parsed.error, { schema: ScriptSchema, value, what: 'the script' })
  const lines = withPlaces(issues.slice(0, MOST_TOLD), text).map(
    ({ path, message, line = 1, column = 1 }) =>
      `${file}:${line}:${column}: ${path ? `${path}: ` : ''}${message}`,
  )
  throw new ScriptError(`the script of models cannot be played:\n${lines.join('\n')}`)
}

/** The most mistakes that are told at once. */
const MOST_TOLD = 20

/** Throws ScriptError for aliases that would grow without bound. */
function valueIn(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw new ScriptError(`the script of models ${file} cannot be read: ${(error as Error).message}`)
  }
}
