import { createPublicKey } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ApiError } from '../../shared/client/index.ts'
import type { AnchorList } from '../../shared/contracts/audit-views.ts'
import { type SignedAnchor, SignedAnchorSchema } from '../../shared/domain/audit-anchor.ts'
import { callApi } from '../api-client.ts'
import { CliError } from '../cli-error.ts'

/** The most anchors that the API gives at once. */
const MOST_OF_PAGE = 100

/** Anchors have less than 1 KB; what is larger is none. */
const MOST_BYTES = 10_000

export type KnownAnchors = {
  /** The tenant of the caller; undefined for a service that has no anchors yet. */
  tenant: string | undefined
  /** The key that the service says it signs with. */
  key: string | undefined
  anchors: SignedAnchor[]
}

/** All anchors of the caller's tenant, as the API gives them; `isKeyEnough` where only the key is needed. */
export async function anchorsOfService({ isKeyEnough = false } = {}): Promise<KnownAnchors> {
  const known: KnownAnchors = { tenant: undefined, key: undefined, anchors: [] }
  for (let from: number | null = 1; from !== null; ) {
    const page: AnchorList | undefined = await pageFrom(from, isKeyEnough ? 1 : MOST_OF_PAGE)
    if (page === undefined) return known
    known.tenant = page.tenant
    known.key = page.key?.publicKey
    if (isKeyEnough) return known
    known.anchors.push(...page.anchors)
    from = page.next
  }
  return known
}

/** Undefined from a service of an earlier release, which has no such route. */
async function pageFrom(from: number, limit: number): Promise<AnchorList | undefined> {
  try {
    return await callApi('listAnchors', { from, limit })
  } catch (error) {
    const { cause } = error as Error
    if (cause instanceof ApiError && cause.status === 404) return undefined
    throw error
  }
}

/** The anchors of a tenant in a copy of their bucket. Throws CliError for a file that is no anchor. */
export async function anchorsInFolder(folder: string, tenant: string | undefined): Promise<SignedAnchor[]> {
  const names = await readdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new CliError(`--anchors: the folder ${folder} cannot be read: ${error.code ?? error.message}`)
  })
  const found: SignedAnchor[] = []
  for (const name of names.filter((one) => one.endsWith('.json')).sort()) {
    const signed = await anchorIn(join(folder, name))
    if (tenant === undefined || signed.anchor.tenant === tenant) found.push(signed)
  }
  if (found.length > 0) return found
  const whose = tenant === undefined ? '' : ` of the tenant ${tenant}`
  throw new CliError(
    `--anchors: there is no anchor${whose} in ${folder}; copy them: aws s3 sync s3://<bucket> ${folder}`,
  )
}

async function anchorIn(file: string): Promise<SignedAnchor> {
  const { size } = await stat(file)
  try {
    if (size <= MOST_BYTES) return SignedAnchorSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    // Told below.
  }
  throw new CliError(
    `--anchors: ${file} is no anchor: it is a JSON object with anchor, publicKey and signature`,
  )
}

/** A public key as anchors have it, from base64 or a file in PEM. Throws CliError. */
export async function readAnchorKey(given: string): Promise<string> {
  const text = await readFile(given, 'utf8').catch(() => given)
  try {
    const key = text.includes('-----BEGIN')
      ? createPublicKey(text)
      : createPublicKey({ key: Buffer.from(text.trim(), 'base64'), format: 'der', type: 'spki' })
    if (key.asymmetricKeyType === 'ec') return key.export({ format: 'der', type: 'spki' }).toString('base64')
  } catch {
    // Told below.
  }
  throw new CliError(
    `--anchor-key is a public key on the curve P-256, as base64 that --verify prints, or a file with it (PEM); this is "${given.slice(0, 200)}"`,
  )
}
