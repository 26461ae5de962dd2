import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { suggestNames } from '../../shared/domain/nearest-names.ts'
import { CliError } from '../cli-error.ts'
import { whileHeld } from './while-held.ts'

const TokensSchema = z.object({
  access: z.string(),
  /** Until when the access token holds, in milliseconds since 1970. */
  until: z.number(),
  refresh: z.string().optional(),
})

/** An address and the credentials for it. */
export const ProfileSchema = z.object({
  url: z.url(),
  kind: z.enum(['oidc', 'key', 'iam']),
  /** For `iam`: the region of signatures. */
  region: z.string().optional(),
  /** For `key`. */
  key: z.string().optional(),
  /** For `oidc`. */
  issuer: z.string().optional(),
  clientId: z.string().optional(),
  tokens: TokensSchema.optional(),
})
export type Profile = z.output<typeof ProfileSchema>
export type Tokens = z.output<typeof TokensSchema>

const FileSchema = z.object({ profiles: z.record(z.string(), ProfileSchema) })

/** Only its owner may read it. */
const MODE = 0o600

export const profilesFile = (): string => join(configFolder(), 'orchestrator', 'profiles.json')

function configFolder(): string {
  if (process.env.XDG_CONFIG_HOME) return process.env.XDG_CONFIG_HOME
  if (process.platform === 'win32' && process.env.APPDATA) return process.env.APPDATA
  return join(homedir(), '.config')
}

/** Throws CliError for a file that cannot be read. */
export async function readProfiles(): Promise<Map<string, Profile>> {
  const file = profilesFile()
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{"profiles":{}}'
    throw new CliError(`${file} cannot be read: ${error.message}`)
  })
  try {
    return new Map(Object.entries(FileSchema.parse(JSON.parse(text)).profiles))
  } catch {
    throw new CliError(
      `${file} is not a file of profiles; remove it, and sign in again: npx orchestrator login`,
    )
  }
}

/** The profile of a name. Throws CliError with the known ones. */
export async function findProfile(name: string): Promise<Profile> {
  const all = await readProfiles()
  const found = all.get(name)
  if (found) return found
  throw new CliError(
    `there is no profile "${name}"${suggestNames(name, [...all.keys()])}; make it: npx orchestrator login <url> --profile ${name}`,
  )
}

/**
 * Writes a profile, or removes it; commands that do so at once do it one after another. The file is replaced whole, so that a reader never
 * sees half of it, also after a crash. Throws CliError where another command does not come to its end.
 */
export async function keepProfile(name: string, profile: Profile | undefined): Promise<void> {
  const file = profilesFile()
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await whileHeld(`${file}.lock`, async () => {
    const all = await readProfiles()
    if (profile) all.set(name, profile)
    else all.delete(name)
    const made = `${file}.${process.pid}`
    await writeFile(made, `${JSON.stringify({ profiles: Object.fromEntries(all) }, null, 2)}\n`, {
      mode: MODE,
    })
    await chmod(made, MODE)
    await rename(made, file)
  })
}
