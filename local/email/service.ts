import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AwsError } from '../aws/errors.ts'

type Part = { Data?: string }
type Message = {
  Subject?: Part
  Body?: { Text?: Part; Html?: Part }
  Headers?: { Name?: string; Value?: string }[]
}
/** The body of SendEmail of SES, version 2, as far as it is understood. */
type Mail = {
  FromEmailAddress?: string
  ReplyToAddresses?: string[]
  Destination?: { ToAddresses?: string[]; CcAddresses?: string[] }
  Content?: { Simple?: Message }
}

/** SendEmail of SES. No mail leaves the machine: each is a file in a folder, which mail programs open; without a folder it is forgotten. */
export class EmailService {
  readonly #folder: string | undefined

  constructor(folder: string | undefined) {
    this.#folder = folder
  }

  /** The sender, whose identity is what the caller must be allowed to use. Throws for a mail without one. */
  senderOf({ FromEmailAddress: from }: Mail): string {
    if (typeof from === 'string' && /^[^\s@]+@[^\s@]+$/.test(from)) return from
    throw new AwsError(
      'BadRequestException',
      `FromEmailAddress is ${JSON.stringify(from)}; it must be an address`,
    )
  }

  async send(mail: Mail): Promise<{ MessageId: string }> {
    const { Simple: message } = mail.Content ?? {}
    const to = mail.Destination?.ToAddresses ?? []
    if (!message?.Subject || !message.Body)
      throw new AwsError('BadRequestException', 'the local cloud sends Content.Simple with Subject and Body')
    if (to.length === 0) throw new AwsError('BadRequestException', 'Destination.ToAddresses is empty')
    const id = randomUUID()
    if (this.#folder) {
      await mkdir(this.#folder, { recursive: true })
      const at = new Date()
      const name = `${at.toISOString().replaceAll(':', '-')}-${id.slice(0, 8)}.eml`
      await writeFile(join(this.#folder, name), textOf({ mail, message, id, at }))
    }
    return { MessageId: id }
  }
}

/** As RFC 5322 and MIME have it. */
function textOf({ mail, message, id, at }: { mail: Mail; message: Message; id: string; at: Date }): string {
  const { Text, Html } = message.Body ?? {}
  const { ToAddresses: to = [], CcAddresses: cc = [] } = mail.Destination ?? {}
  const parts = [part('text/plain', Text?.Data ?? ''), ...(Html ? [part('text/html', Html.Data ?? '')] : [])]
  const head = [
    `Message-ID: <${id}@localhost>`,
    `Date: ${at.toUTCString()}`,
    `From: ${mail.FromEmailAddress}`,
    `To: ${to.join(', ')}`,
    ...(cc.length > 0 ? [`Cc: ${cc.join(', ')}`] : []),
    ...(mail.ReplyToAddresses ? [`Reply-To: ${mail.ReplyToAddresses.join(', ')}`] : []),
    `Subject: =?utf-8?B?${base64(message.Subject?.Data ?? '')}?=`,
    ...(message.Headers ?? []).map(({ Name, Value }) => `${Name}: ${Value}`),
    'MIME-Version: 1.0',
  ]
  const [only = ''] = parts
  if (parts.length === 1) return [...head, only].join('\r\n')
  const body = parts.map((one) => `--${id}\r\n${one}\r\n`).join('')
  return [...head, `Content-Type: multipart/alternative; boundary="${id}"`, '', `${body}--${id}--`].join(
    '\r\n',
  )
}

const part = (type: string, text: string): string =>
  `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(text).replace(/.{76}/g, '$&\r\n')}`

const base64 = (text: string): string => Buffer.from(text).toString('base64')
