import { createHash, createPublicKey, verify } from 'node:crypto'
import { type AuditEntry, ChainCheck, type KeptEnd } from '../../shared/domain/audit.ts'
import { endsOfAnchors, type SignedAnchor } from '../../shared/domain/audit-anchor.ts'
import { callApi } from '../api-client.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { say } from '../show/output.ts'
import { printJson, writeError } from '../show/terminal.ts'
import { LateEntries } from './late-entries.ts'
import { anchorsInFolder, anchorsOfService, readAnchorKey } from './read-anchors.ts'

/** The most entries that the API gives at once. */
const MOST_OF_PAGE = 100

export type VerifyOptions = {
  /** Ends that were kept elsewhere. */
  kept: readonly KeptEnd[]
  /** A copy of the bucket of anchors; those of the service by default. */
  folder?: string | undefined
  /** Keys that are trusted, instead of the one that the service tells: base64, or files. */
  keys: readonly string[]
  json: boolean
}

type Fault = { sequence: number; what: string; anchor?: string }
type Read = { anchors: SignedAnchor[]; tenant: string; keys: string[]; isPinned: boolean }

/** Reads a whole chain and what it must fit, and tells whether it does; a fault ends in CliError with exit code 1. */
export async function verifyChain({ kept, folder, keys, json }: VerifyOptions): Promise<void> {
  const read = await readAnchors(folder, keys)
  const known = endsOfAnchors(read.anchors, { tenant: read.tenant, keys: read.keys, verify: isSigned })
  const check = new ChainCheck(sha256, [...kept, ...('ends' in known ? known.ends : [])])
  const newest = read.anchors.map(({ anchor }) => anchor).sort((a, b) => b.sequence - a.sequence)[0]
  const late = new LateEntries(newest?.sequence ?? 0)
  let fault: Fault | undefined = 'fault' in known ? known.fault : await faultOfEntries(check, late, json)
  fault ??= check.end()
  const { sequence: entries, hash } = check.last
  // An installation that signs none, or has none yet, is no sign of anybody who withholds them.
  const unanchoredSince = read.keys.length > 0 ? late.since(Date.now()) : undefined
  if (json)
    printJson({
      whole: fault === undefined,
      entries,
      ...(entries > 0 ? { end: `${entries}:${hash}` } : {}),
      anchors: read.anchors.length,
      ...(newest ? { newestAnchor: newest, keys: read.keys } : {}),
      ...(unanchoredSince ? { unanchoredSince } : {}),
      ...(fault ? { fault } : {}),
    })
  if (fault) throw new CliError(json ? '' : textOf(fault), EXIT.taskFailed)
  if (json) return
  say(`${entries} ${entries === 1 ? 'entry' : 'entries'}, whole`)
  if (newest)
    say(
      `${read.anchors.length} ${read.anchors.length === 1 ? 'anchor fits' : 'anchors fit'}, the newest of ${newest.at}: entries up to ${newest.sequence} were not written anew`,
    )
  if (unanchoredSince)
    say(
      `the entries after it have no anchor, the oldest of ${unanchoredSince}: anchors are written every hour; is something wrong with them, or are they withheld?`,
    )
  if (newest && !read.isPinned)
    say(
      `the key is the one that the service tells; keep it elsewhere, to check by: --anchor-key ${read.keys[0]}`,
    )
  if (entries > 0 && newest?.sequence !== entries)
    say(`keep its end elsewhere, to check against: --kept ${entries}:${hash}`)
}

async function readAnchors(folder: string | undefined, given: readonly string[]): Promise<Read> {
  const pinned = await Promise.all(given.map(readAnchorKey))
  const service = await anchorsOfService({ isKeyEnough: folder !== undefined })
  const anchors = folder === undefined ? service.anchors : await anchorsInFolder(folder, service.tenant)
  const keys = pinned.length > 0 ? pinned : service.key === undefined ? [] : [service.key]
  if (anchors.length > 0 && keys.length === 0)
    throw new CliError(
      'the service signs no anchors now, so it tells no key to check these by: give --anchor-key, as --verify has printed it',
    )
  // A forger of the chain can withhold all anchors. With a key to check them by, there must be at least one.
  if (anchors.length === 0 && pinned.length > 0)
    throw new CliError(
      '--anchor-key: the service gives no anchors to check by it; check against a copy of their bucket (--anchors), or leave out the key where the stage has none yet',
      EXIT.taskFailed,
    )
  const tenant = service.tenant ?? anchors[0]?.anchor.tenant ?? ''
  return { anchors, tenant, keys, isPinned: pinned.length > 0 }
}

async function faultOfEntries(
  check: ChainCheck,
  late: LateEntries,
  json: boolean,
): Promise<Fault | undefined> {
  const isShown = process.stderr.isTTY && !json
  let fault: Fault | undefined
  for (let from: number | null = 1; from !== null && fault === undefined; ) {
    const page: { entries: AuditEntry[]; next: number | null } = await callApi('listAudit', {
      order: 'oldest',
      from,
      limit: MOST_OF_PAGE,
    })
    fault = check.check(page.entries)
    late.look(page.entries)
    from = page.next
    if (isShown) writeError(`\r${check.last.sequence} entries checked`)
  }
  if (isShown) writeError('\n')
  return fault
}

const textOf = ({ sequence, what, anchor }: Fault): string =>
  anchor === undefined
    ? `the chain is broken at entry ${sequence}: ${what}`
    : `anchor ${anchor} cannot be relied on: ${what}`

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

function isSigned({
  text,
  publicKey,
  signature,
}: {
  text: string
  publicKey: string
  signature: string
}): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
    return verify('sha256', Buffer.from(text), key, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}
