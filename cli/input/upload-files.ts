import { glob, readFile, stat } from 'node:fs/promises'
import { basename, join, sep } from 'node:path'
import type { FileReference } from '../../shared/domain/file-reference.ts'
import { callApi } from '../api-client.ts'
import { CliError, EXIT } from '../cli-error.ts'

export type LocalFile = { local: string; path: string }

const BATCH = 100
const AT_ONCE = 8
const MAX_FILES = 2_000

/** Uploads a file, or all files of a folder under one prefix; returns the reference for a task's input. */
export async function uploadPath(
  path: string,
  folder?: string,
  base?: string,
): Promise<{ reference: FileReference; count: number }> {
  const found = await stat(path).catch(() => undefined)
  if (!found) throw new CliError(`there is no file or folder "${path}"`)
  if (found.isFile()) return uploadFiles([{ local: path, path: basename(path) }], folder, base, true)
  if (!found.isDirectory()) throw new CliError(`"${path}" is neither a file nor a folder`)
  const names = await Array.fromAsync(
    glob('**/*', { cwd: path, exclude: ['**/node_modules/**', '**/.git/**'] }),
  )
  const files = await onlyFiles(
    names.sort().map((name) => ({ local: join(path, name), path: name.split(sep).join('/') })),
  )
  if (files.length === 0) throw new CliError(`the folder "${path}" has no files`)
  return uploadFiles(files, folder, base)
}

/** Uploads the listed files under one prefix, chosen by the caller or by the API. */
export async function uploadFiles(
  files: readonly LocalFile[],
  folder: string | undefined,
  base?: string,
  single = false,
): Promise<{ reference: FileReference; count: number }> {
  if (files.length > MAX_FILES)
    throw new CliError(`${files.length} files are too many at once; the most is ${MAX_FILES}`)
  let name = folder
  let reference: FileReference | undefined
  for (let start = 0; start < files.length; start += BATCH) {
    const batch = files.slice(start, start + BATCH)
    const tickets = await callApi(
      'createFiles',
      { folder: name, files: batch.map(({ path }) => ({ path })) },
      base,
    )
    for (let at = 0; at < batch.length; at += AT_ONCE) {
      const uploads = tickets.files.slice(at, at + AT_ONCE)
      await Promise.all(
        uploads.map(({ upload }, index) => post(upload, batch[at + index] as LocalFile, tickets.maxBytes)),
      )
    }
    name = tickets.folder.$file.split('/')[1]
    reference = single ? tickets.files[0]?.file : tickets.folder
  }
  if (!reference) throw new CliError('there is nothing to upload')
  return { reference, count: files.length }
}

async function post(
  upload: { url: string; fields: Record<string, string> },
  { local, path }: LocalFile,
  maxBytes: number,
): Promise<void> {
  const content = await readFile(local).catch((error: Error) => {
    throw new CliError(`${local} cannot be read: ${error.message}`)
  })
  if (content.length > maxBytes)
    throw new CliError(`${local} has ${content.length} bytes; the most is ${maxBytes}`)
  const form = new FormData()
  for (const [name, value] of Object.entries(upload.fields)) form.append(name, value)
  form.append('file', new Blob([content]), basename(path))
  const response = await fetch(upload.url, { method: 'POST', body: form }).catch((error: Error) => {
    throw new CliError(`${local} could not be uploaded: ${error.message}`, EXIT.unreachable)
  })
  if (!response.ok)
    throw new CliError(
      `${local} was not taken: ${response.status} ${await response.text()}`,
      EXIT.unreachable,
    )
}

async function onlyFiles(files: LocalFile[]): Promise<LocalFile[]> {
  // A dangling link is no file.
  const kinds = await Promise.all(files.map(({ local }) => stat(local).catch(() => undefined)))
  return files.filter((_, index) => kinds[index]?.isFile())
}
