import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import * as z from 'zod'

/** A JSON value in a template. */
export type Value = string | number | boolean | null | Value[] | { [name: string]: Value }
export type Fields = { [name: string]: Value }
export type Resource = { Type: string; Properties: Fields; DependsOn?: Value }
export type Template = { Resources: Record<string, Resource> }

const StackSchema = z.looseObject({
  type: z.string(),
  properties: z.looseObject({ templateFile: z.string().optional() }).optional(),
})
const ManifestSchema = z.looseObject({ artifacts: z.record(z.string(), StackSchema) })
const FileSchema = z.looseObject({
  source: z.looseObject({ path: z.string() }),
  destinations: z.record(z.string(), z.looseObject({ objectKey: z.string() })),
})
const AssetsSchema = z.looseObject({ files: z.record(z.string(), FileSchema) })

type Assets = z.infer<typeof AssetsSchema>

/** The templates and assets of a synthesized assembly, for changing and writing to another folder; the assembly itself is not modified. */
export class AssemblyFiles {
  /** The template of the runtime stack, with the registration of agents and workflows. */
  readonly runtime: Template
  /** All templates, nested ones included. */
  readonly templates: readonly Template[]
  readonly #folder: string
  readonly #manifest: z.infer<typeof ManifestSchema>
  readonly #byFile: Map<string, Template>
  readonly #assets: Map<string, Assets>

  private constructor(
    folder: string,
    manifest: z.infer<typeof ManifestSchema>,
    byFile: Map<string, Template>,
    assets: Map<string, Assets>,
  ) {
    this.#folder = folder
    this.#manifest = manifest
    this.#byFile = byFile
    this.#assets = assets
    this.templates = [...byFile.values()]
    const runtime = this.templates.find(({ Resources }) => Object.values(Resources).some(isRegistration))
    if (!runtime) throw new Error(`${folder}: no template registers agents and workflows`)
    this.runtime = runtime
  }

  static async read(folder: string): Promise<AssemblyFiles> {
    const json = async (file: string): Promise<unknown> =>
      JSON.parse(await readFile(join(folder, file), 'utf8')) as unknown
    const manifest = ManifestSchema.parse(await json('manifest.json'))
    const [byFile, assets] = [new Map<string, Template>(), new Map<string, Assets>()]
    for (const [name, { type, properties }] of Object.entries(manifest.artifacts)) {
      if (type !== 'aws:cloudformation:stack' || !properties?.templateFile) continue
      const found = AssetsSchema.parse(await json(`${name}.assets.json`))
      const nested = Object.values(found.files).map(({ source }) => source.path)
      const files = [properties.templateFile, ...nested.filter((path) => path.endsWith('.template.json'))]
      for (const file of files) byFile.set(file, (await json(file)) as Template)
      assets.set(name, found)
    }
    return new AssemblyFiles(folder, manifest, byFile, assets)
  }

  /** The file or folder of an asset, by its key. */
  pathOf(key: string): string {
    const all = [...this.#assets.values()].flatMap(({ files }) => Object.values(files))
    const file = all.find(({ destinations }) => keysOf(destinations).includes(key))
    if (file) return join(this.#folder, file.source.path)
    throw new Error(`no asset has the key ${key}`)
  }

  /** An asset at an absolute path, under a key of its own. */
  addAsset(key: string, path: string): void {
    const [first] = this.#assets.values()
    if (!first) return
    first.files[key] = {
      source: { path: relative(this.#folder, path) },
      destinations: { reload: { objectKey: key } },
    }
  }

  /** Writes an assembly to `folder`, which refers to the existing assets by path. */
  async write(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true })
    const put = (file: string, value: unknown): Promise<void> =>
      writeFile(join(folder, file), JSON.stringify(value))
    const here = (path: string): string =>
      this.#byFile.has(path) ? path : relative(folder, join(this.#folder, path))
    await put('manifest.json', this.#manifest)
    for (const [file, template] of this.#byFile) await put(file, template)
    for (const [name, { files }] of this.#assets) {
      const moved = Object.entries(files).map(([id, file]) => {
        return [id, { ...file, source: { ...file.source, path: here(file.source.path) } }]
      })
      await put(`${name}.assets.json`, { files: Object.fromEntries(moved) })
    }
  }
}

export const isRegistration = ({ Type }: Resource): boolean => Type === 'Custom::Registration'

const keysOf = (destinations: Record<string, { objectKey: string }>): string[] =>
  Object.values(destinations).map(({ objectKey }) => objectKey)
