import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'

const DoneSchema = z.object({
  /** The sample's task. */
  sample: z.string().optional(),
  /** The state of the READMEs that were uploaded. */
  readmes: z.string().optional(),
})
type Done = z.infer<typeof DoneSchema>

/** What earlier starts have done in a data folder, so that later ones need not. */
export class FirstStart {
  readonly #file: string
  #done: Done

  private constructor(file: string, done: Done) {
    this.#file = file
    this.#done = done
  }

  static async of(folder: string): Promise<FirstStart> {
    const file = join(folder, 'first-start.json')
    // What cannot be read is done again.
    const text = await readFile(file, 'utf8').catch(() => '{}')
    return new FirstStart(file, parsed(text))
  }

  get done(): Readonly<Done> {
    return this.#done
  }

  /** Never rejects: where nothing can be written, it is done again at the next start. */
  async note(done: Done): Promise<void> {
    this.#done = { ...this.#done, ...done }
    const incomplete = `${this.#file}.${process.pid}`
    await writeFile(incomplete, JSON.stringify(this.#done))
      .then(() => rename(incomplete, this.#file))
      .catch(() => {})
  }
}

function parsed(text: string): Done {
  try {
    return DoneSchema.parse(JSON.parse(text))
  } catch {
    return {}
  }
}
