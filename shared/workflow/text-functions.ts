/**
 * Replacements for JSONata's text functions that create a list of all characters, or need globals that a bare V8 context lacks. Their
 * results equal JSONata's (test/unit/workflow/bounded-jsonata.test.ts compares them).
 */
import { MAX_TEXT } from './expression-functions.ts'

/** Characters as JSONata counts them: a surrogate pair is one. */
export function codePointsIn(text: string): number {
  let count = 0
  for (let at = 0; at < text.length; at += widthAt(text, at)) count += 1
  return count
}

const widthAt = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1)

/** A negative `start` counts from the end. */
export function substring(text: string, start: number, length?: number): string {
  if (length !== undefined && length <= 0) return ''
  const whole = start < 0 || !Number.isInteger(start) ? codePointsIn(text) : 0
  const from = start < 0 ? Math.max(0, whole + start) : start
  const to = length === undefined ? Number.POSITIVE_INFINITY : from + length
  return text.slice(offsetOf(text, Math.trunc(from)), offsetOf(text, Math.trunc(to)))
}

/** The offset of the character with this number, or the end of the text. */
function offsetOf(text: string, count: number): number {
  let at = 0
  for (let seen = 0; seen < count && at < text.length; seen += 1) at += widthAt(text, at)
  return at
}

/** Pads on the right, or for a negative width on the left. */
export function pad(text: string, width: number, char = ' '): string {
  const missing = Math.abs(width) - codePointsIn(text)
  if (!(missing > 0)) return text
  if (missing > MAX_TEXT) {
    throw new Error(
      `a text of ${Math.abs(width)} characters; an expression makes none of more than ${MAX_TEXT}`,
    )
  }
  const unit = char.length > 0 ? char : ' '
  const padding = substring(unit.repeat(Math.ceil(missing / codePointsIn(unit))), 0, missing)
  return width > 0 ? text + padding : padding + text
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Base64 of characters up to U+00FF, as in JSONata; others are refused because they would be damaged. */
export function base64Of(text: string): string {
  let encoded = ''
  for (let at = 0; at < text.length; at += 3) {
    const codes = [0, 1, 2].map((next) => text.charCodeAt(at + next) || 0)
    const wide = codes.find((code) => code > 0xff)
    if (wide !== undefined) {
      const shown = String.fromCharCode(wide)
      throw new Error(
        `$base64encode takes characters up to U+00FF, not "${shown}"; $encodeUrlComponent it first`,
      )
    }
    const [a = 0, b = 0, c = 0] = codes
    const bits = (a << 16) | (b << 8) | c
    const digits = [18, 12, 6, 0].map((shift) => DIGITS[(bits >> shift) & 63]).join('')
    const left = text.length - at
    encoded += left >= 3 ? digits : digits.slice(0, left + 1).padEnd(4, '=')
  }
  return encoded
}

export function textOfBase64(text: string): string {
  let decoded = ''
  let bits = 0
  let count = 0
  for (let at = 0; at < text.length; at += 1) {
    const digit = text[at] as string
    const value = digit === '-' ? 62 : digit === '_' ? 63 : DIGITS.indexOf(digit)
    if (value < 0) continue
    bits = ((bits << 6) | value) & 0xffffff
    count += 6
    if (count < 8) continue
    count -= 8
    decoded += String.fromCharCode((bits >> count) & 0xff)
  }
  return decoded
}
