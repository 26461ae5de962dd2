/**
 * The module that stands in the sandbox beside the code: its console, and a small test library in the form of Vitest and Jest. It is text, because
 * it is evaluated by the sandbox's engine, where the agent's own functions do not exist.
 *
 * It waits for the host to have heard each line and each result: a run that is ended by its limits has told what came before. The built-in objects
 * are frozen by the sandbox; what the library shares with the code is frozen here (code-run/C5). `secret` proves to the host who tells a result.
 */
export const testKit = (secret: string): string => `const SECRET = '${secret}'
${TEST_KIT}`

const TEST_KIT = `
const { print, tested } = globalThis.sandboxHost
let room = 64 * 1024
let lines = 1000

function shown(value, depth = 0) {
  if (typeof value === 'string') return depth === 0 ? value : JSON.stringify(value)
  if (typeof value === 'bigint') return value + 'n'
  if (typeof value === 'function') return '[function ' + (value.name || 'anonymous') + ']'
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Error) return value.name + ': ' + value.message
  if (value instanceof Date || value instanceof RegExp) return String(value)
  if (depth > 4) return Array.isArray(value) ? '[...]' : '{...}'
  const cut = (list) => (list.length > 100 ? [...list.slice(0, 100), '...'] : list).join(', ')
  if (Array.isArray(value)) return '[' + cut(value.slice(0, 101).map((one) => shown(one, depth + 1))) + ']'
  if (value instanceof Set) return 'Set ' + shown([...value].slice(0, 101), depth)
  if (value instanceof Map) return 'Map ' + shown([...value].slice(0, 101), depth)
  return '{' + cut(Object.keys(value).slice(0, 101).map((key) => key + ': ' + shown(value[key], depth + 1))) + '}'
}

function write(...values) {
  if (room <= 0 || lines <= 0) return
  const line = values.map((one) => shown(one)).join(' ').slice(0, room)
  room -= line.length + 1
  lines -= 1
  print(line)
}
export const console = Object.freeze({ log: write, info: write, debug: write, warn: write, error: write, trace: write })

// By what the engine has made of a value: its prototype can be any.
const is = (read) => (value) => { try { read.call(value); return true } catch { return false } }
const getterOf = (prototype, name) => Object.getOwnPropertyDescriptor(prototype, name).get
const [isMap, isSet, isDate] = [is(getterOf(Map.prototype, 'size')), is(getterOf(Set.prototype, 'size')), is(Date.prototype.getTime)]
const listOf = (value) => [...(isMap(value) ? Map.prototype.entries : Set.prototype.values).call(value)]

function equal(a, b, strict, seen = []) {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (seen.some(([x, y]) => x === a && y === b)) return true
  const next = [...seen, [a, b]]
  const same = (x, y) => equal(x, y, strict, next)
  const kind = (x) => Object.prototype.toString.call(x)
  if (isMap(a) !== isMap(b) || isSet(a) !== isSet(b) || isDate(a) !== isDate(b)) return false
  if (kind(a) !== kind(b) || (strict && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b))) return false
  if (isDate(a)) return Object.is(Date.prototype.getTime.call(a), Date.prototype.getTime.call(b))
  if (a instanceof RegExp) return String(a) === String(b)
  if (a instanceof Error) return a.name === b.name && a.message === b.message
  if (isMap(a) || isSet(a)) {
    const [mine, theirs] = [listOf(a), listOf(b)]
    return mine.length === theirs.length && mine.every((one, at) => same(one, theirs[at]) || theirs.some((other) => same(one, other)))
  }
  if ((Array.isArray(a) || ArrayBuffer.isView(a)) && a.length !== b.length) return false
  const keys = (x) => Object.keys(x).filter((key) => strict || x[key] !== undefined)
  const [mine, theirs] = [keys(a), keys(b)]
  return mine.length === theirs.length && mine.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]))
}

const holds = (whole, part) =>
  typeof part !== 'object' || part === null || typeof whole !== 'object' || whole === null
    ? equal(whole, part)
    : Array.isArray(part)
      ? Array.isArray(whole) && whole.length === part.length && part.every((one, at) => holds(whole[at], one))
      : Object.keys(part).every((key) => key in whole && holds(whole[key], part[key]))

const at = (value, path) =>
  (Array.isArray(path) ? path : String(path).split('.')).reduce((one, key) => (one === null || one === undefined ? undefined : one[key]), value)

function thrownBy(value) {
  try { value() } catch (error) { return { error } }
  return undefined
}

function fits(thrown, expected) {
  if (!thrown) return false
  const { error } = thrown
  const message = String(error && error.message !== undefined ? error.message : error)
  if (expected === undefined) return true
  if (expected instanceof RegExp) return expected.test(message)
  if (typeof expected === 'function') return error instanceof expected
  return message.includes(String(expected instanceof Error ? expected.message : expected))
}

const MATCHERS = {
  toBe: Object.is,
  toEqual: (value, other) => equal(value, other, false),
  toStrictEqual: (value, other) => equal(value, other, true),
  toMatchObject: holds,
  toBeCloseTo: (value, other, digits = 2) => value === other || Math.abs(value - other) < 10 ** -digits / 2,
  toBeGreaterThan: (value, other) => value > other,
  toBeGreaterThanOrEqual: (value, other) => value >= other,
  toBeLessThan: (value, other) => value < other,
  toBeLessThanOrEqual: (value, other) => value <= other,
  toBeTruthy: (value) => Boolean(value),
  toBeFalsy: (value) => !value,
  toBeNull: (value) => value === null,
  toBeUndefined: (value) => value === undefined,
  toBeDefined: (value) => value !== undefined,
  toBeNaN: (value) => Number.isNaN(value),
  toBeInstanceOf: (value, other) => value instanceof other,
  toBeTypeOf: (value, other) => typeof value === other,
  toContain: (value, other) => (typeof value === 'string' ? value.includes(other) : [...value].includes(other)),
  toContainEqual: (value, other) => [...value].some((one) => equal(one, other, false)),
  toHaveLength: (value, length) => value.length === length,
  toHaveProperty: (value, path, ...rest) => {
    const found = at(value, path)
    return rest.length === 0 ? found !== undefined : equal(found, rest[0], false)
  },
  toMatch: (value, other) => (other instanceof RegExp ? other.test(value) : String(value).includes(other)),
  toThrow: (value, expected) => fits(typeof value === 'function' ? thrownBy(value) : value, expected),
}
MATCHERS.toThrowError = MATCHERS.toThrow

function judge(name, value, rest, negated) {
  if (MATCHERS[name](value, ...rest) !== negated) return
  const what = name === 'toThrow' || name === 'toThrowError' ? 'the function' : shown(value, 1)
  throw new Error('expected ' + what + (negated ? ' not ' : ' ') + name + '(' + rest.map((one) => shown(one, 1)).join(', ') + ')')
}

const matchers = (make) => Object.fromEntries(Object.keys(MATCHERS).map((name) => [name, make(name)]))
const direct = (value, negated) => matchers((name) => (...rest) => judge(name, value, rest, negated))

async function settled(value, wanted) {
  try {
    const result = await (typeof value === 'function' ? value() : value)
    if (wanted === 'resolves') return result
  } catch (error) {
    if (wanted === 'resolves') throw new Error('expected a promise that resolves; it rejected with ' + shown(error))
    return error
  }
  throw new Error('expected a promise that rejects; it resolved')
}

const later = (value, wanted, negated) =>
  matchers((name) => async (...rest) => {
    const result = await settled(value, wanted)
    judge(name, wanted === 'rejects' && name.startsWith('toThrow') ? { error: result } : result, rest, negated)
  })

export const expect = (value) => ({
  ...direct(value, false),
  not: direct(value, true),
  resolves: { ...later(value, 'resolves', false), not: later(value, 'resolves', true) },
  rejects: { ...later(value, 'rejects', false), not: later(value, 'rejects', true) },
})

export const assert = Object.freeze(Object.assign(
  (value, message) => { if (!value) throw new Error(message === undefined ? 'an assertion failed' : String(message)) },
  {
    ok: (value, message) => assert(value, message),
    equal: (value, other, message) => assert(Object.is(value, other), message ?? shown(value, 1) + ' is not ' + shown(other, 1)),
    strictEqual: (value, other, message) => assert.equal(value, other, message),
    notEqual: (value, other, message) => assert(!Object.is(value, other), message ?? 'it is ' + shown(value, 1)),
    notStrictEqual: (value, other, message) => assert.notEqual(value, other, message),
    deepEqual: (value, other, message) => assert(equal(value, other, false), message ?? shown(value, 1) + ' is not ' + shown(other, 1)),
    deepStrictEqual: (value, other, message) => assert(equal(value, other, true), message ?? shown(value, 1) + ' is not ' + shown(other, 1)),
    throws: (work, expected) => assert(fits(thrownBy(work), typeof expected === 'string' ? undefined : expected), 'it did not throw what was expected'),
    rejects: async (work) => { await settled(work, 'rejects') },
    fail: (message) => { throw new Error(message ?? 'failed') },
  },
))

const waiting = []
let path = []
let begun = false
let own = 0
const hooks = { before: [], after: [] }
const cases = (register) => (rows) => (name, work) => {
  for (const row of rows) register(String(name) + ' ' + shown(row, 1), () => (Array.isArray(row) ? work(...row) : work(row)))
}

export function test(name, work) {
  if (typeof work !== 'function') throw new TypeError('test(name, function): the test "' + String(name) + '" has no function')
  waiting.push({ name: [...path, String(name)].join(' > '), work })
  if (begun) own += 1
}
test.each = cases(test)
export const it = test
export function describe(name, work) {
  path.push(String(name))
  try { work() } finally { path.pop() }
}
describe.each = cases(describe)
export const beforeEach = (work) => { hooks.before.push(work) }
export const afterEach = (work) => { hooks.after.push(work) }
export const beforeAll = (work) => { waiting.push({ work }) }
export const afterAll = () => {}

async function failureOf({ name, work }) {
  const around = (list) => (name === undefined ? [] : list)
  try {
    for (const before of around(hooks.before)) await before()
    await work()
    for (const after of around(hooks.after)) await after()
    return undefined
  } catch (error) {
    return shown(error) || 'failed'
  }
}

const api = { test, it, describe, expect, assert, beforeEach, afterEach, beforeAll, afterAll }

/** Registers the tests, which gets the test library; what the code has registered before counts as none of them. */
export async function begin(tests) {
  begun = true
  await tests({ ...api })
}

/** The number of tests that the tests hold. */
export async function runTests() {
  for (const one of waiting) {
    const message = await failureOf(one)
    if (one.name === undefined && message === undefined) continue
    tested(SECRET, String(one.name ?? 'beforeAll').slice(0, 300), message === undefined, (message ?? '').slice(0, 2000))
  }
  return own
}

for (const [name, value] of Object.entries(api)) {
  Object.freeze(value)
  Object.defineProperty(globalThis, name, { value, writable: false, configurable: false })
}
`
