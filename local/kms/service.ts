import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AwsError } from '../aws/errors.ts'

export const SPEC = 'ECC_NIST_P256'
const ALGORITHM = 'ECDSA_SHA_256'
const MOST_MESSAGE_BYTES = 4_096

/** As with keys of SSH: only its owner may read it. */
const OWN = 0o600

/**
 * Keys of KMS that sign, as the functions use them (Sign, GetPublicKey): ECDSA on the curve P-256. A key is a file of the data folder, which its owner
 * alone may read; without a folder it lives as long as the process.
 */
export class KmsService {
  readonly #folder: string | undefined
  readonly #keys = new Map<string, KeyObject>()

  constructor(folder?: string) {
    this.#folder = folder
  }

  /** Makes a key, or finds the one that was made under this id before. */
  async createKey(id: string): Promise<void> {
    if (!this.#keys.has(id)) this.#keys.set(id, await this.#keyOf(id))
  }

  /** DER in base64. `message` is base64, of at most 4,096 bytes. */
  sign(id: string, { Message, MessageType = 'RAW', SigningAlgorithm }: Record<string, unknown>): string {
    const key = this.#find(id)
    if (SigningAlgorithm !== ALGORITHM)
      throw new AwsError(
        'InvalidKeyUsageException',
        `a key ${SPEC} signs by ${ALGORITHM}, not by ${SigningAlgorithm}`,
      )
    if (MessageType !== 'RAW')
      throw new AwsError(
        'ValidationException',
        `the local KMS signs messages as they are (RAW), not ${MessageType}`,
      )
    const message = Buffer.from(String(Message ?? ''), 'base64')
    if (message.length === 0 || message.length > MOST_MESSAGE_BYTES)
      throw new AwsError(
        'ValidationException',
        `a message has 1 to ${MOST_MESSAGE_BYTES} bytes; this one has ${message.length}`,
      )
    return sign('sha256', message, key).toString('base64')
  }

  /** SubjectPublicKeyInfo, DER in base64. */
  publicKey(id: string): string {
    return createPublicKey(this.#find(id)).export({ format: 'der', type: 'spki' }).toString('base64')
  }

  #find(id: string): KeyObject {
    const key = this.#keys.get(id)
    if (key) return key
    throw new AwsError('NotFoundException', `Key '${id}' does not exist`)
  }

  async #keyOf(id: string): Promise<KeyObject> {
    if (this.#folder === undefined) return newKey()
    const file = join(this.#folder, `${id}.pem`)
    await mkdir(this.#folder, { recursive: true })
    const made = newKey().export({ format: 'pem', type: 'pkcs8' })
    // Exclusive: a key that is there signs what there is, and is never replaced.
    await writeFile(file, made, { mode: OWN, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    return createPrivateKey(await readFile(file, 'utf8'))
  }
}

const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
