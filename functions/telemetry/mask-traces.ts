import dgram from 'node:dgram'
import type { SecretMask } from '../../shared/domain/secret-mask.ts'

/** Where X-Ray's daemon listens, where Lambda says nothing. */
const DAEMON = '127.0.0.1:2000'

/**
 * Masks secrets in the traces of this process (mask-output/O3): they have the paths of URLs that were called, in which some services want a key, and the messages of
 * errors. Returns what takes the mask away.
 */
export function maskTraces(mask: SecretMask): () => void {
  const { prototype } = dgram.Socket
  const { send } = prototype
  function masking(this: dgram.Socket, ...given: unknown[]): unknown {
    const [message, offset, length, port, address, ...more] = given
    if (!(message instanceof Uint8Array) || !isDaemon(address, port)) return Reflect.apply(send, this, given)
    const from = Number(offset)
    const text = Buffer.from(message.subarray(from, from + Number(length))).toString()
    const masked = Buffer.from(mask.text(text))
    return Reflect.apply(send, this, [masked, 0, masked.length, port, address, ...more])
  }
  prototype.send = masking as typeof send
  return () => {
    prototype.send = send
  }
}

/** What an agent itself sends is its own. */
const isDaemon = (address: unknown, port: unknown): boolean =>
  (process.env.AWS_XRAY_DAEMON_ADDRESS ?? DAEMON).includes(`${address}:${port}`)
