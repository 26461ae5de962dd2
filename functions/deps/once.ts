const made = new Map<string, unknown>()

/** A lazy singleton: `make` is called at the first use, once per process (Lambda sandbox). */
export function once<T>(name: string, make: () => T): T {
  if (!made.has(name)) made.set(name, make())
  return made.get(name) as T
}
