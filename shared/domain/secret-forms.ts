/** The forms in which the value of a secret comes to stand in a text, as patterns (secret-mask/S1). */

/** A longer value is looked for in pieces. */
const MOST_PART = 512
const PIECE = 256
/** The fewest characters of a line, or of a member, of a secret that has several. */
const LEAST_LINE = 16
const LEAST_HALF = 6
/** The fewest characters of a number, or of a text that is no word, within a secret that is JSON. */
const LEAST_MEMBER = 6
/** Members of a secret that is JSON, such as the one of a database, which are no secrets, and would mask words. */
const NO_SECRETS = /^(engine|host|hostname|port|db|dbname|database|user|username|region|type|id)$/i
/** An address with a password, or with a query, in which some services want a key. */
const HAS_PASSWORD = /^[a-z][\w+.-]*:\/\/([^/?#]*:[^/?#]*@|[^?#]*\?)/i

/** What is masked of a value: itself; its lines; its texts and numbers, if it is JSON. `least` characters has a text that is a word. */
export function partsOfSecret(value: string, least: number): string[] {
  const lines = value.includes('\n') ? value.split(/\r?\n/).map((line) => line.trim()) : []
  const told = lines.filter((line) => line.length >= LEAST_LINE && !line.startsWith('-----'))
  const members = textsIn(value).filter((text) => text !== '' && isMasked(text, least))
  const parts = [value, ...told, ...members]
  return [...new Set(parts.flatMap(piecesOf))]
}

const isWord = (text: string): boolean => /^\p{L}*$/u.test(text)

/**
 * The names of members of a secret that is JSON which are not masked although they may be secret, because they are so short that words and
 * numbers of all kinds would be masked with them: fewer than 6 characters, and words of fewer than `least`.
 */
export function unmaskedMembers(value: string, least: number): string[] {
  if (!/^\s*[{]/.test(value)) return []
  try {
    const members = Object.entries(JSON.parse(value) as object)
    return members.flatMap(([name, member]) =>
      (typeof member === 'string' || typeof member === 'number') &&
      !NO_SECRETS.test(name) &&
      !isMasked(String(member), least)
        ? [name]
        : [],
    )
  } catch {
    return []
  }
}

const isMasked = (text: string, least: number): boolean =>
  text === '' || text.length >= (isWord(text) ? least : LEAST_MEMBER)

function piecesOf(part: string): string[] {
  if (part.length <= MOST_PART) return [part]
  const count = Math.floor(part.length / PIECE)
  return Array.from({ length: count }, (_, at) =>
    part.slice(at * PIECE, at === count - 1 ? undefined : (at + 1) * PIECE),
  )
}

function textsIn(value: string): string[] {
  if (!/^\s*[{[]/.test(value)) return []
  try {
    return [...textsOf(JSON.parse(value)), ...numbersIn(value)]
  } catch {
    return []
  }
}

/** Numbers as they are written: a long one has other digits once it is read. */
function numbersIn(json: string): string[] {
  const found: string[] = []
  const note = (name: string, member: unknown, { source }: { source?: string } = {}): unknown => {
    if (typeof member === 'number' && !NO_SECRETS.test(name) && source !== undefined) found.push(source)
    return member
  }
  JSON.parse(json, note)
  return found
}

function textsOf(value: unknown, name = ''): string[] {
  if (typeof value === 'number') return NO_SECRETS.test(name) ? [] : [String(value)]
  if (typeof value === 'string') {
    if (HAS_PASSWORD.test(value)) return [value, ...passwordIn(value)]
    return NO_SECRETS.test(name) ? [] : [value]
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) => textsOf(member, Array.isArray(value) ? name : key))
}

/** The password of an address, as it is and as a program that has parsed the address knows it. */
function passwordIn(address: string): string[] {
  const { password } = URL.canParse(address) ? new URL(address) : { password: '' }
  try {
    return [password, decodeURIComponent(password)]
  } catch {
    return [password]
  }
}

/** The source of a regular expression, without groups that capture, for a value in all its forms. */
export function patternOf(value: string): string {
  const bytes = new TextEncoder().encode(value)
  // A run of backslashes as one, so that there is one way to match it.
  const written = (value.match(/\\+|[^\\]/gu) ?? [])
    .map((one) => (one.startsWith('\\') ? patternOfBackslashes(one.length) : patternOfCharacter(one)))
    .join('')
  const hex = [...bytes].map((byte) => eitherCase(hexOf(byte))).join('')
  const encoded = [0, 1, 2].map((offset) => patternOfBase64(bytes, offset))
  return [...new Set([written, hex, ...encoded])].join('|')
}

const hexOf = (byte: number): string => byte.toString(16).padStart(2, '0')
const eitherCase = (hex: string): string =>
  hex.replace(/[a-f]/g, (letter) => `[${letter}${letter.toUpperCase()}]`)
const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

const LETTERS_OF_ESCAPES: Readonly<Record<string, string>> = {
  '\n': 'n',
  '\r': 'r',
  '\t': 't',
  '\b': 'b',
  '\f': 'f',
  '\v': 'v',
}
const ENTITIES: Readonly<Record<string, string>> = {
  '&': 'amp|#38|#x26',
  '<': 'lt|#60|#x3c',
  '>': 'gt|#62|#x3e',
  '"': 'quot|#34|#x22',
  "'": 'apos|#39|#x27',
}

const patternOfBackslashes = (count: number): string =>
  `(?:\\\\{${count},${8 * count}}|(?:%(?:25)*5[cC]){${count}})`

/** A character as it is, after backslashes, percent-encoded, as an escape of JSON, or as an entity of HTML. */
function patternOfCharacter(character: string): string {
  if (/[A-Za-z0-9]/.test(character)) return character
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
  const percent = [...new TextEncoder().encode(character)]
    .map((byte) => `%(?:25)*${eitherCase(hexOf(byte))}`)
    .join('')
  const escapes = units.map((unit) => `\\\\{1,8}u${eitherCase(unit.toString(16).padStart(4, '0'))}`).join('')
  const letter = LETTERS_OF_ESCAPES[character]
  const entity = ENTITIES[character]
  const code = character.codePointAt(0) ?? 0
  const forms = [
    /["'`/$]/.test(character) ? `\\\\{0,8}${literal(character)}` : literal(character),
    percent,
    escapes,
    ...(letter === undefined ? [] : [`\\\\{1,8}${letter}`]),
    ...(entity === undefined ? [] : [`&(?:${entity});`]),
    ...(character === ' ' ? ['\\+'] : []),
    ...(character === '\n' ? ['\\r\\n'] : []),
    // As `boundedText` writes what cannot be printed.
    ...(code < 32 || code === 127 || (units.length === 1 && code >= 0xd800 && code <= 0xdfff)
      ? ['\ufffd']
      : []),
  ]
  return `(?:${forms.join('|')})`
}

/** What is the same in the base64 of every text that has these bytes at this offset, modulo three. */
function patternOfBase64(bytes: Uint8Array, offset: number): string {
  const all = Uint8Array.from([...new Uint8Array(offset), ...bytes])
  const encoded = btoa(Array.from(all, (byte) => String.fromCharCode(byte)).join(''))
  const core = encoded.slice(Math.ceil((offset * 8) / 6), Math.floor((all.length * 8) / 6))
  // JSON may escape the slash, a URL the plus and the slash.
  return [...core]
    .map((one) => {
      if (one === '+') return '(?:\\+|-|%2[bB])'
      return one === '/' ? '(?:\\\\?/|_|%2[fF])' : one
    })
    .join('')
}

/** Finds a part of a value that is at least half of it: its beginning at the end of a line, its end at the beginning of one. */
export type Half = {
  /** The shortest beginning and the shortest end that count. */
  head: string
  tail: string
  /** How many characters at the end of the line are the beginning of the value; 0 for none. */
  isHead(line: string): number
  /** How many characters at the beginning of the line are the end of the value; 0 for none. */
  isTail(line: string): number
}

/** secret-mask/S2: of the value as it is, and as JSON escapes it. */
export function halvesOf(value: string): Half[] {
  return [...new Set([value, JSON.stringify(value).slice(1, -1)])].map((one) => {
    const least = Math.max(LEAST_HALF, Math.ceil(one.length / 2))
    const most = one.length - 1
    const longest = (fits: (length: number) => boolean): number => {
      for (let length = most; length >= least; length--) if (fits(length)) return length
      return 0
    }
    return {
      head: one.slice(0, least),
      tail: one.slice(-least),
      isHead: (line) => longest((length) => line.endsWith(one.slice(0, length))),
      isTail: (line) => longest((length) => line.startsWith(one.slice(-length))),
    }
  })
}
