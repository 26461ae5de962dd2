import type { YAMLParseError } from 'yaml'

const MOST_SHOWN = 60
/** Codes of the parser for a line that has to be a key with its value, and is none. */
const NO_PAIR = ['MULTILINE_IMPLICIT_KEY', 'MISSING_CHAR', 'BLOCK_AS_IMPLICIT_KEY']
/** A key, and what stands behind it. */
const KEY = /^(\s*(?:- +)?)("[^"]*"|'[^']*'|[\w.$-]+)(.*)$/

/**
 * What is wrong in a line whose colon is missing, or the blank after it, with what would be right, and the offset of the key; undefined for
 * another error. The parser tells of it in words of its own grammar.
 */
export function missingColon(
  { code, pos }: Pick<YAMLParseError, 'code' | 'pos'>,
  text: string,
): { offset: number; message: string } | undefined {
  const from = text.lastIndexOf('\n', pos[0] - 1) + 1
  const end = text.indexOf('\n', pos[0])
  const line = text.slice(from, end < 0 ? undefined : end).trimEnd()
  const [, before = '', key = '', rest = ''] = KEY.exec(line) ?? []
  if (key === '' || /^:(\s|$)/.test(rest)) return undefined
  const value = rest.replace(/^:/, '').trim()
  // Other errors have other reasons, unless it is plain that a value follows the key.
  if (!NO_PAIR.includes(code) && !/^(:| +)[{["']/.test(rest)) return undefined
  const right = `write "${shown(`${key}:${value === '' ? '' : ` ${value}`}`)}"`
  const message = rest.startsWith(':')
    ? `the colon after ${shown(key)} has no blank behind it; ${right}`
    : `there is no colon after ${shown(key)}; ${right}`
  return { offset: from + before.length, message }
}

const shown = (text: string): string => (text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}...` : text)
