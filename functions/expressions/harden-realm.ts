import { sizeOfJson } from '../../shared/workflow/json-size.ts'

/** Makes `JSON.stringify` refuse a value whose text would be longer than `most` characters, before writing it. */
export function boundStringify(most: number): void {
  const { stringify } = JSON
  JSON.stringify = ((value: unknown, ...rest: [never?, never?]) => {
    const [, indent] = rest
    if (sizeOfJson(value, most, typeof indent === 'number' ? indent : 0) > most)
      throw new RangeError(`a text of more than ${most} characters of JSON`)
    return stringify(value, ...rest)
  }) as typeof stringify
}

/** Freezes the language's own objects: a change made by one evaluation would be seen by the next. */
export function freezeIntrinsics(): void {
  const seen = new Set<object>()
  const waiting: unknown[] = [globalThis, (function* () {})(), (async function* () {})(), (async () => {})()]
  while (waiting.length > 0) {
    const next = waiting.pop()
    if ((typeof next !== 'object' && typeof next !== 'function') || next === null || seen.has(next)) continue
    seen.add(next)
    waiting.push(Object.getPrototypeOf(next))
    for (const descriptor of Object.values(Object.getOwnPropertyDescriptors(next))) {
      waiting.push(descriptor.value, descriptor.get, descriptor.set)
    }
  }
  seen.delete(globalThis)
  seen.delete(Array.prototype)
  for (const one of seen) Object.freeze(one)
  freezeBut(Array.prototype, 'push')
}

/**
 * Freezes all but one member. An object that inherits a frozen member cannot set its own of that name, and JSONata sets `push` of
 * its lists. (An accessor instead would make every list twenty times slower.)
 */
function freezeBut(one: object, writable: string): void {
  for (const name of Reflect.ownKeys(one)) {
    Object.defineProperty(one, name, {
      configurable: false,
      ...(name === writable ? {} : { writable: false }),
    })
  }
  Object.preventExtensions(one)
}
