import { METADATA_PATH, ResourceMetadataSchema } from '../../shared/contracts/resource-metadata.ts'
import { suggestNames } from '../../shared/domain/nearest-names.ts'
import { CliError } from '../cli-error.ts'
import { ask } from './tokens.ts'

/**
 * The client at one of the issuers that the address (an origin) names. Throws CliError where the document is that of another address (RFC 9728,
 * 3.3: whoever has put it there would choose where a person signs in, and for whom), where there is none, or several and none is chosen.
 */
export async function clientAt(url: string, wanted: string | undefined) {
  const answer = await ask(`${url}${METADATA_PATH}`)
  const parsed = ResourceMetadataSchema.safeParse(await answer.json().catch(() => undefined))
  if (!answer.ok || !parsed.success)
    throw new CliError(`${url} is no address for tokens: it does not say who the issuers are`)
  const { orchestrator_clients: clients, authorization_servers: named, resource } = parsed.data
  if (!URL.canParse(resource) || new URL(resource).origin !== url)
    throw new CliError(
      `${url} shows the document of another address (${resource.slice(0, 300)}): nobody signs in there for this one`,
    )
  const strange = clients.find(({ issuer }) => !named.includes(issuer))
  if (strange)
    throw new CliError(
      `${url} has a client of ${strange.issuer}, which is none of its issuers: ${named.join(', ')}`,
    )
  const issuers = clients.map(({ issuer }) => issuer)
  if (clients.length === 0)
    throw new CliError(
      `nobody signs in at ${url} by the command line: no issuer of the stage has a clientId; use a key`,
    )
  if (wanted === undefined && clients.length > 1)
    throw new CliError(`say which by --issuer: ${issuers.join(', ')}`)
  const client = clients.find(({ issuer }) => wanted === undefined || issuer === wanted)
  if (client) return client
  throw new CliError(`--issuer: ${url} has no "${wanted}"${suggestNames(wanted ?? '', issuers)}`)
}
