const made = new Map<string, unknown>()

/** Makes a value at its first use, once in a sandbox. */
export function once<T>(name: string, make: () => T): T {
  if (!made.has(name)) made.set(name, make())
  return made.get(name) as T
}
