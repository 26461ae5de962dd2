import { createHash } from 'node:crypto'
import { AwsError } from '../../aws/errors.ts'
import { invalidValue } from '../queue/errors.ts'

/** As in requests; binary values are base64. */
export type MessageAttribute = {
  DataType?: string | undefined
  StringValue?: string | undefined
  BinaryValue?: string | undefined
}
export type MessageAttributes = Readonly<Record<string, MessageAttribute>>

const MOST_ATTRIBUTES = 10
const NAME = /^(?!\.)(?!.*\.\.)(?!(?:aws|amazon)\.)[\w.-]{1,256}(?<!\.)$/i
const TYPE = /^(?:String|Number|Binary)(?:\..{1,240})?$/
/** What XML 1.0 can hold, which is what SQS accepts. */
const UNSENDABLE = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u

/** Throws InvalidMessageContents for a text with characters that SQS refuses. */
export function checkText(text: string): void {
  const found = UNSENDABLE.exec(text)
  if (!found) return
  const code = found[0].codePointAt(0)?.toString(16)
  throw new AwsError(
    'InvalidMessageContents',
    `The message has the character U+${code} at ${found.index}, which SQS does not take`,
  )
}

/** Throws for attributes that SQS would refuse, naming the first. */
export function checkAttributes(attributes: MessageAttributes): void {
  const names = Object.keys(attributes)
  if (names.length > MOST_ATTRIBUTES)
    throw invalidValue('MessageAttributes', String(names.length), `A message has at most ${MOST_ATTRIBUTES}.`)
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(attributes)) {
    if (!NAME.test(name))
      throw invalidValue('MessageAttributes', name, 'A name has letters, digits, _, - and single dots.')
    if (typeof DataType !== 'string' || !TYPE.test(DataType))
      throw invalidValue(
        name,
        String(DataType),
        'The type is String, Number or Binary, with or without a label.',
      )
    const value = DataType.startsWith('Binary') ? BinaryValue : StringValue
    if (typeof value !== 'string' || value === '')
      throw invalidValue(name, String(value), `The attribute has no value of type ${DataType}.`)
    if (!DataType.startsWith('Binary')) checkText(value)
    if (DataType.startsWith('Number') && !Number.isFinite(Number(value)))
      throw invalidValue(name, value, "Can't cast the value to a number.")
  }
}

/** Bytes of names, types and values, which count to the size of the message. */
export function sizeOf(attributes: MessageAttributes): number {
  return Object.entries(attributes).reduce((sum, [name, attribute]) => {
    return (
      sum + Buffer.byteLength(name) + Buffer.byteLength(attribute.DataType ?? '') + bytesOf(attribute).length
    )
  }, 0)
}

/** The digest that SDKs check; undefined without attributes. */
export function digestOf(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  if (names.length === 0) return undefined
  const hash = createHash('md5')
  const add = (bytes: Buffer): void => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    hash.update(length).update(bytes)
  }
  for (const name of names) {
    const attribute = attributes[name] ?? {}
    add(Buffer.from(name))
    add(Buffer.from(attribute.DataType ?? ''))
    hash.update(Buffer.from([isBinary(attribute) ? 2 : 1]))
    add(bytesOf(attribute))
  }
  return hash.digest('hex')
}

/** Those that a receiver asks for: by name, by `prefix.*`, or all. */
export function chosen(attributes: MessageAttributes, wanted: readonly string[]): MessageAttributes {
  const isWanted = (name: string): boolean =>
    wanted.some((one) => {
      if (one === 'All' || one === '.*') return true
      return one.endsWith('.*') ? name.startsWith(one.slice(0, -2)) : one === name
    })
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => isWanted(name)))
}

const isBinary = ({ DataType = '' }: MessageAttribute): boolean => DataType.startsWith('Binary')

const bytesOf = (attribute: MessageAttribute): Buffer =>
  isBinary(attribute)
    ? Buffer.from(attribute.BinaryValue ?? '', 'base64')
    : Buffer.from(attribute.StringValue ?? '')
